#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A job that plays with its limits and with pid 1 of its sandbox.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper hog

# pid 1 has the job's user, so its limits could be lowered: one on its CPU time would end the sandbox as if from outside.
cat >pid1.py <<'END'
import resource
try:
    print(resource.prlimit(1, resource.RLIMIT_CPU, (1, 1)))
except PermissionError:
    print("refused", resource.prlimit(0, resource.RLIMIT_CORE))
END
run vkjail run --report none -- python3 pid1.py
is "$status $out" '0 refused (0, 0)' 'limits of pid 1 cannot be set, the own ones can'

# The grace is for saving, not for taking what the limits forbid.
run vkjail run --wall 200ms --grace 20s --sample 20ms --memory 40M -- sh -c 'trap "exec ./hog 300M anonymous 0 hold" TERM; while :; do sleep 0.05; done'
is "$status $(report_get vkjail-report.json .outcome.reason)" '124 wall-time' 'memory is watched in the grace: the job is killed, the first cause stays the reason'
ok 'long before the grace is over' test "$(report_get vkjail-report.json .times.ending_took_ns)" -lt 15000000000

# The caller's own limit on CPU time comes before the backstop, and cannot be raised.
run sh -c 'ulimit -t 20 && exec vkjail run --report none --cpu 60s -- true'
status_is 0 'a CPU limit above the hard limit of the caller'

# shellcheck disable=SC2016 # the job's shell is meant
run vkjail run --cpu 100s -- sh -c 'kill -XCPU $$'
is "$status $(report_get vkjail-report.json .outcome.reason)" '152 signaled' 'SIGXCPU without the CPU time is just a signal'
done_testing
