#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wgpu, which loads the Vulkan loader by itself and names its shaders' entry points.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns vulkan plain-build
need_real "$cache/wgpu/wgpu-job" "$cache/mesa/lvp_icd.json"

for driver in system newer; do
	with=
	[ $driver = newer ] && with="--driver $cache/mesa/lvp_icd.json"
	# shellcheck disable=SC2086 # an option and its value, or nothing
	run vkjail run $with --ro-bind "$cache" -- "$cache/wgpu/wgpu-job"
	status_is 0 "wgpu, $driver"
	like "$out" '^wgpu: OK, 4096 sequences' "wgpu, $driver: its own check says OK"
	report_has "wgpu, $driver: the report" vkjail-report.json .outcome.reason=exited .gpu.telemetry.programs=1 \
		.gpu.counts.dispatches=16 '.gpu.kernels_ns>=1' '.gpu.peak.allocated>=1'
	kernels=$(python3 -c 'import json; print(*sorted(k["kernel"] for k in json.load(open("vkjail-report.json"))["gpu"]["kernels"] if k["dispatches"] == 8))')
	is "$kernels" 'collatz fill' "wgpu, $driver: both kernels by their names, eight dispatches each"
done
run vkjail run --submits 20/s --ro-bind "$cache" -- "$cache/wgpu/wgpu-job"
report_has 'submits: those that come too soon wait' vkjail-report.json .outcome.reason=exited '.gpu.counts.submits_delayed>=5' '.gpu.counts.delay_ns>=200000000'
run vkjail run --gpu-share 50% --ro-bind "$cache" -- "$cache/wgpu/wgpu-job"
report_has 'gpu-share: likewise' vkjail-report.json .outcome.reason=exited '.gpu.counts.submits_delayed>=1' '.gpu.counts.delay_ns>=1000000'
done_testing
