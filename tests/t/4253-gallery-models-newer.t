#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The simulations and networks of the gallery, with a newer Mesa.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"

# Sanitizers see the same code of ours as with the older one.
need plain-build
gallery_newer "$gallery_models"
done_testing
