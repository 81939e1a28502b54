#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The second filter of the profile 'strict': a layer makes system calls at each vkQueueSubmit, which the probe for
# the limit of loops does before the filter is there, and the job's first dispatch when it is.
# shellcheck disable=SC2046,SC2086 # options are words
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan python3 plain-build
use_layer
arch=$(uname -m)

cp "$top_srcdir/shaders/saxpy.comp" .
cat >job.yaml <<'Y'
compute:
  kernels: { saxpy: { shader: saxpy.comp } }
  buffers:
    x: { type: f32, shape: [4096], fill: iota }
    y: { type: f32, shape: [4096], fill: { value: 3 } }
  steps:
    - { run: saxpy, bind: [x, y], push: [2.0, 4096], elements: [4096, 1, 1], repeat: 3 }
  outputs: { y: { file: y.npy } }
Y

# says CALL: what the layer said of it, one word a call.
says() { printf '%s\n' "$err" | sed -n "s/^vk-test-layer: $1: //p" | tr '\n' ' '; }
# refused CALL ARGUMENTS ANSWER: allowed (with this answer) until the device is open, then the end of the job.
refused() {
	layer_does="VK_TEST_CALL=$1${2:+,$2}"
	ends 122 syscall "the job called $1(\(.*\))? of $arch, for which the seccomp profile 'strict' ends it once the device is open" \
		"$1($2) ends the job" $(layer_options) $again job.yaml
	is "$(says "$1" | tr ' ' '\n' | sort -u | tr '\n' ' ')" "$3 " "$1: ... which could make it before"
}

# Where the driver makes calls that the first filter refuses, those come before or after: Mesa asks on some processors for CPUs of its own.
of_second='.sandbox.denied.calls[second_filter:true]'
# withheld CALL ARGUMENTS ANSWER: the same, but refused and counted instead.
withheld() {
	layer_does="VK_TEST_CALL=$1${2:+,$2}"
	ends 0 exited '*' "$1($2) is refused" $(layer_options) $again job.yaml
	is "$(says "$1" | tr ' ' '\n' | sort -u | tr '\n' ' ')" "$3" "$1: ... when it could be made before"
	report_has '... and counted by name' "$R" "$of_second.name=$1" "$of_second.answer=EACCES" "$of_second.count>=1"
}

for driver in system "$(real_place)/mesa/lvp_icd.json"; do
	again=
	if [ "$driver" != system ]; then
		[ -r "$driver" ] || {
			skip 1 'no newer Mesa: run tests/real/setup'
			continue
		}
		again="--driver $driver"
	fi
	layer_does=VK_TEST_CALL=getpid
	ends 0 exited '*' "$driver: a call that is needed goes on" $(layer_options) $again job.yaml
	report_is "$R" .gpu.second_filter.program software '... and the report has the second filter'
	# A layer that asks for /proc/meminfo, as new lavapipes do, gets a descriptor of its own.
	layer_does='VK_TEST_CALL=openat,-100,:/proc/meminfo,0'
	ends 0 exited '*' "$driver: /proc/meminfo is still read" $(layer_options) $again job.yaml
	is "$(says openat | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'ok ' '... by whoever asks'
	withheld openat -100,:/proc/cpuinfo,0 'EACCES ok '
	refused execve '' EFAULT
	report_has '... by name' "$R" .outcome.signal=SYS .outcome.syscall.name=execve .outcome.syscall.second_filter=true \
		"$of_second.name=execve" "$of_second.answer=killed"
done
again=

withheld openat -100,0,0x80241,0x1b6 'EACCES EFAULT '
report_is "$R" "$of_second.args" '{"flags": "0x80241", "mode": "0x1b6"}' 'all arguments come through'
withheld openat -100,:/proc/meminfo,2 'EACCES '
withheld newfstatat -100,:/,0,0 'EACCES EFAULT '
withheld readlinkat '' 'EACCES EINVAL '
refused pidfd_open 1 ok
refused kill 0,0 ok
report_is "$R" .outcome.syscall.args.signal 0 '... also the second of a pair'
refused sendmsg 0 ENOTSOCK
refused prctl 4,0 ok
refused seccomp 1,1 EFAULT
refused ioctl 0,0x6400 ENOTTY

# A device that says it is hardware gets the other program.
layer_does='VK_TEST_HARDWARE=1 VK_TEST_CALL=openat,-100,:/proc/cpuinfo,0'
ends 0 exited '*' 'drivers of hardware go on opening files' $(layer_options) job.yaml
is "$(says openat | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'ok ' '... and get them'
report_is "$R" .gpu.second_filter.program hardware '... which the report tells'
layer_does='VK_TEST_HARDWARE=1 VK_TEST_CALL=execve'
ends 122 syscall 'called execve.*once the device is open' '... but execute nothing' $(layer_options) job.yaml

# What the first filter refuses it refuses as before, by its own answers.
layer_does=VK_TEST_CALL=mkdirat
ends 0 exited '*' 'what the profile refuses goes on being refused' $(layer_options) job.yaml
report_has '... and counted' "$R" ".sandbox.denied.calls[name:mkdirat].answer=EPERM" \
	".sandbox.denied.calls[name:mkdirat].second_filter="
layer_does=VK_TEST_CALL=setuid,7
ends 122 syscall "called setuid\(user=7\) of $arch, for which the seccomp profile 'strict' ends it\$" \
	'what it ends the job for needs no second one' $(layer_options) job.yaml
report_is "$R" .gpu.second_filter null '... which it did not come to'
# A listener could let calls through: no filter may have one.
layer_does=VK_TEST_CALL=seccomp,1,8
ends 122 syscall 'called seccomp\(operation=1, flags=0x8\)' 'a filter with a listener' $(layer_options) job.yaml

# Threads that are older than the filter have it too.
layer_does='VK_TEST_CALL_THREAD=1 VK_TEST_CALL=pidfd_open,1'
ends 122 syscall 'called pidfd_open\(flags=0x0\).*once the device is open' 'the other threads have it too' $(layer_options) job.yaml
is "$(says pidfd_open | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'ok ' '... from when the device is open'
# The handler that tells the name cannot be taken away; what is left then is the end.
layer_does=VK_TEST_CALL=rt_sigaction,31,0,0,8
ends 122 syscall 'the seccomp filter ended the job for a system call that its profile forbids' 'SIGSYS stays what it is' \
	$(layer_options) job.yaml

# ---- only where it is meant
layer_does=VK_TEST_CALL=pidfd_open,1
ends 0 exited '*' 'the profile default has none' --seccomp default $(layer_options) job.yaml
report_has '... and the report says so' "$R" .gpu.second_filter= .sandbox.seccomp=default
run vkjail plan job.yaml
like "$out" 'filter +[0-9]+ instructions; when the device is open, vkjail-exec adds [0-9]+ for a software driver, [0-9]+ for hardware' \
	'the plan shows it'
run vkjail plan --seccomp default job.yaml
unlike "$out" 'vkjail-exec adds' '... where there is one'

# Below a listener of somebody else's the name is lost, the end is not.
layer_does=VK_TEST_CALL=pidfd_open,1
new_report
run with-filter listener vkjail run --report "$R" $(layer_options) job.yaml
judge 122 syscall 'the seccomp filter ended the job for a system call that its profile forbids' 'without a listener of its own: the same end'
again=
layer_does='VK_TEST_CALL=openat,-100,:/proc/cpuinfo,0'
new_report
run with-filter listener vkjail run --report "$R" $(layer_options) job.yaml
judge 0 exited '*' '... and what is only refused is refused'
is "$(says openat | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'EACCES ok ' '... as before'
reports_valid
done_testing
