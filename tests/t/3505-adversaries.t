#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Jobs that attack their limits on memory and processes. Those that only a control group can hold run
# where vkjail has one; the others everywhere.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/adversary.sh"
need userns python3
use_helper devour forker hog ignore-term writefile
memory=$(enforcer memory 1G)
processes=$(enforcer processes 100)
diag "memory: enforced by ${memory:-nobody}; processes: enforced by ${processes:-nobody}"

# Memory, wherever it may lie. No wall limit that a slow machine could meet first.
wall="--wall $((60 * slower))s"
# shellcheck disable=SC2086 # two arguments
eats() {
	what=$1
	shift
	adversary "$what" memory 137 $wall --memory 48M --tmp 1G "$@"
}
eats 'memory: anonymous' -- ./hog 4G anonymous 0 hold "$mark"
eats 'memory: shared' -- ./hog 4G shared 0 hold "$mark"
eats 'memory: a file in /tmp' -- ./hog 900M /tmp/file 0 hold "$mark"
eats 'memory: three processes' -- sh -c "for i in 1 2 3; do ./hog 4G anonymous 0 hold $mark & done; wait; ./hog 4G anonymous 0 hold"
case $memory in
cgroup*)
	eats 'memory: a file in /dev/shm that nobody maps' -- sh -c "./writefile /dev/shm/file 900M; sleep 100; : $mark"
	eats 'memory: memfd' -- ./devour memfd "$mark"
	eats 'memory: page tables' -- ./devour page-tables "$mark"
	eats 'memory: pipes' -- ./devour pipes "$mark"
	eats 'memory: sockets' -- ./devour sockets "$mark"
	eats 'memory: a daemon whose parent ended well' -- sh -c "(setsid ./hog 4G anonymous 0 hold $mark &) ; sleep 1000"
	# Less than any program needs: at exec, or before it.
	for little in 64K 256K 1M; do
		adversary "memory: a limit of $little" memory 137 --memory $little -- ./hog 4G anonymous 0 hold "$mark"
	done ;;
*) skip 1 "memory needs a control group for these (here: ${memory:-nobody})" ;;
esac

# Processes.
case $processes in
cgroup*)
	# shellcheck disable=SC2086
	for kind in processes sessions threads; do
		adversary "processes: $kind without end" wall-time 124 --wall "$((2 * slower))s" --grace 0 --processes 40 --memory 200M \
			-- ./devour $kind "$mark"
	done
	# shellcheck disable=SC2086
	adversary 'processes: daemons that their parent leaves' exited '0|1' $wall --processes 40 -- ./forker 100 escape leave "$mark" ;;
*) skip 1 "processes need a control group for these (here: ${processes:-nobody})" ;;
esac

# The end.
adversary 'a job that stops itself' wall-time 124 --wall 1s --grace 0 --memory 200M -- sh -c "kill -STOP \$\$; : $mark"
adversary 'a job that ignores SIGTERM' wall-time 124 --wall 1s --grace 200ms --memory 200M -- ./ignore-term 2 "$mark"
# shellcheck disable=SC2086
adversary 'ten thousand short children' exited 0 $wall --wall "$((120 * slower))s" --memory 200M --processes 40 -- ./devour children 10000 "$mark"
is "$out" 10000 'all of them were children'

# Somebody outside who owns the job's group freezes it and takes its permissions; or the job itself does, where a bind
# lets it.
# shellcheck disable=SC2317 # called by wait_for
has_members() {
	group=$(groups_of "$runner" | head -n 1)
	[ "$group" ] && [ "$(grep -c . "$group/cgroup.procs")" -ge 2 ]
}
cat >freeze.sh <<'END'
group=$(dirname "$(find /sys/fs/cgroup -name cgroup.procs -exec grep -lx "$$" {} + 2>/dev/null)")
mkdir "$group/below" || exit
sh -c 'echo $$ >"$0/below/cgroup.procs" && exec sleep 1000' "$group" &
until grep -q . "$group/below/cgroup.procs"; do :; done
echo 1 >"$group/below/cgroup.freeze"
exec 3>"$group/cgroup.freeze"
chmod 0 "$group/below"/* "$group"/* && chmod 0 "$group" && echo frozen && echo 1 >&3
sleep 1000
END
case $memory in
'cgroup v2'*)
	mount_points >mounts.before
	vkjail run -q --report "$report" --wall "$((2 * slower))s" --grace 200ms --memory 200M -- sh -c "sleep 1000; : $mark" 2>.err &
	runner=$!
	ok 'frozen: the job is in its group' wait_for has_members
	mkdir "$group/below" && echo 1 >"$group/cgroup.freeze" && chmod 0 "$group/below" "$group"/* "$group"
	what='a group that somebody else freezes, without permissions' want_reason=wall-time want_status=124 status=0
	wait "$runner" || status=$?
	judge_end
	adversary 'a job that freezes its own group, and takes the permissions' wall-time 124 --wall "$((2 * slower))s" --grace 200ms \
		--memory 200M --bind /sys/fs/cgroup -- sh freeze.sh "$mark"
	is "$out" frozen 'it came that far' ;;
*) skip 4 'only groups of v2 are frozen here' ;;
esac

# either WHAT N: all of N runs ended in one of two ways, and nothing was left; another row.
either() {
	is "$same" "$2" "$1 is one of the two"
	printf '%s|%s|-|%s\n' "$1" "$(sort "$T/reasons" | uniq -c | awk '{ printf "%s%s %s of %s", (NR > 1 ? " or " : ""), $3, $1, n }' n="$2")" \
		"$left" >>"$rows"
	is "$left" 0 "$1: nothing is left"
}
# one_of FIRST SECOND: the last run's status and reason.
one_of() {
	end="$status $(report_get "$report" .outcome.reason)"
	case $end in "$1" | "$2") same=$((same + 1)) ;; *) diag "it ended as: $end" ;; esac
	echo "$end" >>"$T/reasons"
	wait_for nothing_left "$runner" || left=$((left + 1))
}
same=0 left=0 && : >"$T/reasons"
for ms in 60 70 80 85 90 92 94 96 98 99; do
	start --wall 100ms --memory 200M -- sh -c "sleep 0.0$ms; : $mark"
	one_of '124 wall-time' '0 exited'
done
either 'an end in the same instant as the wall limit' 10
case $memory in
cgroup*)
	same=0 left=0 && : >"$T/reasons"
	for size in 10 11 12 13 14 15 16 17 18 19 20; do
		start --memory 16M --wall "$((20 * slower))s" -- ./hog ${size}M anonymous 0
		one_of '137 memory' '0 exited'
	done
	either 'an end near the memory limit' 11 ;;
*) skip 2 'memory needs a control group for this' ;;
esac
adversaries_end
done_testing
