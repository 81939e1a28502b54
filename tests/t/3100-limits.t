#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limits on time, memory, output and files: what is counted, what is not, and which cause wins.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
use_helper spin hog flood forker ignore-term writefile
report=vkjail-report.json

# limited WHAT REASON STATUS OPTION...: runs into a limit, not into the safety of 20 s.
limited() {
	what=$1 reason=$2 want=$3
	shift 3
	rm -f $report
	run vkjail run --wall $((20 * slower))s "$@"
	report_has "$what" $report .outcome.reason="$reason" .outcome.exit_status="$want"
	status_is "$want" "$what: status"
}

# CPU time of the tree, however it is spent.
limited 'cpu: one process' cpu-time 124 --cpu 200ms -- ./spin
limited 'cpu: several processes' cpu-time 124 --cpu 300ms -- ./spin 3
limited 'cpu: children that left their parent' cpu-time 124 --cpu 200ms -- sh -c '(setsid ./spin &) ; sleep 60'
limited 'cpu: threads' cpu-time 124 --cpu 500ms -- python3 -c 'import threading, hashlib
def work():
    while True:
        hashlib.sha256(bytes(1 << 20))
for i in range(3):
    threading.Thread(target=work).start()'
report_has 'cpu: the observed time is that of all threads' $report '.outcome.limit.observed>=500000000'
run vkjail run --wall 20s --cpu 5s -- ./spin 0 100
status_is 0 'cpu: a job below its limit is left alone'
report_has 'cpu: and its time is in the report' $report .outcome.reason=exited '.usage.cpu_user_ns>=90000000'

# A job that works is not idle; one that sleeps is.
limited 'idle: a job that slept' idle 124 --idle 200ms -- sh -c './spin 0 300 && sleep 60'
run vkjail run --wall $((20 * slower))s --idle $((200 * slower))ms -- ./spin 0 $((600 * slower))
status_is 0 'idle: a job that works is left alone'

# Memory, wherever it lies, each page once.
# By the kernel where there is a group, and by samples.
for mode in auto none; do
	limited "memory, cgroup $mode: one process" memory 137 --cgroup $mode --memory 40M -- ./hog 400M anonymous 200 hold
	limited "memory, cgroup $mode: three processes together" memory 137 --cgroup $mode --memory 60M -- sh -c './hog 25M anonymous 0 hold & ./hog 25M anonymous 0 hold & ./hog 25M anonymous 0 hold'
	limited "memory, cgroup $mode: shared anonymous" memory 137 --cgroup $mode --memory 40M -- ./hog 60M shared 0 hold
	limited "memory, cgroup $mode: a mapped file in /tmp" memory 137 --cgroup $mode --memory 40M -- ./hog 60M /tmp/file 0 hold
	limited "memory, cgroup $mode: a file in /dev/shm that nobody maps" memory 137 --cgroup $mode --memory 40M -- sh -c './writefile /dev/shm/file 60M && sleep 60'
	limited "memory, cgroup $mode: /tmp and a process together" memory 137 --cgroup $mode --memory 60M -- sh -c './writefile /tmp/file 40M && ./hog 40M anonymous 0 hold'
	# Held over several samples: each would be at its limit if its pages were counted twice.
	limited "memory, cgroup $mode: a mapped file of /dev/shm is counted once" wall-time 124 --wall $((1500 * slower))ms --sample 20ms --cgroup $mode --memory 100M -- ./hog 60M /dev/shm/file 0 hold
	report_has "memory, cgroup $mode: it is in the samples" $report '.usage.peak.memory_bytes>=62914560' '.usage.tmp_peak_bytes>=62914560'
	limited "memory, cgroup $mode: shared by six processes is counted once" wall-time 124 --wall $((1500 * slower))ms --sample 20ms --cgroup $mode --memory 100M -- python3 -c 'import os, signal
block = bytearray(b"x") * (50 << 20)
for i in range(5):
    if os.fork() == 0:
        signal.pause()
signal.pause()'
done
report_has 'memory: who measured' $report .limits.memory.enforced_by=sampling

# Output: exactly the limit passes, one byte more does not.
run vkjail run --output 65536 -- ./flood 65536
status_is 0 'output: exactly the limit'
is "$(wc -c <"$T/.out")" 65536 'output: passes whole'
report_has 'output: counted' $report .usage.output_bytes=65536
limited 'output: one byte more' output 122 --output 65536 -- ./flood 65537
is "$(wc -c <"$T/.out")" 65536 'output: what is below the limit passes'
report_has 'output: the limit in the report' $report .outcome.limit.name=output '.outcome.limit.observed>=65537'
limited 'output: stderr' output 122 -q --output 8192 -- ./flood 0 stderr
is "$(wc -c <"$T/.err")" 8192 'output: stderr up to the limit'
limited 'output: both together' output 122 -q --output 8192 -- ./flood 0 both
is "$(cat "$T/.out" "$T/.err" | wc -c)" 8192 'output: both up to the limit'
# One pipe for both keeps the order of the lines.
run sh -c 'vkjail run --output 1M -- sh -c "for i in 1 2 3 4 5; do echo out \$i; echo err \$i >&2; done" 2>&1'
is "$(echo "$out" | tr '\n' ' ')" 'out 1 err 1 out 2 err 2 out 3 err 3 out 4 err 4 out 5 err 5 ' 'output: lines of stdout and stderr keep their order'
run vkjail run --output 0 -- true
status_is 0 'output: a job that says nothing meets a limit of 0'
limited 'output: a limit of 0' output 122 --output 0 -- echo

# Whoever reads slowly gets everything; whoever does not read holds nobody for ever.
run python3 -c 'import subprocess
job = subprocess.Popen(["vkjail", "run", "--output", "1M", "--", "./flood", "300000"], stdout=subprocess.PIPE)
total = 0
while data := job.stdout.read1(1000):
    total += len(data)
print(total, job.wait())'
is "$out" '300000 0' 'output: a slow reader gets every byte'
run python3 -c 'import subprocess, resource
job = subprocess.Popen(["vkjail", "run", "-q", "--wall", "300ms", "--output", "1M", "--", "./flood", "300000"], stdout=subprocess.PIPE)
print(job.wait(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime < 0.5)'
is "$out" '124 True' 'output: a reader that never reads holds vkjail no longer than the limit, and it does not spin'
run python3 -c 'import subprocess, signal
job = subprocess.Popen(["vkjail", "run", "-q", "--output", "1M", "--", "sh", "-c", "./flood 100000; kill -0 $$"], stdout=subprocess.PIPE)
first = job.stdout.read1(1)
job.send_signal(signal.SIGTERM)
print(job.wait())'
is "$out" 143 'output: a signal ends the wait for a reader'
# The reader of a FIFO is gone after ten bytes.
mkfifo pipe
head -c 10 pipe >ten &
vkjail run -q --wall 20s --output 100M -- ./flood 0 >pipe
is "$?" 141 'output: a job whose reader is gone gets SIGPIPE, as without us'
wait $!
report_has 'output: reader gone' $report .outcome.reason=signaled .outcome.signal=PIPE

# Files.
limited 'file-size: a larger file' file-size 122 --file-size 64K -- ./writefile /tmp/file 1M
run vkjail run --file-size 64K -- ./writefile /tmp/file 65536
is "$status $out" '0 wrote 65536' 'file-size: exactly the limit'
run vkjail run --tmp 1M -- ./writefile /tmp/file 2M
like "$out" '^refused after [0-9]*: ENOSPC$' 'tmp: a full /tmp makes writes fail'
status_is 1 'tmp: and does not end the job'

# The limit that came first is the reason, whatever happens later.
limited 'a second limit during the grace changes nothing' output 122 --output 10 --grace 2500ms --wall 2s -- sh -c \
	'trap "" TERM PIPE; echo more than ten bytes; while :; do sleep 1; done'
run vkjail run --wall 20s --cpu 1h --memory 1T --output 1G --idle 1h -- true
status_is 0 'limits far away do no harm'
report_has 'all of them are in the report' $report .limits.cpu.value=3600000000000 .limits.idle.unit=ns .limits.memory.value=1099511627776 \
	'.limits.wall.enforced_by=timerfd' '.limits.output.enforced_by=pipes'

# What cannot be enforced is refused when it is required, and told when it is not.
for limit in device-memory=1G kernel=1s; do
	run vkjail run --telemetry off "--${limit%=*}" "${limit#*=}" --require "${limit%=*}" -- touch /tmp/ran
	status_is 125 "--require ${limit%=*} with a command and no telemetry is refused"
	report_has "--require ${limit%=*}: in the report" $report .outcome.reason=setup-failed .outcome.where="${limit%=*}"
	run vkjail run --telemetry off "--${limit%=*}" "${limit#*=}" -- true
	like "$err" "warning: the limit '${limit%=*}' is not enforced" "${limit%=*} without --require is told"
	report_has "${limit%=*}: nobody enforces it" $report .limits."${limit%=*}".enforced_by=null '.warnings[#]=1'
done
run vkjail run --require wall -- true
status_is 125 '--require of a limit that is not given'
run vkjail run --require wall,output,cpu --wall 20s --output 1G --cpu 20s -- true
status_is 0 '--require of what can be enforced'
done_testing
