#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vkjail-scope: a control group from systemd, or one line that says why not. The part that needs
# systemd runs in the test machines.
. "${top_srcdir:-.}/tests/lib/tap.sh"
scope=$top_builddir/vkjail-scope
[ -x "$scope" ] || skip_all 'no vkjail-scope (Debian: libsystemd-dev)'

# refuses ERE WHAT ARGUMENT...: one line, no group.
refuses() {
	words=$1 what=$2
	shift 2
	run "$scope" "$@"
	like "$status:$out:$err" "^1::vkjail-scope: $words" "$what"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$what: in one line"
}
refuses 'usage: vkjail-scope PID NAME \[SLICE\]$' 'no argument'
refuses 'usage: ' 'too many' 1 a b c
refuses "PID: " 'no number' x vkjail-test
refuses "PID: no process can have the number '0'" 'process 0' 0 vkjail-test
refuses "PID: no process can have the number '99999999999'" 'no such number' 99999999999 vkjail-test
for name in '' a/b .. -a 'a b' "$(printf '%0201d' 0)"; do
	refuses 'NAME: ' "the name '$(printf %.8s "$name")'" 1 "$name"
done
refuses 'SLICE: ' 'a slice of another form' 1 a b/c

if ! [ -d /run/systemd/system ]; then
	refuses 'systemd does not run on this machine$' 'without systemd' 1 vkjail-test
	skip 1 'vkjail-scope with systemd: it does not run on this machine; see tests/vm'
	done_testing
fi

sleep 1000 &
sleeper=$!
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
# shellcheck disable=SC2317 # called by wait_for
is_gone() { ! [ -e "$1" ]; }
run "$scope" "$sleeper" "vkjail-test-$$"
is "$status:$err" 0: 'a scope for a process'
like "$out" "/vkjail-test-$$\.scope\$" 'is named on stdout'
is "$(group_of "$sleeper")" "$out" 'and has the process'
unlike "$(group_of $$)" "/vkjail-test-" 'and not the caller'
directory=/sys/fs/cgroup$out
ok 'its group can be written to' test -w "$directory" -a -w "$directory/cgroup.procs" -a -w "$directory/cgroup.subtree_control"
like " $(cat "$directory/cgroup.controllers") " ' memory .*pids ' 'and has the controllers memory and pids'
refuses "vkjail-test-$$\.scope: the manager refused the scope: " 'the same name once more' $$ "vkjail-test-$$"
kill "$sleeper"
wait "$sleeper" 2>/dev/null
ok 'the scope ends with its process' wait_for is_gone "$directory"
# The number of a process that just ended.
sh -c : &
ended=$!
wait "$ended"
refuses "vkjail-test-gone\.scope: the manager refused the scope: " 'a process that is gone' "$ended" vkjail-test-gone

# What doctor promises of systemd is what the manager has that would be asked.
manager=/sys/fs/cgroup
[ "$(id -u)" = 0 ] || manager=$manager/user.slice/user-$(id -u).slice/user@$(id -u).service
run vkjail doctor --json
asked=$(printf '%s\n' "$out" | sed -n 's/.*systemd will be asked for a control group for the limits \([^;"]*\).*/\1/p')
for pair in memory:memory pids:processes cpu:cpu-quota cpuset:cpus io:io-read; do
	case " $(cat "$manager/cgroup.controllers") " in
	*" ${pair%%:*} "*) ;;
	*) unlike ", $asked," ", ${pair#*:}," "doctor promises no limit '${pair#*:}', for which the manager has no controller" ;;
	esac
done
if [ "$asked" ]; then
	like ", $asked," ', memory,' 'doctor promises what the manager has'
	run vkjail run --require memory --memory 64M --report asked.json -- true
	report_has 'and a run has it' asked.json .outcome.reason=exited '.limits.memory.enforced_by=cgroup v2 memory.max'
fi

if [ "$(id -u)" = 0 ]; then
	skip 1 'root asks the system manager, whose sockets cannot be moved'
	done_testing
fi
export DBUS_SESSION_BUS_ADDRESS="unix:path=$T/none" XDG_RUNTIME_DIR="$T"
refuses "$T: no user manager of systemd answers: .*; log in with a session, or .*loginctl enable-linger" 'no manager' $$ vkjail-test
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
open("up", "w").close()
import signal
signal.pause()' "$T/mute" &
mute=$!
wait_for test -e up
began=$(cut -d. -f1 /proc/uptime)
DBUS_SESSION_BUS_ADDRESS="unix:path=$T/mute"
run "$scope" $$ vkjail-test
like "$status:$out:$err" "^1::vkjail-scope: the manager did not start 'vkjail-test\.scope' within 5 s\$" 'a manager that says nothing'
ok 'costs no more than the deadline' test $(($(cut -d. -f1 /proc/uptime) - began)) -le 8
kill "$mute"
done_testing
