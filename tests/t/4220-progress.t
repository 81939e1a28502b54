#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Progress of a compute job: a line on a terminal that goes away again, plain lines with -v
# elsewhere, nothing otherwise, and nothing of it for a command.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3 bash

cat >work.comp <<'END'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Values { uint values[]; };
void main() {
	uint v = values[gl_GlobalInvocationID.x];
	for (uint i = 0; i < 200; i++)
		v = v * 1664525u + 1013904223u;
	values[gl_GlobalInvocationID.x] = v;
}
END
# job NAME REPEAT
job() {
	cat >"$1.yaml" <<END
limits: { wall: 120s, memory: 2GiB, device-memory: 64MiB }
compute:
  device: software
  kernels: { work: { shader: work.comp } }
  buffers: { values: { type: u32, shape: [65536], fill: iota } }
  steps: [ { run: work, bind: [values], groups: [1024], repeat: $2 } ]
END
}
job long 1000000
job some 20
line='vkjail: work  step 1/1  [0-9]+/1000000 \([0-9]+%\)  [0-9.]+/s  [0-9ms]+, [0-9dhms]+ left.*  dev [0-9.]+KiB/64MiB'

cat >script <<END
size 30 130
send vkjail run --report none long.yaml\n
expect $line
send \x03
expect cancelled: vkjail got SIGINT
send echo status \$?.\n
expect status 130\.
END
ok 'a line on the terminal' python3 "$top_srcdir/tests/lib/pty-run.py" script
cat >script <<END
size 24 40
send vkjail run --report none long.yaml\n
expect vkjail: work  step 1/1
send \x03
expect cancelled
END
ok 'a narrow terminal' python3 "$top_srcdir/tests/lib/pty-run.py" script
cat >seen.py <<'END'
"""seen.py WIDTH: what stderr of a job got that had a terminal of this width, as bytes on stdout."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

master, slave = pty.openpty()
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
job = subprocess.Popen(["vkjail", "run", "--report", "none", *sys.argv[2:]], stderr=slave, stdout=subprocess.DEVNULL)
os.close(slave)
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(job.wait())
END
run python3 seen.py 60 --wall 6s long.yaml
status_is 124 'a job that its limit ends'
ok 'no line is wider than the terminal, and the last one is wiped out before anything else is said' python3 - "$T/.out" <<'END'
import sys
shown, _, rest = open(sys.argv[1], "rb").read().rpartition(b"\r ")
lines = shown.split(b"\r")[1:]
assert lines and all(l.startswith(b"vkjail: work") and len(l) < 60 for l in lines), lines
blank, _, rest = rest.partition(b"\r")
assert blank.strip() == b"" and len(blank) + 1 >= len(lines[-1].rstrip()), (blank, lines[-1])
assert b"step" not in rest, rest
END
unlike "$(tr -d '\r\n' <"$T/.out")" '[[:cntrl:]]' 'no control characters but carriage returns'
for quiet in '-q some.yaml' '-- sh -c sleep\ 0.5'; do
	eval "run python3 seen.py 60 $quiet"
	is "$status:$out" 0: "nothing with $quiet"
done

started=$(date +%s)
run vkjail run --report none -v --wall 6s long.yaml
lines=$(printf '%s\n' "$err" | grep -c 'step 1/1')
like "$err" '^vkjail: work  step 1/1  [0-9]+/1000000 \([0-9]+%\).*  [0-9]+s, [0-9dhms]+ left' '-v, no terminal: a plain line'
unlike "$err" "$(printf '\r')" '... without carriage returns'
ok '... and the next one comes only after five seconds' test "$lines" -le $((1 + ($(date +%s) - started + 1) / 5))
run vkjail run --report none --wall 2s long.yaml
unlike "$err" 'step 1/1' 'nothing without -v'
run vkjail run --report none -v -q --wall 2s long.yaml
unlike "$err" 'step 1/1' 'nothing with -q'

# A terminal that takes nothing (Ctrl-S) does not hold up the limits.
cat >stopped.py <<'END'
import os
import pty
import subprocess
import termios
import time

master, slave = pty.openpty()
termios.tcflow(slave, termios.TCOOFF)
start = time.monotonic()
job = subprocess.Popen(["vkjail", "run", "--report", "r.json", "--wall", "2s", "long.yaml"], stderr=slave)
while '"done"' not in (open("r.json").read() if os.path.exists("r.json") else ""):
    assert time.monotonic() - start < 60
    time.sleep(0.05)
termios.tcflow(slave, termios.TCOON)
os.close(slave)
try:
    while os.read(master, 4096):
        pass
except OSError:
    pass
assert job.wait() == 124, job.returncode
END
ok 'a stopped terminal does not hold up the wall limit' python3 stopped.py
report_has 'which the report tells' r.json .outcome.reason=wall-time
done_testing
