#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The simulations and networks of the gallery, as an ordinary user, with the system's driver.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"

gallery_as_user "$gallery_models"
done_testing
