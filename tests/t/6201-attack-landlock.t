#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What only the second wall holds: each attack is seen to succeed in a sandbox without it.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/attack.sh"
need userns python3
sandbox_of() { vkjail run -q --report - "$@" -- true | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["sandbox"]["landlock"], sort_keys=True))'; }

is "$(sandbox_of --landlock none)" '{"abi": null, "scopes": [], "why": "--landlock none"}' 'the report tells that it was switched off'
like "$(vkjail plan --landlock none -- true)" '^landlock: not used: --landlock none$' 'and the plan'
like "$(vkjail doctor)" '^(ok|note) +landlock +(Landlock ABI|no second wall)' 'doctor tells what there is'
need landlock
like "$(sandbox_of)" '"abi": [0-9]+, "scopes": \["abstract-unix-socket", "signal"\]' 'the report tells what is in force'

mkdir outside work
echo secret >outside/secret && chmod 666 outside/secret
cp attack work/ && cd work || exit 99
weak='--landlock none'
attack 'a file that is open for reading on stdin, to write into' reopen-stdin <"$T/outside/secret"
attack 'a signal to pid 1 of the sandbox' signal-parent
mkdir "$T/shown"
attack_services "$T/shown"
weak="--landlock none --ro-bind $T/shown:/run/s" inside="--ro-bind $T/shown:/run/s" \
	attack 'a directory that somebody outside hands in' passed-directory /run/s/socket "$T/outside/secret"
weak='--landlock none --net host' inside='--net host' \
	attack 'an abstract socket in the network of the host' abstract "vkjail-attack-$$"
attack_services_end
inside='' weak=''

# ---- what it must not take away
cat >ordinary.sh <<'END'
set -e
cd /tmp && mkdir a b && echo x >a/f && mv a/f b/ && mv b a/ && ln -s f a/b/l && ln a/b/f a/b/g && rm -r a
for d in /dev/shm /run /var/tmp; do [ ! -w "$d" ] || { echo x >"$d/f" && rm "$d/f"; }; done
echo name >/proc/self/comm
echo to stderr >/dev/stderr && echo to stdout >>/dev/stdout
cat /dev/stdin
mkfifo /tmp/p && { echo through >/tmp/p & cat /tmp/p; }
python3 - <<'PYTHON'
import multiprocessing, os, signal, socket, subprocess
s = socket.socket(socket.AF_UNIX); s.bind("/tmp/socket"); s.listen()
socket.socket(socket.AF_UNIX).connect("/tmp/socket")
a = socket.socket(socket.AF_UNIX); a.bind("\0own"); a.listen()
socket.socket(socket.AF_UNIX).connect("\0own")
t = socket.create_server(("127.0.0.1", 0)); socket.create_connection(t.getsockname())
child = subprocess.Popen(["sleep", "100"]); child.terminate(); assert child.wait() == -signal.SIGTERM
with multiprocessing.Pool(2) as pool: print(sum(pool.map(abs, [-1, 2])))
PYTHON
END
chmod 644 ordinary.sh
echo input >"$T/input"
run sh -c 'exec vkjail run -q --report none -- sh ordinary.sh <"$1" >>"$2" 2>"$3"' sh "$T/input" "$T/o" "$T/e"
is "$status $(cat "$T/o" "$T/e" | tr '\n' ' ')" '0 to stdout input through 3 to stderr ' 'what ordinary programs do goes on to work, with files on all three descriptors'
run sh -c 'echo input | vkjail run -q --report none -- sh ordinary.sh 2>&1 | cat'
is "$(echo "$out" | tr '\n' ' ')" 'to stderr to stdout input through 3 ' 'and with pipes'
mkdir "$T/writable" && cd "$T/writable" || exit 99
run vkjail run -q --report none --writable -- sh -c 'mkdir d && echo x >f && mv f d/ && ln -s d l && mv d/f . && cat f && chmod 600 f && rm -r d l f'
is "$status $out" '0 x' 'a writable working directory'
if [ "$(id -u)" = 0 ]; then
	# The second wall also holds where the owner could undo the modes of the first.
	run vkjail run -q --report none -- sh -c 'chmod 755 / && mkdir /made'
	like "$status $err" 'Permission denied' 'nothing is made in the root'
	run vkjail run -q --report none --landlock none -- sh -c 'chmod 755 / && mkdir /made'
	status_is 0 'where the modes alone would allow it'
fi

# ---- /proc and clocks
run vkjail run -q --report none --proc processes -- sh -c 'cd /proc && ls -d [a-z]*; cat /proc/self/comm'
is "$(echo "$out" | tr '\n' ' ')" 'self thread-self cat ' '--proc processes: nothing but them'
run vkjail run -q --report - --clocks own -- python3 -c 'import time; print(time.monotonic() < 60, time.clock_gettime(time.CLOCK_BOOTTIME) < 60)'
like "$out" '^True True' '--clocks own: they begin at zero'
like "$out" '"time"' 'which the report tells'
# pid 1 has those clocks as well, and tells the host's times.
run vkjail run -q --report r.json --wall 60s --clocks own -- sleep 0.3
is "$(python3 -c 'import json
t = json.load(open("r.json"))["times"]
print(all(0 < t[name] < 60e9 for name in ("setup_ns", "run_ns", "wall_ns")), t["run_ns"] >= 1e8, t["wall_ns"] >= 3e8)')" 'True True True' 'and the times are right'
attacks_end
done_testing
