# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The layer alone under vk-patterns: every way of submitting work, counted to the last dispatch.

patterns_client=$top_builddir/tests/clients/vk-patterns
patterns_layer=$top_builddir/libVkLayer_vkjail.so

# patterns_prepare: the client's shader. The compiler may not write files, so it goes through a pipe.
patterns_prepare() {
	"$top_builddir/vkjail-compile" glsl rounds.comp main <"$top_srcdir/tests/clients/rounds.comp" | cat >"$T/rounds.spv"
	patterns=$("$patterns_client" list)
}

# patterns_sum PAGE MEMBER: over all kernels. The lines of layer-host are JSON.
patterns_sum() {
	python3 -c 'import json, sys
print(sum(row[sys.argv[2]] for row in map(json.loads, open(sys.argv[1])) if "kernel" in row))' "$1" "$2"
}

# patterns_check ICD WHAT: each pattern with timing, and all together without.
patterns_check() {
	# shellcheck disable=SC2086 # one word each
	run env VK_ICD_FILENAMES="$1" layer-host "$patterns_layer" off "$T/page" "$patterns_client" "$T/rounds.spv" $patterns
	status_is 0 "$2, off: all compute what they do without the layer"
	is "$(patterns_sum "$T/page" dispatches)" "$(printf '%s\n' "$out" | awk '{ n += $3 } END { print n }')" "$2, off: all dispatches are counted"
	is $(($(patterns_sum "$T/page" timed) + $(patterns_sum "$T/page" first))) 0 "$2, off: nothing is timed"
	for pattern in $patterns; do
		for mode in sampled all; do
			run env VK_ICD_FILENAMES="$1" layer-host "$patterns_layer" $mode "$T/page" "$patterns_client" "$T/rounds.spv" "$pattern"
			like "$out" "^$pattern dispatches [0-9]+ right\$" "$2, $pattern, $mode: computes what it does without the layer"
			want=$(printf '%s\n' "$out" | sed 's/.* dispatches \([0-9]*\) .*/\1/')
			is "$(patterns_sum "$T/page" dispatches)" "$want" "$2, $pattern, $mode: all dispatches are counted"
			measured=$(($(patterns_sum "$T/page" timed) + $(patterns_sum "$T/page" first)))
			case $mode in
			sampled) is $((measured > 0)) 1 "$2, $pattern, sampled: something is timed" ;;
			all) is $((measured + $(patterns_sum "$T/page" lost))) "$want" "$2, $pattern, all: each is timed, or counted as lost" ;;
			esac
			like "$(grep '"slot"' "$T/page")" '"oldest_since_ns": 0,' "$2, $pattern, $mode: nothing is left under way"
		done
	done
}
