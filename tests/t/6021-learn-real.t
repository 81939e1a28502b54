#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Real programs under the profile that was learned from them: a Taichi program on Vulkan, and a Candle one.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns vulkan
python=$cache/python/bin/python job=$cache/candle/candle-job
need_real "$python" "$job" "$cache/candle/model.safetensors"

# round WHAT ERE COMMAND...
round() {
	round_what=$1 round_match=$2
	shift 2
	run vkjail run --learn learned.yaml --ro-bind "$cache" --ro-bind "$real" -- "$@"
	status_is 0 "$round_what is learned"
	like "$out" "$round_match" 'its own check says OK'
	run vkjail run --seccomp learned.yaml --report r.json --ro-bind "$cache" --ro-bind "$real" -- "$@"
	status_is 0 'and runs under what was learned'
	like "$out" "$round_match" 'its own check says OK'
	report_has 'nothing was refused' r.json .sandbox.seccomp=file '.sandbox.denied.calls[#]=0'
}
round Taichi '^taichi: OK, 4096 particles' "$python" "$real/taichi_mpm.py"
round Candle '^candle: OK, 16 x 97 logits' "$job" "$cache/candle/model.safetensors"
done_testing
