#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The supervisor's side of the Vulkan layer: say-hello plays the layer, well and badly, without Vulkan.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need_userns
use_helper say-hello ignore-term

# play WHAT RUN-OPTIONS... -- WORD...: the helper's words; ends within the wall time or has failed.
play() {
	what=$1
	shift
	options=
	while [ "$1" != -- ]; do options="$options $1" && shift; done
	shift
	# shellcheck disable=SC2086 # options without spaces
	run vkjail run --wall $((20 * slower))s $options -- ./say-hello "$@"
}
says() { report_has "$what: the report" vkjail-report.json "$@"; }

run vkjail run -- true
report_has 'a program without Vulkan' vkjail-report.json .gpu.telemetry.on=true .gpu.telemetry.programs=0 .gpu.source=null
like "$(report_get vkjail-report.json .gpu.telemetry.why)" 'no program of the job used Vulkan' 'the report says why there is nothing'
run vkjail run --telemetry off -- test -e /run/vkjail/telemetry
status_is 1 '--telemetry off: there is no socket'
report_has '--telemetry off: the report' vkjail-report.json .gpu.telemetry.on=false .gpu.source=null
like "$(report_get vkjail-report.json .gpu.telemetry.why)" 'switched off' 'and why'

play 'one process' -- hello hold:1000
status_is 0 "$what"
says .gpu.telemetry.programs=1 .gpu.processes[0].app=say-hello .gpu.peak.allocated=1000 .gpu.counts.allocations=1 \
	.outcome.reason=exited
play 'another version' -- refused
status_is 0 "$what is refused"
says .gpu.telemetry.programs=0 .gpu.telemetry.turned_away=1
play 'noise first' -- noise:300 hello
status_is 0 "$what"
says .gpu.telemetry.programs=1

# What a process held is free when it is gone, however it went; a new program in it begins anew.
play 'a child that is killed' -- hello hold:100 fork hello hold:50 sum:150 die
status_is 0 "$what"
run vkjail run --wall $((20 * slower))s -- sh -c './say-hello fork hello hold:50 sum:50 die; ./say-hello hello sum:0 hold:7 sum:7'
status_is 0 'the memory of a killed process is given back'
report_has 'and its numbers are kept' vkjail-report.json .gpu.telemetry.programs=2 .gpu.counts.allocations=2 .gpu.peak.allocated=50
play 'another program in the process' -- hello hold:100 exec hello sum:0 hold:1 sum:1
status_is 0 "$what"
says .gpu.telemetry.programs=2 .gpu.counts.allocations=2

# The kernel limit: aimed, and nobody is woken while nothing is under way.
play 'a submission that does not end' --kernel 300ms -- hello busy wait:60000
status_is 124 "$what"
says .outcome.reason=kernel-time .outcome.limit.name=kernel '.outcome.limit.observed>=300000000' \
	.limits.kernel.enforced_by="timer over the Vulkan layer's submissions"
play 'one after another' --kernel 1s -- hello busy wait:200 finish busy wait:200 finish busy wait:200 finish busy wait:200 finish busy wait:200 finish
status_is 0 "$what"
says .outcome.reason=exited
play 'the second one' --kernel 300ms -- hello busy finish busy wait:60000
status_is 124 "$what"
play 'a program that waits to be stopped' --kernel 200ms --grace 20s -- ignore hello busy stopped exit:3
like "$out" '^stopped 1$' "$what: its submissions are refused"
says .outcome.reason=kernel-time
play 'a program that waits to be held' --kernel 200ms --kernel-stop hold --grace 20s -- ignore hello busy stopped
like "$out" '^stopped 2$' "$what: its submissions are held"
play 'a submission that waits for a semaphore' --kernel 200ms -- hello blocked wait:700 begin finish
status_is 0 "$what: that time does not count"
says .outcome.reason=exited
play 'one that does not end once it has begun' --kernel 300ms -- hello blocked wait:700 begin wait:60000
status_is 124 "$what: it begins without a word, and is found all the same"
says .outcome.reason=kernel-time '.outcome.limit.observed>=300000000' '.times.run_ns>=1000000000'
play 'no limit' -- hello wait:10
says .limits.kernel=

# What a program makes of trouble is its own affair; the outcome tells.
play 'a lost device' -- hello lose exit:0
status_is 123 "$what"
says .outcome.reason=device-lost .outcome.code=0 .gpu.troubles[0].call=vkQueueSubmit .gpu.troubles[0].result=VK_ERROR_DEVICE_LOST \
	.gpu.troubles[0].by=driver
like "$(report_get vkjail-report.json .outcome.text)" 'vkQueueSubmit returned VK_ERROR_DEVICE_LOST.*exit status 0' "$what: the sentence"
play 'a refused allocation and a good end' --device-memory 1M -- hello refuse:5000000
status_is 0 "$what"
says .outcome.reason=exited .gpu.counts.refused=1 .gpu.counts.refused_bytes=5000000 .gpu.troubles[0].by=limit
like "$err" 'refused because of the limit device-memory' "$what: a warning"
play 'a refused allocation and a bad end' --device-memory 1M -- hello refuse:5000000 exit:9
status_is 123 "$what"
says .outcome.reason=device-memory .outcome.code=9 .outcome.limit.name=device-memory
play 'a soft value' --soft device-memory=1000 --sample 20ms -- hello hold:2000 wait:300
says .outcome.reason=exited .events[0].limit=device-memory .events[0].observed=2000
play 'a soft value without samples' --soft device-memory=1000 --sample none -- hello hold:2000 soft wait:100
says .outcome.reason=exited .events[0].limit=device-memory .events[0].observed=2000
play 'a soft value that ends' --soft device-memory=1000 --soft-action end --sample 20ms -- hello hold:2000 wait:60000
says .outcome.reason=device-memory .outcome.limit.soft=true

# A hostile page spoils its own numbers and nothing else.
for seed in 1 2 3 4 5 6 7 8; do
	play "garbage $seed" --kernel 60s --idle 60s --sample 10ms -- hello "garbage:$seed" wait:60 "garbage:$seed"
	case $(report_get vkjail-report.json .outcome.reason) in
	exited | device-lost | kernel-time) pass "$what: the outcome is one that a page can lead to" ;;
	*) fail "$what: the outcome is $(report_get vkjail-report.json .outcome.reason)" ;;
	esac
	report_valid vkjail-report.json "$what: the report fits the schema"
done

# Only the job's own word counts against it, and the layer does not stand for a GPU node.
run vkjail plan --kernel 1s --telemetry off -- true
like "$out" 'kernel .*NOT ENFORCED: there is no Vulkan layer' 'plan: without telemetry nobody enforces kernel'
run vkjail run --require kernel --kernel 1s --telemetry off -- true
status_is 125 'and who requires it is refused'

# Names.
printf '%s\n' 'zz a' >bad-names
run vkjail run --kernel-names bad-names -- true
status_is 125 'a file of names that is none'
like "$err" 'bad-names:1: expected 8 to 64 hexadecimal digits' 'and why'
run vkjail run --gpu-share 101% -- true
like "$err" 'gpu-share: must be at most 100%' 'gpu-share has a most'
run vkjail run --submits 200 -- true
like "$err" "submits: expected a number for each second such as 200/s, got '200'" 'submits wants a rate'
done_testing
