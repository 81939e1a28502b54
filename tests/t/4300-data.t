#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files of compute jobs: every format, type and order that is read, what generated buffers hold,
# sequences, stdin and stdout, the way through staging buffers, and files that somebody made to do harm.
# shellcheck disable=SC2317 # functions that run calls
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/numpy.sh"
need userns vulkan python3

need_numpy
check() { "$numpy" "$top_srcdir/tests/lib/check_data.py" "$@"; }
check make || exit 99

cat >touch.comp <<'E'
#version 450
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer N { uint n[]; };
void main() { n[0] = 1; }
E
# job X [OUTPUT]: buffer x goes to the device and comes back; the kernel does not touch it.
job() {
	cat >job.yaml <<Y
limits: { wall: 60s }
compute:
  device: software
  kernels: { touch: { shader: touch.comp } }
  buffers: { n: { type: u32, shape: [1] }, x: $1 }
  steps: [ { run: touch, bind: [n], groups: 1 } ]
  outputs: { x: ${2:-y.npy} }
Y
}
# row X CHECK...: one of the buffers of a job with many; what comes back is looked at by CHECK.
row() {
	rows=$((rows + 1))
	printf '    x%s: %s\n' "$rows" "$1" >>buffers.txt
	printf '    x%s: x%s.npy\n' "$rows" "$rows" >>outputs.txt
	shift
	what=$1
	shift
	printf '%s x%s.npy %s\n' "$what" "$rows" "$*" >>checks.txt
}
# rows_pass WHAT: the job with all rows since the last time ends well, and NumPy finds the right numbers.
rows_pass() {
	rm -f x*.npy
	new_report
	{
		printf 'limits: { wall: 60s }\ncompute:\n  device: software\n  kernels: { touch: { shader: touch.comp } }\n'
		printf '  buffers:\n    n: { type: u32, shape: [1] }\n'
		cat buffers.txt
		printf '  steps: [ { run: touch, bind: [n], groups: 1 } ]\n  outputs:\n'
		cat outputs.txt
	} >rows.yaml
	run vkjail run -q --report "$R" rows.yaml
	judge 0 exited '*' "$1: $rows buffers"
	ok "$1: NumPy agrees with each" check rows checks.txt
	rm -f buffers.txt outputs.txt checks.txt
	rows=0
}
rows=0
# refused X ERE WHAT
refused() {
	job "$1"
	ends 125 bad-job "$2" "$3" job.yaml
}

# ---- every format, first as the device likes it, then through staging buffers of 100 bytes and of 4 KiB
for staging in '' 100 4K; do
	if [ "$staging" ]; then
		VKJAIL_TEST_STAGING=$staging
		export VKJAIL_TEST_STAGING
	fi
	way=${staging:+, staging of $staging}
	row '{ file: a.npy }' array
	row '{ file: big.npy }' array
	row '{ file: fortran.npy }' array
	row '{ file: fortran3.npy }' cube
	row '{ file: "stored.npz#a" }' array
	row '{ file: "packed.npz#a" }' array
	row '{ file: "packed.npz#f.npy" }' array
	row '{ file: "m.safetensors#w" }' array
	row '{ file: m.safetensors, member: "l.0#x", type: f32 }' bfloat
	row '{ file: half.npy, type: f64 }' half float64
	row '{ type: f32, shape: [10, 100], fill: { random: 7 } }' random-shape
	rows_pass "formats and orders$way"
	job '{ file: deep.png, type: u16 }' out.png
	ends 0 exited '*' "PNG of 16 bits$way" job.yaml
	ok "PNG of 16 bits$way: every sample is the same" check deep out.png
done
job '{ file: a.npy }'
VKJAIL_TEST_STAGING=63 ends 125 bad-job 'VKJAIL_TEST_STAGING: expected 64 bytes' 'the switch is read' job.yaml
unset VKJAIL_TEST_STAGING

# ---- other forms
row '{ file: v2.npy }' array
row '{ file: v3.npy }' array
row '{ file: stored.npz, member: "x#y" }' array
row '{ file: one.npz }' array
row '{ file: only.safetensors }' array
row '{ file: "m.safetensors#h", type: f32 }' half float32
row '{ file: nan.npy }' bits
rows_pass 'versions, names, the only member, f16 as f32, NaN'
for type in u8 i8 u16 i16 u32 i32 f32 u64 i64 f64 f16 bool; do
	row "{ file: $type.npy, type: $type }" typed "$type"
	row "{ type: $type, shape: [1000], fill: { random: 42 } }" random "$type" 42
	row "{ type: $type, shape: [1000], fill: iota }" iota "$type"
done
rows_pass 'every type, from a file, random and iota as vkjail-job(5) says'
job '{ file: empty.npy }'
ends 0 exited '*' 'a buffer without elements' job.yaml
is "$("$numpy" -c 'import numpy; y = numpy.load("y.npy"); print(y.shape, y.dtype)')" '(0, 4) float32' '... keeps its shape'
job '{ file: empty.npy }' out2.png
ends 125 bad-job 'f32 \[0, 4\] cannot become a PNG' 'a picture without pixels' job.yaml

# ---- what is refused
refused '{ file: packed.npz }' "packed\.npz: holds 3 arrays \('a', 'b', 'f'\): say which one" 'npz, which of them'
refused '{ file: "packed.npz#c" }' "packed\.npz#c: has no member 'c'; it has 'a', 'b', 'f'" 'npz, no such member'
refused '{ file: "bomb.npz#a" }' 'bomb\.npz#a: is cut off: f32 \[1048576, 1048576\] needs' 'a bomb of zeros'
refused '{ file: "long.npz#a" }' 'long\.npz#a: is too long: f32 \[37, 53\] needs 7972 bytes, the file has 50007972' 'a bomb behind an array'
refused '{ file: "damaged.npz#a" }' 'damaged\.npz#a: (is damaged: its checksum|the compressed data is)' 'a byte changed'
refused '{ file: bzip.npz }' 'bzip\.npz: the member is compressed by method 12' 'another compression'
refused '{ file: text.npz }' 'text\.npz: is not a \.npy file' 'a member that is no array'
refused '{ file: a.npy, format: npz }' 'a\.npy: is not a \.npz \(zip\) file, or it is cut off' 'no zip at all'
refused '{ file: huge.safetensors }' 'huge\.safetensors: .*it says 4294967296 bytes, 16777216 is the most' 'a header of 4 GiB'
refused '{ file: a.npy, format: safetensors }' 'a\.npy: is not a \.safetensors file' 'no safetensors at all'
refused '{ file: "m.safetensors#l.0#x" }' 'the array holds bf16, which no shader can read' 'bf16 as it is'
refused '{ file: "m.safetensors#q" }' "the tensor's type is 'F8_E4M3'" 'a type that nobody has'
refused '{ file: m.safetensors }' 'holds 4 tensors: say which one' 'safetensors, which of them'
refused '{ file: "m.safetensors#w", type: f64 }' 'holds f32 \[37, 53\], the job says type f64' 'f32 is not widened'
refused '{ file: half.npy, type: u16 }' 'holds f16 \[65536\], the job says type u16' 'f16 as integers'
refused '{ file: deep.png, type: f32 }' 'holds u8 \[7, 5, 4\], the job says type f32' 'a PNG as floats'

# ---- an output onto an input, by other names
cp a.npy in.npy
ln in.npy hard.npy
mkdir d && ln -s .. d/up
job '{ file: in.npy }' hard.npy
ends 125 bad-job "hard\.npy: is the same file as the input 'in\.npy' of buffer 'x'" 'an output that is a hard link to the input' job.yaml
job '{ file: in.npy }' d/up/in.npy
ends 125 bad-job "in\.npy: is the same file as the input" 'an output that is the input by way of a symbolic link' job.yaml
ok 'the input is as it was' cmp a.npy in.npy

# ---- sequences
cat >count.comp <<'E'
#version 450
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer N { uint n[]; };
void main() { n[gl_GlobalInvocationID.x] = gl_GlobalInvocationID.x; }
E
# sequence BUFFER FILES: buffer s goes there.
sequence() {
	cat >seq.yaml <<Y
limits: { wall: 60s }
compute:
  device: software
  kernels: { count: { shader: count.comp } }
  buffers: { n: { type: u32, shape: [5, 2, 3] }, s: $1 }
  steps: [ { run: count, bind: [n], groups: 30 } ]
  outputs: { n: 'slice-%d.npy', s: '$2' }
Y
}
for staging in '' 100; do
	if [ "$staging" ]; then export VKJAIL_TEST_STAGING=$staging; fi
	rm -f slice-* frame-*
	sequence '{ type: u8, shape: [3, 4, 5], fill: iota }' 'frame-%03d.png'
	ends 0 exited '*' "two sequences${staging:+, staging}" seq.yaml
	is "$(echo frame-* slice-*)" 'frame-000.png frame-001.png frame-002.png slice-0.npy slice-1.npy slice-2.npy slice-3.npy slice-4.npy' '... make these files'
	ok '... with the right pictures' check frames frame-%03d.png
	ok '... and the right arrays' check slices slice-%d.npy
done
unset VKJAIL_TEST_STAGING
is "$(find . -name '.*' ! -name . ! -name .ok ! -name .out ! -name .err)" '' '... and nothing lies beside them'
is "$(stat -c %a frame-000.png)" 644 '... which have the usual mode'
rm -f frame-*
mkdir frame-001.png
sequence '{ type: u8, shape: [3, 4, 5], fill: iota }' 'frame-%03d.png'
ends 125 bad-job 'frame-001\.png: is a directory' 'a place that is taken by something else' seq.yaml
is "$(echo frame-*)" frame-001.png '... before anything is written'
cp a.npy slice-x.npy
sequence '{ file: slice-1.npy }' 'x.npy'
ends 125 bad-job "'slice-%d\.npy' is also an input" 'a sequence over an input' seq.yaml

# ---- stdin and stdout
cat >pipe.yaml <<'Y'
limits: { wall: 60s }
compute:
  device: software
  kernels: { touch: { shader: touch.comp } }
  buffers: { n: { type: u32, shape: [1] }, x: { file: '-', format: npy } }
  steps: [ { run: touch, bind: [n], groups: 1 } ]
  outputs: { x: { file: '-', format: npy } }
Y
# A pipe, not the file itself.
through_pipe() { cat "$1"; }
quiet_run() { vkjail run -q --report none "$@" 2>>stderr.txt; }
through_pipe a.npy | quiet_run pipe.yaml | quiet_run pipe.yaml | cat >y.npy
ok 'two jobs in a pipe' check array y.npy
quiet_run pipe.yaml <big.npy >y.npy
ok 'a file as stdin, stdout a file; nothing else is in it' check array y.npy
through_pipe fortran.npy | VKJAIL_TEST_STAGING=100 quiet_run pipe.yaml | cat >y.npy
ok 'Fortran order from a pipe, through staging' check array y.npy
sed 's/format: npy }/format: png, type: u16 }/; s/outputs: .*/outputs: { x: { file: "-", format: png } }/' pipe.yaml >png.yaml
through_pipe deep.png | quiet_run png.yaml | cat >out.png
ok 'PNG through pipes' check deep out.png
cut_input() { head -c "$1" a.npy | vkjail run --report "$R" pipe.yaml >y.npy; }
new_report
run cut_input 500
judge 125 bad-job 'stdin: is cut off after 500 bytes' 'stdin that ends early'
new_report
more_input() { cat a.npy a.npy | vkjail run --report "$R" pipe.yaml >y.npy; }
run more_input
judge 125 bad-job 'stdin: is too long: more follows after 7972 bytes' 'stdin that goes on'
new_report
no_input() { vkjail run --report "$R" pipe.yaml </dev/null >y.npy; }
run no_input
judge 125 bad-job 'stdin: is not a \.npy file' 'an empty stdin'
new_report
from_stdin() { vkjail run --report "$R" - <pipe.yaml >y.npy; }
run from_stdin
judge 125 bad-job 'stdin can be read once, and the job file comes from it already' 'the job file from stdin as well'
run vkjail run --report - pipe.yaml
status_is 125 'the report to stdout as well'
like "$err" 'stdout takes one output and nothing else, and the report goes there already' '... is said'
new_report
to_full() { vkjail run --report "$R" pipe.yaml <a.npy >/dev/full; }
if [ -w /dev/full ]; then
	run to_full
	judge 125 runner-failed 'stdout: cannot write.*ENOSPC' 'a full disk behind stdout'
fi
# A writer that never writes: the wall limit still ends the job.
mkfifo silent
sleep 100 >silent &
sleeper=$!
new_report
waits() { vkjail run --wall 300ms --report "$R" pipe.yaml <silent >y.npy; }
run waits
judge 124 wall-time '*' 'a stdin that never says anything, under a limit'
kill "$sleeper"
reports_valid
done_testing
