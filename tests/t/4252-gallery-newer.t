#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jobs of the gallery on arrays and pictures, with a newer Mesa.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"

# Sanitizers see the same code of ours as with the older one.
need plain-build
gallery_newer "$gallery_arrays"
done_testing
