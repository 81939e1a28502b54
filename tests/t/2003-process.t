#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a job inherits from the caller and what not: descriptors, umask, signals, stdin; and that its
# end is the end of everything it started.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

# left: how many processes of this test's jobs are still there: each is started below a mark in argv.
mark=vkjail-test-$$-mark
left() { pgrep -f -c "$mark" || :; }
# shellcheck disable=SC2317 # called by wait_for
gone() {
	[ "$(left)" = 0 ]
}

# ---- descriptors
show='
import os
def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
print(*filter(is_open, range(1000)))'
does '0 1 2' 'descriptors 0, 1 and 2' -- python3 -c "$show"
new_report
exec 7<"$top_srcdir/NEWS" 9>"$T/nine"
run vkjail run --report "$R" -- python3 -c "$show"
is "$out" '0 1 2' 'an open 7 and 9 of the caller stay outside'
run vkjail run --report "$R" --output 1M -- python3 -c "$show"
is "$out" '0 1 2' 'also when output is counted through pipes'
exec 7<&- 9>&-
run sh -c 'exec python3 -c "import os, sys
for fd in range(3, 900):
    os.dup2(1, fd)
os.execvp(sys.argv[1], sys.argv[1:])" vkjail run --report "$1" -- python3 -c "$2"' sh "$R" "$show"
is "$status:$out" '0:0 1 2' 'and nine hundred of them'
new_report
run sh -c 'exec vkjail run --report "$1" -- python3 -c "$2" 0<&- 2>&-' sh "$R" "$show"
is "$out" '0 1 2' 'closed ones are open on /dev/null'

# ---- umask, signals
for mask in 000 022 077; do
	run sh -c 'umask $2; exec vkjail run --report "$1" -- sh -c umask' sh "$R" "$mask"
	is "$out" "0$mask" "umask $mask"
done
show_signals='sed -n "s/^\(SigBlk\|SigIgn\):[ \t]*//p" /proc/self/status | tr "\n" " "'
# with PYTHON: vkjail and, for comparison, the bare command start with this done to signals.
with() {
	bare=$(python3 -c "import os, signal, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL); signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
$1
os.execvp(sys.argv[1], sys.argv[1:])" sh -c "$show_signals")
	boxed=$(python3 -c "import os, signal, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL); signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
$1
os.execvp(sys.argv[1], sys.argv[1:])" vkjail run --report "$R" -- sh -c "$show_signals")
	is "$boxed" "$bare" "$2: as for the bare command"
}
with '' 'nothing special'
with 'signal.signal(signal.SIGHUP, signal.SIG_IGN)' 'nohup'
with 'signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGQUIT, signal.SIG_IGN)' 'a job in the background of a script'
with 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)' 'SIGCHLD ignored'
with 'signal.signal(signal.SIGPIPE, signal.SIG_IGN)' 'SIGPIPE ignored'
with 'signal.signal(signal.SIGTERM, signal.SIG_IGN)' 'SIGTERM ignored'
with 'signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})' 'blocked signals'
new_report
run python3 -c 'import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp("vkjail", ["vkjail", "run", "--report", sys.argv[1], "--", "sh", "-c", "exit 5"])' "$R"
judge 5 exited '*' 'the status is not lost to an ignored SIGCHLD'

# ---- stdin, stdout
is "$(echo through | vkjail run --report "$R" -- cat)" through 'stdin passes through'
is "$(head -c 300000 /dev/zero | vkjail run --report "$R" -- wc -c)" 300000 'much of it'
is "$(vkjail run --report "$R" --output 1M -- sh -c 'echo a; echo b >&2; echo c' 2>&1)" "$(printf 'a\nb\nc')" 'counted output keeps its order when both go to one place'
is "$(vkjail run --report "$R" -- yes 2>/dev/null | head -n 1)" y 'a reader that goes away'
echo begun >log
vkjail run --report "$R" -- echo added >>log
is "$(cat log)" "$(printf 'begun\nadded')" 'appending appends'
is "$(vkjail run --report - -- true | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])')" 'done' 'a report in a pipe'

# ---- a terminal: the job has it, and can neither take it over nor type into it
on_tty() {
	run python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null
	out=$(printf '%s' "$out" | tr -d '\r')
}
on_tty vkjail run --report "$R" -- sh -c 'for fd in 0 1 2; do [ -t $fd ] || echo no $fd; done; echo all'
is "$status:$out" 0:all 'the descriptors are the terminal'
on_tty vkjail run --report "$R" -- python3 -c '
import fcntl, os, termios
def tried(what, call):
    try:
        call()
        print(what)
    except OSError:
        print("refused")
tried("typed", lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"))
tried("taken", lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 1))
tried("opened", lambda: os.open("/dev/tty", os.O_RDWR))'
is "$status:$out" "$(printf '0:refused\nrefused\nrefused')" 'but it is not the terminal of the job'

# ---- the end
new_report
run vkjail run --report "$R" -- sh -c 'sleep 1000 '"$mark"' & exit 3' 2>/dev/null
judge 3 exited '*' 'a child in the background does not hold the end up'
new_report
run vkjail run --report "$R" -- python3 -c '
import os, signal, sys, time
for i in range(20):
    if os.fork() == 0:
        os.setsid()
        for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(s, signal.SIG_IGN)
        if os.fork() == 0:
            os.close(1)
            os.close(2)
            time.sleep(1000)
        os._exit(0)
sys.exit(4)' "$mark"
judge 4 exited '*' 'neither do daemons that ignore signals'
is "$(left)" 0 'nothing is left of either'
vkjail run --report "$R" --writable -- python3 -c '
import subprocess, sys
p = subprocess.Popen(["sleep", "1000"])
open("up", "w").close()
p.wait()' "$mark" 2>/dev/null &
pid=$!
wait_for test -e up
kill -9 "$pid"
wait "$pid" 2>/dev/null
ok 'a supervisor killed by SIGKILL takes its job along' wait_for gone
report_is "$R" .state running 'and leaves a report that says it was running'
rm -f up
for signal in INT TERM HUP; do
	new_report
	# A shell starts background commands with SIGINT ignored.
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp("vkjail", ["vkjail"] + sys.argv[1:])' \
		run --report "$R" --writable -- sh -c 'touch up; exec sleep 1000' "$mark" 2>"$T/.err" &
	pid=$!
	wait_for test -e up
	kill -s "$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	err=$(cat "$T/.err")
	case $signal in INT) want=130 ;; TERM) want=143 ;; HUP) want=129 ;; esac
	judge "$want" cancelled "vkjail got SIG$signal and ended the job" "SIG$signal to vkjail"
	report_is "$R" .outcome.signal "$signal" 'is in the report'
	rm -f up
done
is "$(left)" 0 'nothing is left'

# ---- one inside the other
new_report
cp "$VKJAIL" inner
run vkjail run --report "$R" -- ./inner run --report none -- true
judge 125 exited "cannot create the sandbox's namespaces: Operation not permitted" 'vkjail inside vkjail is refused'
like "$err" 'hint: this runs inside a vkjail sandbox, where no other can be made' 'with the reason'
reports_valid
done_testing
