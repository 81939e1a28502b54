#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory that a program has from the start: a .bss larger than the limit, and limits so small that the program
# is killed before its first instruction. All of them are told as what they are.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper big-bss
report=vkjail-report.json

for group in auto none; do
	run vkjail run --wall 60s --cgroup $group --memory 64M -- ./big-bss
	report_has "1 GiB of .bss in 64 MiB, cgroup $group" $report .outcome.reason=memory .outcome.exit_status=137 .outcome.limit.name=memory
done
run vkjail run --memory 64M -- true
case $(report_get $report .limits.memory.enforced_by) in
cgroup*)
	for limit in 4K 100K 300K; do
		run vkjail run --wall 60s --memory $limit -- ./big-bss
		report_has "in $limit it is killed in the set-up or by exec" $report .outcome.reason=memory .outcome.limit.name=memory
	done ;;
*) skip 3 'memory in a control group: none to be had here' ;;
esac
run vkjail run --address-space 256M -- ./big-bss
report_has 'more than the address space: exec ends it, and the report says memory' $report .outcome.reason=memory .outcome.limit.name=address-space \
	.outcome.limit.value=268435456 '.outcome.limit.observed>=1073741824'
like "$err" "the program './big-bss' needs 1GiB of address space or more for itself; its limit is 256MiB" 'and why'
run vkjail run --address-space 4G -- ./big-bss
report_has 'with enough of it the program runs' $report .outcome.reason=exited .outcome.code=0
run vkjail run --address-space 256M -- sh -c 'kill -SEGV $$'
report_has 'a program that fits and crashes is another thing' $report .outcome.reason=signaled .outcome.signal=SEGV
done_testing
