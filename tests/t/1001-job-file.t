#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Job files that cannot be used: each ends as bad-job with a message that names the place, and
# starts nothing.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need python3

# bad ERE WHAT TEXT: a job file of this text (\n, \0NNN as in printf %b) is refused with these words.
bad() {
	printf '%b\n' "$3" >job.yaml
	ends 125 bad-job "$1" "$2" job.yaml
}
# bad_made ERE WHAT PYTHON: of what this expression makes.
bad_made() {
	python3 -c "print($3)" >job.yaml
	ends 125 bad-job "$1" "$2" job.yaml
}

# ---- not a job file at all
ends 125 bad-job '^vkjail: no\.yaml: cannot open: No such file or directory' 'missing' no.yaml
: >job.yaml
ends 125 bad-job 'job\.yaml: is empty' 'empty' job.yaml
bad 'job\.yaml: is empty' 'only a comment' '# nothing'
bad 'job\.yaml: is empty' 'null' 'null'
mkdir dir.yaml
ends 125 bad-job 'dir\.yaml: is a directory, expected a regular file' 'a directory' dir.yaml
mkfifo fifo.yaml
ends 125 bad-job 'fifo\.yaml: is not a regular file' 'a FIFO without a writer, at once' fifo.yaml
truncate -s 1G big.yaml
ends 125 bad-job 'big\.yaml: larger than 1048576 bytes' 'one GiB' big.yaml
ln -s /dev/zero dev.yaml
ends 125 bad-job 'dev\.yaml: is not a regular file' 'a device' dev.yaml
ln -s loop.yaml loop.yaml
ends 125 bad-job 'loop\.yaml: cannot open: Too many levels of symbolic links' 'a loop of links' loop.yaml
if [ "$(id -u)" = 0 ]; then
	skip 1 'root reads everything'
else
	echo 'command: [true]' >secret.yaml
	chmod 0 secret.yaml
	ends 125 bad-job 'secret\.yaml: cannot open: Permission denied' 'not readable' secret.yaml
fi
head -c 20000 "$top_builddir/vkjail" >binary.yaml
ends 125 bad-job 'binary\.yaml: is binary data' 'binary' binary.yaml
bad 'job\.yaml: is binary data' 'a NUL byte' 'command: [tr\0000ue]'
bad 'job\.yaml:2: byte 0xff is not valid UTF-8' 'invalid UTF-8' 'name: x\ncommand: ["\0377"]'
bad 'job\.yaml:2: byte 0xc0 is not valid UTF-8' 'overlong UTF-8' 'name: x\ncommand: ["\0300\0200"]'
bad 'job\.yaml:1: control character 0x1b' 'a terminal escape' 'command: ["\0033[2J"]'
bad 'job\.yaml:2: not valid YAML' 'a tab' 'command:\n\t- true'
like "$err" 'hint: indent with spaces' 'and the advice'
bad 'job\.yaml:2: not valid YAML' 'an open bracket' 'command: [true\nname: x'
printf '{"command": ["true"]\n' >cut.json
ends 125 bad-job 'cut\.json:2: not valid YAML' 'truncated JSON' cut.json

# ---- too much of something
bad_made 'job\.yaml:1: more than 32 levels of lists and maps' 'deep nesting' '"["*40 + "]"*40'
bad_made 'job\.yaml:1: more than 32 levels' 'very deep nesting' '"["*100000'
bad_made 'command: more than 4096 command arguments' 'too many arguments' '"command: [" + "x,"*5000 + "x]"'
bad_made 'more than 256 environment variables' 'too many variables' '"command: [true]\nenv: {" + ",".join(f"V{i}: x" for i in range(300)) + "}"'
bad_made 'job\.yaml:1: more than 256 bytes in a key' 'a long key' '"x" * 300 + ": 1"'
bad 'job\.yaml:1: aliases \(\*name\) are not known|job\.yaml:2: aliases \(\*name\) are not known' 'an alias bomb' 'a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
command: *c'
bad 'job\.yaml:1: aliases \(\*name\) are not known' 'an alias of itself' 'a: &a [*a]'
bad 'job\.yaml:2: a second document starts here' 'two documents' 'command: [true]\n---\ncommand: [false]'
bad 'job\.yaml:1: tags such as !!map are not known' 'a tag' 'command: !!python/object:os.system [true]'

# ---- wrong keys
bad "job\.yaml:1: comand: unknown key 'comand', did you mean 'command'" 'unknown key, with the nearest' 'comand: [true]'
bad "job\.yaml:2: limits\.wal: unknown key 'wal', did you mean 'wall'" 'unknown limit' 'command: [true]\nlimits: { wal: 3s }'
bad "job\.yaml:2: zzzzqq: unknown key 'zzzzqq'" 'unknown key, nothing near' 'command: [true]\nzzzzqq: 1'
bad "job\.yaml:3: the key 'name' is given twice, first in line 2" 'duplicate key' 'command: [true]\nname: a\nname: b'
bad "the key 'wall' is given twice" 'duplicate limit' 'command: [true]\nlimits: { wall: 1s, wall: 2s }'
bad 'job\.yaml:1: a key must be text' 'a list as key' '? [a, b]\n: 1'

# ---- wrong types
bad "job\.yaml:1: expected a job file with keys such as 'command'" 'a list' '[true]'
bad "job\.yaml:1: expected a job file with keys" 'text' 'true'
bad 'job\.yaml:1: command: expected a list such as' 'command as text' 'command: true'
bad 'job\.yaml:1: command: must not be empty' 'an empty command' 'command: []'
bad "command\[0\]: the program's name must not be empty" 'an empty program' 'command: [""]'
bad 'job\.yaml:1: command\[1\]: expected' 'a list as argument' 'command: [true, [x]]'
bad 'job\.yaml:1: command: expected' 'no command' 'command: '
bad 'job\.yaml:2: limits: expected a map of limits' 'limits as text' 'command: [true]\nlimits: 3s'
bad 'job\.yaml:2: limits\.wall: expected' 'a limit as list' 'command: [true]\nlimits: { wall: [3s] }'
bad "job\.yaml:2: writable: expected true or false, got 'yes'" 'a boolean as text' 'command: [true]\nwritable: "yes"'
bad 'job\.yaml:2: env: expected a map' 'env as list' 'command: [true]\nenv: [A]'
bad 'job\.yaml:2: env.A B: expected the name of an environment variable' 'a wrong variable name' 'command: [true]\nenv: { "A B": 1 }'
bad 'job\.yaml:2: bind: expected a list of paths' 'bind as text' 'command: [true]\nbind: /x'
bad 'job\.yaml:2: bind\[0\]: expected an absolute path inside' 'a relative target' 'command: [true]\nbind: ["/a:b"]'
bad "job\.yaml:2: net: expected 'none' or 'host', got 'maybe'" 'no such choice' 'command: [true]\nnet: maybe'
bad 'job\.yaml:2: name: expected a name of 1 to 64 letters' 'a wrong name' 'command: [true]\nname: a b'
bad 'job\.yaml:2: name: expected a name' 'a name that would leave a directory' 'command: [true]\nname: ../x'
bad "job\.yaml:2: require\[0\]: unknown limit 'memry', did you mean 'memory'" 'an unknown required limit' 'command: [true]\nrequire: [memry]'
bad "the limit 'memory' is required but not set" 'a required limit without a value' 'command: [true]\nrequire: [memory]'
bad "job\.yaml: nothing to run: give 'command' or 'compute'" 'nothing to run' 'name: x'

# ---- around the file
printf 'command: [sh, -c, "exit 7"]\n' >job.yaml
ends 7 exited 'exit status 7' 'the same file, when right' job.yaml
ends 0 exited '' 'a command after -- wins over the one in the file' job.yaml -- true
new_report
run sh -c 'vkjail run --report "$1" - <job.yaml' sh "$R"
judge 7 exited '*' 'a job file on stdin'
ends 125 bad-job "'job' is not the name of a job file" 'not the name of a job file' job
ends 125 bad-job "more than one job file: 'a.yaml' and 'b.yaml'" 'two job files' a.yaml b.yaml
printf '\357\273\277command: ["true"]\n' >bom.yaml
ends 0 exited '' 'a byte order mark is no mistake' bom.yaml
printf '{"command": ["true"], "limits": {"wall": "10s"}}\n' >j.json
ends 0 exited '' 'JSON' j.json

# ---- the report of a bad file is where the file asks for it, even behind the mistake
mkdir sub
printf 'comand: [true]\nreport: own.json\n' >sub/job.yaml
run vkjail run sub/job.yaml
status_is 125 'a bad file with a place for its report'
is "$(reason_of sub/own.json)" bad-job 'has its report there'
ok 'and not in the working directory' test ! -e vkjail-report.json
cp sub/own.json reports/own.json
reports_valid
done_testing
