#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# stress-ng, two workers of each kind, under limits of memory and processes: it must stay below them,
# end with a reason that is a job's, and leave nothing.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/adversary.sh"
need userns python3 stress-ng
case "$(enforcer memory 1G) $(enforcer processes 100)" in
cgroup*' cgroup'*) ;;
*) skip_all 'memory and processes need a control group for this' ;;
esac

# It starts what was killed anew and says that all went well: its own status means nothing.
refused=0
for stressor in bigheap brk clone daemon exec fork hdd key malloc memfd mmap mmapfork oom-pipe pipe pthread resources \
	session shm shm-sysv sigq sock spawn stack sysbadaddr unshare userfaultfd vforkmany vm zombie; do
	adversary "stress-ng: $stressor" 'exited|memory|signaled|syscall' '0|1|2|3|4|5|6|122|137|139' --wall "$((20 * slower))s" \
		--memory 128M --processes 64 --tmp 32M --open-files 256 -- \
		sh -c "stress-ng --temp-path /tmp --no-rand-seed -q -t 2 --$stressor 2 && : $mark" 2>/dev/null
	[ "$(report_get "$report" .usage.group.tasks_refused)" = 0 ] || refused=$((refused + 1))
done
# Or all of this would show nothing.
ok 'some of them reached the limit on memory' test "$(grep -c '|memory|' "$rows")" -ge 2
ok 'some of them reached the limit on processes' test "$refused" -ge 2
adversaries_end
done_testing
