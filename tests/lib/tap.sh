# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The integration tests' library: TAP output, captured runs, what the machine must have.
#
#   #!/bin/sh
#   . "${top_srcdir:-.}/tests/lib/tap.sh"
#   need_userns
#   run vkjail run -- true
#   status_is 0 'true exits with 0'
#   done_testing
#
# A test starts in an empty directory of its own ($T), which is removed at the end. vkjail and the
# helper programs are in PATH. VKJAIL_TEST_USER=nobody runs the whole test as that user.

: "${top_srcdir:=$(pwd)}" "${top_builddir:=$top_srcdir}"
top_srcdir=$(cd "$top_srcdir" && pwd) && top_builddir=$(cd "$top_builddir" && pwd) || exit 99
export top_srcdir top_builddir
if [ "${VKJAIL_TEST_USER:-}" ] && [ "$(id -u)" = 0 ]; then
	case $0 in /*) tap_self=$0 ;; *) tap_self=$(pwd)/$0 ;; esac
	cd / && exec setpriv --reuid="$VKJAIL_TEST_USER" --regid="$(id -g "$VKJAIL_TEST_USER")" \
		--clear-groups env HOME=/nonexistent sh "$tap_self" "$@"
fi

VKJAIL=${VKJAIL:-$top_builddir/vkjail}
PATH=$(dirname "$VKJAIL"):$top_builddir/tests/helpers:$PATH
export VKJAIL PATH
LC_ALL=C
umask 022
export LC_ALL
# Leaks are looked for in the unit tests. At the end of a program that is watched by signals the check can hang: a
# SIGCONT, from a terminal that hangs up for one, takes away the SIGSTOP that it stops the program with.
# What a program has freed the sanitizer keeps for a while, up to 256 MB: it counts as the job's memory, and takes
# from its limit.
if [ "${VKJAIL_SANITIZERS:-}" ]; then
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:quarantine_size_mb=16
	export ASAN_OPTIONS
fi
T=$(mktemp -d "${TMPDIR:-/tmp}/vkjail-test.XXXXXX") || exit 99
chmod 755 "$T"
# The real programs are where tests/real/setup has put them, which for an ordinary user is below this variable.
# shellcheck source=tests/real/place.sh
. "$top_srcdir/tests/real/place.sh"
VKJAIL_REAL=$(real_place)
export VKJAIL_REAL
# What is cached is this test's own.
XDG_CACHE_HOME=$T.cache
export XDG_CACHE_HOME
tap_count=0 tap_failures=0 tap_planned=
tap_end() {
	tap_code=$?
	[ "$tap_planned" ] || echo "Bail out! the test ended early ($tap_code)"
	cd / && rm -rf "$T" "$T.cache"
	exit "$tap_code"
}
trap tap_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
cd "$T" || exit 99

# Test machines are slower, and so are programs with sanitizers: times that a job must keep are multiplied by this.
slower=${VKJAIL_TEST_SLOWER:-${VKJAIL_SANITIZERS:+3}}
slower=${slower:-1}
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }
pass() { tap_count=$((tap_count + 1)) && echo "ok $tap_count - $1"; }
fail() {
	tap_count=$((tap_count + 1)) tap_failures=$((tap_failures + 1))
	echo "not ok $tap_count - $1"
}

# ok WHAT COMMAND...: the command succeeds.
ok() {
	tap_what=$1 && shift
	if "$@" >"$T/.ok" 2>&1; then pass "$tap_what"; else
		fail "$tap_what"
		diag "command: $*"
		diag "$(head -c 2000 "$T/.ok")"
	fi
}
# is GOT WANT WHAT: the same string.
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else
		fail "$3"
		diag "got:  $1"
		diag "want: $2"
		tap_show
	fi
}
# like TEXT ERE WHAT / unlike: one line of the text matches (or none does).
like() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then pass "$3"; else
		fail "$3"
		diag "no match for: $2"
		diag "in: $(printf '%s' "$1" | head -c 2000)"
	fi
}
unlike() {
	if ! printf '%s\n' "$1" | grep -Eq -e "$2"; then pass "$3"; else
		fail "$3"
		diag "unexpected match for: $2"
		diag "in: $(printf '%s' "$1" | head -c 2000)"
	fi
}
# run COMMAND...: sets status, out and err (also in the files $T/.out and $T/.err); never fails.
run() {
	tap_ran=$* status=0
	"$@" >"$T/.out" 2>"$T/.err" || status=$?
	out=$(tr -d '\000' <"$T/.out") err=$(tr -d '\000' <"$T/.err")
}
tap_show() {
	[ "${tap_ran:-}" ] || return 0
	diag "last run: $(printf '%s' "$tap_ran" | head -c 1000)"
	diag "status: $status"
	diag "stdout: $(printf '%s' "$out" | head -c 1000)"
	diag "stderr: $(printf '%s' "$err" | head -c 2000)"
}
# status_is N WHAT: about the last run.
status_is() { is "$status" "$1" "$2"; }

# skip N REASON: in place of N cases. skip_all REASON: in place of the whole test.
skip() {
	tap_skips=$1
	while [ "$tap_skips" -gt 0 ]; do
		tap_count=$((tap_count + 1)) tap_skips=$((tap_skips - 1))
		echo "ok $tap_count # SKIP $2"
	done
}
skip_all() {
	tap_planned=yes
	echo "1..0 # SKIP $1"
	exit 0
}
done_testing() {
	tap_planned=yes
	echo "1..$tap_count"
	[ "$tap_failures" = 0 ]
	exit
}

# have NAME: is it here? Sets why when it is not. NAME: userns root ordinary user vulkan validation-layer real
# plain-build freezer landlock, or any program's name.
have() {
	case $1 in
	root) why='needs root' && [ "$(id -u)" = 0 ] ;;
	ordinary) why='needs an ordinary user' && [ "$(id -u)" != 0 ] ;;
	userns) why='user namespaces are switched off here' && unshare -U -r true 2>/dev/null && as_user unshare -U -r true 2>/dev/null ;;
	user)
		why="user nobody cannot reach $VKJAIL or $T"
		as_user test -x "$VKJAIL" -a -x "$T" -a -r "$top_srcdir/tests/lib/tap.sh" ;;
	freezer) why='no freezer of cgroup v1 in this kernel' && grep -q '^freezer.*1$' /proc/cgroups ;;
	plain-build) why='needs a build without sanitizers' && [ "${VKJAIL_SANITIZERS:-}" = '' ] ;;
	real)
		# The test says in $real_needs which files it cannot do without.
		for tap_file in $real_needs; do
			why="no $tap_file: run tests/real/setup" && [ -r "$tap_file" ] || return
		done ;;
	validation-layer)
		why='no Vulkan validation layer (Debian: vulkan-validationlayers)'
		[ -r /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json ] ;;
	landlock) why="no Landlock of ABI 6 or newer" && have_landlock ;;
	vulkan) why='no Vulkan software driver (Debian: mesa-vulkan-drivers)' && have_lavapipe ;;
	*) why="no program '$1'" && command -v "$1" >/dev/null 2>&1 ;;
	esac
}
have_lavapipe() {
	for tap_icd in /usr/share/vulkan/icd.d/lvp_icd*.json /etc/vulkan/icd.d/lvp_icd*.json; do
		[ -r "$tap_icd" ] && return
	done
	return 1
}
have_landlock() {
	tap_abi=$(vkjail doctor --json 2>/dev/null | sed -n 's/.*Landlock ABI \([0-9]*\).*/\1/p')
	[ "${tap_abi:-0}" -ge 6 ]
}
# need NAME...: skips the whole test when something is missing, or fails it when the name is in
# VKJAIL_TEST_REQUIRE.
need() {
	for tap_need; do
		have "$tap_need" && continue
		case " ${VKJAIL_TEST_REQUIRE:-} " in
		*" $tap_need "*)
			fail "required: $tap_need"
			diag "$why"
			done_testing ;;
		esac
		skip_all "$why"
	done
}
# part N NAME: for a part of N cases: is it here? If not they are skipped, or one fails as with need.
part() {
	have "$2" && return
	case " ${VKJAIL_TEST_REQUIRE:-} " in
	*" $2 "*) fail "required: $2 ($why)" ;;
	*) skip "$1" "$why" ;;
	esac
	return 1
}
need_userns() { need userns; }
need_root() { need root; }
need_user() { need user; }
need_vulkan() { need vulkan; }

# as_user COMMAND...: as the ordinary user nobody when we are root, else as ourselves.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups env HOME=/nonexistent "$@"
	else
		"$@"
	fi
}
# use_helper NAME...: copies helper programs into the working directory: the sandbox shows that one.
use_helper() {
	for tap_helper; do cp "$top_builddir/tests/helpers/$tap_helper" "$T/" || exit 99; done
}
# user_dir NAME: makes a directory in $T that the user of as_user owns, and prints its path.
user_dir() {
	mkdir -p "$T/$1" && { [ "$(id -u)" != 0 ] || chown nobody "$T/$1"; } && echo "$T/$1"
}
# wait_for COMMAND...: until it succeeds, at most 10 s (more where VKJAIL_TEST_SLOWER says so); for states that offer no event to wait on.
wait_for() {
	tap_tries=0
	until "$@" >/dev/null 2>&1; do
		tap_tries=$((tap_tries + 1))
		[ "$tap_tries" -lt $((500 * slower)) ] || return 1
		sleep 0.02
	done
}

# report_get FILE PATH: a member such as .outcome.reason or .limits.memory.value; strings plain,
# the rest as JSON, nothing and status 1 when it is absent.
report_get() { python3 "$top_srcdir/tests/lib/report.py" "$1" "$2"; }
# report_is FILE PATH WANT WHAT
report_is() { is "$(report_get "$1" "$2")" "$3" "$4"; }
# report_valid FILE [WHAT]: fits the schema.
report_valid() {
	ok "${2:-$(basename "$1") fits the schema}" python3 "$top_srcdir/tests/lib/validate.py" \
		"$top_srcdir/schema/report-v1.schema.json" "$1"
}
# report_has WHAT FILE PATH=VALUE...: one case: the file fits the schema and its members have these
# values (as report_get prints them; "PATH=" is an absent one, "PATH>=NUMBER" a smallest one).
report_has() {
	tap_what=$1
	shift
	ok "$tap_what" python3 "$top_srcdir/tests/lib/report-has.py" "$top_srcdir/schema/report-v1.schema.json" "$@"
	[ "$(head -c 1 "$T/.ok")" ] && tap_show
	return 0
}
