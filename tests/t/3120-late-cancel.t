#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A signal that is noticed after the job's end, while its output still waits for a reader, ends the wait.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns
use_helper flood

mkfifo go out || exit 99
# Held open and never read. A small pipe, so that vkjail cannot get rid of what the job wrote.
exec 7<>out
python3 -c 'import fcntl; fcntl.fcntl(7, 1031, 4096)' # F_SETPIPE_SZ
vkjail run -q --report late.json --output 1M -- sh -c 'read -r _ <go; sleep 100 >/dev/null 2>&1 & ./flood 60000' >out 2>err 7<&- &
supervisor=$!
# Returns when the job reads it.
exec 8>go
kill -STOP $supervisor
kill -TERM $supervisor
echo >&8
child=$(cat /proc/$supervisor/task/$supervisor/children)
ok 'the job ends while vkjail does not look' wait_for grep -q '^State:.Z' /proc/"${child% }"/status
kill -CONT $supervisor
wait $supervisor
is $? 143 'vkjail ends by the signal'
report_has 'the report' late.json .outcome.reason=cancelled .outcome.signal=TERM
done_testing
