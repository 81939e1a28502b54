#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compute jobs whose shaders, inputs or sizes are wrong: bad-job with the place, and an output file
# of an earlier run keeps what it holds.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need vulkan python3

echo precious >y.npy
cp "$top_srcdir/shaders/saxpy.comp" .
sed "s/float x\[\]/uint x[]/" saxpy.comp >words.comp
python3 - <<'P'
import struct, zlib
def npy(name, header, body):
    h = header.encode() + b" " * (118 - len(header) - 1) + b"\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + body)
def kind(descr, shape):
    return "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
npy("good.npy", kind("<f4", "(64,)"), struct.pack("<64f", *range(64)))
data = open("good.npy", "rb").read()
open("cut.npy", "wb").write(data[:-8])
open("long.npy", "wb").write(data + b"more")
open("header.npy", "wb").write(data[:40])
open("magic.npy", "wb").write(b"\x93NUMPX" + data[6:])
npy("object.npy", kind("|O", "(2,)"), b"\x80\x04]q\x00.")
npy("complex.npy", kind("<c8", "(4,)"), bytes(32))
npy("big-endian.npy", kind(">f4", "(4,)"), bytes(16))
npy("text.npy", kind("<U2", "(2,)"), bytes(16))
npy("code.npy", "{'descr': __import__('os').system('touch started'), 'fortran_order': False, 'shape': (1,), }", bytes(4))
npy("huge.npy", kind("<f4", "(4294967296, 4294967296)"), b"")
npy("minus.npy", kind("<f4", "(-64,)"), b"")
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
def png(name, w, h, body, depth=8, color=0):
    open(name, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
png("bomb.png", 100000, 100000, zlib.compress(b"\0" * 1000000))
png("short.png", 64, 64, zlib.compress(b"\0" * 100))
png("zero.png", 0, 5, zlib.compress(b"\0"))
png("garbage.png", 8, 8, b"not zlib")
open("cut.png", "wb").write(open("short.png", "rb").read()[:30])
open("text.png", "w").write("hello")
open("deep.raw", "wb").write(b"\0" * 10)
P
: >empty.npy
mkdir dir.npy
mkfifo fifo.npy

# job SHADER X STEP: a job file on these.
job() {
	cat >job.yaml <<Y
limits: { wall: 30s }
compute:
  device: software
  kernels: { k: { shader: $1 } }
  buffers:
    x: $2
    y: { type: f32, shape: [64] }
  steps: [ { run: k, bind: [x, y], push: [2.0, 64], $3 } ]
  outputs: { y: { file: y.npy } }
Y
}
fill='{ type: f32, shape: [64], fill: iota }'
one='groups: [1, 1, 1]'
# shader ERE WHAT FILE, input ERE WHAT BUFFER, step ERE WHAT STEP
shader() { job "$3" "$fill" "$one" && ends 125 bad-job "$1" "$2" job.yaml; }
input() {
	case $3 in
	*.png*) job words.comp "$3" "$one" ;;
	*) job saxpy.comp "$3" "$one" ;;
	esac && ends 125 bad-job "$1" "$2" job.yaml
}
step() { job saxpy.comp "$fill" "$3" && ends 125 bad-job "$1" "$2" job.yaml; }

# ---- shaders
shader 'job\.yaml:4: compute\.kernels\.k.*no\.comp: cannot open: No such file' 'a missing shader' no.comp
printf 'void main( {\n' >broken.comp
shader 'broken\.comp:1: .*syntax error' 'one that does not compile' broken.comp
printf '#version 450\nlayout(local_size_x=1) in;\nvoid main()\n{\n\tint i = undefined_thing;\n}\n' >undef.comp
shader "undef\.comp:5: .*undefined_thing.*undeclared" 'an undeclared name, with its line' undef.comp
: >none.comp
shader 'shader rejected: none\.comp: is empty' 'an empty one' none.comp
head -c 4000 /dev/urandom >noise.comp
shader 'shader rejected: noise\.comp: ' 'noise' noise.comp
printf '#version 450\n#include "/etc/shadow"\nvoid main() {}\n' >steal.comp
shader 'steal\.comp:2: #include of ./etc/shadow.: an absolute path is not allowed' 'an #include of any file' steal.comp
printf '\003\002\043\007garbage' >bad.spv
shader 'shader rejected: bad\.spv: ' 'SPIR-V that is none' bad.spv
mkdir dir.comp
shader 'dir\.comp: is a directory' 'a directory' dir.comp
unlike "$err" 'glslang|0x[0-9a-f]{6}' 'messages speak of the shader, not of our insides'

# ---- inputs
input 'compute\.buffers\.x: no\.npy: cannot open: No such file' 'a missing input' '{ file: no.npy }'
input 'cut\.npy: is cut off: f32 \[64\] needs 384 bytes, the file has 376' 'a truncated .npy' '{ file: cut.npy }'
input 'header\.npy: is cut off inside the \.npy header' 'a truncated header' '{ file: header.npy }'
input 'empty\.npy: is not a \.npy file' 'an empty file' '{ file: empty.npy }'
input 'magic\.npy: is not a \.npy file' 'no .npy at all' '{ file: magic.npy }'
input 'object\.npy: the array holds Python objects' 'object dtype' '{ file: object.npy }'
input 'complex\.npy: the array.s type is .<c8., which is not one of the types' 'complex numbers' '{ file: complex.npy }'
input 'text\.npy: the array.s type is .<U2.' 'text' '{ file: text.npy }'
input 'code\.npy: damaged \.npy header' 'a header that is a program' '{ file: code.npy }'
input 'huge\.npy: the shape has more elements' 'a shape that overflows' '{ file: huge.npy }'
input 'minus\.npy: damaged \.npy header: the shape' 'a negative shape' '{ file: minus.npy }'
input 'dir\.npy: is a directory' 'a directory' '{ file: dir.npy }'
input 'fifo\.npy: is not a regular file' 'a FIFO' '{ file: fifo.npy }'
input 'good\.npy: holds f32 \[64\], the job says f32 \[32\]' 'another shape than the job says' '{ file: good.npy, type: f32, shape: [32] }'
input 'good\.npy: holds f32 \[64\], the job says u32 \[64\]' 'another type than the job says' '{ file: good.npy, type: u32, shape: [64] }'
input 'bomb\.png: the PNG is 100000 x 100000, 16384 x 16384 is the most' 'a PNG bomb' '{ file: bomb.png }'
input 'short\.png: cannot handle this PNG: Not enough image data' 'a PNG with too little data' '{ file: short.png }'
input 'cut\.png: the PNG is cut off' 'a truncated PNG' '{ file: cut.png }'
input 'zero\.png: the PNG says it is empty' 'a PNG without width' '{ file: zero.png }'
input 'garbage\.png: cannot handle this PNG' 'a PNG of noise' '{ file: garbage.png }'
input 'text\.png: is not a PNG file' 'no PNG at all' '{ file: text.png }'
input 'deep\.raw: is cut off: f32 \[64\] needs 256 bytes, the file has 10' 'a raw file of the wrong size' '{ file: deep.raw, type: f32, shape: [64] }'
input 'job\.yaml:6: compute\.buffers\.x: a raw file says nothing about itself' 'a raw file without type and shape' '{ file: deep.raw }'
input 'compute\.buffers\.x: needs .file., .like., or both .type. and .shape.' 'no shape' '{ type: f32 }'
input 'job\.yaml:6: compute\.buffers\.x.*shape' 'a shape of zero' '{ type: f32, shape: [0] }'
input 'job\.yaml:6: compute\.buffers\.x.*shape' 'a negative shape' '{ type: f32, shape: [-1] }'
input 'job\.yaml:6: compute\.buffers\.x' 'a shape that overflows' '{ type: f32, shape: [4294967296, 4294967296, 4294967296] }'
input "job\.yaml:6: compute\.buffers\.x\.type: .*'f33'" 'no such type' '{ type: f33, shape: [1] }'
input 'job\.yaml:6.*finite' 'a fill that is not finite' '{ type: f32, shape: [1], fill: { value: .nan } }'

# ---- sizes
step 'compute\.steps\[0\]: groups\[0\] asks for 4294967295 groups in x, the device allows [0-9]+' 'more groups than the device allows' 'groups: [4294967295, 1, 1]'
step 'compute\.steps\[0\]\.groups\[0\]: must be from 1' 'no groups' 'groups: [0, 1, 1]'
step 'compute\.steps\[0\]: needs either .groups., .elements. or .indirect.' 'neither groups nor elements' 'repeat: 1'
step 'compute\.steps\[0\]\.repeat: must be from 1' 'a repeat of zero' 'groups: [1, 1, 1], repeat: 0'
job saxpy.comp '{ type: f32, shape: [4611686018, 64] }' "$one"
ends 123 device-memory "job\.yaml:6: compute\.buffers\.x: 1\.07TiB needed, the device's largest heap is" 'a buffer larger than any heap' job.yaml
job saxpy.comp '{ type: f32, shape: [4000000] }' "$one"
ends 123 device-memory '15\.25MiB needed, the limit of device memory is 1MiB' 'a buffer above the limit' --device-memory 1M job.yaml

# ---- the job's own names
job saxpy.comp "$fill" "$one"
ends 125 bad-job '--input: there is no buffer .zz.' '--input of no buffer' --input zz=good.npy job.yaml
ends 125 bad-job '--output: there is no buffer .zz.' '--output of no buffer' --output zz=z.npy job.yaml
ends 125 bad-job '--output: no/such/y\.npy: cannot write: its directory cannot be opened' '--output into no directory' --output y=no/such/y.npy job.yaml
ends 125 bad-job 'dir\.npy: is a directory' '--output onto a directory' --output y=dir.npy job.yaml
ends 125 bad-job 'fifo\.npy: is not a regular file' '--output onto a FIFO' --output y=fifo.npy job.yaml
ends 125 bad-job '--output: .job\.yaml. is also the job file' '--output onto the job file' --output y=job.yaml job.yaml
ends 125 bad-job '--output: .good\.npy. is also an input' '--output onto an input' --input x=good.npy --output y=good.npy job.yaml

is "$(cat y.npy)" precious 'after all of this the old output is as it was'
is "$(find . -name '.y.npy*')" '' 'and nothing lies beside it'
ok 'no header was executed' test ! -e started
ends 0 exited '*' 'the same job, when right' job.yaml
is "$(python3 -c 'import struct; print(struct.unpack("<64f", open("y.npy", "rb").read()[-256:])[63])')" 126.0 'replaces it'
reports_valid
done_testing
