#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A signal that is noticed after the job's end, while its output still waits for a reader, ends the wait:
# whether it came before the job's end or after it.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns
use_helper flood

mkfifo go out || exit 99
# Held open and never read. A small pipe, so that vkjail cannot get rid of what the job wrote.
exec 7<>out
python3 -c 'import fcntl; fcntl.fcntl(7, 1031, 4096)' # F_SETPIPE_SZ
# shellcheck disable=SC2317 # these are called by wait_for
in_state() { grep -q "^State:.$1" "/proc/$2/status"; }
# shellcheck disable=SC2317
has_ended() { ! grep -q '^State:.[^Z]' "/proc/$1/status"; }
# A TERM that reached it before it is stopped would be noticed by itself, before the end of the job.
stop() {
	kill -STOP "$1"
	ok "$when: vkjail sleeps" wait_for in_state T "$1"
}
for when in before after; do
	vkjail run -q --report late.json --output 1M -- sh -c 'read -r _ <go; ./flood 60000' >out 2>err 7<&- &
	supervisor=$!
	# Returns when the job reads it.
	exec 8>go
	stop $supervisor
	[ $when = after ] || kill -TERM $supervisor
	echo >&8
	exec 8>&-
	child=$(cat /proc/$supervisor/task/$supervisor/children)
	ok "$when: the job ends while vkjail does not look" wait_for in_state Z "${child% }"
	[ $when = before ] || kill -TERM $supervisor
	kill -CONT $supervisor
	if ! wait_for has_ended $supervisor; then
		diag 'it waits for the reader, and is killed'
		kill -KILL $supervisor
	fi
	wait $supervisor
	is $? 143 "$when: by the signal"
	report_has "$when: the report" late.json .outcome.reason=cancelled .outcome.signal=TERM
done
done_testing
