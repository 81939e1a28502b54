#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --bind, --ro-bind, --tmpfs, in every odd place; the private directories; and the bound on them.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

mkdir data work work/tgt "sp ace" deep deep/er
echo content >data/file
echo other >"sp ace/file"
ln -s data link
ln -s ../data work/up
ln -s /etc work/abs
cd work || exit

# ---- binds
does content '--ro-bind' --ro-bind "$T/data:/opt/in" -- cat /opt/in/file
does refused 'is read-only' --ro-bind "$T/data:/opt/in" -- sh -c 'true 2>/dev/null >/opt/in/new || echo refused'
does content 'also with everything else writable' --writable --ro-bind "$T/data:$T/work/tgt" -- sh -c 'true 2>/dev/null >tgt/new; cat tgt/file'
ok 'really' test ! -e "$T/data/new"
does '' '--bind' --bind "$T/data:/opt/out" -- sh -c 'echo made >/opt/out/made'
is "$(cat "$T/data/made")" made 'writes through'
does content 'one argument: the same place' --ro-bind "$T/data" -- cat "$T/data/file"
does content 'relative to the caller' --ro-bind ../data -- cat "$T/data/file"
does content 'a single file' --ro-bind "$T/data/file:/opt/one" -- cat /opt/one
does content 'a target many levels down' --ro-bind "$T/data:/opt/a/b/c/d" -- cat /opt/a/b/c/d/file
does other 'blanks in a path' --ro-bind "$T/sp ace" -- cat "$T/sp ace/file"
does content 'a source that is a link' --ro-bind "$T/link:/opt/l" -- cat /opt/l/file
does content 'a target inside a read-only tree' --ro-bind "$T/data:/usr/share/doc" -- cat /usr/share/doc/file
does content 'below the working directory' --ro-bind "$T/data:$T/work/tgt" -- cat tgt/file
does content 'in the private /tmp, /run and /var' --ro-bind "$T/data:/tmp/x" --ro-bind "$T/data:/run/y" --ro-bind "$T/data:/var/lib/z" -- sh -c 'cmp /tmp/x/file /run/y/file && cat /var/lib/z/file'
mkdir -p "$T/data/in"
does 'content other' 'one inside the other, in their order, on a directory that is there' --ro-bind "$T/data:/opt/o" --ro-bind "$T/sp ace:/opt/o/in" -- sh -c 'echo $(cat /opt/o/file /opt/o/in/file)'
does refused 'a device file in a bind is none' --bind /dev:/opt/dev -- sh -c 'true 2>/dev/null </opt/dev/zero || echo refused'
does content 'a job file names paths with colons' --ro-bind "$T/data:/opt/x" -- cat /opt/x/file
mkdir "$T/co:lon" && echo colon >"$T/co:lon/file"
printf 'ro-bind: [ { source: "../co:lon", target: /opt/c } ]\ncommand: [cat, /opt/c/file]\n' >job.yaml
does colon 'in a map' job.yaml

# ---- links on the way to a target
does content 'a target whose parent is a link of the new root' --ro-bind "$T/data:/lib/apt" -- cat /usr/lib/apt/file
does content 'a target that is a link within the tree' --ro-bind "$T/data:$T/work/tgt" --ro-bind "$T/data" -- cat up/file
before=$(cksum </etc/passwd)
new_report
run vkjail run --report "$R" --bind "$T/data:$T/work/abs" -- true
is "$(cksum </etc/passwd)" "$before" 'a target that is a link to /etc changes nothing of the host'

# ---- what cannot be
ends 125 bad-job "the target '/usr/share/nope' does not exist and lies in a read-only directory" 'no such target in a read-only tree' --bind "$T/data:/usr/share/nope" -- true
like "$err" 'hint: mount on an existing path, or outside' 'with advice'
ends 125 bad-job "the target '/usr/bin/nope' does not exist and lies in a read-only directory" 'nor behind a link of the root' --bind "$T/data:/bin/nope" -- true
ends 125 bad-job "the target '/etc/passwd' is a file" 'a directory on a file' --bind "$T/data:/etc/passwd" -- true
ends 125 bad-job "the target '/etc' is a directory" 'a file on a directory' --bind "$T/data/file:/etc" -- true
ends 125 bad-job 'is mounted twice, first at --bind' 'the same target twice' --bind "$T/data:/opt/x" --bind "$T/deep:/opt/x" -- true

# ---- tmpfs
does 'empty 0' '--tmpfs is empty and can be written' --tmpfs /opt/t -- sh -c 'ls -A /opt/t; echo x >/opt/t/f && echo empty $?'
does '' 'over a directory of the tree' --tmpfs /usr/share/doc -- ls -A /usr/share/doc
does "$T/work" 'around the working directory, which stays' --tmpfs "$T" -- pwd
does ENOSPC 'is bounded too' --tmp 1M --tmpfs /opt/t -- sh -c 'dd if=/dev/zero of=/opt/t/big bs=64k count=64 2>&1 | grep -q "No space left" && echo ENOSPC'

# ---- the private directories
for place in /tmp /dev/shm /run /var/tmp; do
	does ENOSPC "--tmp bounds $place" --tmp 1M -- sh -c 'dd if=/dev/zero of="$1/big" bs=64k count=64 2>&1 | grep -q "No space left" && echo ENOSPC' sh "$place"
done
does ENOSPC 'the number of files as well' --tmp 1M -- python3 -c '
import errno
try:
    for i in range(20000):
        open(f"/tmp/{i}", "w").close()
    print("all")
except OSError as e:
    print(errno.errorcode[e.errno])'
echo host >"/tmp/vkjail-test-$$"
does nothing 'nor its files' -- sh -c '[ -e "$1" ] || echo nothing' sh "/tmp/vkjail-test-$$"
rm -f "/tmp/vkjail-test-$$"

# Two jobs at the same time: what one leaves in its private directories the other does not see.
mkfifo "$T/go" "$T/ready"
vkjail run --report "$T/reports/first.json" --bind "$T/ready" --bind "$T/go" -- sh -c '
	for d in /tmp /dev/shm /run /var/tmp; do echo x >$d/left-by-first; done
	echo >"$1/ready"; read -r x <"$1/go"' sh "$T" &
first=$!
read -r _ <"$T/ready"
does nothing 'two jobs share no private directory' -- sh -c 'ls /tmp/left* /dev/shm/left* /run/left* /var/tmp/left* 2>/dev/null; echo nothing'
ok 'and the host does not see them' test ! -e /tmp/left-by-first -a ! -e /dev/shm/left-by-first -a ! -e /run/left-by-first
echo >"$T/go"
wait "$first"
is "$?" 0 'the first ends'
does nothing 'nothing stays behind for the next' -- sh -c 'ls /tmp/left* /dev/shm/left* 2>/dev/null; echo nothing'
does 'IPC empty' 'System V IPC is private' -- python3 -c '
print("IPC", "empty" if len(open("/proc/sysvipc/shm").readlines()) == 1 else "shared")'

# ---- what a writable bind gives away
if [ "$(id -u)" = 0 ]; then
	run vkjail run -v --bind /sys/kernel:/k -- true
	like "$err" "--bind: the job may change the kernel's settings in '/sys/kernel'" 'a writable bind of /sys warns, as root'
	run vkjail run -v --ro-bind /sys/kernel:/k -- true
	unlike "$err" 'may change the kernel' 'a read-only one does not'
fi
cd "$T" || exit
is "$(grep -c "$T" /proc/self/mounts)" 0 'no mount is left on the host'
reports_valid
done_testing
