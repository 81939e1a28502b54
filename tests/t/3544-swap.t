#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where there is swap: a limit on memory holds it as well, or says that it does not.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper hog
report=vkjail-report.json
[ "$(wc -l </proc/swaps)" -gt 1 ] || skip_all 'no swap here; see tests/vm'
run vkjail run --memory 40M --report $report -- true
case $(report_get $report .limits.memory.enforced_by) in
cgroup*) ;;
*) skip_all 'memory in a control group: none to be had here' ;;
esac
warning="the limit 'memory' does not count what is swapped out: cannot write '[0-9]*' to memory\.(swap\.max|memsw\.limit_in_bytes) in the job's control group"
counted=$(find /sys/fs/cgroup -name memory.swap.max -o -name memory.memsw.limit_in_bytes 2>/dev/null | head -n 1)

run vkjail run --memory 40M -- ./hog 120M anonymous 0
if [ "$counted" ]; then
	report_has 'swapped memory is memory' $report .outcome.reason=memory .outcome.exit_status=137 '.warnings[#]=0'
	unlike "$err" 'swapped out' 'no word about it'
	run vkjail run --memory 40M -- ./hog 20M anonymous 0
	report_has 'a job that fits swaps nothing' $report .outcome.reason=exited .outcome.code=0
else
	report_has 'swapped memory is not counted: the job gets three times its limit' $report .outcome.reason=exited .outcome.code=0 '.warnings[#]=1'
	like "$err" "$warning" 'which is told, with the reason'
	like "$(report_get $report '.warnings[0]')" "$warning" 'in the report as well'
fi
done_testing
