# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of real programs share: each runs in the default sandbox, as the caller and, when
# that is root, as an ordinary user, and must say OK by itself, with a report that fits.
real=$top_srcdir/tests/real
cache=$(real_place)
export real cache

# need_real FILE...: what tests/real/setup makes (or installs) and this test cannot do without.
need_real() {
	# shellcheck disable=SC2034 # read by have
	real_needs=$*
	need real
}

# real_run WHAT ERE RUN-OPTIONS... -- COMMAND...: a line of stdout must match.
real_run() {
	real_what=$1 real_match=$2
	shift 2
	for real_who in caller nobody; do
		real_as=
		if [ $real_who = nobody ]; then
			[ "$(id -u)" = 0 ] || continue
			if ! have user; then
				skip 5 "$why"
				continue
			fi
			real_as=as_user
		fi
		real_dir=$(mktemp -d "$T/$real_who.XXXXXX") && chmod 777 "$real_dir" && cd "$real_dir" || exit 99
		run $real_as vkjail run --report report.json "$@"
		status_is 0 "$real_what, as $real_who: ends with 0"
		like "$out" "$real_match" "$real_what, as $real_who: its own check says OK"
		report_is report.json .outcome.reason exited "$real_what, as $real_who: the reason"
		report_is report.json .sandbox.seccomp default "$real_what, as $real_who: under the default filter"
		report_valid report.json "$real_what, as $real_who: the report fits the schema"
		cd "$T" || exit 99
	done
}
