#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same ways of submitting work as in 5200, with a newer Mesa.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
real_needs=$(real_place)/mesa/lvp_icd.json
# Sanitizers see the same code of ours as with the older one.
need real python3 plain-build
patterns_prepare

patterns_check "$real_needs" 'newer lavapipe'
done_testing
