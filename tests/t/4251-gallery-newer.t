#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jobs of the gallery with the newer Mesa of tests/real/setup, as whoever runs the test: as root, too.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/place.sh"
. "$top_srcdir/tests/lib/gallery.sh"
need userns vulkan python3
newer=$(real_place)/mesa/lvp_icd.json
[ -r "$newer" ] || skip_all "no newer Mesa in $(real_place) (tests/real/setup fetches it)"

mkdir "$T/gallery"
gallery_copy "$T/gallery"
[ "$(id -u)" != 0 ] || chown -R root "$T/gallery"
gallery_with "$(id -un), newer Mesa" "$T/gallery" env --driver "$newer"
done_testing
