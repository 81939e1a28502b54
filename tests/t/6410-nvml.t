#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What NVIDIA's library says about a job's GPU memory, and the limit that holds by it: on a machine with one such GPU, put
# together in a mount namespace of the test's own. The library stands in the dynamic loader's cache there; no variable and
# no option leads to it.
# shellcheck disable=SC2086,SC2125,SC2317 # paths into reports have brackets and no spaces; wait_for calls functions
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3
PATH=$PATH:/sbin:/usr/sbin
need ldconfig
unset SLURM_JOB_GPUS SLURM_STEP_GPUS NVIDIA_VISIBLE_DEVICES CUDA_VISIBLE_DEVICES
# A cache that knows a real one would be no machine without it.
ldconfig -p | grep -q 'libnvidia-ml\.so\.1' && skip_all 'this machine has a libnvidia-ml.so.1 of its own'

cat >machine <<'END'
set -e
tree=$1
shift
node() {
	mkdir -p "$tree/dev/$(dirname "$1")"
	: >"$tree/dev/$1"
	mount --bind "${2:-/dev/null}" "$tree/dev/$1"
}
mkdir -p "$tree" && mount -t tmpfs none "$tree"
mkdir -p "$tree/driver/nvidia/gpus/0000:41:00.0"
printf 'Model: \t\t NVIDIA Test\nGPU UUID: \t GPU-aaaaaaaa-1111-2222-3333-444444444444\nBus Location: \t %s\nDevice Minor: \t 1\n' "${BUS:-0000:41:00.0}" >"$tree/driver/nvidia/gpus/0000:41:00.0/information"
for n in nvidia1 nvidiactl nvidia-uvm null; do node "$n"; done
for n in zero full urandom random; do node "$n" "/dev/$n"; done
mkdir "$tree/proc" && mount --rbind /proc "$tree/proc"
mount --rbind "$tree/driver" /proc/driver
mkdir "$tree/dev/shm" "$tree/dev/pts"
mount --rbind "$tree/dev" /dev
[ "$CACHE" = none ] || mount --bind "$CACHE" /etc/ld.so.cache
exec "$@"
END
# on_machine COMMAND...
on_machine() { unshare "${UNSHARE:--rm}" sh "$T/machine" "$T/tree" "$@"; }

# library VERSION: the library of the next runs, with nothing in its files yet.
library() {
	lib=$T/lib$1
	mkdir -p "$lib"
	cp "$top_builddir/tests/nvml/fake-$1.so" "$lib/libnvidia-ml.so.1"
	echo "$lib" >"$T/ld.conf"
	CACHE=$lib/ld.so.cache
	{ cat /etc/ld.so.conf 2>/dev/null; echo "$lib"; } >"$T/ld.conf"
	(cd /etc && ldconfig -N -X -f "$T/ld.conf" -C "$CACHE" 2>/dev/null; ldconfig -X -f "$T/ld.conf" -C "$CACHE" 2>/dev/null)
	export CACHE
	: >"$lib/calls" && chmod 666 "$lib/calls"
	answers "$@"
}
# answers VERSION LINE...: what it says from now on, whole or not at all.
answers() {
	shift
	printf '%s\n' "$@" >"$lib/answers.new" && mv "$lib/answers.new" "$lib/answers"
}
# told COUNT: a list with so many processes was given, and the one after it was begun, so the first has been delivered.
told() { [ "$(grep -c "^list [0-9]* of $1\$" "$lib/calls")" -ge 2 ]; }
lists() { [ "$(grep -c '^list' "$lib/calls")" -ge "$1" ]; }

# start NAME ARGUMENT...: a job that opens the GPU and waits for the file $name.end, in the background; sets pid to the job's.
start() {
	name=$1
	shift
	new_report
	on_machine vkjail run --report "$R" --sample 100ms "$@" -- \
		sh -c 'exec 3</dev/nvidia1; while [ ! -e "$0.end" ]; do sleep 0.02; done' "$name" >"$T/$name.out" 2>"$T/$name.err" &
	runner=$!
	wait_for find_job "$name" || diag "no job $name: $(cat "$T/$name.err")"
}
find_job() {
	pid=
	found=$(grep -lsazx -e "$1" /proc/[0-9]*/cmdline)
	for p in $found; do
		p=${p%/cmdline}
		case $(tr '\0' ' ' <"$p/cmdline" 2>/dev/null) in
		'sh -c exec'*) [ "$(readlink "$p/fd/3" 2>/dev/null)" ] && pid=${p#/proc/} ;;
		esac
	done
	[ "$pid" ]
}
# finish: lets it end, and takes what came of it.
finish() {
	: >"$T/$name.end"
	collect
}
collect() {
	status=0
	wait "$runner" || status=$?
	out=$(cat "$T/$name.out") err=$(cat "$T/$name.err") tap_ran="the job $name"
}
gpu=.gpu.observed.nvml.devices[0]
mib=1048576

# ---- readings
library 3 'total 85899345920'
start plain --device-memory 1G
ok 'the library is asked for a job that opened a node' wait_for lists 1
# In two lists with one memory, twice in two instances, and others' processes.
answers 3 'total 85899345920' 'used 6442450944' "compute $pid $((300 * mib))" "graphics $pid $((300 * mib))" "instance $pid $((200 * mib)) 3 0" \
	"compute 1 $((5000 * mib))" "compute 4000000 $((5000 * mib))" "busy $pid 40" 'busy 1 90' 'xid 79'
ok 'and asked again' wait_for told 4
nvml_pid=$(sed -n 's/^init //p' "$lib/calls")
ok 'it is asked by a process of its own' [ -d "/proc/$nvml_pid" ]
finish
report_has "what others hold does not count; each process' memory once, each instance's for itself" "$R" \
	.outcome.reason=exited $gpu.memory_peak_bytes=$((500 * mib)) $gpu.busy_percent_peak=40 $gpu.other_processes=2 \
	$gpu.processes_peak=1 $gpu.total_bytes=85899345920 $gpu.index=0 $gpu.uuid=GPU-aaaaaaaa-1111-2222-3333-444444444444 \
	'.gpu.observed.nvml.driver=999.1 "test"' .gpu.observed.nvml.why=
report_has 'an Xid is an event' "$R" .events[0].kind=gpu-error .events[0].error=xid .events[0].xid=79 .events[0].gpu=0
is "$status:$err" 0: 'and nothing is said about it all'
ok 'its process has ended with the job' test ! -e "/proc/$nvml_pid"
ok 'samples have its numbers' python3 -c "import json,sys; r=json.load(open('$R'))['samples']; i=r['columns'].index('device_observed_bytes'); sys.exit(max(x[i] for x in r['rows'])!=$((500 * mib)))"

# ---- the limit
library 3
start limited --device-memory 512M --wall $((60 * slower))s
answers 3 "compute $pid $((511 * mib))"
ok 'below its limit it goes on' wait_for told 1
answers 3 "compute $pid $((700 * mib))"
collect
judge 123 device-memory 'at its limit .device-memory. of 512MiB .observed by NVML: 700MiB' 'a job is ended for what the driver says it holds'
report_has 'the report says who saw it' "$R" .outcome.limit.observed=$((700 * mib)) .outcome.limit.observed_by=NVML .outcome.limit.name=device-memory

# ---- layouts and versions
library 3 'distance 32'
start long
answers 3 'distance 32' "compute $pid $((10 * mib))" "compute 1 $mib" "instance $pid $((20 * mib)) 1 1"
ok 'entries of 32 bytes are read' wait_for told 3
finish
report_has 'as they are meant' "$R" $gpu.memory_peak_bytes=$((30 * mib)) $gpu.other_processes=1
for version in 2 1; do
	library $version
	start "version$version" --device-memory 1G
	answers $version "compute 1 $((2000 * mib))" "compute $pid $((40 * mib))"
	ok "the lists of version $version are read" wait_for told 2
	finish
	report_has "and what it has no function for is not there" "$R" .outcome.reason=exited $gpu.memory_peak_bytes=$((40 * mib)) \
		$gpu.other_processes=1 $gpu.uuid= $gpu.busy_ns= $gpu.total_bytes= .gpu.observed.nvml.driver=
done
library 3
start unknown --device-memory 1M
answers 3 "compute $pid unknown"
ok 'a driver that does not know how much' wait_for told 1
finish
report_has 'is not taken for one that says much' "$R" .outcome.reason=exited $gpu.processes_peak=1 $gpu.memory_peak_bytes=
BUS=none
export BUS
library 3
start minor
answers 3 "compute $pid $mib"
ok 'without a PCI address the GPU is found by its node' wait_for told 1
finish
report_is "$R" $gpu.memory_peak_bytes $mib 'and is the right one'
unset BUS

# ---- what goes wrong
# wrong VERSION ERE WHAT LINE...: the job is not disturbed, and the report says what was wrong.
wrong() {
	library "$1" "$4"
	wrong_words=$2 wrong_what=$3
	start "wrong$case_count"
	ok "$3: it was tried" wait_for grep -q "${5:-init}" "$lib/calls"
	[ "$4" != crash ] || wait_for dead
	finish
	like "$status:$(reason_of "$R"):$(report_get "$R" .gpu.observed.nvml.why)" "^0:exited:$wrong_words" "$wrong_what"
}
dead() { [ ! -e "/proc/$(sed -n 's/^init //p' "$lib/calls")" ]; }
wrong 3 'NVML cannot be used: the kernel driver is not loaded' 'no driver' 'init 9'
wrong 3 'NVML cannot be used: library and kernel driver are of different versions' 'another driver' 'init 18'
wrong 3 'NVML cannot be used: error 77 of NVML' 'an unknown error' 'init 77'
wrong 3 'no permission' 'no right to ask' 'error 4' list
wrong 3 'vkjail-nvml had not answered when the job ended' 'a library that hangs' hang
wrong 3 'vkjail-nvml was ended by SIGABRT' 'a library that crashes' crash
# without NAME: a job on a machine without the library, long enough that it was looked for.
without() {
	CACHE=none
	export CACHE
	for without_seconds in 0.5 3 15; do
		new_report
		run on_machine vkjail run --report "$R" --sample 50ms -- sh -c "exec 3</dev/nvidia1; exec sleep $without_seconds"
		[ -z "$(report_get "$R" .gpu.observed.nvml.why)" ] || return 0
	done
}
without
like "$status:$(report_get "$R" .gpu.observed.nvml.why)" '^0:cannot load NVML: libnvidia-ml\.so\.1' 'no library'
library 3
LD_LIBRARY_PATH=$lib
export LD_LIBRARY_PATH
without
unset LD_LIBRARY_PATH
like "$(report_get "$R" .gpu.observed.nvml.why):$(cat "$lib/calls")" '^cannot load NVML: .*:$' "the caller's variables do not lead to another library"

# ---- doctor
# doctor ERE WHAT: what it says of the library.
doctor() {
	run on_machine vkjail doctor
	like "$out" "$1" "doctor: $2"
}
library 3
doctor '^(ok|note) +nvml +NVML of driver 999\.1 "test" (tells what a job holds on 1 of|answers, but its process numbers)' 'all is well'
unlike "$out" '^[^ ]* +(fdinfo|dmem) ' '... nothing is said of what NVIDIA has no part in'
run on_machine vkjail doctor --json
printf '%s\n' "$out" >doctor.json
ok '... as JSON too' python3 -c 'import json; print([c["grade"] for c in json.load(open("doctor.json")) if c["check"] == "nvml"][0])'
only='note +nvml +what a job holds on 1 of NVIDIA.s GPUs is known from the job alone: '
library 3 'init 18'
doctor "$only.*library and kernel driver are of different versions" 'another driver'
like "$out" 'fix: nvidia-smi has to work' '... with the fix'
library 3 'error 4'
doctor "$only.*no permission" 'no right to ask'
library 3 crash
doctor "$only.*vkjail-nvml was ended by SIGABRT" 'a library that crashes'
library 3 hang
doctor "$only.*no answer within 15 s" 'a library that hangs'
nvml_pid=$(sed -n 's/^init //p' "$lib/calls" | tail -n 1)
ok '... is not left behind' wait_for test ! -e "/proc/$nvml_pid"
CACHE=none
doctor "$only.*cannot load NVML: libnvidia-ml\.so\.1" 'no library'
like "$out" 'fix: install libnvidia-ml\.so\.1' '... with the fix'

# ---- jobs that it is not for
library 3
new_report
run on_machine vkjail run --report "$R" --sample 50ms -- sleep 0.4
report_has 'a job that opens no node has no such process' "$R" .outcome.reason=exited .gpu.observed=
new_report
run on_machine vkjail run --report "$R" --sample 50ms --gpu none -- sleep 0.4
report_has 'one that is given none neither' "$R" .outcome.reason=exited .gpu.observed=
is "$(cat "$lib/calls")" '' 'and the library was not asked'

# ---- how it is held
confined() { # WHAT
	library 3 probe
	exec 9<"$T/machine"
	start "probe$case_count"
	exec 9<&-
	ok "$1: it was probed" wait_for lists 1
	finish
	is "$(sed -n 's/^probe //p' "$lib/calls" | grep -E '^[a-z]' | head -n 7 | tr '\n' ' ')" \
		'exec refused create refused network refused signal refused trace refused descriptor refused environment none ' "$1: nothing beyond asking the driver"
	like "$(tr '\t\n' '  ' <"$lib/calls")" 'CapPrm: 0+ .*CapEff: 0+ .*NoNewPrivs: 1 .*Seccomp: 2' "$1: no capabilities, no new privileges, a filter"
}
confined 'as its caller'
if part 4 root; then
	UNSHARE=-m
	confined "for root"
	like "$(grep 'probe Uid' "$lib/calls")" 'Uid:.65534.65534.65534.65534' 'for root: as another user'
	unset UNSHARE
fi
library 3
start killed
ok 'it runs' wait_for lists 1
nvml_pid=$(sed -n 's/^init //p' "$lib/calls")
supervisor=$(report_get "$R" .supervisor_pid)
kill -9 "$supervisor"
ok 'it does not outlive the supervisor' wait_for test ! -e "/proc/$nvml_pid"
: >"$T/$name.end"
wait "$runner" || true
rm -f "$R"
run vkjail-nvml
status_is 1 'by hand without arguments: refused'
like "$err" 'usage: vkjail-nvml MILLISECONDS DEVICE' 'and how to'
run vkjail-nvml 5x pci:0000:41:00.0
status_is 1 'a strange interval is refused'
run vkjail-nvml 100 gpu0
like "$status:$err" '^1:.*pci:ADDRESS or minor:NUMBER' 'a strange device too'
reports_valid
done_testing
