# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # sourced after tap.sh; its variable is read by tests
# $numpy: a Python that has NumPy, Debian's first; empty when there is none.

numpy=
for candidate in /usr/bin/python3 python3; do
	[ "$numpy" ] || { "$candidate" -c 'import numpy' 2>/dev/null && numpy=$candidate; }
done

# need_numpy: skips all cases of the test without one.
need_numpy() { [ "$numpy" ] || skip_all 'no Python with NumPy (Debian: python3-numpy)'; }
