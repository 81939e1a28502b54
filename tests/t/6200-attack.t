#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attacks on the sandbox by a job that knows how it is built. Each is seen to succeed outside first.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/attack.sh"
need userns python3

# ---- files of the host
mkdir -p outside work
echo secret >outside/secret
chmod 755 outside
cp attack work/ && cd work || exit 99
secret=$T/outside/secret
attack 'a file that is not shown' read "$secret"
attack 'by .. from the working directory' up-from-cwd "$secret"
attack 'by the root of another process' proc-root "$secret"
exec 7</
attack 'through a directory that the caller left open' leaked-fd "$secret"
exec 7<&-
attack 'by handle, past every mount' handle "$secret"
attack 'a device node of its own' device ./node
attack 'a mount' mount /tmp
attack 'a mount, by the newer calls' mount-api
attack 'chroot, and out of it' chroot ./new-root
inside=--writable attack 'a set-user-id file' setuid-file ./made
attack 'the kernel settings' write /proc/sys/kernel/hostname
attack 'where core dumps go' write /proc/sys/kernel/core_pattern
if [ -e /proc/irq/default_smp_affinity ]; then attack 'interrupts' write /proc/irq/default_smp_affinity; fi
for file in slabinfo vmallocinfo timer_list kpagecount; do
	[ -e "/proc/$file" ] && attack "the kernel's $file" read "/proc/$file"
done
run ./attack add-key vkjail-attack
attack 'a key that the caller has' key vkjail-attack
weak='' inside='--seccomp none' attack 'the same, without a filter' key vkjail-attack

# ---- more rights
attack 'a user namespace' userns-unshare
attack 'a user namespace, by clone' userns-clone
attack 'a user namespace, by clone3' userns-clone3
attack 'a user namespace, with high bits set' userns-high-bits
attack 'namespaces to mount a proc in' mount-proc
attack 'capabilities' capabilities
attack 'the host name' hostname
attack 'the namespace of its parent' setns

# ---- the kernel, past the filter
attack 'io_uring' io-uring
attack 'userfaultfd' userfaultfd
attack 'bpf' bpf
attack 'perf_event_open' perf
attack 'the 32-bit calls' int80
attack 'the x32 calls' x32
attack 'a socket to the hypervisor' vsock
attack 'a packet socket' packet
attack 'the crypto drivers' alg

# ---- the process that started it
attack 'its program' parent-exe
attack 'its memory' parent-mem
attack 'its command line' parent-cmdline
attack 'as a tracer' ptrace
attack 'its memory, by process_vm_readv' vm-read
attack 'its descriptors' pidfd-getfd
attack 'its limits' limit-parent

# ---- others
attack 'a signal to a process of the host' signal $$
attack 'a descriptor whose owner is one' signal-owner $$
attack 'the processes of the host' processes 6

attack_services "$T/outside"
attack 'a service on the loopback interface' loopback "$(cat "$T/outside/port")"
attack 'a service at an abstract socket' abstract "vkjail-attack-$$"
attack 'a service at a socket of /tmp or a home directory' unix "$T/outside/socket"
attack_services_end

# ---- who waits for the job
echo shown >shown
attack 'a lease on a file that is shown, for whose end others have to wait' lease shown
if [ "$(id -u)" = 0 ]; then
	weak='--seccomp none' attack 'the filter is what refuses it' lease shown
	weak=''
fi
# Every lock that there is on everything in reach, the report among it, to the end and beyond the grace.
mkdir held
cat >held/locks.py <<'END'
import fcntl, os, signal, struct, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
held = 0
for name in os.listdir("."):
    fd = os.open(name, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
    held += 1
print(held, flush=True)
time.sleep(60)
END
cd held || exit 99
run timeout 30 vkjail run -q --writable --wall 2s --grace 100ms --report report.json -- python3 locks.py
cd .. || exit 99
is "$status $out" '124 2' 'locks on all that is shown: the runner waits for none'
report_has 'and its report is whole' held/report.json .outcome.reason=wall-time
# A terminal of the host's; as root the kernel asks for no more than a descriptor of it.
mkfifo "$T/terminal-stop"
python3 -c 'import os, sys
master, slave = os.openpty()
os.chmod(os.ttyname(slave), 0o666)
with open("terminal.new", "w") as f: f.write(os.ttyname(slave))
os.rename("terminal.new", "terminal")
open(sys.argv[1]).read()' "$T/terminal-stop" &
terminal_pid=$!
wait_for test -e terminal
attack 'a key stroke in the terminal' tiocsti 0 <"$(cat terminal)"
attack 'a key stroke, by a request with high bits set' tiocsti 1 <"$(cat terminal)"
attack 'a key stroke, by a request with all high bits set' tiocsti ffffffff <"$(cat terminal)"
: >"$T/terminal-stop"
wait "$terminal_pid"

# What one job leaves the next one must not find; in between a run outside finds and removes its own.
run ./attack leave "/vkjail-attack-$$"
attack_run '' leave "/vkjail-attack-$$"
attack 'what the job before it left' find "/vkjail-attack-$$"

# ---- more rights at an execve
if [ "$(id -u)" = 0 ] && have user; then
	cp attack suid && chmod 4755 suid
	run as_user ./suid who
	case $status in
	0)
		run as_user vkjail run -q --report none -- ./suid who
		is "$status" 1 'a set-user-id program gives nothing'
		row 'a set-user-id program' 'got user 0' "$out"
		;;
	*) skip 1 'set-user-id programs have no effect here' ;;
	esac
fi
./attack drop-key vkjail-attack >/dev/null
attacks_end
done_testing
