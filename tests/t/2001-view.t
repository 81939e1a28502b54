#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a job sees: the files it needs, read-only, and nothing of the host besides; and what it holds:
# no capability, no privilege to gain, namespaces of its own.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

# ---- the tree
allowed='bin dev etc gnu home lib lib32 lib64 libx32 nix nonexistent proc root run sbin sys tmp usr var'
run vkjail run --report reports/tree.json -- ls /
extra=
for name in $out; do
	case " $allowed " in *" $name "*) ;; *) [ "/$name" = "/$(echo "$T" | cut -d/ -f2)" ] || extra="$extra $name" ;; esac
done
is "$extra" '' 'nothing unknown in /'
for path in /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /etc/machine-id /boot /mnt /media /srv /var/lib /var/log \
	/dev/sda /dev/vda /dev/mem /dev/kmsg /dev/fuse /dev/kvm /dev/loop0 /sys/kernel /sys/fs /run/dbus /run/user /run/systemd; do
	hidden=$hidden' '$path
done
# shellcheck disable=SC2086 # a list of paths
does '' 'secrets, devices and state of the host are not there' -- sh -c 'for p; do [ ! -e "$p" ] || echo "$p"; done' sh $hidden
does 'yes' 'what programs need is' -- sh -c 'for p in /usr/bin/env /bin/sh /etc/passwd /etc/ld.so.cache /dev/null /dev/urandom /dev/fd/0 /proc/self/status /sys/devices/system/cpu; do [ -e $p ] || echo $p; done; echo yes'
mkdir "$T/home" && echo secret >"$T/home/key"
HOME=$T/home
export HOME
does '' 'the home directory is empty' --workdir /usr -- ls -A "$HOME"
does 'kept' 'and can be written, for caches' --workdir /usr -- sh -c 'echo kept >$HOME/x && cat $HOME/x'
ok 'which nobody else sees' test ! -e "$HOME/x"
cd "$HOME" || exit
run vkjail run --report "$T/reports/home.json" -- ls
is "$status:$out" 0: 'a job started in the home directory does not see it either'
like "$err" "warning: the working directory '.*' is private in the sandbox" 'and that is told'
mkdir sub && echo visible >sub/file && cd sub || exit
does visible 'a directory below it is shown' -- cat file
does sub 'alone' -- ls -A ..
cd "$T" || exit
HOME=/nonexistent

# ---- read-only
for place in / /usr /etc /usr/bin /dev /sys/devices/system/cpu "$T" /var /proc; do
	case $place in /) file=/x ;; *) file=$place/x ;; esac
	does refused "cannot write in $place" -- sh -c 'true 2>/dev/null >"$1" && echo written || echo refused' sh "$file"
done
does '' 'a read-only tree cannot be made writable' -- sh -c 'mount -o remount,rw,bind /usr 2>/dev/null && echo remounted; umount /usr 2>/dev/null && echo gone; :'
does 'ok ok ok ok ' 'the private places can be written' -- sh -c 'for d in /tmp /run /dev/shm /var/tmp; do [ -w $d ] && echo x >$d/f && printf "ok "; done'
echo data >own
does data 'the working directory can be read' -- cat own
does '' '--writable: and changed' --writable -- sh -c 'echo new >own; mkdir d; mv own d/moved'
is "$(cat d/moved)" new 'for good'
is "$(stat -c %u d/moved)" "$(id -u)" 'as its owner'

# ---- /proc
does 'only ours' '/proc shows the own processes' -- sh -c 'n=0; for p in /proc/[0-9]*; do n=$((n + 1)); done; [ $n -le 3 ] && echo only ours'
does '1' 'the parent is pid 1' -- sh -c 'echo $PPID'
does '' 'which cannot be seen' -- sh -c 'ls -d /proc/1 2>/dev/null; :'
does refused '/proc/sys cannot be written' -- sh -c 'for f in /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/hostname /proc/sysrq-trigger; do true 2>/dev/null >>$f && echo "opened $f"; done; echo refused'
if [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2016 # for the job's shell
	does '' 'what root owns there is read-only for root' -- sh -c 'for d in sys irq bus fs scsi acpi mtrr driver; do
		[ ! -e /proc/$d ] || awk -v d=/proc/$d "\$5 == d { f = \$6 } END { exit f !~ /^ro/ }" /proc/self/mountinfo || echo $d
	done'
fi
does refused 'pid 1 cannot be looked into' -- sh -c 'cat /proc/1/environ /proc/1/maps 2>/dev/null | grep -q . || echo refused; readlink /proc/1/exe /proc/1/fd/* 2>/dev/null; cd /proc/1/root 2>/dev/null && echo in; :'
does '' 'nor ended' -- sh -c 'kill -9 1 2>/dev/null; kill -TERM 1 2>/dev/null; kill -SEGV 1 2>/dev/null; :'

# ---- privileges
cat >status.sh <<'S'
sed -n 's/^\(CapInh\|CapPrm\|CapEff\|CapBnd\|CapAmb\|NoNewPrivs\|Seccomp\|Groups\):[ \t]*//p' /proc/self/status | tr '\n' ' '
S
new_report
run vkjail run --report "$R" -- sh status.sh
like "$out" '^[0-9 ]*0{16} 0{16} 0{16} 0{16} 0{16} 1 2 $' 'no capability in any set, no_new_privs, a filter'
does 239 'securebits are locked' -- python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(27))'
does "$(id -u) $(id -g)" 'the ids are the own ones' -- sh -c 'echo $(id -u) $(id -g)'
does "$(id -u) $(id -u) 1" 'nobody else is mapped' -- sh -c 'echo $(cat /proc/self/uid_map)'
does 'EPERM EPERM' 'no ids, no groups' -- python3 -c '
import os, errno
def tried(call):
    try:
        call()
        return "done"
    except OSError as e:
        return errno.errorcode[e.errno].replace("EINVAL", "EPERM")
print(tried(lambda: os.setuid(1)), tried(lambda: os.setgroups([0])))'
if [ -u /usr/bin/su ] || [ -u /bin/su ]; then
	run vkjail run --report none -q -- su -c 'id -u' root </dev/null
	ok 'setuid programs give nothing' test "$(id -u)" = 0 -o "$status" != 0
else
	skip 1 'no su here'
fi

# ---- namespaces
names='user mnt pid ipc uts net cgroup'
for ns in $names; do outside="$outside $(readlink "/proc/self/ns/$ns")"; done
new_report
# shellcheck disable=SC2086 # a list of names
run vkjail run --report "$R" -- sh -c 'for ns; do readlink /proc/self/ns/$ns; done' sh $names
same=
for ns in $out; do case " $outside " in *" $ns "*) same="$same $ns" ;; esac; done
is "$(printf '%s\n' "$out" | wc -l):$same" 7: 'seven namespaces, none of them the host'"'"'s'
does "$(readlink /proc/self/ns/net)" '--net host shares that one' --net host -- readlink /proc/self/ns/net
does "$(readlink /proc/self/ns/net) other" 'and only that one' --net host -- sh -c 'printf "%s " "$(readlink /proc/self/ns/net)"; [ "$(readlink /proc/self/ns/ipc)" = "$1" ] && echo same || echo other' sh "$(readlink /proc/self/ns/ipc)"
does 'lo' 'the network is the loopback interface alone' -- sh -c 'sed -n "s/^ *\([^ :]*\):.*/\1/p" /proc/net/dev'
does 'hello' 'which is up' -- python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
c.send(b"hello")
print(s.accept()[0].recv(5).decode())'
does unreachable 'nothing beyond it' -- python3 -c '
import socket
try:
    socket.create_connection(("192.0.2.1", 9), 2)
    print("connected")
except OSError:
    print("unreachable")'
does 'vkjail' 'the host name is not the machine'"'"'s' -- sh -c 'cat /proc/sys/kernel/hostname'
does refused 'and cannot be changed' -- sh -c 'hostname x 2>/dev/null && echo changed || echo refused'
does refused 'no new user namespace inside' -- sh -c 'unshare -Ur true 2>/dev/null && echo made || echo refused'
reports_valid
done_testing
