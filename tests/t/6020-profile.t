#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Profile files in the kernel, and learning one.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper try-syscall

cat >own.yaml <<'END'
include: default
allow: [{call: socket, arg0: 1}]
deny: [getppid]
errno: {ENOSYS: [getpgrp]}
kill: [times]
END
run vkjail run --seccomp own.yaml --report r.json -- ./try-syscall getppid getpgrp getpid socket,1,1 socket,2,1 mount
is "$out" 'getppid: EPERM
getpgrp: ENOSYS
getpid: ok
socket: ok
socket: ENOSYS
mount: EPERM' 'a profile file over the default one'
report_has 'is in the report' r.json .sandbox.seccomp=file .sandbox.seccomp_file=own.yaml '.sandbox.denied.calls[#]=4'
run vkjail run --seccomp own.yaml --report r.json -- ./try-syscall times
status_is 122 'and ends the job'
like "$err" "for which the seccomp profile 'own.yaml' ends it" 'by its name'
mkdir jobs && printf 'command: [true]\nseccomp: profiles/min.yaml\n' >jobs/job.yaml
mkdir jobs/profiles && printf 'otherwise: kill\nallow: ["@base", "@read-files", "@identity"]\n' >jobs/profiles/min.yaml
run vkjail run jobs/job.yaml
status_is 0 'a job file names one relative to itself'
run vkjail run --seccomp jobs/profiles/min.yaml -- sh -c 'nothing-of-the-kind'
status_is 127 'a program that is not found does not wait for an answer'
run vkjail run --seccomp jobs/profiles/min.yaml -- nothing-of-the-kind
status_is 127 'nor does the command itself'
# The limit of descriptors of pid 1 is the job's to change, with such a profile: pid 1 has to see its end all the same.
cat >limit.py <<'END'
import ctypes, resource
resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1))
libc = ctypes.CDLL(None, use_errno=True)
for _ in range(2):
    print(libc.mount(b"", b"/tmp", b"tmpfs", 0, None))
END
printf 'include: default\nallow: [prlimit64]\n' >limit.yaml
run vkjail run --wall 60s --seccomp limit.yaml --report r.json -- python3 -S limit.py
is "$status $(echo "$out" | tr '\n' ' ')" '0 -1 -1 ' 'a job that takes the descriptors of pid 1 away ends as any other'
report_has 'but its calls are no longer counted' r.json .sandbox.denied.counted=false .sandbox.denied.why='the filter has no listener: EINVAL'
printf 'include: default\nallow: ["@base"]\n' >limit.yaml
run vkjail run --wall 60s --seccomp limit.yaml -- python3 -S limit.py
like "$status $err" 'PermissionError' 'a group does not allow it'
run vkjail run --seccomp nowhere.yaml -- true
status_is 125 'a file that is not there'
like "$err" '^vkjail: --seccomp: nowhere.yaml: cannot open' 'is named'
run vkjail list groups
for group in base read-files sockets dangerous; do like "$out" "^@$group +" "vkjail list groups has @$group"; done
run vkjail list profiles
like "$out" '^FILE +' 'vkjail list profiles tells of files'

# ---- learning
mkdir outside && echo data >outside/data && mkdir inside && cp try-syscall inside
cd inside || exit
cat >prog.py <<'END'
import ctypes, os, socket, subprocess, sys, threading
thread = threading.Thread(target=print, args=("thread",), kwargs={"flush": True})
thread.start()
thread.join()
socket.socket(socket.AF_UNIX).close()
print(subprocess.run(["./try-syscall", "unshare", "perf_event_open"], capture_output=True, text=True, check=True).stdout, end="")
for path, mode in (("../outside/data", "r"), ("../outside/new", "w"), ("made", "w")):
    try:
        open(path, mode).close()
    except OSError as error:
        print(type(error).__name__)
END
run vkjail run --learn learned.yaml --report r.json -- python3 -S prog.py
status_is 0 'a program is learned'
is "$out" 'thread
unshare: ok
perf_event_open: EFAULT
FileNotFoundError
FileNotFoundError
OSError' 'what its profile refuses is let through'
report_has 'which the report says' r.json .sandbox.learning=true
like "$(cat learned.yaml)" '^  - \{call: socket, arg0: 0x1\}$' 'the profile has the families of sockets'
like "$(cat learned.yaml)" '^  - \{call: clone, arg0: \{mask: 0x7e020000, value: 0\}\}  # no namespaces$' 'processes without namespaces'
like "$(cat learned.yaml)" '^#   perf_event_open \(EPERM\)$' 'what the default profile would have refused'
like "$(cat learned.yaml)" "^#   --bind $T/outside\$" 'the directory that it looked for outside'
like "$(cat learned.yaml)" "^#   --bind $T/inside\$" 'and the one that it could not write to'
like "$(cat learned.yaml)" '^  - \{call: openat, arg3: \{mask: 0x800, value: 0\}\}' 'files that are not set-user-id'
unlike "$(cat learned.yaml)" '^  - mount$' 'and nothing that was not used'
run vkjail run --seccomp learned.yaml --report r.json -- python3 -S prog.py
status_is 0 'the learned profile is enough'
is "$out" 'thread
unshare: ok
perf_event_open: EFAULT
FileNotFoundError
FileNotFoundError
OSError' 'for the same program'
report_has 'nothing was refused' r.json '.sandbox.denied.calls[#]=0'
run vkjail run --seccomp learned.yaml --report r.json -- ./try-syscall mount unshare keyctl
is "$out" 'mount: ENOSYS
unshare: ok
keyctl: ENOSYS' 'and for no other'
run vkjail run -q --writable --seccomp learned.yaml --report none -- python3 -S -c 'import os; os.open("made", os.O_CREAT, 0o4755)'
like "$err" 'OSError' 'it makes no set-user-id files'
# shellcheck disable=SC2046 # the suggestions are options
run vkjail run --seccomp learned.yaml $(sed -n "s,^#   \(--[a-z-]*bind $T.*\),\1,p" learned.yaml) -- python3 -S prog.py
is "$(echo "$out" | tail -n 1)" 'perf_event_open: EFAULT' 'with the suggested binds nothing is missing'
run vkjail run --learn killed.yaml --report none --grace 100ms --wall 2s -- python3 -S -c 'import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: signal.pause()'
status_is 124 'a job that a limit kills'
like "$(cat killed.yaml)" '^  - pause$' 'is learned up to there'
like "$(cat killed.yaml)" '^# The job did not come to its own end \(wall-time\)' '... and the file says so'
like "$err" '^vkjail: warning: the learned profile has only what was called until the job ended \(wall-time\)' '... and a warning'
unlike "$(cat learned.yaml)" 'did not come to its own end' 'of one that ended itself it does not'
run vkjail run -q --learn many.yaml --report none -- python3 -S -c 'import ctypes, os
libc = ctypes.CDLL(None)
for request in range(0x8000, 0x8200): libc.ioctl(0, request, 0)
os.waitpid(os.fork(), 0)'
status_is 0 'a program with many kinds of requests'
like "$(cat many.yaml)" '^# With more than 256 different arguments' 'is told of'
like "$(cat many.yaml)" '^  - ioctl$' 'and may make any'
like "$(cat many.yaml)" '^  - \{call: clone, arg0: \{mask: 0x7e020000, value: 0\}\}' 'but no namespaces'
mkdir swap victim && echo precious >victim/learned.yaml
run vkjail run -q --report none --writable --learn swap/learned.yaml -- sh -c 'rmdir swap; ln -s victim swap; test -h swap'
is "$status $(cat victim/learned.yaml)" '0 precious' 'a job cannot put another directory in the way of its profile'
run vkjail run -q --report none --writable --learn link.yaml -- ln -s victim/learned.yaml link.yaml
is "$status $(cat victim/learned.yaml)" '0 precious' 'nor a link'
run vkjail run --learn nowhere/learned.yaml --report none -- true
status_is 125 'a profile that could not be written is told before the job runs'
run with-filter listener vkjail run --learn other.yaml --report r.json -- true
report_has 'below another listener nothing can be learned' r.json .outcome.reason=setup-failed
ok 'and no file is left' test ! -e other.yaml
run vkjail run --seccomp strict --learn strict.yaml --report r.json -- ./try-syscall setuid
status_is 0 'strict does not kill while learning'
like "$(cat strict.yaml)" '^#   setuid \(ends the job\)$' 'and its difference says that it would'
done_testing
