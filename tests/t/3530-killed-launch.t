#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The supervisor is killed by SIGKILL at each of its system calls, and at each of those that the
# sandbox's first process makes: no process outlives it, no mount, at most an empty control group, which the next
# run removes; and a report that is there can be read.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/adversary.sh"
need userns python3 pgrep
need plain-build
step=1
[ "$slower" = 1 ] || step=5

# killed self|child: for each call one run, until one ends by itself. The marked jobs would live long.
killed() {
	n=1 runs=0 wall=$((300 * slower)) ended=
	: >"$T/$1.log"
	while [ "$n" -lt 3000 ] && ! [ "$ended" ]; do
		kill-at "$1" "$n" "$VKJAIL" run -q --wall "${wall}ms" --grace 0 --memory 200M --report "$T/report.$1.$n" \
			--bind "$T/ran" -- sh -c ": >$T/ran/$1.$n; sleep 1000; : $mark" >>"$T/$1.log" 2>"$T/$1.err" </dev/null || ended=yes
		[ ! -e "$T/ran/$1.$n" ] || [ -e "$T/report.$1.$n" ] || echo "$n" >>"$T/unreported"
		# On a busy machine the limit may come before the job has begun: then there are more calls to be killed at.
		if [ "$ended" ] && ! [ -e "$T/ran/$1.$n" ] && [ "$wall" -lt $((20000 * slower)) ]; then
			wall=$((wall * 2)) ended=
			continue
		fi
		[ "$ended" ] || n=$((n + step)) runs=$((runs + 1))
	done
	like "$(tail -n 1 "$T/$1.log")" '^ended [0-9]+: 124 after [0-9]+ calls$' "$1: the whole run was gone through"
	diag "$1: $runs runs, $(tail -n 1 "$T/$1.log")"
	ok "$1: that was not over at once" test "$((runs * step))" -gt 50
	ok "$1: no process is left" wait_for no_process
	ok "$1: no control group has a process" wait_for only_empty_groups "$1"
	groups=$(all_groups "$1" | wc -l)
}
# shellcheck disable=SC2317 # called by wait_for
no_process() { ! pgrep -f -a "$mark"; }
runners() { sed -n 's/^[a-z]* \([0-9]*\).*/\1/p' "$T/$1.log"; }
# all_groups LOG: the groups of these runners.
all_groups() {
	find /sys/fs/cgroup -type d -name '*vkjail*' 2>/dev/null >"$T/groups"
	for pid in $(runners "$1"); do grep -E "[^0-9]$pid([^0-9]|\$)" "$T/groups"; done
}
# shellcheck disable=SC2317
only_empty_groups() {
	for group in $(all_groups "$1"); do
		! grep . "$group/cgroup.procs" || return 1
	done
}
row() {
	left=0
	[ "$groups" = 0 ] || left="empty groups: $groups, until the next run"
	printf '%s|%s runs|-|%s\n' "$1" "$runs" "$left" >>"$rows"
}
mount_points >mounts.before
mkdir ran
# Held a little in each call, so that the child could go on, where it may.
KILL_AT_DELAY=20 && export KILL_AT_DELAY
killed self
unset KILL_AT_DELAY
row 'the runner is killed at each system call of its own'
killed child
row "the runner is killed at each system call of its child's"
ok 'some of the jobs ran' test "$(find ran -type f | wc -l)" -gt 10
diag "$(find ran -type f | wc -l) jobs ran"
is "$(cat unreported 2>/dev/null)" '' 'no job has run without a report that says so'
mount_points >mounts.after
is "$(comm -13 mounts.before mounts.after)" '' 'no mount is left'
diag "control groups before the next run: $(all_groups self | wc -l) of self, $(all_groups child | wc -l) of child"
run vkjail run -q --report none --memory 200M -- true
is "$status $(all_groups self)$(all_groups child)" '0 ' 'the next run removes what control groups there are'
run python3 -c 'import glob, json
states = [json.load(open(name))["state"] for name in glob.glob("report.*")]
print(sorted(set(states)), len(states) > 10)'
is "$out" "['done', 'running'] True" 'reports that are there are whole'
adversaries_end
done_testing
