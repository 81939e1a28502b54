#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Candle program: a transformer's forward pass on the CPU, checked against NumPy's logits.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns
job=$cache/candle/candle-job
need_real "$job" "$cache/candle/model.safetensors"

real_run 'Candle' '^candle: OK, 16 x 97 logits' --ro-bind "$cache" -- "$job" "$cache/candle/model.safetensors"
real_run 'Candle, one thread' '^candle: next tokens \[73, 73, 61, 61, 66, 58, 80, 23,' \
	--env RAYON_NUM_THREADS=1 --ro-bind "$cache" -- "$job" "$cache/candle/model.safetensors"

# Its check can fail: a model with one wrong byte in a weight.
mkdir model && cp "$cache/candle/model.safetensors" model/ || exit 99
python3 - model/model.safetensors <<'EOF'
import struct, sys
with open(sys.argv[1], "r+b") as f:
    begin = 8 + struct.unpack("<Q", f.read(8))[0]
    f.seek(begin)
    f.write(struct.pack("<f", 99.0))
EOF
run vkjail run --ro-bind "$cache" -- "$job" model/model.safetensors
status_is 1 'a changed weight is noticed'
like "$err" '^candle: wrong: ' 'and the program says so'
report_is vkjail-report.json .outcome.reason exited 'the reason is its own exit'
report_is vkjail-report.json .outcome.code 1 'with status 1'
done_testing
