#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command of a job: exit statuses pass through, commands that cannot be started say why, and
# arguments arrive and are reported byte for byte.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need python3

# ---- exit statuses: all of them, in one loop without a case each
wrong=
n=0
while [ "$n" -le 255 ]; do
	code=0
	vkjail run --report none -q -- sh -c "exit $n" || code=$?
	[ "$code" = "$n" ] || wrong="$wrong $n:$code"
	n=$((n + 1))
done
is "$wrong" '' 'exit statuses 0 to 255 pass through'
ends 3 exited '^vkjail: exited: the job ended by itself with exit status 3$' 'a status is told' -- sh -c 'exit 3'
like "$err" "^vkjail: report: $R$" 'with the place of the report'
ends 3 exited '' 'but not with --quiet' --quiet -- sh -c 'exit 3'
ends 124 exited '*' '124 of the job itself is no time limit' -- sh -c 'exit 124'
ends 137 signaled 'the job was ended by SIGKILL \(Killed\), which vkjail did not send' 'killed by itself' -- sh -c 'kill -9 $$'
report_is "$R" .outcome.signal KILL 'with the signal in the report'
ends 139 signaled 'SIGSEGV \(Segmentation fault\)' 'a crash' -- sh -c 'kill -SEGV $$'
ends 0 exited '' 'well: nothing on stderr' -- true
ends 0 exited 'exited: the job ended by itself with exit status 0' 'unless with -v' -v -- true

# ---- commands that cannot be started
ends 127 not-found "the command 'no-such-cmd' was not found in PATH" 'not in PATH' -- no-such-cmd
ends 127 not-found "the command './no-such' does not exist in the sandbox" 'no such path' -- ./no-such
ends 127 not-found "the command '/bin/sh/x' does not exist in the sandbox" 'below a file' -- /bin/sh/x
ends 126 exec-failed "the command '/etc' could not be executed: Permission denied" 'a directory' -- /etc
echo 'echo ran "$@"' >plain && chmod 644 plain
ends 126 exec-failed "'./plain' could not be executed: Permission denied \(EACCES\)" 'not executable' -- ./plain
printf '#!/no/such/interpreter\n' >lacks && chmod 755 lacks
ends 126 exec-failed "'./lacks' exists, but the interpreter that it names" 'no interpreter' -- ./lacks
cp plain script && chmod 755 script
ends 0 exited '' 'without #! the shell runs it, as from a shell' -- ./script 'a  b' c
is "$out" 'ran a  b c' 'with its arguments'
: >empty && chmod 755 empty
ends 0 exited '' 'an empty file does nothing' -- ./empty
head -c 3000 "$top_builddir/vkjail" >cut.bin && chmod 755 cut.bin
new_report
run vkjail run --report "$R" -- ./cut.bin
ok 'a truncated program fails, one way or another' test "$status" -ge 126
ln -s loop loop
ends 126 exec-failed "'./loop' could not be executed: Too many levels of symbolic links" 'a loop of links' -- ./loop
mkdir first second
cp plain first/tool && chmod 644 first/tool
cp script second/tool
ends 0 exited '' 'the search goes on behind a file that is not executable' --env "PATH=$T/first:$T/second:/usr/bin:/bin" -- tool found
is "$out" 'ran found' 'as in a shell'
ends 127 not-found 'was not found in PATH' 'the PATH of the job counts, not ours' --env PATH=/nowhere -- true
printf '#!/bin/sh\necho started >"$1"\n' >mark && chmod 755 mark
ends 127 not-found "was not found in PATH" 'a program of the home directory is not there' -- mark x

# ---- arguments
show='import sys; print([a for a in map(__import__("os").fsencode, sys.argv[1:])])'
bytes=$(printf 'a\377b')
lines=$(printf 'one\ntwo')
ends 0 exited '' 'arguments of all kinds' -- python3 -c "$show" 'a b' "$lines" "$bytes" '' '"$x"' '-x' -- é
is "$out" "[b'a b', b'one\\ntwo', b'a\\xffb', b'', b'\"\$x\"', b'-x', b'--', b'\\xc3\\xa9']" 'arrive byte for byte'
report_is "$R" '.job.command[3]' 'a b' 'and in the report: a space'
report_is "$R" '.job.command[4]' "$lines" 'a newline'
report_is "$R" '.job.command[5]' 'a\xffb' 'invalid UTF-8, escaped'
report_is "$R" '.job.command[6]' '' 'nothing'
report_is "$R" '.job.command[10]' 'é' 'valid UTF-8 as it is'
esc=$(printf '\033[31mred')
ends 127 not-found 'not found in PATH' 'an escape sequence as name' -- "$esc"
unlike "$err" "$(printf '\033')" 'does not reach the terminal'
long=$(python3 -c 'print("x" * 100000)')
ends 0 exited '' 'a long argument' -- sh -c 'echo ${#1}' sh "$long"
is "$out" 100000 'arrives whole'
huge=$(python3 -c 'print("x" * 5000)')
ends 126 exec-failed 'could not be executed: File name too long \(ENAMETOOLONG\)' 'a very long command name' -- "$huge"

# ---- standard descriptors that are closed or full
closed() {
	new_report
	run sh -c "exec vkjail run --report '$R' -- sh -c '$2' $1"
	judge 0 exited '*' "$3"
}
closed '<&-' 'cat; echo done' 'closed stdin reads as empty'
is "$out" 'done' 'and the job runs'
closed '>&-' 'echo lost' 'closed stdout'
closed '2>&-' 'echo lost >&2; echo kept' 'closed stderr'
is "$out" kept 'and stdout stays what it is'
closed '<&- >&- 2>&-' 'ls -l /proc/self/fd >/dev/null' 'all closed'
closed '>/dev/full' 'echo x || test $? != 0' 'a full stdout is the job'"'"'s own matter'
run sh -c 'vkjail list reasons >/dev/full'
status_is 125 'a full stdout under vkjail list is an error'
like "$err" 'stdout: cannot write: No space left on device' 'and is told'
run sh -c 'vkjail plan -- true >/dev/full'
status_is 125 'and under vkjail plan'
# It writes line by line, so the reason is forgotten by the time that it ends.
run sh -c 'vkjail doctor >/dev/full'
status_is 125 'and under vkjail doctor'
unlike "$err" 'No such file' 'which blames nothing else'
reports_valid
done_testing
