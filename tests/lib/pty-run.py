#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pty-run.py SCRIPT: drives commands on a real terminal.

SCRIPT is lines of "expect REGEX", "send TEXT" (with \\n, \\x03 and the like), "size ROWS COLUMNS"
and "eof". The shell on the terminal is an interactive one with job control. What was seen on the
terminal is printed at the end; status 1 when an expected text did not come within ten seconds.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def expect(fd, seen, start, pattern):
    """The end of the line with the match, reading on as long as there is none."""
    deadline = time.monotonic() + 10
    while True:
        found = re.search(pattern.encode(), bytes(seen[start:]))
        if found:
            end = seen.find(b"\n", start + found.end())
            return end + 1 if end >= 0 else len(seen)
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return -1
        try:
            data = os.read(fd, 4096)
        except OSError:
            data = b""
        if not data:
            return -1
        seen += data.replace(b"\r", b"")


def main():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", ENV="", TERM="dumb")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
    set_size(fd, 24, 80)
    seen, start, status = bytearray(), 0, 0
    with open(sys.argv[1], encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "expect":
                start = expect(fd, seen, start, rest)
                if start < 0:
                    seen += f"\n[line {number}: '{rest}' did not come]\n".encode()
                    status = 1
                    break
            elif word == "send":
                os.write(fd, rest.encode().decode("unicode_escape").encode("latin-1"))
            elif word == "size":
                set_size(fd, *map(int, rest.split()))
    os.close(fd)
    os.waitpid(pid, 0)
    sys.stdout.write(seen.decode(errors="replace").replace("\r", ""))
    return status


sys.exit(main())
