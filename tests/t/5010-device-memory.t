#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # real_needs is read by have
# Device memory of any program: counted over all processes of the job, in every way to allocate it, limited together.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan
cache=$(real_place)

cp "$top_builddir/tests/clients/vk-memory" .
r=vkjail-report.json

memory() {
	driver=$1
	shift
	run vkjail run --device-memory 100M "$@" -- ./vk-memory alloc:30 dedicated:30 export:20 import host:50 alloc:30 free alloc:15
	status_is 0 "$driver: kinds: ends with 0"
	like "$out" '^alloc 30 VK_ERROR_OUT_OF_DEVICE_MEMORY$' "$driver: the fourth does not fit"
	like "$out" '^host 50 ok$' "$driver: memory of the host's is not device memory"
	like "$out" '^alloc 15 ok$' "$driver: a smaller one does"
	report_has "$driver: the report says so" $r .gpu.counts.refused=1 .gpu.counts.refused_bytes=31457280 \
		.gpu.counts.imports=2 .gpu.counts.exports=1 .gpu.peak.allocated=99614720 .outcome.reason=exited \
		.gpu.troubles[0].by=limit .gpu.troubles[0].call=vkAllocateMemory .gpu.troubles[0].result=VK_ERROR_OUT_OF_DEVICE_MEMORY

	# Two processes share the limit, and the second one sees in its budget what the first one holds.
	run vkjail run --device-memory 100M "$@" -- ./vk-memory alloc:60 child budget alloc:60 alloc:30
	like "$out" '^budget core extension yes size [0-9]+ budget 40 usage 0 ' "$driver: a process sees what the other one leaves"
	like "$out" '^alloc 60 VK_ERROR_OUT_OF_DEVICE_MEMORY$' "$driver: two processes have one limit"
	report_has "$driver: their peak is one sum" $r .gpu.peak.allocated=94371840 .gpu.counts.instances=2

	# What a process held is free once it is dead, however it died.
	for end in leak kill; do
		run vkjail run --device-memory 100M "$@" -- sh -c "./vk-memory alloc:90 $end; ./vk-memory alloc:90"
		is "$out" 'alloc 90 ok
alloc 90 ok' "$driver: $end: the memory of a dead process is free again"
		report_is $r .gpu.peak.allocated 94371840 "$driver: $end: and not counted twice"
	done
	run vkjail run --device-memory 100M "$@" -- ./vk-memory alloc:60 fork budget alloc:60
	like "$out" '^budget core extension yes size [0-9]+ budget 100 usage 60 ' "$driver: a forked child frees nothing of its parent's"
	like "$out" '^alloc 60 VK_ERROR_OUT_OF_DEVICE_MEMORY$' "$driver: and leaves the account as it is"
	run vkjail run --device-memory 100M --kernel 1h "$@" -- ./vk-memory alloc:60 own:60 own:30 own:40
	is "$out" 'alloc 60 ok
alloc 60 VK_ERROR_OUT_OF_DEVICE_MEMORY
own ok
alloc 30 ok
own ok
alloc 40 ok
own ok' "$driver: a forked child with a device of its own has its part of the limit"
}
memory "the system's driver"
real_needs=$cache/mesa/lvp_icd.json
if part 17 real; then
	memory 'a newer driver' --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache"
	run vkjail run --device-memory 100M --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" -- ./vk-memory sparse:50 alloc:99 alloc:100
	like "$out" '^alloc 99 ok$' 'a sparse buffer: what is bound to it counts, not what it spans'
	like "$out" '^alloc 100 VK_ERROR_OUT_OF_DEVICE_MEMORY$' 'and that is counted'
fi

# Without a limit nothing is refused, all the same it is counted; the driver's own refusal is told apart.
run vkjail run -- ./vk-memory alloc:30 alloc:4194304
like "$out" '^alloc 4194304 VK_ERROR_OUT_OF_DEVICE_MEMORY$' 'more than there is: the driver refuses'
report_has 'which is not taken for ours' $r .gpu.counts.refused=0 .gpu.counts.driver_refused=1 .gpu.peak.allocated=31457280 .gpu.troubles[0].by=driver

# A soft value is an event.
run vkjail run --device-memory 100M --soft device-memory=50M -- ./vk-memory alloc:40 alloc:20 alloc:1
status_is 0 'a soft value refuses nothing'
like "$(report_get $r .gpu.troubles)" '"by": "soft-limit' 'and is an event'
report_valid $r
done_testing
