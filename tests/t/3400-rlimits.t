#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limits that only make calls fail inside the job: really in force there, in the report, and refused
# where they would be no limits.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3 prlimit
use_helper forker writefile
report=vkjail-report.json

# in_force KEY VALUE RESOURCE EXPECTED [OPTION...]: prlimit(1) inside reads soft and hard limit.
in_force() {
	key=$1 value=$2 resource=$3 expected=$4
	shift 4
	run vkjail run "--$key" "$value" "$@" -- prlimit --raw --noheadings --output SOFT,HARD "--$resource"
	is "$status $(echo "$out" | tr -s ' ')" "0 $expected $expected" "$key: in force inside"
	got=$(report_get $report ".limits.$key.value")
	[ "$got" = "$expected" ] || report_has "$key: in the report" $report ".limits.$key.value=$expected"
}
in_force open-files 64 nofile 64
in_force stack 1M stack 1048576
# sudo(8) takes core files away.
core=4096
[ "$(prlimit --raw --noheadings --output HARD --core)" != 0 ] || core=0
in_force core "$core" core "$core"
in_force locked-memory 64K memlock 65536
in_force address-space 1G as 1073741824
in_force file-size 1M fsize 1048576
report_has 'file-size: enforced by' $report .limits.file-size.enforced_by=RLIMIT_FSIZE .limits.file-size.unit=bytes
in_force processes 100 nproc 100 --cgroup none
run vkjail run --open-files 64 --stack 1M --core 0 --locked-memory 64K --address-space 1G -- true
report_has 'all of them say who enforces them' $report .outcome.reason=exited .limits.open-files.enforced_by=RLIMIT_NOFILE \
	.limits.open-files.unit=count .limits.stack.enforced_by=RLIMIT_STACK .limits.core.enforced_by=RLIMIT_CORE \
	.limits.locked-memory.enforced_by=RLIMIT_MEMLOCK .limits.address-space.enforced_by=RLIMIT_AS '.limits.tmp.enforced_by=tmpfs size'

# What they do.
run vkjail run --open-files 20 -- python3 -c 'import os
fds = []
try:
    while True: fds.append(os.open("/dev/null", os.O_RDONLY))
except OSError as e:
    print(e.errno, max(fds))'
is "$out" '24 19' 'open-files: one more gives EMFILE'
# The pipes are put in place before the limit holds: until then they stand above it.
run vkjail run --open-files 4 --output 1M --report $report -- echo hi
report_has 'open-files: a limit below what the launch itself has open' $report .outcome.reason=exited .outcome.exit_status=0
is "$out" hi 'and the job has its output'
run vkjail run --address-space 400M -- python3 -c 'import mmap
try:
    mmap.mmap(-1, 1 << 30)
except OSError as e:
    print(e.errno)'
is "$out" 12 'address-space: a larger mapping gives ENOMEM'
run vkjail run --stack 256K -- python3 -c 'import resource; print(resource.getrlimit(resource.RLIMIT_STACK))'
is "$out" '(262144, 262144)' 'stack: in force'
run vkjail run --locked-memory 0 -- python3 -c 'import ctypes
libc = ctypes.CDLL(None, use_errno=True)
page = ctypes.create_string_buffer(4096)
print(libc.mlock(page, 4096), ctypes.get_errno())'
like "$out" '^-1 (1|12)$' 'locked-memory: nothing can be locked'
run vkjail run -- sh -c 'ulimit -c; ulimit -H -c'
is "$(echo "$out" | tr '\n' ' ')" '0 0 ' 'core: off by default'
run vkjail run --open-files 64 -- sh -c 'ulimit -n 65'
status_is 2 'the job cannot raise what it got'
run vkjail run --tmp 2M -- sh -c './writefile /tmp/a 1M && ./writefile /dev/shm/b 2M; ls /tmp /dev/shm'
like "$out" 'refused after [0-9]*: ENOSPC' 'tmp: /tmp and /dev/shm share one size'
run vkjail run --tmp 2M -- python3 -c 'i = 0
try:
    while True:
        open(f"/tmp/{i}", "w").close()
        i += 1
except OSError as e:
    print(e.errno, i < 10000)'
is "$out" '28 True' 'tmp: empty files are bounded as well'

# Without a limit the caller's are passed on; none lifts the soft one.
run sh -c 'ulimit -S -n 77; vkjail run -- sh -c "ulimit -S -n"; vkjail run --open-files none -- sh -c "ulimit -S -n"'
is "$(echo "$out" | sed -n 1p)" 77 "open-files: without a limit the caller's"
is "$(echo "$out" | sed -n 2p)" "$(prlimit --raw --noheadings --output HARD --nofile)" 'open-files: none lifts it as far as the hard one'
run sh -c 'ulimit -n 100; vkjail run --open-files 200 -- touch /tmp/ran'
status_is 125 'above the hard limit of the caller is a bad job'
report_has 'and says so' $report .outcome.reason=bad-job .outcome.where=--open-files
like "$err" 'above the hard limit of this process, 100' 'with both numbers'

# As a bare command: niceness, umask and what the caller ignores.
run sh -c 'umask 027; vkjail run -- sh -c umask'
is "$out" 0027 'umask is passed on'
run sh -c 'trap "" USR1; vkjail run -- sh -c "kill -USR1 \$\$; echo alive"'
is "$out" alive 'a signal that the caller ignores is ignored in the job'
run vkjail run -- grep -E '^Sig(Blk|Ign)' /proc/self/status
is "$(echo "$out" | tr -d '\n')" "$(grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\n')" 'signal mask and dispositions are the caller'\''s'
done_testing
