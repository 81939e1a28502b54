#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The device filter of the job's control group: what a job opens by a path that the mounts do not guard.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/attack.sh"
need userns python3
report=vkjail-report.json

run vkjail run --report $report -- true
report_has 'no limit, no group, no filter' $report .sandbox.devices.enforced_by=null \
	'.sandbox.devices.unavailable=the job has no control group'
listed() { python3 -c 'import json
for d in json.load(open("vkjail-report.json"))["sandbox"]["devices"]["allowed"]: print(d["node"], d["type"], d["major"], d["minor"], d["access"])' | grep -v '^std' | tr '\n' ' '; }
is "$(listed)" '' 'and no list'
like "$(vkjail doctor)" '^(ok|note) +devices +' 'doctor tells what there is'

# by GROUP OPTIONS: with options that give the job a group of this version.
by() {
	by_group=$1 by_options=$2
	# shellcheck disable=SC2086 # a list of options
	run vkjail run --report $report $by_options -- sh -c 'head -c 8 /dev/zero /dev/urandom /dev/random >/dev/null && echo x 2>/dev/null >/dev/full || echo full'
	report_has "$by_group: the report says what holds" $report .outcome.reason=exited .sandbox.devices.unavailable=
	like "$(report_get $report .sandbox.devices.enforced_by)" "^$by_group" "$by_group: and by what"
	is "$(listed)" '/dev/null char 1 3 rw /dev/zero char 1 5 rw /dev/full char 1 7 rw /dev/urandom char 1 9 rw ' \
		"$by_group: the report lists what the sandbox shows"
	is "$out" full "$by_group: the nodes that are shown can be used"
	# shellcheck disable=SC2086 # a list of options
	like "$(vkjail plan $by_options -- true)" "all others refused by $by_group" "$by_group: the plan tells"
	# The mount of the host's /dev has devices; without the second wall nothing else stands in the way.
	weak="--landlock none --ro-bind $T/shown:/run/s" inside="--landlock none --ro-bind $T/shown:/run/s $by_options" \
		attack "$by_group: a node in a directory that somebody outside hands in" passed-directory /run/s/socket /dev/random
	like "$out" 'openat: EPERM' "$by_group: it is the group that refuses"
	# A program that writes to its terminal by a name goes on to do so.
	cat >terminal.py <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("vkjail", ["vkjail", "run", "-q", "--report", "none", "--landlock", "none", *sys.argv[1:], "--", "sh", "-c", "echo named >/proc/self/fd/2"])
said = b""
try:
    while data := os.read(fd, 4096):
        said += data
except OSError:
    pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode().strip())
END
	# shellcheck disable=SC2086 # a list of options
	is "$(python3 terminal.py $by_options)" '0 named' "$by_group: the terminal can be opened by its name"
}

mkdir shown
attack_services "$T/shown"
seen=''
if [ "$(id -u)" = 0 ]; then
	run vkjail run --report $report --memory 64M -- true
	case $(report_get $report .sandbox.devices.enforced_by) in
	'cgroup v1'*) by 'cgroup v1 devices' '--memory 64M' && seen=v1 ;;
	'cgroup v2'*) by 'cgroup v2 BPF_CGROUP_DEVICE' '--memory 64M' && seen=v2 ;;
	*) skip 1 "$(report_get $report .sandbox.devices.unavailable)" ;;
	esac
	# A hierarchy of v2 without controllers can hold a program as well, beside those of v1.
	unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ "$seen" != v2 ] && [ "$unified" ]; then
		run vkjail run --report $report --cgroup "$unified" -- true
		case $(report_get $report .sandbox.devices.enforced_by) in
		'cgroup v2'*) by 'cgroup v2 BPF_CGROUP_DEVICE' "--cgroup $unified" ;;
		*) skip 1 "$(report_get $report .sandbox.devices.unavailable)" ;;
		esac
	fi
else
	run vkjail run --report $report --memory 64M -- true
	report_has 'who may not load a program has none, and is told' $report .outcome.reason=exited .sandbox.devices.enforced_by=null
	like "$(report_get $report .sandbox.devices.unavailable)" 'no control group|may not load programs|CONFIG_CGROUP_BPF|may not make groups' 'and why'
fi
attack_services_end
# Groups whose runner is gone; tests that run at the same time have theirs.
left() {
	find /sys/fs/cgroup -name 'vkjail*.*.*' 2>/dev/null | while read -r group; do
		pid=${group##*/} && pid=${pid#*.*.} && pid=${pid%.*}
		[ -e "/proc/$pid" ] || echo "$group"
	done
}
is "$(left)" '' 'no group is left'
attacks_end
done_testing
