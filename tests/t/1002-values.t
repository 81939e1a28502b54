#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Values of limits and options that make no sense, are too large, or lie above what this process
# may have: refused by name, on the command line and in the job file alike.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need python3

# no OPTION VALUE ERE: this value of the option is refused as a flag.
no() { ends 125 bad-job "^vkjail: $1: $3" "$1 '$2'" "$1" "$2" -- true; }
# no_key KEY VALUE ERE: and so in a job file.
no_key() {
	printf 'command: [touch, started]\nlimits:\n  %s: %s\n' "$1" "$2" >job.yaml
	ends 125 bad-job "^vkjail: job\.yaml:3: limits\.$1: $3" "limits.$1: $2" --writable job.yaml
}

no --wall -5s "expected a duration such as .*, got '-5s'"
no --wall -0s "expected a duration such as .*, got '-0s'"
no --wall 5 "'5' has no unit: write 5s for seconds"
no --wall 0s "must be more than 0: write 'none'"
no --wall nan "expected a duration .*, got 'nan'"
no --wall inf "expected a duration .*, got 'inf'"
no --wall 1e308 "expected a duration .*, got '1e308'"
no --wall 1e308s "expected a duration .*, got '1e308s'"
no --wall '' "expected a duration .*, got ''"
no --wall ' 5s' "expected a duration .*, got ' 5s'"
no --wall '5 s' "expected a duration .*, got '5 s'"
no --wall 5S "expected a duration .*, got '5S'|.*unit"
no --wall 99999999999999999999s "'99999999999999999999s' is too large"
no --wall 36501d "'36501d' is too large, the most is 36500d"
no --cpu 1x "expected a duration .*, got '1x'|.*unit"
no --grace 2h 'must be at most 1h'
no --sample 1us "must be from 1ms to 1d|expected a duration"
no --memory -1M "expected a size such as 64MiB, got '-1M'"
no --memory nan "expected a size .*, got 'nan'"
no --memory 1e308 "expected a size .*, got '1e308'"
no --memory '64 megs' "expected a size .*, got '64 megs'"
no --memory 1GB "expected a size such as 64MiB, got '1GB': write 1GiB"
no --memory 0 "must be more than 0"
no --memory 9999999999999G "'9999999999999G' is too large"
no --memory 8192P "'8192P' is too large, the most is 8191PiB|.*'8192P'"
no --tmp 0 'must be more than 0'
no --output x "expected a size .*, got 'x'"
no --open-files 1.5 "expected a .*, got '1.5'"
no --open-files -1 "expected a .*, got '-1'"
no --processes 0 'must be more than 0'
no --processes 99999999999999999999 "'99999999999999999999' is too large"
ends 125 bad-job '^vkjail: --open-files: 2147483647 is above the hard limit of this process, [0-9]+ \(RLIMIT_NOFILE\)' \
	'--open-files above the hard limit' --open-files 2147483647 -- true
like "$err" 'hint: ask for less, or raise the hard limit' 'with advice'

no_key wall -5s "expected a duration .*, got '-5s'"
no_key wall 5 "'5' has no unit"
no_key wall .nan "expected a duration .*, got '.nan'"
no_key wall 1e308 "expected a duration .*, got '1e308'"
no_key memory -1 "expected a size .*, got '-1'"
no_key memory 99999999999999999999 "'99999999999999999999' is too large"
no_key memory 1e308 "expected a size .*, got '1e308'"
no_key processes many "expected a .*, got 'many'"
printf 'command: [touch, started]\nlimits: { open-files: 2147483647 }\n' >job.yaml
ends 125 bad-job '^vkjail: job.yaml:[0-9]+: limits.open-files: 2147483647 is above the hard limit' 'limits.open-files above it' --writable job.yaml
ok 'none of these jobs was started' test ! -e started

new_report
run sh -c 'ulimit -Ss 1024; ulimit -Hs 2048; exec vkjail run --report "$1" --stack 4M -- true' sh "$R"
judge 125 bad-job '^vkjail: --stack: 4194304 is above the hard limit of this process, 2097152 \(RLIMIT_STACK\)' 'a stack above the hard limit'
new_report
run sh -c 'ulimit -Ss 1024; ulimit -Hs 2048; exec vkjail run --report "$1" --stack none -- sh -c "ulimit -s"' sh "$R"
judge 0 exited '' "'none' lifts a limit as far as this process may"
is "$out" 2048 'which is its hard limit'

no --name 'a b' "expected a name of 1 to 64 letters, .*, got 'a b'"
no --name -x "expected a name .*, got '-x'"
no --name '' "expected a name .*, got ''"
no --hostname 'a_b!' "expected a host name .*, got 'a_b!'"
no --env =x "expected the name of an environment variable .*, got ''"
no --env 1A=x "expected the name of an environment variable .*, got '1A'"
no --net some "expected 'none' or 'host', got 'some'"
no --gpu some "expected 'all', 'none' or GPUs such as .*, got 'some'"
no --gpu 0, "expected 'all', 'none' or GPUs such as .*, got '0,'"
no --gpu pci: "expected 'all', 'none' or GPUs such as .*, got 'pci:'"
no --seccomp weak "expected 'default', 'strict', 'none' or a profile file .*, got 'weak'"
no --require nothing "unknown limit 'nothing'"
no --require wall, "expected limits separated by commas"
ends 125 bad-job "^vkjail: require: the limit 'wall' is required but not set: give it a value, for example with --wall" \
	'a required limit without a value' --require wall -- true
no --bind a:b:c "more than one ':' in 'a:b:c'"
no --bind /usr:rel "expected an absolute path inside the sandbox, got 'rel'"
no --bind /usr:/a/../b "'\.\.' is not allowed in a path inside the sandbox"
no --bind /usr:/ "'/' cannot be replaced"
no --bind '' 'a path must not be empty'
no --bind /proc:/x "'/proc' cannot be bound"
no --bind /:/x "'/' cannot be bound: it would give the host away"
no --bind /usr:/proc/x "'/proc/x' cannot be a mount target"
no --bind /nonexisting-source "cannot bind '/nonexisting-source': No such file or directory"
no --ro-bind /usr:/dev "'/dev' cannot be a mount target"
no --tmpfs rel "expected an absolute path"
no --workdir '' 'a path must not be empty'
no --input x=y 'a command has no inputs'
no --output x=y 'a command has no outputs'
no --input x "expected NAME=FILE, got 'x'"

ends 125 bad-job '^vkjail: /nonexisting: cannot use the working directory: No such file' 'no such working directory' --workdir /nonexisting -- true
ends 125 bad-job "unknown option '--wal', did you mean '--wall'" 'unknown option, with the nearest' --wal 3s -- true
ends 125 bad-job "unknown option '-x'" 'unknown letter' -x -- true
ends 125 bad-job '--wall: needs a value: --wall TIME' 'value missing' --wall -- true
ends 125 bad-job '--writable: takes no value' 'value too many' --writable=yes -- true
ends 125 bad-job "the command is missing after '--'" 'no command' --
ends 125 bad-job "the command after '--' is empty" 'an empty command' -- ''
ends 125 bad-job 'nothing to run' 'nothing at all'
# A share of CPU time needs a control group: without one it is said, and refused when it is required.
ends 0 exited "warning: the limit 'cpu-quota' is not enforced" 'a limit that is not enforced is told' --cgroup none --cpu-quota 20% -- true
ends 125 setup-failed 'cpu-quota: the limit cannot be enforced here' 'and refused when required' --cgroup none --cpu-quota 20% --require cpu-quota -- true
reports_valid
done_testing
