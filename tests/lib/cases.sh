# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # sourced after tap.sh, whose variables it uses
# Many small runs, each judged by exit status, reason in the report and words on stderr, with all
# the reports validated together at the end: one start of Python instead of one a report.
#
#   ends 125 bad-job 'no unit' 'a duration needs a unit' --wall 5 -- true
#   reports_valid

mkdir -p "$T/reports"
case_count=0

# new_report: sets R to the path of the next report.
new_report() { case_count=$((case_count + 1)) R=$T/reports/$case_count.json; }

# reason_of FILE, status_of FILE: members of .outcome, without starting anything large.
reason_of() { sed -n 's/^    "reason": "\(.*\)",$/\1/p' "$1" 2>/dev/null | head -n 1; }
status_of() { sed -n 's/^    "exit_status": \(.*\),$/\1/p' "$1" 2>/dev/null | head -n 1; }

# judge STATUS REASON ERE WHAT: the last run, whose report is $R, ended so. ERE '' means that
# stderr is empty; '*' that it does not matter.
judge() {
	case_bad=
	[ "$status" = "$1" ] || case_bad="exit status $status, want $1"
	[ "$(reason_of "$R")" = "$2" ] || case_bad="$case_bad; reason '$(reason_of "$R")', want '$2'"
	[ "$(status_of "$R")" = "$1" ] || case_bad="$case_bad; the report has exit status '$(status_of "$R")'"
	case $3 in
	'*') ;;
	'') [ -z "$err" ] || case_bad="$case_bad; stderr is not empty" ;;
	*) printf '%s\n' "$err" | grep -Eq -e "$3" || case_bad="$case_bad; no line of stderr matches $3" ;;
	esac
	if [ -z "$case_bad" ]; then pass "$4"; else
		fail "$4"
		diag "$case_bad"
		tap_show
	fi
}

# ends STATUS REASON ERE WHAT ARGUMENT...: 'vkjail run ARGUMENT...' ends so.
ends() {
	ends_status=$1 ends_reason=$2 ends_words=$3 ends_what=$4
	shift 4
	new_report
	run vkjail run --report "$R" "$@"
	judge "$ends_status" "$ends_reason" "$ends_words" "$ends_what"
}

# does WANT WHAT ARGUMENT...: 'vkjail run ARGUMENT...' ends well, having printed WANT and nothing else.
does() {
	does_want=$1 does_what=$2
	shift 2
	new_report
	run vkjail run --report "$R" "$@"
	is "$status:$out:$err" "0:$does_want:" "$does_what"
}

# reports_valid: all of them, and there are some.
reports_valid() {
	ok "all reports fit the schema" python3 "$top_srcdir/tests/lib/validate.py" \
		"$top_srcdir/schema/report-v1.schema.json" "$T"/reports/*.json
}
