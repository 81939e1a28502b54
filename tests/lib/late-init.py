#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""late-init.py FILE SECONDS VKJAIL...

Runs vkjail, whose job executes FILE, such that pid 1 of the sandbox goes on only SECONDS after the execve(2)
that it waits for: a lease (fcntl(2), F_SETLEASE) holds that call up until pid 1 has a SIGSTOP pending.
Ends with the status of vkjail.
"""
import fcntl
import os
import signal
import subprocess
import sys
import time


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


def main():
    file, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    opens = {signal.SIGIO}
    signal.pthread_sigmask(signal.SIG_BLOCK, opens)
    fd = os.open(file, os.O_RDONLY)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    with subprocess.Popen(command, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, opens)) as vkjail:
        if not signal.sigtimedwait(opens, 60):
            print("late-init: nobody opened the file", file=sys.stderr)
            vkjail.kill()
            return 99
        waits = [pid for pid in children(vkjail.pid) if children(pid)]
        if len(waits) != 1:
            print(f"late-init: {len(waits)} processes of the sandbox have children", file=sys.stderr)
            vkjail.kill()
            return 99
        os.kill(waits[0], signal.SIGSTOP)
        os.close(fd)
        time.sleep(seconds)
        os.kill(waits[0], signal.SIGCONT)
    return vkjail.returncode if vkjail.returncode >= 0 else 128 - vkjail.returncode


sys.exit(main())
