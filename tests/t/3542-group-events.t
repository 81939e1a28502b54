#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a control group tells while the job runs: pressure on memory before the limit kills, a refused
# process; and what it counts.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
report=vkjail-report.json

# Anonymous memory that stays, and a file that does not fit beside it: the kernel has to make room all the time.
cat >press.py <<'END'
import os, sys
keep = bytearray(int(sys.argv[1]) << 20)
for i in range(0, len(keep), 4096):
    keep[i] = 1
fd = os.open("file", os.O_RDWR | os.O_CREAT)
for _ in range(int(sys.argv[2])):
    os.write(fd, bytes(1 << 20))
os.fsync(fd)
for _ in range(3):
    os.lseek(fd, 0, os.SEEK_SET)
    while os.read(fd, 1 << 20):
        pass
print("done")
END

# A supervisor that is woken for nothing reads tens of thousands of times; samples of /proc are some reads each.
reads_of() { sed -n 's/^syscr: //p' "/proc/$1/io"; }
if [ -r /proc/self/io ]; then
	mkfifo go
	vkjail run --quiet --memory 64M --processes 8 --cpu-quota 50% --writable -- sh -c ': >up; read -r line' <go &
	supervisor=$!
	exec 3>go
	wait_for test -e up
	before=$(reads_of $supervisor)
	sleep 0.5
	reads=$(($(reads_of $supervisor) - before))
	echo end >&3
	exec 3>&-
	wait $supervisor
	ok "while nothing happens the supervisor sleeps ($reads reads in half a second)" test "$reads" -le 400
else
	skip 1 'no /proc/PID/io'
fi

run vkjail run --memory 64M --processes 4 -- true
enforced=$(report_get $report .limits.memory.enforced_by) refused=$(report_get $report .limits.processes.enforced_by)
version=$(report_get $report .sandbox.cgroup.version)
if [ "${enforced#cgroup}" != "$enforced" ] && [ "$version" = 1 ]; then
	run vkjail run --writable --memory 48M -- python3 press.py 30 120
	is "$out" 'done' 'memory under pressure: the job gets along'
	report_has 'and there is an event' $report .outcome.reason=exited '.events[#]=1' '.events[0].kind=memory-pressure' '.events[0].observed>=25165824'
	rm -f file
	run vkjail run --memory 256M -- true
	report_has 'no pressure, no event' $report .outcome.reason=exited '.events[#]=0'
else
	skip 3 'no memory controller of cgroup v1 to be had here'
fi

# Pressure stall information, which only v2 has for a group: on a host with both, in a group of v2 without controllers.
unified=/sys/fs/cgroup/unified memory=/sys/fs/cgroup/memory
if [ "$(id -u)" = 0 ] && [ -e $unified/memory.pressure ] && [ -w $memory/cgroup.procs ]; then
	own=$memory$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p' /proc/self/cgroup)
	mkdir "$own/stall.$$" $unified/stall.$$ && echo 56M >"$own/stall.$$/memory.limit_in_bytes"
	# The kernel tells once in two seconds whoever lacks CAP_SYS_RESOURCE: as long as it takes, but not for ever.
	cat >until.py <<'END'
import subprocess, sys, time
end = time.monotonic() + float(sys.argv[1])
rounds = 0
while time.monotonic() < end:
    subprocess.run(["python3", "press.py", "30", "100"], check=True, stdout=subprocess.DEVNULL)
    rounds += 1
print(rounds, "rounds")
END
	# Only the job lives in the small group: what a supervisor needs depends on how it was built.
	mkfifo enter
	vkjail run --quiet --writable --cgroup $unified/stall.$$ --sample 20ms --wall $((60 * slower))s -- \
		sh -c ': >in; read -r line <enter; exec python3 until.py 15' >pressed &
	supervisor=$!
	wait_for test -e in
	cat $unified/stall.$$/*/cgroup.procs $unified/stall.$$/*/*/cgroup.procs 2>/dev/null | sort -n | tail -n 1 >"$own/stall.$$/cgroup.procs"
	echo go >enter
	wait $supervisor
	is "$?" 0 'a job under pressure gets along'
	diag "$(cat pressed), refused $(cat "$own/stall.$$/memory.failcnt") times, $(grep -w oom_kill "$own/stall.$$/memory.oom_control")"
	report_has 'stalls are an event' $report .outcome.reason=exited '.events[#]=1' '.events[0].kind=memory-pressure'
	report_has 'and are counted' $report '.usage.group.stalled_memory_ns>=100000000' .usage.group.memory_peak_source=samples
	wait_for rmdir $unified/stall.$$ && wait_for rmdir "$own/stall.$$"
else
	skip 3 'no host with cgroup v1 and v2, or not root'
fi

if [ "${refused#cgroup}" != "$refused" ]; then
	run vkjail run --processes 4 -- python3 -c 'import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except OSError:
    print(made)'
	is "$out" 3 'processes: the fourth child is refused'
	report_has 'that is an event, with its number' $report .outcome.reason=exited '.events[#]=1' '.events[0].kind=refused' \
		'.events[0].limit=processes' '.events[0].value=4' '.events[0].observed>=1' '.usage.group.tasks_refused>=1'
	like "$err" "^vkjail: warning: the limit 'processes' of 4 was reached: a new process or thread was refused 1 time" 'and is shown'
	run vkjail run --processes 4 -- true
	report_has 'nothing refused, no event' $report .outcome.reason=exited '.events[#]=0'
	unlike "$err" 'was reached' 'and nothing is shown'
	run vkjail run --processes 40 --sample 10ms -- sh -c 'sleep 0.3 & sleep 0.3 & wait'
	report_has 'a peak of tasks, by the kernel or by samples' $report '.usage.group.tasks_peak>=4' .outcome.reason=exited
else
	skip 6 'processes in a control group: none to be had here'
fi
done_testing
