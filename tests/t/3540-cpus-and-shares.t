#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits whose number depends on the machine: cpus, a share of memory, auto; and what the plan says about them.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
report=vkjail-report.json
plan_get() { vkjail plan --json "$@" -- true >plan.json && report_get plan.json "$member"; }

# ---- cpus ----
first=$(python3 -c 'import os; print(min(os.sched_getaffinity(0)))')
count=$(python3 -c 'import os; print(len(os.sched_getaffinity(0)))')
# shellcheck disable=SC2016 # the job's shell expands it
show='nproc; while read -r key value; do [ "$key" = Cpus_allowed_list: ] && echo "$value"; done </proc/self/status'
for group in auto none; do
	run vkjail run --cgroup $group --cpus "$first-$first" -- sh -c "$show"
	is "$(echo "$out" | tr '\n' ' ')" "1 $first " "cpus as a list, cgroup $group: the job sees one CPU, that one"
	report_has "cpus as a list, cgroup $group: reported" $report .limits.cpus.value=1 ".limits.cpus.from=CPU $first" .limits.cpus.unit=count
	run vkjail run --cgroup $group --cpus 1 -- nproc
	is "$out" 1 "cpus as a number, cgroup $group"
done
report_is $report .limits.cpus.enforced_by 'sched_setaffinity(2)' 'without a group the report says what it is worth'
run vkjail run --cgroup none --require cpus --cpus 1 -- touch started
status_is 125 'and --require refuses it'
like "$err" 'cpus: the limit cannot be enforced here: the job can undo sched_setaffinity\(2\)' 'and says why'
run vkjail run --cpus 1 -- python3 -c 'import os
try:
    os.sched_setaffinity(0, range(1024))
except OSError:
    pass
print(len(os.sched_getaffinity(0)))'
case $(report_get $report .limits.cpus.enforced_by) in
*cpuset*) is "$out" 1 'in a cpuset the job cannot take more' ;;
*) skip 1 'no control group with cpuset to be had here' ;;
esac
run vkjail run --cpus auto -- nproc
is "$(report_get $report .limits.cpus.value)" "$out" 'auto: as many as the job sees'
ok 'auto: not more than there are' test "$out" -le "$count"
run vkjail run --cpus 1024 -- nproc
is "$out" "$count" 'more than there are: all'
[ "$count" = 1024 ] || like "$err" "warning: the limit 'cpus' is 1024, but only $count can be used here" 'and a warning'
run vkjail run --cpus 1000-1023 -- touch started
status_is 125 'a list with CPUs that are not there'
like "$err" "^vkjail: --cpus: vkjail may not use all of the CPUs 1000-1023, only $first" 'says which are'
for bad in 1- -1 2-1 1,,2 "1," x 0 1024-1024 0-3:1 50%; do
	run vkjail run "--cpus=$bad" -- touch started
	status_is 125 "cpus: $bad"
	like "$err" '^vkjail: --cpus: ' 'is told'
done

# ---- vkjail starts a job on another CPU than its own: the job is not to see that ----
# shellcheck disable=SC2016 # the jobs' shell expands it
seen='while read -r key value; do [ "$key" = Cpus_allowed_list: ] && echo "$value"; done </proc/self/status'
outside=$(sh -c "$seen")
for _ in 1 2 3 4 5 6 7 8; do vkjail run --quiet --report none -- sh -c "$seen"; done >seen.txt
is "$(sort -u seen.txt)" "$outside" 'a job may run where its caller may'
is "$(grep -c . seen.txt)" 8 'each time'
for _ in 1 2 3 4; do taskset -c "$first" vkjail run --quiet --report none -- sh -c "$seen"; done >seen.txt
is "$(sort -u seen.txt)" "$first" 'also when that is one CPU'
if [ "$count" -gt 2 ]; then
	two=$(python3 -c 'import os; print(",".join(map(str, sorted(os.sched_getaffinity(0))[:2])))')
	for _ in 1 2 3 4; do taskset -c "$two" vkjail run --quiet --report none -- python3 -c 'import os
print(",".join(map(str, sorted(os.sched_getaffinity(0)))))'; done >seen.txt
	is "$(sort -u seen.txt)" "$two" 'and when it is two of several'
fi
vkjail run --quiet --report none --net host -- sh -c "$seen" >seen.txt
is "$(cat seen.txt)" "$outside" 'without a network namespace as well'

# ---- shares and auto ----
run vkjail run --memory 50% -- true
report_has 'memory: half of what is available' $report .outcome.reason=exited '.limits.memory.value>=1048576'
like "$(report_get $report .limits.memory.from)" '^50% of .*, (MemAvailable of /proc/meminfo|what /sys/fs/cgroup.* leaves)$' 'and of what'
half=$(member=.limits.memory.value && plan_get --memory 50%)
tenth=$(member=.limits.memory.value && plan_get --memory 10%)
ok "a tenth ($tenth) is less than a quarter of that ($half)" test "$((tenth * 4))" -lt "$half"
all=$(awk '$1 == "MemAvailable:" { printf "%.0f", $2 * 1024 }' /proc/meminfo)
ok "half is not more than 60% of MemAvailable ($all)" test "$half" -le "$((all * 60 / 100))"
run vkjail plan --memory 50% --processes auto --cpus 1 -- true
like "$out" '^ +\(50% of [0-9.]+[KMGT]iB, ' 'the plan says where a share comes from'
like "$out" '^ +processes +[0-9]+ ' 'processes: auto has a number'
like "$out" '^ +\((64, and 16 for each of 1 CPU|half of the [0-9]+ that .* leaves)\)$' 'and where it comes from'
like "$out" "^ +\(CPU [0-9]+\)\$" 'and which CPU'
run vkjail run --soft memory=20% --memory 10% -- touch started
like "$err" "^vkjail: --soft: the soft value of 'memory' must be below the hard one" 'soft and hard shares are compared'
run vkjail run --soft memory=10% --memory 20% -- true
report_has 'a soft share' $report .outcome.reason=exited '.limits.memory.soft>=1' '.limits.memory.value>=2'
printf 'command: ["true"]\nlimits: { memory: { soft: 10%%, hard: 50%% }, processes: auto, cpus: auto }\n' >job.yaml
run vkjail run job.yaml
report_has 'all of it in a job file' $report .outcome.reason=exited '.limits.cpus.value>=1' '.limits.processes.value>=1' '.limits.memory.soft>=1'
for bad in 'memory=0%' 'memory=101%' 'memory=%' 'memory=auto' 'processes=50%' 'wall=50%' 'tmp=50%' 'open-files=auto'; do
	run vkjail run "--$bad" -- touch started
	status_is 125 "$bad"
	like "$err" "^vkjail: --${bad%%=*}: " 'is told'
done
ok 'none of these was started' test ! -e started

run python3 -c 'import os, resource, sys
resource.setrlimit(resource.RLIMIT_NPROC, (75, 75))
os.execvp("vkjail", sys.argv[1:])' vkjail run --cgroup none --cpus 1 --processes auto -- true
report_has 'auto is not more than the user may have' $report .outcome.reason=exited .limits.processes.value=75 \
	".limits.processes.from=the hard limit of the user's processes (RLIMIT_NPROC)"

# ---- what the groups above leave ----
memory=/sys/fs/cgroup/memory
if [ "$(id -u)" = 0 ] && [ -w $memory/cgroup.procs ]; then
	own=$memory$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p' /proc/self/cgroup)
	mkdir "$own/shares.$$" && echo 100M >"$own/shares.$$/memory.limit_in_bytes"
	run sh -c 'echo $$ >"$1/cgroup.procs" && exec vkjail plan --memory 50% -- true' sh "$own/shares.$$"
	like "$out" "^ +memory +(4[0-9.]+|50)MiB " 'a share of what the group above leaves'
	like "$out" "^ +\(50% of [0-9.]+MiB, what $own/shares.$$/memory.limit_in_bytes leaves\)" 'and its name'
	wait_for rmdir "$own/shares.$$"
else
	skip 2 'no cgroup v1 to make a group in'
fi
done_testing
