#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Control groups: where one is made, what it holds, what it counts, and that nothing of it is left.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper spin hog
report=vkjail-report.json
# Groups whose runner is gone; tests that run at the same time have theirs.
left() {
	find /sys/fs/cgroup -name 'vkjail*.*.*' 2>/dev/null | while read -r group; do
		pid=${group##*/} && pid=${pid#*.*.} && pid=${pid%.*}
		[ -e "/proc/$pid" ] || echo "$group"
	done
}

# What this machine gives this user, of itself or when systemd is asked; the rest is tested where it can be had.
has() { vkjail run --report has.json "--$1" "$2" -- true 2>/dev/null && grep -q '"enforced_by": ".*cgroup' has.json; }
for limit in 'memory 64M' 'processes 8' 'cpu-quota 20%' 'cpu 300ms'; do
	# shellcheck disable=SC2086 # a key and a value
	has $limit && eval "have_$(echo "${limit%% *}" | tr - _)=yes"
done

run vkjail run --memory 64M --processes 8 --cgroup none --report $report -- true
report_has 'none means none' $report .outcome.reason=exited .limits.memory.enforced_by=sampling .sandbox.cgroup.version=null
run vkjail run -- true
report_has 'no limit, no group' $report .sandbox.cgroup= .usage.group=
run vkjail run --cgroup /nowhere --memory 64M -- touch started
status_is 125 'a group that is not there'
like "$err" '/nowhere: cannot use it as the parent of the job.s group' 'says so'
run vkjail run --cgroup /tmp --memory 64M -- touch started
like "$err" 'is not a directory of a cgroup v2 file system' 'nor one on another file system'
run vkjail run --cgroup here --memory 64M -- touch started
like "$err" '^vkjail: --cgroup: expected a directory below /sys/fs/cgroup, auto or none' 'a relative name'

if [ "${have_memory:-}" ]; then
	run vkjail run --require memory --memory 40M --sample 5ms -- ./hog 400M anonymous 0 hold
	report_has 'memory: the kernel holds it' $report .outcome.reason=memory .outcome.exit_status=137 .outcome.limit.name=memory \
		'.usage.group.memory_max>=1'
	# Before Linux 5.19 a group of v2 does not tell its peak, but the samples do, when there are many on the way.
	peak=$(report_get $report .usage.group.memory_peak_bytes)
	[ "$peak" ] || peak=$(report_get $report .usage.peak.memory_bytes)
	if [ "$peak" ]; then
		ok "memory: up to the limit, and not a page more ($peak)" test "$peak" -ge 20000000 -a "$peak" -le 41943040
	else
		skip 1 'this kernel does not tell the peak, and the end came before the first sample'
	fi
	run vkjail run --memory 40M -- sh -c './hog 400M anonymous 0; sleep 60'
	report_has 'memory: one child is killed, and the job ended' $report .outcome.reason=memory
	run vkjail run --memory 40M -- sh -c 'head -c 100M /dev/zero >/dev/shm/file; sleep 60'
	report_has 'memory: files of the private tmpfs count' $report .outcome.reason=memory
	run vkjail run --memory 40M -- python3 -c 'import os
fd = os.memfd_create("x")
while True: os.write(fd, bytes(1 << 20))'
	report_has 'memory: a memfd that nobody maps counts' $report .outcome.reason=memory
	run vkjail run --memory 64M -- sh -c 'kill -KILL $$'
	report_has 'SIGKILL of its own is not memory' $report .outcome.reason=signaled .outcome.signal=KILL
	run vkjail run --memory 64M --sample 10ms -- ./hog 20M anonymous 300
	# The kernel counts pages by the dozen and CPU.
	report_has 'samples read the group' $report .outcome.reason=exited '.usage.peak.source=sampled from the control group' '.usage.peak.memory_bytes>=18874368'
	# In v1 by a hierarchy more, or each sample would walk /proc.
	if grep -q 'cpuacct[:,]' /proc/self/cgroup || [ "$(report_get $report .sandbox.cgroup.version)" = 2 ]; then
		report_has 'and its CPU time, without a limit for it' $report '.usage.group.cpu_ns>=1'
	else
		skip 1 'CPU time of a group without a limit for it: no controller cpuacct here'
	fi
	# Nobody has mapped it: /proc does not show it, whatever other controllers the group has.
	run vkjail run --memory 64M --sample 10ms --wall 20s -- sh -c 'head -c 20M /dev/zero >/dev/shm/file; sleep 0.5'
	report_has 'samples see a file in memory' $report .outcome.reason=exited '.usage.peak.source=sampled from the control group' '.usage.peak.memory_bytes>=18874368'
else
	skip 1 'memory in a control group: none to be had here'
	run vkjail run --require memory --memory 40M -- touch started
	status_is 125 'a required limit that would only be sampled refuses'
	like "$err" 'memory: the limit cannot be enforced here: memory would only be sampled' 'and says why'
	like "$err" '^vkjail: hint: no control group' 'and what was looked at'
fi

if [ "${have_processes:-}" ]; then
	run vkjail run --processes 4 -- python3 -c 'import os, time
made = 0
try:
    while made < 20:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except OSError as e:
    print(made, e.errno)'
	is "$out" '3 11' 'processes: the main process and three more, then EAGAIN'
	report_has 'processes: refused forks are counted' $report '.usage.group.tasks_refused>=1' .outcome.reason=exited
else
	skip 1 'processes in a control group: none to be had here'
fi

if [ "${have_cpu:-}" ]; then
	# Children whose parent ignores SIGCHLD are lost to /proc, and not to the group.
	run vkjail run --wall 20s --cpu 400ms -- python3 -c 'import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        for i in range(300000): pass
        os._exit(0)
    try:
        os.wait()
    except ChildProcessError:
        pass'
	report_has 'cpu: of children that nobody waits for, too' $report .outcome.reason=cpu-time '.usage.group.cpu_ns>=400000000'
else
	skip 1 'cpu in a control group: none to be had here'
fi

if [ "${have_cpu_quota:-}" ]; then
	run vkjail run --cpu-quota 20% --wall 2s -- ./spin
	report_has 'cpu-quota: held back' $report .outcome.reason=wall-time '.usage.group.throttled_periods>=5'
	used=$(report_get $report .usage.group.cpu_ns)
	ok "cpu-quota: 20% of 2 s, not 100% (used ${used:-0} ns)" test "${used:-0}" -lt 1000000000
else
	skip 1 'cpu-quota: no control group to be had here'
	run vkjail run --cpu-quota 20% -- true
	like "$err" "the limit 'cpu-quota' is not enforced: needs a control group" 'cpu-quota without a group is told'
fi

# Soft values: by the group's own events where there is one, and by samples and timers.
for mode in auto none; do
	run vkjail run --cgroup $mode --sample 20ms --soft memory=30M --memory 200M -- ./hog 60M anonymous 300
	report_has "soft memory, cgroup $mode: an event, and the job goes on" $report .outcome.reason=exited '.events[#]=1' \
		'.events[0].limit=memory' '.events[0].value=31457280' '.events[0].observed>=31457280' .limits.memory.soft=31457280
	run vkjail run --cgroup $mode --sample 20ms --wall 20s --soft memory=30M --soft-action end -- sh -c 'trap "echo asked; exit 3" TERM; ./hog 60M anonymous 0 hold & wait'
	report_has "soft memory, cgroup $mode: ends it gracefully" $report .outcome.reason=memory .outcome.limit.soft=true .outcome.limit.value=31457280
	is "$(echo "$out" | tail -n 1)" asked "soft memory, cgroup $mode: with SIGTERM"
done
run vkjail run --soft wall=100ms --soft cpu=50ms -- ./spin 0 200
report_has 'soft wall and cpu: events' $report .outcome.reason=exited '.events[#]=2' '.events[0].limit=wall' '.events[0].observed>=100000000' \
	'.events[1].limit=cpu' '.events[1].observed>=50000000' '.limits.wall.value=null' '.limits.wall.enforced_by=null'
run vkjail run --soft wall=100ms --soft-action end --wall 20s -- sleep 60
report_has 'soft wall: ends it' $report .outcome.reason=wall-time .outcome.exit_status=124 .outcome.limit.soft=true
printf 'command: [sleep, "0.3"]\nlimits: { wall: { soft: 100ms, hard: 20s } }\n' >soft.yaml
run vkjail run soft.yaml
report_has 'soft and hard in a job file' $report .outcome.reason=exited .limits.wall.value=20000000000 .limits.wall.soft=100000000 '.events[#]=1'
for bad in 'wall: { soft: 30s, hard: 20s }|limits.wall.soft: the soft value of .wall. must be below the hard one' \
	'wall: { sort: 3s }|unknown key .sort.' 'tmp: { soft: 3M }|the limit .tmp. has no soft value' 'wall: { soft: [] }|limits.wall.soft: expected text'; do
	printf 'command: [touch, started]\nlimits: { %s }\n' "${bad%%|*}" >soft.yaml
	run vkjail run --writable soft.yaml
	status_is 125 "soft: ${bad%%|*}"
	like "$err" "${bad#*|}" 'is told'
done
run vkjail plan --soft memory=300M --memory 1G --soft-action end -- true
like "$out" '^ +memory +300MiB +soft value, action: end' 'vkjail plan tells of soft values'
run vkjail run --soft tmp -- true
like "$err" "^vkjail: --soft: expected a limit and its soft value such as memory=800M, got 'tmp'" '--soft without a value'
ok 'none of these was started' test ! -e started

is "$(left)" '' 'no group is left'
done_testing
