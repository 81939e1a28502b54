#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jobs of the gallery as an ordinary user, with the system's driver.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"
need userns vulkan python3

dir=$(user_dir gallery)
gallery_copy "$dir"
gallery_with "$(as_user id -un)" "$dir" as_user
done_testing
