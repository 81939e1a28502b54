# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # sourced after tap.sh, whose variables it uses
# The jobs of the gallery, from a copy in a directory of the test, because they leave their results beside
# the job files.

# Each of them is described in docs/jobs.md and has a check of its own in check_gallery.py.
gallery='matmul reduction scan sort fft equalize thumbnail nbody heat mpm life digits transformer'

numpy=
for candidate in /usr/bin/python3 python3; do
	[ "$numpy" ] || { "$candidate" -c 'import numpy' 2>/dev/null && numpy=$candidate; }
done

# gallery_copy DIRECTORY: jobs/ and shaders/ in it, which the user of as_user may write to.
gallery_copy() {
	cp -r "$top_srcdir/jobs" "$top_srcdir/shaders" "$1/" && chmod -R u+w "$1" || exit 99
	[ "$(id -u)" != 0 ] || chown -R nobody "$1"
}

# gallery_with WHO DIRECTORY PREFIX OPTION...: each job, its report, and its results computed again. PREFIX is
# as_user or a command that starts another (env).
gallery_with() {
	gallery_who=$1 gallery_dir=$2 gallery_as=$3
	shift 3
	for job in $gallery; do
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
