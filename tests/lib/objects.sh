# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The layer alone under vk-objects, after patterns.sh: which kernels there were, by name, is compared with what the program says.

objects_client=$top_builddir/tests/clients/vk-objects
# enum page_kernel_kind
objects_kinds='1 2 4'

# objects_rows PATTERN PAGE: what is dispatched, in the words of vk-objects.
objects_rows() {
	# shellcheck disable=SC2086 # one word each
	python3 - "$1" "$2" $objects_kinds <<'PY' | sort
import json, sys
pattern, page = sys.argv[1:3]
binary, generated, chosen = map(int, sys.argv[3:])
for row in map(json.loads, open(page)):
    if not row.get("dispatches") or "kernel" not in row:
        continue
    kind, count = row["kind"], row["dispatches"]
    name = "binary" if kind & binary else "generated" if kind & chosen else row["name"]
    if kind & generated:
        print(f"{pattern} generated {name} executions {count} least {row['least']} most {row['most']}")
    else:
        print(f"{pattern} kernel {name} dispatches {count}")
PY
}

# objects_check PATTERN: the same as without the layer, and the page has what the program says.
objects_check() {
	run "$objects_client" "$T/rounds.spv" "$1"
	without=$out
	like "$out" "^$1 dispatches [0-9]+ right\$" "$1: right without the layer"
	for mode in off sampled all; do
		run layer-host "$patterns_layer" $mode "$T/page" "$objects_client" "$T/rounds.spv" "$1"
		is "$out" "$without" "$1, $mode: the same with the layer"
		is "$(objects_rows "$1" "$T/page")" "$(printf '%s\n' "$out" | grep -e "^$1 kernel " -e "^$1 generated " | sort)" \
			"$1, $mode: each kernel has its dispatches"
		want=$(printf '%s\n' "$out" | sed -n 's/.* dispatches \([0-9]*\) right$/\1/p')
		measured=$(($(patterns_sum "$T/page" timed) + $(patterns_sum "$T/page" first)))
		case $mode in
		off) is "$measured" 0 "$1, off: nothing is timed" ;;
		sampled) is $((measured > 0)) 1 "$1, sampled: something is timed" ;;
		all) is $((measured + $(patterns_sum "$T/page" lost))) "$want" "$1, all: each is timed, or counted as lost" ;;
		esac
		like "$(grep '"slot"' "$T/page")" '"oldest_since_ns": 0,' "$1, $mode: nothing is left under way"
	done
}
