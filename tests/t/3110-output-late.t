#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Output beyond the limit counts even when the job has ended before vkjail gets to read it.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns
use_helper flood

mkfifo go finished || exit 99
vkjail run -q --report late.json --writable --output 1000 -- sh -c 'read -r _ <go; ./flood 1001; exec 1>&- 2>&-; echo >finished' \
	>out 2>err &
supervisor=$!
# Opening the FIFO returns when the job reads it, so it is running; vkjail then sleeps through the rest.
exec 8>go
kill -STOP $supervisor
echo >&8
read -r _ <finished
# The job's end is not announced to anybody but vkjail: pid 1 of the sandbox must be a zombie.
child=$(cat /proc/$supervisor/task/$supervisor/children)
# shellcheck disable=SC2086 # one word
ok 'the job ends while vkjail does not look' wait_for grep -q '^State:.Z' /proc/${child% }/status
kill -CONT $supervisor
wait $supervisor
is $? 122 'the limit was reached all the same'
is "$(wc -c <out)" 1000 'and not a byte more was passed on'
report_has 'the report' late.json .outcome.reason=output .outcome.limit.name=output
done_testing
