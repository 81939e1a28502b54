#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every option has its effect, flags win over the job file, and the commands that start nothing
# start nothing.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

# ---- the job
ends 0 exited '' '--name' --name my.job-1 -- true
report_is "$R" .job.name my.job-1 'is in the report'
ends 0 exited '' 'without --name' -- /bin/true
report_is "$R" .job.name true 'it is the name of the program'
does /usr '--workdir' --workdir /usr -- pwd
does 'a b' '--env with a value' --env 'V=a b' -- sh -c 'echo "$V"'
export OUTER=outer
does outer 'the environment is passed on' -- sh -c 'echo $OUTER'
does 'HOME PATH PWD ' '--clear-env leaves the bare needs' --clear-env -- python3 -c 'import os; print(*sorted(k for k in os.environ if k != "LC_CTYPE"), end=" ")'
does outer '--env without a value passes one variable on' --clear-env --env OUTER -- sh -c 'echo $OUTER'
does '' '--env of a variable that is not set' --clear-env --env NOT_SET -- sh -c 'echo $NOT_SET'

# ---- limits that are resource limits, as the job sees them; each by its value in the report too
does 64 '--open-files' --open-files 64 -- sh -c 'ulimit -n'
does 2048 '--stack' --stack 2M -- sh -c 'ulimit -s'
does 0 'no core dumps by default' -- sh -c 'ulimit -c'
if [ "$(awk '/^Max core/ { print $6 }' /proc/self/limits)" = 0 ]; then
	skip 1 'core files are taken away from us, as sudo(8) does'
else
	does 8 '--core' --core 4K -- sh -c 'ulimit -c'
fi
does 16 '--file-size' --file-size 8K -- sh -c 'ulimit -f'
does 16 '--locked-memory' --locked-memory 16K -- sh -c 'ulimit -l'
does 1048576 '--address-space' --address-space 1G -- sh -c 'ulimit -v'
ends 0 exited '*' '--processes' --cgroup none --processes 50 -- sh -c 'ulimit -p'
is "$out" 50 'as the job sees it'
ends 0 exited '' 'all the watched limits at once' --wall 1m --cpu 1m --idle 1m --cgroup none --memory 1G --output 1M --tmp 8M --grace 1s -- true
report_is "$R" .limits.wall.value 60000000000 'wall, in nanoseconds'
report_is "$R" .limits.memory.value 1073741824 'memory, in bytes'
report_is "$R" .limits.wall.enforced_by timerfd 'with what enforces it'
report_is "$R" .limits.memory.enforced_by sampling 'memory is sampled, and said so'
ends 0 exited '' '--require of limits that can be held' --wall 1m --cpu 1m --require cpu,wall -- true
ends 0 exited '' '--sample' --sample 5ms -- sleep 0.05
ok 'takes samples' test "$(report_get "$R" .samples.taken)" -ge 2
ends 0 exited '' '--sample none' --sample none -- sleep 0.01
is "$(report_get "$R" .samples)" '' 'takes none'

# ---- the sandbox
does '' '--writable' --writable -- touch written
ok 'writes' test -f written
does in '--hostname' --hostname in -- uname -n
does vkjail 'the host name otherwise' -- uname -n
does "$(readlink /proc/self/ns/net)" '--net host' --net host -- readlink /proc/self/ns/net
ends 0 exited '' '--gpu none' --gpu none -- sh -c '! ls /dev/dri 2>/dev/null'
report_is "$R" .gpu.nodes '[]' 'has no nodes'
does 2 '--seccomp default' --seccomp default -- sed -n 's/^Seccomp:\t//p' /proc/self/status
ends 0 exited 'warning: no seccomp filter' '--seccomp none is warned of' --seccomp none -- sed -n 's/^Seccomp:\t//p' /proc/self/status
is "$out" 0 'and is none'

# ---- flags win over the job file, wherever they stand
cat >job.yaml <<Y
name: from-file
limits: { wall: 1s, open-files: 100 }
hostname: from-file
env: { A: file, B: file }
command: [sh, -c, 'ulimit -n; uname -n; echo \$A \$B']
Y
does "$(printf '100\nfrom-file\nfile file')" 'the job file' job.yaml
report_is "$R" .job.name from-file 'its name'
report_is "$R" .job.file job.yaml 'and the file is in the report'
does "$(printf '50\nflag\nflag file')" 'flags win, before and behind it' --open-files 50 --env A=flag job.yaml --hostname flag --name flag
report_is "$R" .job.name flag 'the name too'
report_is "$R" .limits.wall.value 1000000000 'what no flag names stays'
ends 0 exited '' "'none' lifts a limit of the file" --wall none job.yaml
is "$(report_get "$R" .limits.wall)" '' 'it is gone'
does "$(printf '7\nfrom-file\nfile file')" 'the last of two flags wins' --open-files=9 --open-files=7 job.yaml
does 1 'a value after =' --env=X=1 -- sh -c 'echo $X'

# ---- help and version
run vkjail --version
like "$out" '^vkjail [0-9]+\.[0-9]+' '--version'
for command in run plan doctor devices list; do
	run vkjail "$command" --help
	is "$status:$(printf '%s\n' "$out" | grep -c "^usage: vkjail $command")" 0:1 "vkjail $command --help"
done
run vkjail run --bogus --help
status_is 125 'a mistake in front of --help is a mistake'
run vkjail
status_is 125 'no command'
like "$err" '^usage: vkjail COMMAND' 'prints the usage'
run vkjail rum
status_is 125 'an unknown command'
like "$err" "did you mean 'run'" 'with the nearest'
run vkjail ls -l
like "$err" "to run a command: vkjail run -- ls" 'a command without run --'
run vkjail run ls
like "$err" "put '--' before a command" 'a command without --'

# ---- plan
mkdir quiet && cd quiet || exit
run vkjail plan --wall 5s --cgroup none --memory 1G --writable -- touch planned
status_is 0 'plan'
cd "$T" || exit
is "$(ls -A quiet)" '' 'starts nothing and writes no report'
like "$out" "^job 'touch' \(command\)" 'names the job'
like "$out" '^ +[0-9]+ +capabilities' 'prints the steps'
like "$out" '^ +[0-9]+ +filter +[0-9]+ instructions' 'the filter'
like "$out" '^ +[0-9]+ +exec +touch' 'the command'
like "$out" '^ +wall +5s +enforced by timerfd' 'the limits and what enforces them'
like "$out" '^ +memory +1GiB +enforced by sampling' 'also those that are sampled'
run vkjail plan --cpu-quota 20% --cgroup none -- true
like "$out" '^ +cpu-quota +20% +NOT ENFORCED: ' 'and those that nothing enforces'
run vkjail plan --json job.yaml
printf '%s\n' "$out" >plan.json
report_is plan.json .job.name from-file 'plan --json'
report_is plan.json '.steps[0].step' session 'has the steps'
report_is plan.json .limits.open-files.value 100 'and the limits'
run vkjail plan no.yaml
is "$status:$err" '125:vkjail: no.yaml: cannot open: No such file or directory (ENOENT)' 'plan of no file'
run vkjail plan --bind /no/such -- true
status_is 125 'plan of what cannot be'

# ---- the other commands
for list in reasons limits steps profiles; do
	run vkjail list "$list"
	ok "list $list" test "$status" = 0 -a "$(printf '%s\n' "$out" | wc -l)" -ge 3
	lines=$(printf '%s\n' "$out" | wc -l)
	run vkjail list "$list" --json
	printf '%s\n' "$out" >list.json
	report_is list.json '[#]' "$lines" "list $list --json has as many"
done
run vkjail list
status_is 125 'list of nothing'
like "$err" 'hint: one of: reasons, limits, steps, profiles' 'says what there is'
run vkjail list nothing
like "$err" 'nothing: there is no such list' 'list of something else'
run vkjail doctor
like "$out" '^ok +sandbox ' 'doctor'
run vkjail doctor --json
printf '%s\n' "$out" >doctor.json
report_is doctor.json '[0].grade' ok 'doctor --json'
if have vulkan; then
	run vkjail devices
	status_is 0 'devices'
	like "$out" '^0: .' 'lists one'
	like "$out" '^ +heap 0: [0-9.]+[KMGT]iB' 'with its heaps'
	like "$out" '^ +heap budgets: (VK_EXT_memory_budget|unavailable)' 'where budgets come from'
	run vkjail devices --json
	printf '%s\n' "$out" >devices.json
	ok 'devices --json' report_get devices.json '.devices[0].heaps[0].size'
else
	skip 5 "$why"
fi
run vkjail devices -- true
status_is 125 'devices takes no command'
reports_valid
done_testing
