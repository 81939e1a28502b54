#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A NumPy script with the threads of its linear algebra library.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns
need_real /usr/lib/python3/dist-packages/numpy/__init__.py

real_run 'NumPy' '^numpy: OK, version ' --ro-bind "$real" -- /usr/bin/python3 "$real/numpy_job.py"
real_run 'NumPy, as python3' '^numpy: OK, version ' --env PATH=/usr/bin:/bin --ro-bind "$real" -- python3 "$real/numpy_job.py"
done_testing
