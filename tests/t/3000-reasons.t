#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every reason that a run can have: a job that misbehaves in this way ends with the reason, the exit
# status and the limit that the tables promise, and its report fits the schema.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3

# Copies, because outputs are relative to the job file, and the source tree may not be writable.
mkdir jobs && cp -R "$top_srcdir/jobs/bad" jobs/bad && cp -R "$top_srcdir/shaders" shaders && chmod -R u+w jobs shaders || exit 99
bad=jobs/bad
seen=$T/seen

# bad_job JOB REASON STATUS LIMIT [COMMAND...]: LIMIT is '' where no limit ended it.
bad_job() {
	job=$1 reason=$2 want=$3 limit=$4
	shift 4
	rm -f vkjail-report.json
	run "$@" vkjail run "$bad/$job.yaml"
	status_is "$want" "$job: exit status $want"
	report_has "$job: reason $reason, and the limit '$limit'" vkjail-report.json .state=done .outcome.reason="$reason" \
		.outcome.exit_status="$want" .outcome.limit.name="$limit" ${limit:+.outcome.limit.value=".limits.$limit.value"} \
		${limit:+".outcome.limit.observed>=.outcome.limit.value"}
	like "$err" '^vkjail: .*' "$job: stderr says something"
	echo "$reason" >>"$seen"
}

bad_job wall-time wall-time 124 wall
bad_job cpu-time cpu-time 124 cpu
bad_job idle idle 124 idle
bad_job memory memory 137 memory
bad_job memory-tmp memory 137 memory
bad_job output output 122 output
is "$(wc -c <"$T/.out")" 10000 'output: the bytes up to the limit pass'
bad_job file-size file-size 122 file-size
bad_job syscall syscall 122 ''
bad_job signaled signaled 139 ''
report_has 'signaled: by name' vkjail-report.json .outcome.signal=SEGV
bad_job exec-failed exec-failed 126 ''
bad_job not-found not-found 127 ''
bad_job setup-failed setup-failed 125 ''
report_has 'setup-failed: nobody enforces the limit' vkjail-report.json .limits.device-memory.enforced_by=null
ok 'setup-failed: and it says why' report_get vkjail-report.json .limits.device-memory.unavailable

set -- python3 "$top_srcdir/tests/lib/run-and-signal.py"
bad_job cancelled cancelled 130 '' "$@" INT
bad_job cancelled cancelled 143 '' "$@" TERM
bad_job cancelled cancelled 129 '' "$@" HUP
report_has 'cancelled: by name' vkjail-report.json .outcome.signal=HUP

if have vulkan; then
	bad_job kernel-time kernel-time 124 kernel
	bad_job device-memory device-memory 123 device-memory
	bad_job bad-shader bad-job 125 ''
	bad_job check-failed check-failed 1 ''
else
	skip 1 "$why"
	printf '%s\n' kernel-time device-memory bad-job check-failed >>"$seen"
fi

run vkjail run -- sh -c 'exit 77'
status_is 77 "exited: the job's own status"
report_has 'exited: in the report' vkjail-report.json .outcome.reason=exited .outcome.code=77 .outcome.signal=null
echo exited >>"$seen"

# What cannot be brought about here: a driver that loses its device, a process stuck in the kernel, an
# incomplete installation; admission and epilogs are not there yet.
printf '%s\n' device-lost unkillable runner-failed rate-limited not-admitted supervisor-lost >>"$seen"
is "$(sort -u "$seen")" "$(vkjail list reasons | cut -d' ' -f1 | sort)" 'every reason of the table has its case'
done_testing
