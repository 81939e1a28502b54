#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run-and-signal.py SIGNAL[,SIGNAL...] COMMAND...

Runs the command, waits for the line "ready" on its stdout, sends it the first signal, and each
further one after the next line. Prints what the command printed and ends with its status
(128 + N when a signal ended it). With "KILL" it then waits until nobody holds the pipe any more,
which is when the last process of the job is gone, and says "gone".
"""
import signal
import subprocess
import sys


def main():
    signals = sys.argv[1].split(",")
    child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
    for line in iter(child.stdout.readline, b""):
        sys.stdout.buffer.write(line)
        if signals:
            child.send_signal(signal.Signals["SIG" + signals.pop(0)])
    status = child.wait()
    if status == -signal.SIGKILL:
        print("gone")
    sys.stdout.flush()
    return status if status >= 0 else 128 - status


sys.exit(main())
