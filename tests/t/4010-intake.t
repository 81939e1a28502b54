#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of a job's shaders on their way in: includes with the right places in messages, macros,
# bindings by name, entry points; through vkjail run.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3

mkdir -p jobs/shaders/lib
cd jobs || exit 99
cat >shaders/main.comp <<'EOS'
#version 450
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "lib/buffers.glsl"
#include <add.glsl>
#ifdef NEVER
#include "not-there.glsl"
#endif
void main() {
	uint i = gl_GlobalInvocationID.x;
	target.to[i] = add(from[i], OFFSET);
}
EOS
cat >shaders/lib/buffers.glsl <<'EOS'
#ifndef BUFFERS
#define BUFFERS
layout(std430, binding = 0) readonly buffer Source { uint from[]; };
layout(std430, binding = 1) writeonly buffer Target { uint to[]; } target;
#endif
EOS
cat >add.glsl <<'EOS'
#include "shaders/lib/buffers.glsl"
#include "shaders/lib/buffers.glsl"
uint add(uint a, uint b) { return a + b; }
EOS
# job SHADER [MORE]: a job file on stdout.
job() {
	cat <<EOY
compute:
  device: software
  kernels: { k: { shader: $1${2:+, $2} } }
  buffers: { x: { type: u32, shape: [256], fill: iota }, y: { like: x } }
  steps: [ { run: k, bind: { target: y, 0: x }, elements: x.elements } ]
  outputs: { y: y.raw }
EOY
}
go() { run vkjail run --report report.json job.yaml; }
values() { python3 -c 'import array
print(*sorted(set(v - i for i, v in enumerate(array.array("I", open("y.raw", "rb").read())))))'; }

job shaders/main.comp 'define: { OFFSET: 40 + 2 }' >job.yaml
go
status_is 0 'a shader with includes'
is "$(values)" 42 '... computes with them'
cd ..
run vkjail run --report report.json jobs/job.yaml
status_is 0 'includes are relative to the job file, not to the caller'
run vkjail run --report none "$T/jobs/job.yaml"
status_is 0 '... also with an absolute path'
cd jobs || exit 99

# A mistake is told where it stands.
# wrong WHAT ERE: the last job is refused with this.
wrong() {
	go
	status_is 125 "$1"
	like "$err" "$2" '... and says so'
	is "$(report_get report.json .outcome.reason)" bad-job '... as bad-job'
	if [ -e wrong.raw ]; then fail '... and writes nothing'; else pass '... and writes nothing'; fi
}
cp add.glsl add.good
job shaders/main.comp 'define: { OFFSET: 42 }' | sed 's/y.raw/wrong.raw/' >job.yaml
echo 'uint more(uint a) { return nonsense; }' >>add.glsl
wrong 'a mistake in an included file' "shader rejected: add.glsl:4: 'nonsense' : undeclared identifier"
cp add.good add.glsl
sed 's/OFFSET/nonsense/' shaders/main.comp >shaders/wrong.comp
job shaders/wrong.comp | sed 's/y.raw/wrong.raw/' >job.yaml
wrong 'a mistake after the includes' "shader rejected: shaders/wrong.comp:11: 'nonsense' : undeclared identifier"
sed 's/lib\/buffers/lib\/missing/' shaders/main.comp >shaders/wrong.comp
wrong 'an include that is not there' "shader rejected: shaders/wrong.comp:4: .#error. : the file lib/missing.glsl is not there"
sed 's/lib\/buffers.glsl/\/etc\/passwd/' shaders/main.comp >shaders/wrong.comp
wrong 'an include of an absolute path' "job.yaml:3: compute.kernels.k: shaders/wrong.comp:4: #include of '/etc/passwd': an absolute path"
unlike "$out$err" 'root:' '... and no file of the host is shown'
ln -s /etc/passwd shaders/link.glsl
sed 's/lib\/buffers.glsl/link.glsl/' shaders/main.comp >shaders/wrong.comp
wrong 'an include of a link that leads out' "wrong.comp:4: .#error. : the file link.glsl is not there"
echo '#include "wrong.comp"' >shaders/wrong.comp
wrong 'an include of itself' "shaders/wrong.comp:1: #include of 'wrong.comp': it includes itself"
run vkjail plan job.yaml
status_is 125 'vkjail plan finds that, too'
like "$err" 'it includes itself' '... and says so'

# Entry points of SPIR-V by name; here 'main' is renamed in place.
"$top_builddir/vkjail-compile" glsl k main -DOFFSET=7 <<'EOS' | cat >main.spv
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer Source { uint from[]; };
layout(std430, binding = 1) writeonly buffer Target { uint to[]; } target;
void main() { target.to[gl_GlobalInvocationID.x] = from[gl_GlobalInvocationID.x] + OFFSET; }
EOS
python3 - <<'EOS'
words = open("main.spv", "rb").read()
open("other.spv", "wb").write(words.replace(b"main\0", b"kern\0", 1))
open("swapped.spv", "wb").write(b"".join(words[i:i + 4][::-1] for i in range(0, len(words), 4)))
EOS
job other.spv 'entry: kern' >job.yaml
go
status_is 0 'an entry point of another name'
is "$(values)" 7 '... is run'
job other.spv | sed 's/y.raw/wrong.raw/' >job.yaml
wrong 'an entry point that is not there' "has no compute entry point 'main', there is 'kern'"
job other.spv 'entry: kern, define: {A: 1}' | sed 's/y.raw/wrong.raw/' >job.yaml
wrong 'macros for SPIR-V' "other.spv: is SPIR-V, and macros are for GLSL"
job swapped.spv | sed 's/y.raw/wrong.raw/' >job.yaml
wrong 'the other byte order' 'swapped.spv: is SPIR-V of the other byte order'

done_testing
