#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The good jobs of jobs/ through vkjail run, their results computed again with NumPy, as root and as
# an ordinary user; and the heap budgets, which one driver can tell and the other can't.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/numpy.sh"
need userns vulkan python3
newer=$(real_place)/mesa/lvp_icd.json

# jobs_with WHO DIRECTORY OPTION...: each job, its report and its result.
jobs_with() {
	who=$1 dir=$2
	shift 2
	for job in saxpy:y=saxpy.npy mandelbrot:image=mandelbrot.png photo:drawing=photo-drawing.png; do
		name=${job%%:*} file=${job#*=} output=${job#*:}
		run as_user vkjail run -q "$@" --report "$dir/$name.json" --output "${output%%=*}=$dir/$file" "$top_srcdir/jobs/$name.yaml"
		status_is 0 "$name, $who: ends with 0"
		report_has "$name, $who: the report" "$dir/$name.json" .outcome.reason=exited .gpu.end.reason=done .sandbox.seccomp=strict
		if [ "$numpy" ]; then
			ok "$name, $who: NumPy agrees" "$numpy" "$top_srcdir/tests/lib/check_jobs.py" "$name" "$dir"
		else
			skip 1 "no Python with NumPy (Debian: python3-numpy)"
		fi
	done
}

dir=$(user_dir plain)
jobs_with "$(as_user id -un), system's driver" "$dir"
is "$(report_get "$dir/photo.json" .gpu.device.type)" cpu 'the device is the software one'
case $(report_get "$dir/photo.json" .gpu.device.driver.info) in
*'Mesa 22.'*)
	report_is "$dir/photo.json" .gpu.device.budget_source unavailable 'an old Mesa has no heap budgets, and the report says so'
	report_is "$dir/photo.json" .gpu.device.loop_limit 65535 'its limit of loop iterations is in the report' ;;
*) report_is "$dir/photo.json" .gpu.device.budget_source VK_EXT_memory_budget 'heap budgets come from the extension' ;;
esac

if [ -r "$newer" ]; then
	dir=$(user_dir newer)
	jobs_with "$(as_user id -un), newer Mesa" "$dir" --driver "$newer" --sample 50ms
	report_is "$dir/photo.json" .gpu.device.budget_source VK_EXT_memory_budget 'newer Mesa: heap budgets come from the extension'
	report_has 'newer Mesa: the peaks' "$dir/photo.json" '.gpu.peak.heaps[0].usage>=1' '.gpu.peak.allocated>=1000000' '.gpu.budgets_taken>=3' .gpu.budgets_interval_ns=0
	is "$(report_get "$dir/photo.json" .gpu.budgets | "$numpy" -c '
import json, sys
budgets = json.load(sys.stdin)
print(budgets[0]["at"], budgets[1]["at"], budgets[-1]["at"], any(b["at"] == "sample" for b in budgets),
      all(h["budget"] > 0 for b in budgets for h in b["heaps"]))')" 'start allocated end True True' \
		'newer Mesa: read at the start, after allocation, at samples and at the end'
else
	skip 12 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
fi
done_testing
