#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jobs of the gallery on arrays and pictures, as an ordinary user, with the system's driver.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"

gallery_as_user "$gallery_arrays"
done_testing
