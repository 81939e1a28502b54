#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A job that plays with its output: no trick of it keeps vkjail from ending, from its limits or from its report.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3

# A terminal that nobody reads: its poll promises room for one byte only, so a plain write would wait for ever.
cat >terminal.py <<'END'
import pty, subprocess
master, terminal = pty.openpty()
job = ["vkjail", "run", "-q", "--wall", "300ms", "--output", "100M", "--", "yes"]
print(subprocess.run(job, stdout=terminal, timeout=60).returncode)
END
run python3 terminal.py
is "$out" 124 'the wall limit comes while the job floods a terminal that nobody reads'
report_is vkjail-report.json .outcome.reason wall-time 'and is the reason'

# The job hands the pipe to somebody outside, so that it never comes to its end.
cat >accomplice.py <<'END'
import os, socket, subprocess, sys
os.mkdir("meet")
listener = socket.socket(socket.AF_UNIX)
listener.bind("meet/socket")
listener.listen()
job = subprocess.Popen(["vkjail", "run", "-q", "--report", "none", "--output", "1M", "--", "python3", "-c", """
import array, socket
s = socket.socket(socket.AF_UNIX)
s.connect("meet/socket")
s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
print("passed on", flush=True)
"""])
peer, _ = listener.accept()
kept = peer.recvmsg(1, 1000)
try:
    print(job.wait(30), flush=True)
except subprocess.TimeoutExpired:
    job.kill()
END
run python3 accomplice.py
is "$(echo "$out" | tr '\n' ' ')" 'passed on 0 ' 'an output that somebody outside keeps open does not hold vkjail'

# The job makes the open file that it shares with vkjail non-blocking, and full.
cat >nonblock.py <<'END'
import os
os.set_blocking(1, False)
try:
    while True:
        os.write(1, b"x" * 4096)
except BlockingIOError:
    pass
END
mkfifo pipe
vkjail run -q --report - -- python3 nonblock.py >pipe 2>errors &
job=$!
exec 3<pipe
run vkjail run --report none -- true # the reader is slow
python3 -c 'import os, sys; sys.stdout.write(os.fdopen(3).read())' | sed 's/^x*//' >report.json
wait "$job"
is "$? $(report_get report.json .outcome.reason)" '0 exited' 'a report to a full pipe that is non-blocking is whole'
exec 3<&-
done_testing
