# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # sourced after tap.sh, whose variables it uses; its own are read by tests
# The jobs of the gallery, from a copy in a directory of the test, because they leave their results beside
# the job files.

# Each of them is described in docs/jobs.md and has a check of its own in check_gallery.py.
gallery_arrays='matmul reduction scan sort fft equalize thumbnail'
gallery_models='nbody heat mpm life digits transformer'

# shellcheck source=tests/lib/numpy.sh
. "$top_srcdir/tests/lib/numpy.sh"

# gallery_as_user JOBS: as an ordinary user, with the system's driver.
gallery_as_user() {
	need userns vulkan python3
	dir=$(user_dir gallery)
	gallery_copy "$dir"
	gallery_with "$1" "$(as_user id -un)" "$dir" as_user
}

# gallery_newer JOBS: with the newer Mesa of tests/real/setup, as whoever runs the test: as root, too.
gallery_newer() {
	need userns vulkan python3
	newer=$(real_place)/mesa/lvp_icd.json
	[ -r "$newer" ] || skip_all "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
	mkdir "$T/gallery"
	gallery_copy "$T/gallery"
	[ "$(id -u)" != 0 ] || chown -R root "$T/gallery"
	gallery_with "$1" "$(id -un), newer Mesa" "$T/gallery" env --driver "$newer"
}

# gallery_copy DIRECTORY: jobs/ and shaders/ in it, which the user of as_user may write to.
gallery_copy() {
	cp -r "$top_srcdir/jobs" "$top_srcdir/shaders" "$1/" && chmod -R u+w "$1" || exit 99
	[ "$(id -u)" != 0 ] || chown -R nobody "$1"
}

# gallery_with JOBS WHO DIRECTORY PREFIX OPTION...: each of the jobs, its report, and its results computed again.
# PREFIX is as_user or a command that starts another (env).
gallery_with() {
	gallery_jobs=$1 gallery_who=$2 gallery_dir=$3 gallery_as=$4
	shift 4
	for job in $gallery_jobs; do
		run "$gallery_as" vkjail run -q "$@" --report "$gallery_dir/$job.json" "$gallery_dir/jobs/$job.yaml"
		status_is 0 "$job, $gallery_who: ends with 0"
		report_has "$job, $gallery_who: the report" "$gallery_dir/$job.json" \
			.outcome.reason=exited .gpu.end.reason=done .sandbox.seccomp=strict
		if [ "$numpy" ]; then
			ok "$job, $gallery_who: NumPy agrees" "$numpy" -B "$top_srcdir/tests/lib/check_gallery.py" "$job" "$gallery_dir/jobs"
		else
			skip 1 "no Python with NumPy (Debian: python3-numpy)"
		fi
	done
}
