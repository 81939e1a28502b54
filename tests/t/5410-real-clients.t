#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that know nothing of vkjail, under the Vulkan layer: Taichi, ncnn and Python's Vulkan bindings, on the
# system's software driver and on a newer one. Each checks its own results; their reports are checked here.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns vulkan plain-build
python=$cache/python/bin/python
need_real "$python" "$cache/mesa/lvp_icd.json" "$cache"/python/lib/python3*/site-packages/ncnn/__init__.py

# client NAME ERE RUN-OPTIONS... -- COMMAND...: with and without the layer the same line, and a report that
# knows its kernels. One line of a table for each.
client() {
	name=$1 match=$2
	shift 2
	run vkjail run --telemetry off --report bare.json "$@"
	bare=$(printf '%s\n' "$out" | grep -E "$match")
	run vkjail run --report layer.json "$@"
	status_is 0 "$name: ends with 0"
	is "$(printf '%s\n' "$out" | grep -E "$match")" "${bare:-the bare run says nothing}" "$name: the result is that of the bare run"
	report_has "$name: the report" layer.json .outcome.reason=exited .gpu.telemetry.programs=1 \
		'.gpu.counts.dispatches>=2' '.gpu.counts.dispatches_timed>=1' '.gpu.kernels_ns>=1' '.gpu.peak.allocated>=1' .gpu.counts.refused=0
	ok "$name: times and memory fit together" python3 - "$name" layer.json <<'END'
import json, sys
r = json.load(open(sys.argv[2]))
g, wall = r["gpu"], r["times"]["wall_ns"]
counted = sum(k["dispatches"] for k in g["kernels"])
assert counted == g["counts"]["dispatches"], (counted, g["counts"])
assert g["kernels_ns"] <= wall, (g["kernels_ns"], wall)
assert g["peak"]["allocated"] <= sum(h["size"] for h in g["device"]["heaps"])
for k in g["kernels"]:
    assert len(k["sha256"]) == 64 and k["local_size"][0] >= 1, k
    if "total_ns" in k:
        assert k["min_ns"] <= k["p50_ns"] <= k["p95_ns"] <= k["max_ns"], k
print(f"{sys.argv[1]} | {g['device']['driver']['info'].split()[1]} | same | {len(g['kernels'])} kernels | {counted} dispatches | "
      f"{g['kernels_ns'] / 1e6:.0f} of {wall / 1e6:.0f} ms | {g['peak']['allocated'] >> 20} MiB")
END
	diag "$(cat "$T/.ok")"
}

for driver in system newer; do
	with=
	[ $driver = newer ] && with="--driver $cache/mesa/lvp_icd.json"
	for what in nbody life autodiff; do
		# shellcheck disable=SC2086 # an option and its value, or nothing
		client "Taichi $what, $driver" "^taichi: $what: OK" $with --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_set.py" "$what"
	done
	# shellcheck disable=SC2086
	client "Taichi mpm88, $driver" '^taichi: OK' $with --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"
	# shellcheck disable=SC2086
	client "ncnn, $driver" '^ncnn: OK' $with --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/ncnn_job.py"
done

# Limits, on programs that were not written for them.
run vkjail run --device-memory 400M --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_set.py" leak
status_is 123 'a program that leaks device memory ends at its limit'
report_has 'its report' vkjail-report.json .outcome.reason=device-memory .outcome.code=1 .outcome.limit.name=device-memory \
	'.gpu.counts.refused>=1' .gpu.troubles[0].by=limit .gpu.troubles[0].call=vkAllocateMemory
peak=$(report_get vkjail-report.json .gpu.peak.allocated)
ok 'it never held more' test "${peak:-9999999999}" -le $((400 << 20))
run vkjail run --device-memory 200M --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/vulkan_memory.py" 5 64
status_is 0 'a program that gets less than it wants and is content'
is "$out" 'vulkan: OK, 3 blocks' 'it got three of five'
like "$err" 'warning: 2? ?1? ?allocations? of device memory' 'a warning tells'
report_has 'and the report' vkjail-report.json .outcome.reason=exited .gpu.counts.refused=1 .gpu.peak.allocated=201326592
run vkjail run --device-memory 1M --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/ncnn_job.py"
report_has 'ncnn without memory' vkjail-report.json .outcome.reason=device-memory '.gpu.counts.refused>=1'

# A kernel that never ends: only the newer driver has those.
run vkjail run --kernel 2s --wall $((60 * slower))s --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_endless.py"
status_is 124 'a kernel that never ends'
like "$out" 'the first round has ended' 'it had come so far'
report_has 'its report' vkjail-report.json .outcome.reason=kernel-time .outcome.limit.name=kernel '.outcome.limit.observed>=2000000000'
like "$(report_get vkjail-report.json .outcome.text)" "kernel: .*'[0-9a-f]{16}'" 'the kernel is named'

# Names out of Taichi's own cache.
mkdir cache
chmod 777 cache
run vkjail run --bind "$T/cache" --env TI_OFFLINE_CACHE_FILE_PATH="$T/cache" --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"
status_is 0 'Taichi with a cache that is kept'
run "$top_srcdir/tools/taichi-kernel-names" cache
status_is 0 'taichi-kernel-names reads it'
printf '%s\n' "$out" >names
run vkjail run --kernel-names names --ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"
ok "the report has Taichi's names" python3 -c '
import json
names = {k["kernel"]: k["dispatches"] for k in json.load(open("vkjail-report.json"))["gpu"]["kernels"]}
assert names.get("step.0") == names.get("step.3") == 300 and names.get("place.0") == 1, names'

# A program with a loader of its own: ncnn opens the driver that a variable names, past every layer.
run vkjail run --sample 50ms --env VK_DRIVER_FILES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json --ro-bind "$cache" --ro-bind "$real" -- \
	"$python" -c "import ncnn, time; print(ncnn.get_gpu_count()); ncnn.get_gpu_device(0); time.sleep(1)"
if [ "$(report_get vkjail-report.json .gpu.telemetry.programs)" = 0 ]; then
	like "$(report_get vkjail-report.json .gpu.telemetry.why)" 'maps libvulkan_lvp.so, but came past the layer' 'a driver past the layer is noticed'
else
	pass 'ncnn goes through the loader here'
fi
done_testing
