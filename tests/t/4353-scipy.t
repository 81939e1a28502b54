#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Jobs of the gallery against SciPy, which comes to the same results by other ways than the jobs and NumPy's check.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
. "$top_srcdir/tests/lib/gallery.sh"
need userns vulkan python3
need_real "$cache/scipy/bin/python"

dir=$(user_dir gallery)
gallery_copy "$dir"
for job in matmul fft heat; do
	run as_user vkjail run -q --report "$dir/$job.json" "$dir/jobs/$job.yaml"
	status_is 0 "$job: ends with 0"
	ok "$job: SciPy agrees" "$cache/scipy/bin/python" -B "$top_srcdir/tests/lib/check_scipy.py" "$job" "$dir/jobs"
done
# The check must be able to say no.
"$cache/scipy/bin/python" -c 'import numpy as np, sys
f = sys.argv[1] + "/matmul.npy"; a = np.load(f); a[479, 383] += 0.01; np.save(f, a)' "$dir/jobs" || exit 99
ok 'one wrong number is found' sh -c '! "$@"' sh "$cache/scipy/bin/python" -B "$top_srcdir/tests/lib/check_scipy.py" matmul "$dir/jobs"
done_testing
