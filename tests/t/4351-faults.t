#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Vulkan calls that fail, in each phase of a job: a layer answers in their place. The job ends with the reason that
# the answer stands for, the call stands in the report, and nothing is left behind.
# shellcheck disable=SC2046 # options are words
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan python3
use_layer

cat >add.comp <<'S'
#version 450
layout(local_size_x = 32) in;
layout(std430, binding = 0) buffer X { uint x[]; };
layout(push_constant) uniform P { uint n; };
void main() { uint i = gl_GlobalInvocationID.x; if (i < uint(x.length())) x[i] += n; }
S
cat >job.yaml <<'Y'
compute:
  device: software
  kernels: { add: { shader: add.comp } }
  buffers: { x: { type: u32, shape: [1000] } }
  steps: [ { run: add, bind: [x], push: [1], elements: 1000, repeat: 5000 } ]
  outputs: { x: { file: x.npy, on-limit: keep } }
Y
lost=-4 no_device_memory=-2 no_host_memory=-1 timeout=2

# fault STATUS REASON CALL N RESULT NAME WORDS OPTION...: the N-th CALL answers RESULT, which is called NAME.
fault() {
	layer_does=VK_TEST_FAIL=$3:$4:$5
	fault_words="$7.*: $3 answered $6\$" fault_what="$3 no. $4 answers $6" fault_call=$3 fault_result=$6 fault_status=$1 fault_reason=$2
	shift 7
	rm -f x.npy
	ends "$fault_status" "$fault_reason" "^vkjail: $fault_reason: $fault_words" "$fault_what" $(layer_options) "$@" job.yaml
	report_is "$R" .gpu.troubles[0].call "$fault_call" '... the report has the call'
	report_is "$R" .gpu.troubles[0].result "$fault_result" '... and the answer'
	ok '... no output' test ! -e x.npy
}
device_lost() {
	call=$1 n=$2 words=$3
	shift 3
	fault 123 device-lost "$call" "$n" $lost VK_ERROR_DEVICE_LOST "$words" "$@"
}
out_of_device_memory() {
	call=$1 n=$2 words=$3
	shift 3
	fault 123 device-memory "$call" "$n" $no_device_memory VK_ERROR_OUT_OF_DEVICE_MEMORY "$words" "$@"
}

# The first submission and buffer are those of the look for the driver's loop limit.
device_lost vkCreateDevice 1 'cannot open the device'
device_lost vkQueueSubmit 1 'cannot submit work'
device_lost vkWaitForFences 1 'cannot wait for the device'
device_lost vkQueueSubmit 2 'cannot submit work'
device_lost vkWaitForFences 2 'cannot wait for the device'
device_lost vkQueueSubmit 4 'cannot submit work'
device_lost vkWaitForFences 4 'cannot wait for the device'
device_lost vkGetQueryPoolResults 1 'cannot read the times of dispatches'
device_lost vkGetQueryPoolResults 3 'cannot read the times of dispatches'
device_lost vkQueueSubmit 2 'cannot submit work' --env VKJAIL_TEST_STAGING=64
device_lost vkWaitForFences 3 'cannot wait for the device' --env VKJAIL_TEST_STAGING=64

out_of_device_memory vkCreateDevice 1 'cannot open the device'
out_of_device_memory vkAllocateMemory 1 'cannot allocate device memory'
out_of_device_memory vkAllocateMemory 2 ".*compute.buffers.x: cannot allocate device memory"
report_is "$R" .gpu.troubles[0].bytes 4000 '... of so many bytes'
out_of_device_memory vkCreateBuffer 2 '.*compute.buffers.x: cannot make a buffer'
out_of_device_memory vkCreateComputePipelines 2 'cannot make a pipeline'
out_of_device_memory vkCreateDescriptorPool 2 'cannot bind the buffers'
out_of_device_memory vkCreateQueryPool 1 'cannot time dispatches'
out_of_device_memory vkEndCommandBuffer 3 'cannot record commands'
out_of_device_memory vkQueueSubmit 3 'cannot submit work'

# What is neither: the host's memory, a mapping.
fault 125 runner-failed vkQueueSubmit 3 $no_host_memory VK_ERROR_OUT_OF_HOST_MEMORY 'cannot submit work'
fault 125 runner-failed vkMapMemory 2 -5 VK_ERROR_MEMORY_MAP_FAILED '.*compute.buffers.x: cannot map device memory'
fault 125 runner-failed vkEnumeratePhysicalDevices 1 $no_host_memory VK_ERROR_OUT_OF_HOST_MEMORY 'cannot list the devices'

# A device that never comes to an end: the limit of a kernel, of the job, and a signal, each by its own name.
hangs="VK_TEST_FAIL=vkWaitForFences:4+:$timeout"
layer_does=$hangs
ends 124 kernel-time "kernel 'add': .*ran at least .*, the limit is 100ms" 'a dispatch that does not end' $(layer_options) --kernel 100ms job.yaml
like "$err" 'no output is kept: the device did not come to an end' '... nothing can be kept'
ok '... no output' test ! -e x.npy
ends 124 wall-time '^vkjail: wall-time' 'and the limit of the job' $(layer_options) --wall 500ms job.yaml
report_is "$R" .gpu.end.reason cancelled '... the job had noticed the signal'
# The driver's compiler, which has more time.
layer_does=VK_TEST_FAIL=vkWaitForFences:2+:$timeout
ends 124 wall-time '^vkjail: wall-time' 'a pipeline that the driver does not finish' $(layer_options) --wall 500ms --kernel 100ms job.yaml

# The layer itself changes nothing.
layer_does=
ends 0 exited '*' 'without a fault' $(layer_options) job.yaml
ok '... there is an output' test -s x.npy
reports_valid
done_testing
