#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --dry-run: what a run would trip over is found, and nothing is dispatched or written.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns vulkan python3

cat >add.comp <<'END'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Values { uint values[]; };
void main() {
	for (uint i = 0; i < 3000000000u; i += values[gl_GlobalInvocationID.x] + 1u)
		values[gl_GlobalInvocationID.x] += 0;
}
END
# write_job NAME SHADER BUFFER STEP: a job whose kernel would run for ever.
write_job() {
	cat >"$1.yaml" <<END
limits: { wall: 60s }
compute:
  device: software
  kernels: { add: { shader: $2 } }
  buffers: { values: $3 }
  steps: [ $4 ]
  outputs: { values: { file: values.npy } }
END
}
zeros='{ type: u32, shape: [64] }'
step='{ run: add, bind: [values], groups: [1] }'

write_job good add.comp "$zeros" "$step"
echo precious >values.npy
touch -d '2001-02-03 04:05:06' values.npy
before=$(stat -c '%i %s %Y %Z' values.npy)
export XDG_CACHE_HOME="$T/cache"
ends 0 exited 'exited: dry run: .* nothing was dispatched' 'a job that would never end is checked' --dry-run good.yaml
report_has 'the report says that it was a dry run' "$R" .job.dry_run=true .gpu.end.reason=done '.gpu.shaders[0].kernel=add' .gpu.kernels= .gpu.outputs=
is "$(report_get "$R" .gpu.phases | python3 -c 'import json, sys; print(*(p["name"] for p in json.load(sys.stdin)))')" \
	'open compile pipeline upload' 'nothing after the upload took place'
ok 'the cache is not touched' test ! -e cache
is "$(stat -c '%i %s %Y %Z' values.npy)" "$before" 'the output that was there is untouched'
rm values.npy
ends 0 exited '' 'quietly' -q --dry-run good.yaml
is "$(echo values*)" 'values*' 'no output is made'

# wrong ERE WHAT: bad.yaml is refused with these words, as a run refuses it.
wrong() {
	ends 125 bad-job "$1" "$2" --dry-run bad.yaml
	dry=$err
	ends 125 bad-job '*' "$2, in a run" bad.yaml
	is "$(printf '%s' "$dry" | grep -v report:)" "$(printf '%s' "$err" | grep -v report:)" '... which is told in the same words'
}
echo '#version 450
void main() { nonsense; }' >wrong.comp
write_job bad wrong.comp "$zeros" "$step"
wrong "wrong.comp:2: 'nonsense'" 'a shader that does not compile'
write_job bad add.comp "$zeros" '{ run: add, bind: [values, values], groups: [1] }'
wrong "kernel 'add' has 1 binding" 'buffers that do not fit the shader'
write_job bad add.comp "$zeros" '{ run: add, bind: [values], groups: [4294967295] }'
wrong 'maxComputeWorkGroupCount' 'more groups than the device allows'
printf '\223NUMPY\001\000\166\000%-117s\n%s' "{'descr': '<u4', 'fortran_order': False, 'shape': (64,), }" short >cut.npy
write_job bad add.comp '{ file: cut.npy }' "$step"
wrong 'cut.npy' 'an input that is cut'
write_job bad add.comp '{ file: missing.npy }' "$step"
wrong 'missing.npy' 'an input that is not there'
write_job bad add.comp '{ type: u32, shape: [1048576] }' "$step"
ends 123 device-memory 'limit of device memory' 'more device memory than the limit' --dry-run --device-memory 1M bad.yaml

# An output that keeps, one to stdout, one that is a sequence of files.
cat >kinds.yaml <<'END'
limits: { wall: 60s }
compute:
  device: software
  kernels: { add: { shader: add.comp } }
  buffers: { values: { type: u32, shape: [64] }, frames: { type: u8, shape: [3, 4, 4] }, in: { file: '-', format: npy } }
  steps: [ { run: add, bind: [values], groups: [1] } ]
  outputs: { values: { file: '-', format: npy }, frames: { file: 'frame-%04d.png', on-limit: keep } }
END
printf '\223NUMPY\001\000\166\000%-117s\nabcdefgh' "{'descr': '<u4', 'fortran_order': False, 'shape': (2,), }" >in.npy
new_report
run vkjail run -q --report "$R" --dry-run kinds.yaml <in.npy
is "$status:$out:$err:$(echo frame*)" '0:::frame*' 'stdin is read, nothing goes to stdout, no file of a sequence is made'
head -c 130 in.npy >cut.npy
new_report
run vkjail run --report "$R" --dry-run kinds.yaml <cut.npy
judge 125 bad-job '*' 'stdin that is cut is found'

ends 125 bad-job 'only a compute job can be checked without running it' 'a command is refused' --dry-run -- touch ran
ok 'and not run' test ! -e ran
like "$err" "hint: 'vkjail plan'" 'with a hint'
reports_valid
done_testing
