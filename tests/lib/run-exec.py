#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the supervisor for vkjail-exec: run-exec.py [options] REQUEST.json

The request is the one of docs/protocol.md without the `fd` members: files are opened here from
`path`, relative to the request's directory (outputs: to --out), and numbered. Each answer is
printed as one line of JSON. Exit status: that of vkjail-exec (128 + N for a signal).
Python's standard library only.
"""
import argparse
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys

FIRST = 5


def prepare(request, base, out, compiler):
    """Opens what the request names; returns the descriptors that must become 5, 6, ..."""
    fds = []

    def give(entry, fd):
        entry["fd"] = FIRST + len(fds)
        fds.append(fd)

    for k in request.get("kernels", []):
        give(k, os.open(os.path.join(base, k["path"]), os.O_RDONLY))
    for b in request.get("buffers", []):
        if b.get("source") == "file":
            give(b, os.open(os.path.join(base, b["path"]), os.O_RDONLY))
    for o in request.get("outputs", []):
        path = os.path.join(out, o["path"])
        give(o, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
    request.setdefault("version", 1)
    request.setdefault("compiler", compiler)
    return fds


def start(args, text, fds):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    memfd = os.memfd_create("request", os.MFD_ALLOW_SEALING)
    os.write(memfd, text)
    os.lseek(memfd, 0, os.SEEK_SET)
    # F_ADD_SEALS: seal, shrink, grow, write
    fcntl.fcntl(memfd, 1033, 1 | 2 | 4 | 8)
    wanted = [memfd, theirs.fileno()] + fds
    # Out of the way first, so that no dup2 overwrites one that is still needed.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 1000) for fd in wanted]

    def child():
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.closerange(3 + len(high), 4096)

    command = args.wrap.split() + [args.exec]
    process = subprocess.Popen(command, close_fds=False, preexec_fn=child)
    theirs.close()
    for fd in high + [memfd] + fds:
        os.close(fd)
    return process, ours


def main():
    here = os.environ.get("top_builddir", ".")
    p = argparse.ArgumentParser()
    p.add_argument("request")
    p.add_argument("--exec", default=os.path.join(here, "vkjail-exec"))
    p.add_argument("--compiler", default=os.path.join(here, "vkjail-compile"))
    p.add_argument("--out", default=".")
    p.add_argument("--wrap", default="", help="a command to run vkjail-exec with")
    p.add_argument("--term-on", help="SIGTERM when an answer holds this text")
    args = p.parse_args()
    with open(args.request, encoding="utf-8") as f:
        raw = f.read()
    try:
        request = json.loads(raw)
        base = os.path.dirname(os.path.abspath(args.request))
        fds = prepare(request, base, args.out, os.path.abspath(args.compiler))
        text = json.dumps(request).encode()
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        fds, text = [], raw.encode()  # bad requests are tests too
    process, answers = start(args, text, fds)
    while True:
        datagram = answers.recv(1 << 16)
        if not datagram:
            break
        line = json.dumps(json.loads(datagram))
        print(line, flush=True)
        if args.term_on and args.term_on in line:
            process.send_signal(signal.SIGTERM)
    status = process.wait()
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
