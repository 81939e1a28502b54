#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A job, or one before it, that tries to reach files of the host: links where something is mounted,
# a directory as stdin, proc as the working directory, namespaces of its own.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3

# A link in a writable directory, made by an earlier job, stands where a later one has something mounted.
mkdir shared victim source source/there
ln -s "$T/victim" shared/link
echo text >file
run vkjail run --report none --bind "$T/shared:/shared" --ro-bind "$T/victim:$T/victim" --tmpfs /shared/link \
	--tmpfs /shared/link/directory --ro-bind "$T/file:/shared/link/file" -- ls "$T/victim"
is "$(echo "$out" | tr "\n" " ")$(find victim | wc -l)" 'directory file 1' 'what is mounted below a link is made inside, not where the link leads on the host'
run vkjail run --report none --bind "$T/source:/data" --tmpfs /data/there -- ls -d /data/there
is "$status $out" '0 /data/there' 'a target in a bound directory is looked for where the directory comes from'
run vkjail run --report none --bind "$T/source:/data" --tmpfs /data/missing -- true
status_is 125 'a target that is not there is refused'

# shellcheck disable=SC2094
run vkjail run --report none -- true <"$T"
like "$status $err" '^125 vkjail: stdin: is a directory' 'a directory as stdin is refused: openat(2) from it goes past every mount'

# proc as the working directory is the own one of the sandbox.
run sh -c 'cd /proc/sys && exec vkjail run --report none --writable -- sh -c "pwd && : >kernel/hostname"'
like "$status $out" '^2 /proc/sys$' 'a writable working directory in proc shows the sandbox, not the host'

# A set-user-id program in a writable directory would be there for everybody on the host.
cat >suid.py <<'END'
import os
def attempt(call):
    try:
        call()
    except PermissionError:
        return "refused"
    return "done"
print(attempt(lambda: os.close(os.open("made", os.O_CREAT | os.O_WRONLY, 0o755))),
      attempt(lambda: os.open("born", os.O_CREAT | os.O_WRONLY, 0o4755)), attempt(lambda: os.mknod("node", 0o104755)),
      attempt(lambda: os.chmod("made", 0o4755)), attempt(lambda: os.fchmod(os.open("made", os.O_RDONLY), 0o6755)),
      attempt(lambda: os.chmod("made", 0o1755)))
END
mkdir open && cp suid.py open
run sh -c 'cd open && exec vkjail run -q --report none --writable -- python3 suid.py'
is "$status $out $(find open -perm /4000)" '0 done refused refused refused refused done ' 'no set-user-id file is made'

# Namespaces below the sandbox's, without a filter that would refuse them.
cat >nest.py <<'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0x10000000), os.strerror(ctypes.get_errno()))
END
if grep -q '^[^ ]* /proc/sys [^ ]* ro' /proc/mounts; then
	skip 2 'proc/sys is read-only here'
	done_testing
fi
nest() { run "$@" vkjail run -q --report none --seccomp none -- python3 nest.py; }
nest env
is "$out" '-1 No space left on device' 'no further user namespace, even without a filter'
if have user; then
	nest as_user
	is "$out" '-1 No space left on device' 'as an ordinary user, too'
else
	skip 1 "$why"
fi
done_testing
