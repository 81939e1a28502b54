#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# System calls that the filter refuses: in the report by name, without cost for the supervisor, and nobody hangs.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/adversary.sh"
need userns python3
use_helper try-syscall deny-storm

# calls FILE: one line for each denied call.
calls() {
	python3 -c '
import json, sys
for c in json.load(open(sys.argv[1]))["sandbox"]["denied"]["calls"]:
    args = ",".join(f"{k}={v}" for k, v in c["args"].items())
    print(c["name"], c["arch"], args or "-", c["count"], c["answer"])' "$1"
}
arch=$(uname -m)

run vkjail run --report r.json -- ./try-syscall mount,0,0,0,4096 mount,0,0,0,4096 mount unshare,268435456 socket,40,1 \
	ioctl,0,21522 bpf,5 clone3 999 getpid
is "$out" 'mount: EPERM
mount: EPERM
mount: EPERM
unshare: EPERM
socket: EAFNOSUPPORT
ioctl: EPERM
bpf: EPERM
clone3: ENOSYS
999: ENOSYS
getpid: ok' 'default: the calls get the answers of the table'
is "$(calls r.json | LC_ALL=C sort)" "#999 $arch - 1 ENOSYS
bpf $arch command=5 1 EPERM
ioctl $arch request=0x5412 1 EPERM
mount $arch flags=0x0 1 EPERM
mount $arch flags=0x1000 2 EPERM
socket $arch family=AF_VSOCK,type=0x1,protocol=0 1 EAFNOSUPPORT
unshare $arch flags=CLONE_NEWUSER 1 EPERM" 'and are told by name, with the arguments that say something, but for clone3'
is "$(calls r.json | sed -n 1p)" "mount $arch flags=0x1000 2 EPERM" 'the most frequent one first'
report_has 'counted, none left out' r.json .sandbox.denied.counted=true .sandbox.denied.others=0 .outcome.reason=exited
run vkjail run -v -- ./try-syscall mount mount acct
like "$err" '^vkjail: refused system calls: mount \(2 times\), acct$' 'and in the summary'
run vkjail run --report r.json -- true
report_has 'a program without any' r.json .sandbox.denied.counted=true .sandbox.denied.calls=[] .sandbox.denied.others=0
run vkjail run --seccomp none --report r.json -- true
report_has 'no filter, nothing to count' r.json .sandbox.denied=

# The kernel itself says EBUSY after it has looked at the filter (EFAULT, for none): it is not asked.
run vkjail run --report r.json -- ./try-syscall seccomp,1,8 seccomp,1,0
is "$out" 'seccomp: EBUSY
seccomp: EFAULT' 'a filter may follow, but none with a listener, which could let calls through'
report_has 'which is told' r.json .sandbox.denied.calls[0].name=seccomp .sandbox.denied.calls[0].args.flags=0x8

# ---- strict
run vkjail run --seccomp strict --report r.json -- ./try-syscall mkdir mount,0,0,0,32 getpid
status_is 122 'strict: a call that is not in the profile ends the job'
is "$out" 'mkdir: EPERM' 'at once: nothing after it, and no answer to it'
report_has 'with name, architecture and arguments' r.json .outcome.reason=syscall .outcome.signal=SYS \
	.outcome.syscall.name=mount .outcome.syscall.arch="$arch" .outcome.syscall.args.flags=0x20 \
	.sandbox.denied.calls[0].answer=EPERM .sandbox.denied.calls[1].answer=killed
like "$err" "^vkjail: syscall: the job called mount\(flags=0x20\) of $arch, for which the seccomp profile 'strict' ends it\$" \
	'in words too'
run vkjail run --seccomp strict --report r.json -- sh -c './try-syscall setuid,7; echo still here'
status_is 122 'strict: a call of a child ends the whole job'
is "$out" '' 'its parent does not go on'
report_has 'with its name' r.json .outcome.syscall.name=setuid .outcome.syscall.args.user=7
if [ "$arch" = x86_64 ]; then
	run vkjail run --report r.json -- ./try-syscall 1073741863
	status_is 122 'default: a foreign architecture ends the job'
	report_has 'which is told' r.json .outcome.syscall.name=getpid .outcome.syscall.arch=x32
else
	skip 2 'the x32 ABI is of x86-64 only'
fi

# ---- floods: what is counted adds up, the report stays small, the supervisor sleeps
run vkjail run --report r.json -- ./deny-storm 30000 4
is "$out" 120000 'each of 120000 calls in 4 threads is refused'
is "$(python3 -c '
import json
d = json.load(open("r.json"))["sandbox"]["denied"]
print(sum(c["count"] for c in d["calls"]) + d["others"], len(d["calls"]) <= 96, d["others"] > 0)')" '120000 True True' \
	'counted to the last one, in at most 96 rows'
report_valid r.json 'the report fits the schema'
is "$(calls r.json | grep -c '^mount ')" 6 'of one call with many arguments there are a few rows'
mkfifo go
vkjail run -q --report r.json -- sh -c './deny-storm 100000 2; read -r line' <go >told &
supervisor=$!
exec 5>go
wait_for grep -q 200000 told
switches=$(awk '/_ctxt_switches/ { n += $2 } END { print n }' "/proc/$supervisor/status")
diag "the supervisor was woken $switches times"
ok '200000 refused calls do not wake the supervisor' test "$switches" -lt 2000
exec 5>&-
wait "$supervisor"
run vkjail run -q --wall "$((500 * slower))ms" --grace 0 --report r.json -- ./deny-storm 1000000000 2
status_is 124 'limits hold while refused calls come as fast as they can'
report_has 'wall time' r.json .outcome.reason=wall-time .sandbox.denied.counted=true

# ---- nobody is left waiting
vkjail run -q --report none -- sh -c "./deny-storm 1000000000 2; : $mark" >/dev/null &
supervisor=$!
wait_for pgrep -f "deny-storm 1000000000 2; : $mark"
kill -9 "$supervisor"
wait "$supervisor" 2>/dev/null
# shellcheck disable=SC2317 # called by wait_for
no_process() { ! pgrep -f "$mark"; }
ok 'a dead supervisor: the job is gone, in the middle of its refused calls' wait_for no_process

# ---- where there is a listener already
run with-filter listener vkjail run --report r.json -- ./try-syscall mount unshare
is "$out" 'mount: EPERM
unshare: EPERM' 'below another listener the calls are refused just the same'
report_has 'and the report says that they are not counted' r.json .sandbox.denied.counted=false \
	'.sandbox.denied.why=the filter has no listener: EBUSY' .sandbox.denied.calls=[]
run with-filter listener vkjail run --seccomp strict --report r.json -- ./try-syscall mount getpid
status_is 122 'strict: nor does it go on'
report_has 'for the kernel itself kills' r.json .outcome.reason=syscall .outcome.syscall=
done_testing
