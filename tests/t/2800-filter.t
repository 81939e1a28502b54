#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The filter in a real kernel: what each profile answers, and what a killed program looks like.
. "${top_srcdir:-.}/tests/lib/tap.sh"

# TIOCSTI is 0x5412; the second one has garbage in the half that the kernel ignores. 40: AF_VSOCK.
run with-filter default try-syscall getpid mount unshare setns bpf keyctl io_uring_setup userfaultfd \
	perf_event_open clone3 999 ioctl,0,21522 ioctl,0,4294988818 ioctl,-1,21523 socket,40,1 \
	socket,1,1 clone,268435473 personality,4194304 personality,4294967295
is "$out" "getpid: ok
mount: EPERM
unshare: EPERM
setns: EPERM
bpf: EPERM
keyctl: EPERM
io_uring_setup: EPERM
userfaultfd: EPERM
perf_event_open: EPERM
clone3: ENOSYS
999: ENOSYS
ioctl: EPERM
ioctl: EPERM
ioctl: EBADF
socket: EAFNOSUPPORT
socket: ok
clone: EPERM
personality: EPERM
personality: ok" 'default: dangerous calls are refused, the others go through'
status_is 0 'default: nothing is killed'

# 128 + SIGSYS (31)
for call in mount setuid 999 io_uring_setup 1073741863; do
	run sh -c "with-filter strict try-syscall $call; exit \$?"
	status_is 159 "strict: $call ends the program by SIGSYS"
done
run with-filter strict try-syscall getpid clone3 mkdir socket,1,1 setpriority sched_setaffinity
is "$out" "getpid: ok
clone3: ENOSYS
mkdir: EPERM
socket: EPERM
setpriority: EPERM
sched_setaffinity: EPERM" 'strict: what drivers try and can do without is refused'

if [ "$(uname -m)" = x86_64 ]; then
	# x32's getpid
	run sh -c 'with-filter default try-syscall 1073741863; exit $?'
	status_is 159 'default: a number of the x32 ABI ends the program by SIGSYS'
else
	skip 1 'the x32 ABI is of x86-64 only'
fi

run with-filter default python3 -c 'import threading, subprocess
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout, end="")'
is "$out" "thread
child" 'default: threads and children start without clone3'
run with-filter strict sh -c 'echo a | cat; true'
is "$out" a 'strict: pipes and children'
done_testing
