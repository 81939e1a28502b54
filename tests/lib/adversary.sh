# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # sourced after tap.sh, whose variables it uses
# Jobs that do their worst, and what must be true after each: the reason, no more of the limited thing
# than the limit, and nothing left: no process, mount or control group. Prints a row for each.
#
#   adversary 'fork bomb' wall-time 124 --wall 1s --processes 30 -- ./devour processes
#   adversaries_end

report=$T/adversary.json
# What a job and all that it starts have in common: the name in the argument list of its pid 1.
mark=vkjail-adversary-$$-mark
rows=$T/rows
: >"$rows"

# groups_of PID: control groups that were made by this runner, in any hierarchy.
groups_of() { find /sys/fs/cgroup -type d -name "*vkjail*[^0-9]$1[^0-9]*" -o -type d -name "*vkjail*[^0-9]$1" 2>/dev/null; }
# All mount points but those that other tests, which run at the same time, make in their directories.
mount_points() { awk -v own="$T/" '$5 !~ "/vkjail-test[.]" || index($5, own) == 1 { print $5 }' /proc/self/mountinfo | sort; }
# left_of PID: one line for each thing that is left of this runner.
left_of() {
	pgrep -f -a "$mark" | grep -v "^$$ " | sed 's/^/process /'
	groups_of "$1" | sed 's/^/group /'
	mount_points >"$T/mounts.after"
	sort "$T/mounts.before" | comm -13 - "$T/mounts.after" | sed 's/^/mount /'
}
# shellcheck disable=SC2317 # called by wait_for
nothing_left() {
	left_of "$1" >"$T/left"
	! [ -s "$T/left" ]
}
# start ARGUMENT...: vkjail with the mark; sets runner (its pid), status, out and err.
start() {
	mount_points >"$T/mounts.before"
	rm -f "$report"
	# shellcheck disable=SC2016 # that shell's own pid
	run sh -c 'echo $$ >"$1" && shift && exec "$@"' sh "$T/pid" \
		vkjail run -q --report "$report" --env "MARK=$mark" "$@"
	runner=$(cat "$T/pid")
}
# adversary WHAT REASON STATUS ARGUMENT...: one case. REASON and STATUS may be 'A|B'.
adversary() {
	what=$1 want_reason=$2 want_status=$3
	shift 3
	start "$@"
	judge_end
}
# judge_end: the case that what, want_reason and want_status describe, whose run is over.
judge_end() {
	wait_for nothing_left "$runner"
	set -- "$(report_get "$report" .outcome.reason)" "$(overshoot)" "$(grep -c . "$T/left")"
	printf '%s|%s|%s|%s\n' "$what" "$1" "$2" "$3" >>"$rows"
	bad=
	case "|$want_reason|" in *"|$1|"*) ;; *) bad="the reason is '$1', want '$want_reason'" ;; esac
	case "|$want_status|" in *"|$status|"*) ;; *) bad="$bad; the status is $status, want $want_status" ;; esac
	case $2 in *!*) bad="$bad; it got $2 over its limit" ;; esac
	[ "$3" = 0 ] || bad="$bad; left: $(cat "$T/left")"
	if [ -z "$bad" ]; then pass "$what"; else
		fail "$what"
		diag "$bad"
		tap_show
	fi
}
# overshoot: of memory and of processes, where a limit was given and a peak is known, in percent; with '!'
# where a control group had to prevent it. Pid 1 of the sandbox is no process of the job's. Of the wall limit,
# where it ended the job, in ms, with the grace that the job used.
overshoot() {
	python3 - "$report" <<'PYTHON'
import json, sys
try:
    report = json.load(open(sys.argv[1]))
except (OSError, ValueError):
    print("-")
    sys.exit()
usage = report.get("usage") or {}
peak, group = usage.get("peak") or {}, usage.get("group") or {}
used = {"memory": group.get("memory_peak_bytes") or peak.get("memory_bytes"),
        "processes": (group.get("tasks_peak") or peak.get("processes") or 1) - 1}
out = []
for name in used:
    limit = (report.get("limits") or {}).get(name) or {}
    if limit.get("value") and used[name]:
        over = max(0, 100 * (used[name] - limit["value"]) / limit["value"])
        held = (limit.get("enforced_by") or "").startswith("cgroup")
        out.append(f"{name} {over:.1f}%{'!' if over > 0 and held else ''}")
outcome, limits = report.get("outcome") or {}, report.get("limits") or {}
if outcome.get("reason") == "wall-time":
    late = report["times"]["wall_ns"] - limits["wall"]["value"]
    out.append(f"wall {late / 1e6:.0f} ms")
print(", ".join(out) or "-")
PYTHON
}
# enforcer LIMIT VALUE: who would enforce it here.
enforcer() {
	vkjail run -q --report "$T/enforcer.json" "--$1" "$2" -- true
	report_get "$T/enforcer.json" ".limits.$1.enforced_by"
}
# adversaries_end: the table, as comments.
adversaries_end() {
	diag 'case | reason | overshoot | left'
	diag "$(cat "$rows")"
}
