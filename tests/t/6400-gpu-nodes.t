#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which GPUs a job is given, on a machine with four of them: device nodes and what the kernel tells
# about them are put together in a mount namespace of the test's own.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3
unset SLURM_JOB_GPUS SLURM_STEP_GPUS NVIDIA_VISIBLE_DEVICES CUDA_VISIBLE_DEVICES GPU_DEVICE_ORDINAL ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ZE_AFFINITY_MASK

# An AMD GPU, two of NVIDIA's and one of Intel's, in the order of their PCI addresses; nodes are /dev/null.
cat >machine <<'END'
set -e
tree=$1
shift
gpu() { # PCI VENDOR RENDER
	mkdir -p "$tree/pci/$1" "$tree/class/drm/$3"
	echo "$2" >"$tree/pci/$1/vendor"
	ln -s "$tree/pci/$1" "$tree/class/drm/$3/device"
	node "dri/$3"
}
node() {
	mkdir -p "$tree/dev/$(dirname "$1")"
	: >"$tree/dev/$1"
	mount --bind /dev/null "$tree/dev/$1"
}
nvidia() { # PCI MINOR UUID
	mkdir -p "$tree/driver/nvidia/gpus/$1"
	printf 'Model: \t\t NVIDIA Test %s\nGPU UUID: \t %s\nBus Location: \t %s\nDevice Minor: \t %s\n' "$2" "$3" "$1" "$2" >"$tree/driver/nvidia/gpus/$1/information"
	node "nvidia$2"
}
mkdir -p "$tree" && mount -t tmpfs none "$tree"
gpu 0000:01:00.0 0x1002 renderD128
gpu 0000:41:00.0 0x10de renderD130
gpu 0000:81:00.0 0x10de renderD129
gpu 0000:c1:00.0 0x8086 renderD131
echo 0x1122334455667788 >"$tree/pci/0000:01:00.0/unique_id"
nvidia 0000:41:00.0 1 GPU-aaaaaaaa-1111-2222-3333-444444444444
nvidia 0000:81:00.0 0 GPU-bbbbbbbb-1111-2222-3333-444444444444
for n in dri/card0 nvidiactl nvidia-uvm nvidia-modeset nvidia-caps/nvidia-cap1 nvidia-caps/nvidia-cap2 nvidia-caps/nvidia-cap12 kfd null zero full urandom random; do node "$n"; done
mount --bind /dev/zero "$tree/dev/zero" && mount --bind /dev/full "$tree/dev/full" && mount --bind /dev/urandom "$tree/dev/urandom"
mig=$tree/driver/nvidia/capabilities/gpu0/mig
mkdir -p "$mig/gi1/ci0"
echo 'DeviceFileMinor: 1' >"$mig/config"
echo 'DeviceFileMinor: 12' >"$mig/gi1/access"
echo 'DeviceFileMinor: 13' >"$mig/gi1/ci0/access"
mkdir "$tree/icd"
for i in $ICDS; do echo "{\"file_format_version\": \"1.0.0\", \"ICD\": {\"library_path\": \"$i\", \"api_version\": \"1.3.0\"}}" >"$tree/icd/$i.json"; done
if [ -d /usr/share/vulkan/icd.d ]; then mount --bind "$tree/icd" /usr/share/vulkan/icd.d; fi
if [ -d /etc/vulkan/icd.d ]; then mkdir "$tree/none" && mount --bind "$tree/none" /etc/vulkan/icd.d; fi
# A proc in which nothing is hidden has to stay, or the kernel lets no sandbox have one.
mkdir "$tree/proc" && mount --rbind /proc "$tree/proc"
mount --rbind "$tree/class" /sys/class
mount --rbind "$tree/driver" /proc/driver
mkdir "$tree/dev/shm" "$tree/dev/pts"
mount --rbind "$tree/dev" /dev
exec "$@"
END
ICDS='libvulkan_lvp.so libvulkan_radeon.so libGLX_nvidia.so.0'
export ICDS
# shellcheck disable=SC2317 # called by run
nodes() { unshare -rm sh "$T/machine" "$T/tree" vkjail run --report "$R" "$@" -- sh -c 'cd /dev && ls -d dri/* nvidia* kfd nvidia-caps/* 2>/dev/null | tr "\n" " "'; }

# gives NODES WHAT ARGUMENT...: the nodes in the job's /dev, as the job sees them.
gives() {
	gives_want=$1 gives_what=$2
	shift 2
	new_report
	run nodes "$@"
	is "$status:$out" "0:$gives_want" "$gives_what"
}
# refused ERE WHAT ARGUMENT...
refused() {
	refused_words=$1 refused_what=$2
	shift 2
	new_report
	run nodes "$@"
	judge 125 bad-job "$refused_words" "$refused_what"
}
amd='dri/renderD128 kfd '
nvidia1='dri/renderD130 nvidia-uvm nvidia1 nvidiactl '
nvidia0='dri/renderD129 nvidia-caps nvidia-caps/nvidia-cap12 nvidia-uvm nvidia0 nvidiactl '

# ---- choosing
gives 'dri/renderD128 dri/renderD129 dri/renderD130 dri/renderD131 kfd nvidia-caps nvidia-caps/nvidia-cap12 nvidia-uvm nvidia0 nvidia1 nvidiactl ' 'all: no card node, none that sets up or watches MIG'
is "$(report_get "$R" .gpu.given.restricted_by)" '[]' 'nothing restricts it'
is "$err" '' 'who did not ask for a GPU hears nothing of one without a driver'
run nodes --gpu all
like "$err" 'GPU 3 \(Intel, pci:0000:c1:00\.0\) has no Vulkan driver manifest.*libvulkan_intel' 'who did is told of it'
gives '' 'none' --gpu none
gives "$amd" 'a number' --gpu 0
is "$(report_get "$R" .gpu.given.gpus[0].pci)" 0000:01:00.0 'the report has its address'
is "$(report_get "$R" .gpu.given.gpus[0].uuid)" GPU-1122334455667788 'and its UUID'
like "$(report_get "$R" .gpu.given.drivers)" '^\["/usr/share/vulkan/icd.d/libvulkan_radeon.so.json"\]$' 'and the only driver inside'
gives "$nvidia1" 'numbers are in the order of PCI addresses' --gpu 1
gives "$nvidia0" 'a PCI address, with the instances of its MIG' --gpu pci:81:00.0
gives "$nvidia0" 'with eight digits, in capitals' --gpu pci:00000000:81:00.0
gives "$nvidia1" 'a UUID' --gpu uuid:GPU-aaaaaaaa-1111-2222-3333-444444444444
gives "$nvidia0" 'its beginning, without the dashes' --gpu uuid:bbbbbbbb1111
gives "dri/renderD128 dri/renderD130 kfd nvidia-uvm nvidia1 nvidiactl " 'a list' --gpu 0,pci:0000:41:00.0
is "$(report_get "$R" .gpu.given.gpus[1].name)" 'NVIDIA Test 1' 'the report has its name'
refused "there is no GPU '7' on this machine; there is 0 \(AMD, pci:0000:01:00.0\), 1 \(NVIDIA Test 1" 'a number that is not there' --gpu 7
refused 'there is no GPU .pci:02:00.0.' 'an address that is not there' --gpu pci:02:00.0
refused 'no PCI address' 'what is no address' --gpu pci:02
refused 'there is no GPU .uuid:GPU-cccc.' 'a UUID that is not there' --gpu uuid:GPU-cccc

# ---- the drivers inside
run unshare -rm sh machine "$T/tree" vkjail run --report none --gpu 1 -- ls /usr/share/vulkan/icd.d /etc/vulkan/icd.d
like "$out" 'driver.json' 'the driver of the chosen GPU is there'
unlike "$out" 'lvp|radeon' 'and no other'
run unshare -rm sh machine "$T/tree" vkjail run --report none --gpu 3 -- sh -c 'ls /etc/vulkan/icd.d /usr/share/vulkan/icd.d 2>/dev/null | grep json'
is "$out" '' 'a GPU without a driver: no driver at all'
like "$err" 'Vulkan programs do not see it' 'and a warning'

# ---- variables
restricted() { # VARIABLE=VALUE NODES
	export "${1?}"
	gives "$2" "$1"
	is "$(report_get "$R" .gpu.given.restricted_by[0])" "$1" 'the report says so'
	unset "${1%%=*}"
}
others_of_nvidia='dri/renderD128 dri/renderD131 kfd '
restricted CUDA_VISIBLE_DEVICES=0 'dri/renderD128 dri/renderD130 dri/renderD131 kfd nvidia-uvm nvidia1 nvidiactl '
restricted CUDA_VISIBLE_DEVICES=GPU-bbbb 'dri/renderD128 dri/renderD129 dri/renderD131 kfd nvidia-caps nvidia-caps/nvidia-cap12 nvidia-uvm nvidia0 nvidiactl '
restricted CUDA_VISIBLE_DEVICES=7,0 "$others_of_nvidia"
restricted CUDA_VISIBLE_DEVICES= "$others_of_nvidia"
restricted NVIDIA_VISIBLE_DEVICES=void "$others_of_nvidia"
restricted SLURM_JOB_GPUS=1 "$nvidia0"
restricted SLURM_STEP_GPUS=0-0 "$nvidia1"
restricted ROCR_VISIBLE_DEVICES=-1 'dri/renderD129 dri/renderD130 dri/renderD131 nvidia-caps nvidia-caps/nvidia-cap12 nvidia-uvm nvidia0 nvidia1 nvidiactl '
export CUDA_VISIBLE_DEVICES=1
refused 'GPU 1 .* is not among those that CUDA_VISIBLE_DEVICES=1 leaves' 'a choice does not widen it' --gpu 1
run unshare -rm sh machine "$T/tree" vkjail run --report none -- sh -c 'echo $CUDA_VISIBLE_DEVICES'
is "$out" 0 'inside, the only one left is the first'
run unshare -rm sh machine "$T/tree" vkjail plan -- true
like "$out" 'less because of CUDA_VISIBLE_DEVICES=1' 'the plan says so'
run unshare -rm sh machine "$T/tree" vkjail doctor
like "$out" 'gpu nodes +0 \(AMD, pci:0000:01:00\.0\) uuid:GPU-1122334455667788, 1 .*because of CUDA_VISIBLE_DEVICES=1' 'doctor too'
unset CUDA_VISIBLE_DEVICES
run unshare -rm sh machine "$T/tree" vkjail doctor
like "$out" '^note +fdinfo +what a job holds on GPU 0 \(AMD, pci:0000:01:00\.0\), 3 \(Intel, pci:0000:c1:00\.0\) is known from the job alone' \
	'doctor: drivers that tell nothing in fdinfo, but not those that NVML is asked about'
like "$out" '^(ok|note) +dmem +the kernel ' 'doctor: whether the kernel holds the limit'

# ---- device: hardware
cat >k.comp <<'END'
#version 450
layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer B { uint x[]; };
void main() { x[0] = 1u; }
END
cat >job.yaml <<'END'
compute:
  device: hardware
  kernels: {k: {shader: k.comp}}
  buffers: {b: {fill: zeros, type: u32, shape: [1]}}
  steps: [{run: k, bind: [b], groups: [1]}]
END
new_report
run unshare -rm sh machine "$T/tree" vkjail run --report "$R" --gpu 3 job.yaml
judge 125 bad-job 'GPU 3 .* has no Vulkan driver: no manifest in .* names a library libvulkan_intel' 'hardware without a driver for it is refused'
new_report
run unshare -rm sh machine "$T/tree" vkjail run --report "$R" --gpu none job.yaml
judge 125 bad-job 'but the job is given no GPU' 'hardware without a GPU is refused'
new_report
run env CUDA_VISIBLE_DEVICES= ROCR_VISIBLE_DEVICES= ZE_AFFINITY_MASK=9 unshare -rm sh machine "$T/tree" vkjail run --report "$R" job.yaml
judge 125 bad-job 'CUDA_VISIBLE_DEVICES= and ROCR_VISIBLE_DEVICES= and ZE_AFFINITY_MASK=9 leaves none of the GPUs' 'hardware that the variables take away is refused'
new_report
run unshare -rm sh -c 'mkdir dev && mount -t tmpfs none dev && touch dev/null && mount --bind /dev/null dev/null && mount --rbind dev /dev && exec "$@"' sh vkjail run --report "$R" job.yaml
judge 125 bad-job 'this machine has no GPU device nodes' 'hardware on a machine without any is refused'
run unshare -rm sh -c 'mkdir dev2 && mount -t tmpfs none dev2 && touch dev2/null && mount --bind /dev/null dev2/null && mount --rbind dev2 /dev && exec "$@"' sh vkjail doctor
like "$out" 'gpu nodes +no GPU device nodes' 'doctor says so'
unlike "$out" '^[^ ]+ +(nvml|fdinfo|dmem) ' '... and nothing of who would tell about one'
reports_valid
done_testing
