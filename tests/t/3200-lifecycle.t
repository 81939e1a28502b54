#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How jobs end: the grace, stopped jobs, daemons, the supervisor's death, many children, no leftovers.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper forker hog ignore-term sigreceive spin
report=vkjail-report.json
signal=$top_srcdir/tests/lib/run-and-signal.py

run vkjail run --wall 300ms -- sleep 10
report_has 'wall: a job that sleeps ended long before it would have' $report .outcome.reason=wall-time '.outcome.limit.observed>=300000000'
ok 'wall: its time' test "$(report_get $report .times.wall_ns)" -lt 8000000000

# A busy machine lets pid 1 run long after the command has begun.
cp "$(command -v sleep)" sleep
run python3 "$top_srcdir/tests/lib/late-init.py" sleep 0.3 vkjail run --wall $((20 * slower))s -- ./sleep 0.4
status_is 0 'a pid 1 that comes late'
report_has 'and the time of the command is whole all the same' $report .outcome.reason=exited '.times.run_ns>=400000000'

# The grace.
run vkjail run --wall $((200 * slower))ms --grace 300ms -- ./ignore-term 2
status_is 124 'grace: a job that ignores SIGTERM is killed after it'
report_has 'grace: and had that long' $report .outcome.reason=wall-time '.times.ending_took_ns>=300000000'
run vkjail run --wall $((200 * slower))ms --grace 1h -- sh -c 'trap "echo saved; exit 5" TERM; while :; do sleep 0.05; done'
is "$status $out" '124 saved' 'grace: a job that handles SIGTERM can finish'
report_has 'grace: the reason is still the limit' $report .outcome.reason=wall-time .outcome.limit.name=wall
run vkjail run --wall 200ms --grace 0 -- sh -c 'trap "echo asked" TERM; while :; do sleep 0.05; done'
is "$status $out" '124 ' '--grace 0: killed at once'
run vkjail run --wall $((200 * slower))ms --grace 1h -- sh -c 'kill -STOP $$; echo went on'
status_is 124 'a job that stopped itself meets its wall limit'
report_has 'and its reason' $report .outcome.reason=wall-time
run vkjail run --wall 1ns -- true
like "$status $(report_get $report .outcome.reason)" '^(124 wall-time|0 exited)$' 'a limit at once: the job or the limit, one of the two'
for i in 1 2 3 4 5 6 7 8; do
	vkjail run -q --wall 50ms --report "same.$i" -- sleep 0.05
	echo "$? $(report_get "same.$i" .outcome.reason)"
done >same
is "$(grep -Evc '^(124 wall-time|0 exited)$' same)" 0 'limit and end in the same instant: one of the two, and the status fits'

# Nothing outlives the job. The pipe's end comes when the last process is gone.
run vkjail run --wall $((20 * slower))s -- ./forker 20 escape leave
is "$status $out" '0 ready 20' 'daemons of a job die with it'
is "$(vkjail run --wall $((20 * slower))s -- sh -c 'sleep 1000 & sleep 1000 & echo started')" started 'background children keep no pipe open'
run vkjail run --wall $((20 * slower))s -- sh -c 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done; echo $i'
is "$status $out" '0 1000' 'a thousand short children'
run vkjail run --wall $((20 * slower))s -- sh -c 'i=0; while [ $i -lt 300 ]; do (/bin/true &) ; i=$((i+1)); done; wait; ls -d /proc/[0-9]* | wc -l; sleep 0.2; ls -d /proc/[0-9]* | wc -l'
status_is 0 'orphans'
ok 'orphans are reaped by pid 1' test "$(echo "$out" | tail -1)" -lt 100

# A fork bomb under a limit on processes. The kernel does not hold root to RLIMIT_NPROC, and we say so.
bomb() {
	dir=$(user_dir bomb) && cp forker "$dir" && cd "$dir" || exit 99
	run as_user vkjail run --cgroup none --wall 10s --processes 30 -- ./forker 100
	like "$out" '^refused after [0-9]+: EAGAIN$' 'processes: a fork bomb meets its limit'
	ok 'processes: near it' test "$(echo "$out" | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -le 30
	run as_user vkjail run --cgroup none --wall 1s --grace 0 --processes 50 -- sh -c 'bomb() { bomb | bomb & }; (bomb 2>/dev/null) & exec sleep 60'
	status_is 124 'processes: a bomb without end meets the wall limit'
	report_has 'processes: in the report' $report .limits.processes.value=50 .limits.processes.enforced_by=RLIMIT_NPROC
	cd "$T" || exit 99
}
if have user; then bomb; else skip 4 "$why"; fi
if have root; then
	run vkjail run --cgroup none --processes 30 --require processes -- true
	status_is 125 'processes: as root --require refuses'
	run vkjail run --cgroup none --processes 30 -- true
	report_has 'processes: as root nobody enforces it' $report .limits.processes.enforced_by=null
	like "$err" "warning: the limit 'processes' is not enforced: .*root" 'processes: as root there is a warning'
else
	skip 3 "$why"
fi

# The supervisor killed: the whole job dies, and the report says that it was running.
for job in './ignore-term 3' './forker 5 escape'; do
	rm -f $report
	run python3 "$signal" KILL vkjail run --wall 60s -- sh -c "$job"
	status_is 137 "SIGKILL of vkjail ($job)"
	like "$out" '^gone$' 'every process of the job is gone with it'
	report_has 'the report is left in state running' $report .state=running .outcome=
	ok 'and names the process' test "$(report_get $report .supervisor_pid)" -gt 0
done
# At any moment of the launch: the pipe's end comes only when nobody of the job is left.
ms=1
{ while [ $ms -le 20 ]; do
	timeout -s KILL "$(printf '0.%03d' $ms)" vkjail run --report none -- sleep 1000 | cat
	ms=$((ms + 1))
done; } 2>/dev/null
pass 'killed at any moment of the launch, it leaves nobody behind'
is "$(find . -name '.vkjail-report*' | wc -l)" 0 'no temporary file is left'

# Signals to vkjail: the first asks, the second does not.
run python3 "$signal" INT vkjail run --grace 1h -- ./sigreceive 1
is "$status $(echo "$out" | tr '\n' ' ')" '130 ready SIGINT ' 'INT is passed on, and the job may end in peace'
report_has 'cancelled' $report .outcome.reason=cancelled .outcome.signal=INT
run python3 "$signal" TERM,INT vkjail run --grace 1h -- sh -c 'trap "echo more" TERM; echo ready; while :; do sleep 0.05; done'
status_is 143 'a second signal ends the grace'
report_has 'the first one is the reason' $report .outcome.reason=cancelled .outcome.signal=TERM
run python3 "$signal" INT vkjail run --wall 300ms --grace 1h -- sh -c 'trap "echo asked" TERM; while :; do sleep 0.05; done'
status_is 124 'a signal during the grace of a limit ends it'
report_has 'the limit stays the reason' $report .outcome.reason=wall-time
run python3 "$signal" TERM vkjail run --wall 1s --grace 1500ms -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
status_is 143 'the wall limit in the grace of a signal changes nothing'
report_has 'the signal stays the reason' $report .outcome.reason=cancelled
run python3 "$signal" USR1,USR2,QUIT,WINCH,TERM vkjail run --grace 1h -- ./sigreceive 5 9
is "$(echo "$out" | tr '\n' ' ')" 'ready SIGUSR1 SIGUSR2 SIGQUIT SIGWINCH SIGTERM ' 'signals for the job are passed on'
run python3 "$signal" USR1 vkjail run -- sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done'
status_is 6 'what the job makes of SIGUSR1 is its own affair'
report_has 'and no cancellation' $report .outcome.reason=exited .outcome.code=6
# Ignored by the caller (nohup): not ours to act on.
run sh -c 'trap "" HUP; exec "$@"' sh python3 "$signal" HUP,USR1 vkjail run -- sh -c 'trap "exit 6" USR1; echo ready; echo again; while :; do sleep 0.05; done'
status_is 6 'a signal that the caller ignores is ignored (nohup)'

# What is not ours is not disturbed.
run sh -c 'vkjail run -- sh -c "kill -TERM 1; kill -KILL 1; kill -INT -1; echo alive" ; echo $?'
like "$out" '^(0|130)$' 'the job cannot signal pid 1, nor anybody outside'
run vkjail run --wall $((20 * slower))s -- sh -c 'kill -TERM 1; kill -KILL 1; echo alive'
is "$out" alive 'pid 1 does not die of the job'
report_has 'nor obeys it' $report .outcome.reason=exited

# What the main process leaves behind is killed, and counted.
run vkjail run --writable -- sh -c 'mkfifo up; ./hog 60M anonymous 200 hold >up & read -r line <up'
report_has 'the usage of what is left at the end counts' $report .outcome.reason=exited .outcome.code=0 '.usage.largest_process_rss_bytes>=62914560' \
	'.usage.voluntary_switches>=50'
done_testing
