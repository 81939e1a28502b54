#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Taichi program on its Vulkan backend, on the system's software driver and on a newer one.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns vulkan
python=$cache/python/bin/python
need_real "$python" "$cache/mesa/lvp_icd.json"

real_run 'Taichi' '^taichi: OK, 4096 particles' \
	--ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"
real_run 'Taichi on the newer Mesa' '^taichi: OK, 4096 particles' --driver "$cache/mesa/lvp_icd.json" \
	--ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"

# Without a driver Taichi falls back to the CPU, which the program must not take for a pass.
run vkjail run --env VK_DRIVER_FILES=/none.json --env VK_ICD_FILENAMES=/none.json \
	--ro-bind "$cache" --ro-bind "$real" -- "$python" "$real/taichi_mpm.py"
status_is 1 'without a driver it does not pass'
like "$err" '^taichi: no Vulkan backend' 'and says why'
report_is vkjail-report.json .outcome.reason exited 'the reason is its own exit'
done_testing
