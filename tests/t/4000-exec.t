#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vkjail-exec alone, on the software driver: results, every way to end, what a bad job is told.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need vulkan python3

exec_job() { run python3 "$top_srcdir/tests/lib/run-exec.py" "$@"; }
# ends STATUS REASON WHAT [ERE]: about the last run; ERE is about the text of the end.
ends() {
	status_is "$1" "$3"
	like "$out" "\"reason\": \"$2\".*$4.*\"event\": \"end\"" "... as $2${4:+, saying $4}"
}
cat >chain.comp <<'EOS'
#version 450
layout(local_size_x_id = 9) in;
layout(constant_id = 3) const uint STEP = 1;
layout(constant_id = 4) const bool TWICE = false;
layout(std430, set = 0, binding = 5) buffer To { uint to[]; };
layout(std430, set = 0, binding = 1) readonly buffer From { uint from[]; };
layout(push_constant) uniform Push { uint count; uvec2 add; float scale[2]; };
void main() {
	uint i = gl_GlobalInvocationID.x;
	if (i < count)
		to[i] = from[i] + (TWICE ? 2u : 1u) * STEP + add.y + uint(scale[1]);
}
EOS
# job KERNEL-EXTRA BUFFERS STEPS OUTPUTS [TOP]: the request on stdout
job() {
	echo "{ \"name\": \"t\", \"device\": \"software\", ${5:-}
	  \"kernels\": [ { \"name\": \"k\", \"path\": \"${shader:-chain.comp}\", \"where\": \"j.yaml:4\" $1 } ],
	  \"buffers\": [ $2 ], \"steps\": [ $3 ], \"outputs\": [ $4 ] }"
}
two='{ "name": "a", "source": "iota", "type": "u32", "shape": [1000] }, { "name": "b", "source": "zeros", "like": "a" }'
constants=', "constants": [ { "id": 9, "value": 32 }, { "name": "STEP", "value": 3 }, { "name": "TWICE", "value": true } ]'
push='"push": [ { "ref": "a.elements" }, { "value": 0 }, { "value": 10 }, { "value": 0 }, { "value": 2 } ]'
elements='"elements": [ { "ref": "a.shape[0]" }, { "value": 1 }, { "value": 1 } ]'
step="{ \"run\": \"k\", \"bind\": [\"a\", \"b\"], $push, $elements, \"where\": \"j.yaml:9\" }"
back="{ \"run\": \"k\", \"bind\": [\"b\", \"a\"], $push, $elements, \"repeat\": 50 }"
output='{ "buffer": "b", "path": "b.raw", "format": "raw", "where": "j.yaml:12" }'

# Each step sees what the step before wrote: b = a + 18 and, after 100 rounds, a grew 50 times.
job "$constants" "$two" "$step, $step, $back, $step" "$output" >chain.json
exec_job chain.json
ends 0 'done' 'specialized, pushed, chained'
is "$(python3 -c 'import array
b = array.array("I", open("b.raw", "rb").read())
print(len(b), set(v - i for i, v in enumerate(b)))')" '1000 {54}' 'every dispatch saw what the one before wrote'
like "$out" '"kernel": "k", "dispatches": 53, "groups": \[32, 1, 1\].*"timed": true' 'the groups follow from the elements and the local size'
like "$out" '"p99_ns": [1-9].*"bytes_bound": 424000, "gb_per_s": 0\.' 'the bytes that 53 dispatches had bound, 2 x 4000 each'
like "$out" '"entry": "main", "local_size": \[32, 1, 1\].*"source": "glsl"' 'the specialized local size is reported'
is "$(printf '%s\n' "$out" | sed -n 's/.*"name": "\([a-z]*\)", "ns".*/\1/p' | tr '\n' ' ')" 'open compile pipeline upload run download ' 'the phases come in order'
is "$(printf '%s\n' "$out" | grep -c '"event": "budget"')" 3 'budgets at the start, after allocation and at the end'

# Bindings by name and by number, macros.
by_key() { printf %s "$step" | sed "s/\[\"a\", \"b\"\]/$1/"; }
job "$constants" "$two" "$(by_key '{ "To": "b", "1": "a" }')" "$output" >keys.json
exec_job keys.json
ends 0 'done' 'bound by the name of a block and by number'
is "$(python3 -c 'import array
b = array.array("I", open("b.raw", "rb").read())
print(len(b), set(v - i for i, v in enumerate(b)))')" '1000 {18}' '... to the right buffers'
job "$constants" "$two" "$(by_key '{ "to": "b", "from": "a" }')" "$output" >keys.json
exec_job keys.json
ends 0 'done' "bound by the name of a block's only member"
cat >macros.comp <<'EOS'
#version 450
layout(local_size_x = TILE) in;
layout(std430, binding = 0) buffer Target { uint to[]; } target;
void main() {
#ifdef FAST
	target.to[gl_GlobalInvocationID.x] = gl_GlobalInvocationID.x + LOWER;
#endif
}
EOS
shader=macros.comp
one='{ "name": "b", "source": "zeros", "type": "u32", "shape": [64] }'
job ', "define": { "TILE": "16", "FAST": null, "LOWER": "uint(3 + 4)" }' "$one" '{ "run": "k", "bind": { "target": "b" }, "groups": [ { "value": 4 }, { "value": 1 }, { "value": 1 } ] }' "$output" >macros.json
exec_job macros.json
ends 0 'done' 'macros'
like "$out" '"local_size": \[16, 1, 1\]' '... in a layout'
is "$(python3 -c 'import array
print(set(v - i for i, v in enumerate(array.array("I", open("b.raw", "rb").read()))))')" '{7}' '... and in the text'
shader=

# SPIR-V is taken as well.
# It may not write files itself.
"$top_builddir/vkjail-compile" glsl chain main <chain.comp | cat >chain.spv
shader=chain.spv
job "$constants" "$two" "$step" "$output" >spirv.json
exec_job spirv.json
ends 0 'done' 'a SPIR-V module'
like "$out" '"source": "spirv"' '... is said to be one'
head -c 402 chain.spv >cut.spv
shader=cut.spv
job "$constants" "$two" "$step" "$output" >cut.json
exec_job cut.json
ends 1 bad-job 'a SPIR-V module cut in a word' 'shader rejected: cut.spv: .*4-byte words'
head -c 400 chain.spv >cut.spv
exec_job cut.json
ends 1 bad-job 'a SPIR-V module cut between words' 'shader rejected: cut.spv: not valid SPIR-V'
shader=

# wrong NAME KERNEL BUFFERS STEPS OUTPUTS TOP ERE: must end as bad-job, and the output stays empty.
wrong() {
	job "$2" "$3" "$4" "$5" "$6" >wrong.json
	exec_job wrong.json
	ends 1 bad-job "$1" "$7"
	if [ -s b.raw ]; then fail '... and no output was written'; else pass '... and no output was written'; fi
}
wrong 'too few buffers bound' "$constants" "$two" "{ \"run\": \"k\", \"bind\": [\"a\"], $push, $elements, \"where\": \"j.yaml:9\" }" "$output" '' \
	"kernel 'k' has 2 bindings .1 'From', 5 'To'., the step binds 1 buffers .'a'.\", \"where\": \"j.yaml:9\""
wrong 'a binding that is not there' "$constants" "$two" "$(by_key '{ "too": "b", "1": "a" }')" "$output" '' \
	"kernel 'k' has no binding 'too'; it has 1 'From', 5 'To'"
wrong 'a binding number that is not there' "$constants" "$two" "$(by_key '{ "5": "b", "2": "a" }')" "$output" '' "has no binding '2'"
wrong 'a binding twice' "$constants" "$two" "$(by_key '{ "5": "b", "To": "a" }')" "$output" '' \
	"binding 5 'To' of kernel 'k' is bound twice, to 'b' and to 'a'"
wrong 'a binding without a buffer' "$constants" "$two" "$(by_key '{ "To": "b" }')" "$output" '' \
	"binding 1 'From' of kernel 'k' has no buffer in the step.*j.yaml:9"
wrong 'too few push constants' "$constants" "$two" "{ \"run\": \"k\", \"bind\": [\"a\", \"b\"], $elements }" "$output" '' 'has 5 push constants, the step gives 0'
wrong 'a float for an integer' "$constants" "$two" "$(printf %s "$step" | sed 's/"value": 10/"value": 1.5/')" "$output" '' "push.2. .'add.1.'.: 1.5 is not an integer"
wrong 'another type than the shader has' "$constants" "$two" "$(printf %s "$step" | sed 's/"value": 10/"value": 10, "type": "f32"/')" "$output" '' 'is f32, kernel .k. has .add.1.. there, which is u32'
wrong 'an unknown constant' ', "constants": [ { "name": "STEPS", "value": 3 } ]' "$two" "$step" "$output" '' "no specialization constant 'STEPS'; it has .*3 STEP"
wrong 'a constant that does not fit' ', "constants": [ { "name": "STEP", "value": -1 } ]' "$two" "$step" "$output" '' "constant 'STEP': -1 does not fit into u32"
wrong 'a local size the device does not have' ', "constants": [ { "id": 9, "value": 1000000 } ]' "$two" "$step" "$output" '' 'maxComputeWorkGroupSize'
wrong 'more groups than the device allows' "$constants" "$two" "{ \"run\": \"k\", \"bind\": [\"a\", \"b\"], $push, \"groups\": [ { \"value\": 1 }, { \"value\": 4294967296 }, { \"value\": 1 } ] }" "$output" '' \
	'asks for 4294967296 groups in y, the device allows [0-9]* .maxComputeWorkGroupCount'
wrong 'an axis that is not there' "$constants" "$two" "$(printf %s "$step" | sed 's/a.shape.0/a.shape[1/')" "$output" '' "'a.shape.1.': buffer 'a' has 1 axes"
wrong 'another entry point' ', "entry": "blur"' "$two" "$step" "$output" '' "entry point of GLSL is always 'main', not 'blur'"
wrong 'a device that is not there' "$constants" "$two" "$step" "$output" '"device_name": "voodoo", "device": "named",' "no Vulkan device is 'voodoo'; there is '.*cpu"
wrong 'a buffer that cannot be bound whole' "$constants" "$(printf %s "$two" | sed 's/1000/200000000/')" "$step" "$output" '' 'has 800000000 bytes, the device allows [0-9]* in one .maxStorageBufferRange.'
wrong 'a picture that is none' "$constants" "$two" "$step" '{ "buffer": "b", "path": "b.raw", "format": "png" }' '' 'cannot become a PNG'
printf '' >none.npy
wrong 'an empty .npy' "$constants" "$(printf %s "$two" | sed 's/"source": "iota", "type": "u32", "shape": .1000./"source": "file", "path": "none.npy", "format": "npy"/')" "$step" "$output" '' 'none.npy: is not a .npy file'
head -c 1000 /dev/zero >short.raw
wrong 'a raw file that is too short' "$constants" "$(printf %s "$two" | sed 's/"source": "iota"/"source": "file", "path": "short.raw", "format": "raw"/')" "$step" "$output" '' 'short.raw: is cut off: u32 .1000. needs 4000 bytes, the file has 1000'

# Hostile text ends its compiler, not the job runner.
python3 - <<'EOS'
head = "#version 450\nlayout(std430,set=0,binding=0) buffer D { float d[]; };\n"
open("sum.comp", "w").write(head + "void main() { d[0] = " + " + ".join(["d[1]"] * 100000) + "; }\n")
open("if.comp", "w").write(head + "void main() { " + "if (d[0] > 1) { " * 1000 + "d[0] = 1;" + " }" * 1000 + " }\n")
open("include.comp", "w").write('#version 450\n#extension GL_GOOGLE_include_directive : require\n\n  #  include "/etc/passwd"\nvoid main() {}\n')
open("hidden.comp", "w").write('#version 450\n#extension GL_GOOGLE_include_directive : require\n/* */ # /* */ include "/etc/passwd"\nvoid main() {}\n')
open("empty.comp", "w").close()
open("zero.comp", "wb").write(b"#version 450\n\0")
open("wrong.comp", "w").write("#version 450\nvoid main() {\n\tint x = y;\n\tfloat z\n}\n")
EOS
while read -r shader says; do
	job '' "$two" "{ \"run\": \"k\", \"bind\": [\"a\"], \"groups\": [ { \"value\": 1 }, { \"value\": 1 }, { \"value\": 1 } ] }" '' >hostile.json
	exec_job hostile.json
	ends 1 bad-job "$shader" "shader rejected: $says.*\"where\": \"j.yaml:4\""
	unlike "$out$err" 'root:' '... and no file of the host is shown'
done <<'EOS'
sum.comp (sum.comp: the compiler was ended by SIG|AddressSanitizer)
if.comp if.comp: the compiler was ended(: it took too long| by SIGXCPU: it used too much CPU time)
include.comp include.comp:4: #include is not resolved here
hidden.comp hidden.comp:3: .*include
zero.comp zero.comp: is neither GLSL text nor SPIR-V
empty.comp empty.comp: is empty
wrong.comp wrong.comp:3: 'y' : undeclared identifier .and more, on stderr.
EOS
like "$err" "^wrong.comp:5: .*syntax error" 'all messages are on stderr'

# Limits and signals. long.comp has many workgroups: no driver ends it by itself.
shader=$top_srcdir/shaders/long.comp
sink='{ "name": "s", "source": "zeros", "type": "u32", "shape": [16] }'
long='{ "run": "k", "bind": ["s"], "push": [ { "value": 50000 } ], "groups": [ { "value": 60000 }, { "value": 1000 }, { "value": 1 } ] }'
job '' "$sink" "$long" '' '"limits": { "kernel_ns": 200000000 },' >long.json
exec_job long.json
ends 1 kernel-time 'a dispatch past its limit' "kernel 'k': a dispatch of 60000 x 1000 x 1 groups ran .*200ms\", \"kernel\": \"k\", \"observed_ns\": 2[0-9]*"
short=$(printf %s "$long" | sed 's/60000/1/; s/"value": 1000/"value": 1/; s/50000/100/')
job '' "$sink" "$(printf %s "$short" | sed 's/}$/, "repeat": 500 }/'), $long" '' '"limits": { "kernel_ns": 200000000 },' >later.json
exec_job later.json
ends 1 kernel-time 'a dispatch past its limit after many short ones' '"observed_ns"'
like "$out" '"kernel": "k", "dispatches": [45][0-9]*' '... and the short ones are counted'
job '' "$sink" "$long" '' >forever.json
exec_job --term-on '"name": "upload"' forever.json
ends 1 cancelled 'SIGTERM while a kernel runs' ''
exec_job --term-on '"event": "device"' forever.json
ends 1 cancelled 'SIGTERM before the first kernel' ''
job '' "$sink" "$short" '' '"limits": { "device_memory": 63 },' >memory.json
exec_job memory.json
ends 1 device-memory 'more device memory than the limit' '"needed": 64, "available": 63'
job '' '{ "name": "s", "source": "zeros", "type": "u64", "shape": [1099511627776] }' "$short" '' >heap.json
exec_job heap.json
ends 1 device-memory 'a buffer larger than the heap' '"needed": 8796093022208, "available"'

# An output that cannot be written.
shader=
if [ -w /dev/full ]; then
	job "$constants" "$two" "$step" '{ "buffer": "b", "path": "/dev/full", "format": "raw", "where": "j.yaml:12" }' >full.json
	exec_job full.json
	ends 1 failed 'a full disk' 'ENOSPC.*j.yaml:12'
	unlike "$out" '"event": "output"' '... and the output is not said to be complete'
else
	skip 3 'no /dev/full'
fi

# Without a driver.
exec_job --wrap 'env VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent' chain.json
ends 1 failed 'no driver' 'no Vulkan driver was found'
echo '{' >broken.json
exec_job broken.json
ends 1 bad-job 'a request that is not JSON' 'request: is not JSON'
done_testing
