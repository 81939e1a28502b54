#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A killed job may die slowly: as long as it gets smaller vkjail waits for it, with the reason that it had; one that stays
# as it is gets reported as unkillable. The freezer of cgroup v1 keeps killed processes from dying.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need root userns python3 freezer
use_helper forker
mkdir freezer
freezer=$T/freezer
mount -t cgroup -o freezer freezer freezer || exit 99
group=$freezer/vkjail-test.$$
# shellcheck disable=SC2317 # called by the trap
clean() {
	if [ -d "$group" ]; then
		echo THAWED >"$group/freezer.state"
		wait_for rmdir "$group"
	fi
	cd / && umount "$freezer"
	tap_end
}
trap clean EXIT

# members PID: it and all its descendants.
members() {
	echo "$1"
	tr ' ' '\n' 2>/dev/null <"/proc/$1/task/$1/children" | while read -r child; do members "$child"; done
}
# shellcheck disable=SC2317 # called by wait_for
killed() { grep -q '^ShdPnd:.*[1-9a-f]\|^SigPnd:.*[1-9a-f]' "/proc/$1/status"; }
# shellcheck disable=SC2317
gone() { ! [ -e "/proc/$1" ]; }

# frozen NAME: a bomb of 40 that is frozen, all but pid 1 of its sandbox, and then ended; sets runner and bomb.
frozen() {
	mkdir "$group" || exit 99
	mkfifo out
	vkjail run -q --report "$1.json" --grace 0 --cgroup none -- ./forker 40 >out &
	runner=$!
	read -r line <out
	is "$line" 'ready 40' "$1: the bomb is there"
	rm out
	init=$(cat /proc/$runner/task/$runner/children)
	bomb=$(members "${init% }" | tail -n +2)
	for pid in $bomb; do echo "$pid" >"$group/cgroup.procs"; done
	echo FROZEN >"$group/freezer.state"
	kill -TERM $runner
	last=$(echo "$bomb" | tail -n 1)
	ok "$1: it is killed, and stays" wait_for killed "$last"
}
# thaw N: the first N of the bomb may die.
thaw() {
	dying=$(echo "$bomb" | head -n "$1")
	bomb=$(echo "$bomb" | tail -n +"$(($1 + 1))")
	for pid in $dying; do echo "$pid" >"$freezer/cgroup.procs"; done
}

frozen slow
thaw 20
ok 'slow: a part dies' wait_for gone "$(echo "$dying" | head -n 1)"
# Longer than vkjail would wait for one that does not get smaller.
sleep 11
ok 'slow: vkjail still waits' test -e "/proc/$last" -a -e "/proc/$runner"
ok 'slow: it has not given up' sh -c "! grep -q '^State:.Z' /proc/$runner/status"
echo THAWED >"$group/freezer.state"
wait $runner
is $? 143 'slow: then it ends, by the signal'
report_has 'slow: and the reason' slow.json .outcome.reason=cancelled '.times.ending_took_ns>=10000000000'
wait_for rmdir "$group"

frozen stuck
wait $runner
is $? 125 'stuck: vkjail gives up'
report_has 'stuck: and says so' stuck.json .outcome.reason=unkillable
ok 'stuck: the job is still there' test -e "/proc/$last"
echo THAWED >"$group/freezer.state"
ok 'stuck: and dies as soon as it can' wait_for gone "$last"
done_testing
