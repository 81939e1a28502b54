#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Text that crashes, hangs or exhausts the shader compiler: each is a shader that was rejected, with what happened.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3

# wrong WHAT ERE: the last job is refused with this.
wrong() {
	run vkjail run --report report.json job.yaml
	status_is 125 "$1"
	like "$err" "$2" '... and says so'
	is "$(report_get report.json .outcome.reason)" bad-job '... as bad-job'
	if [ -e wrong.raw ]; then fail '... and writes nothing'; else pass '... and writes nothing'; fi
}
python3 - <<'EOS'
head = "#version 450\nlayout(std430, binding = 0) buffer D { float d[]; };\n"
def main(name, text, before=""):
    open(name + ".comp", "w").write(head + before + "void main() { " + text + " }\n")
def doubling(n):
    return "".join("#define M%d M%d + M%d\n" % (i, i - 1, i - 1) for i in range(1, n + 1))
main("sum", "d[0] = " + " + ".join(["d[1]"] * 100000) + ";")
main("swizzle", "vec4 v = vec4(d[0]); d[1] = v" + ".xyzw" * 100000 + ".x;")
main("double20", "d[0] = M20;", "#define M0 d[1]\n" + doubling(20))
main("double24", "d[0] = M24;", "#define M0 d[1]\n" + doubling(24))
main("double28", "", "#define M0 1\n" + doubling(28) + "#if M28\n#endif\n")
main("ifs", "if (d[0] > 1) { " * 1000 + "d[0] = 1;" + " }" * 1000)
main("ternaries", "d[0] = " + "d[1] > 1 ? (" * 1000 + "1.0" + ") : 0.0" * 1000 + ";")
main("parentheses", "d[0] = " + "(" * 10000 + "1.0" + ")" * 10000 + ";")
main("structs", "", "struct S0 { float a, b; };\n" + "".join("struct S%d { S%d a, b; };\n" % (i, i - 1) for i in range(1, 25)) + "layout(std430, binding = 1) buffer E { S24 e[]; };\n")
main("bindings", "", "".join("layout(std430, binding = %d) buffer B%d { float b%d[]; };\n" % (i, i, i) for i in range(1, 10001)))
main("some", "", "".join("layout(std430, binding = %d) buffer B%d { float b%d[]; };\n" % (i, i, i) for i in range(1, 65)))
main("shared", "s[0] = d[0]; d[0] = s[1];", "shared float s[100000000];\n")
open("forever.comp", "w").write("#version 450\n" + "/" * 3000000 + "*")
EOS
while read -r shader says; do
	# Sanitizers make it so much slower that its time may be over before it crashes.
	case ${VKJAIL_SANITIZERS:+$says} in *' by SIG'*) says="$says|$shader.comp: the compiler was ended: it took too long" ;; esac
	printf 'compute:\n  device: software\n  kernels: { k: { shader: %s.comp } }\n  buffers: { x: { type: f32, shape: [16] } }\n  steps: [ { run: k, bind: [x], groups: 1 } ]\n  outputs: { x: wrong.raw }\n' "$shader" >job.yaml
	wrong "$shader.comp" "$says"
done <<'EOS'
sum shader rejected: sum.comp: the compiler was ended by SIG|AddressSanitizer
swizzle shader rejected: swizzle.comp: the compiler was ended by SIG|AddressSanitizer
double20 shader rejected: double20.comp: the compiler was ended by SIG|AddressSanitizer
double24 shader rejected: double24.comp: the compiler was ended|AddressSanitizer
double28 shader rejected: double28.comp: the compiler was ended|AddressSanitizer
ifs shader rejected: ifs.comp: the compiler was ended( by SIGXCPU: it used too much CPU time|: it took too long)
ternaries shader rejected: ternaries.comp: the compiler was ended( by SIGXCPU: it used too much CPU time|: it took too long)
parentheses shader rejected: parentheses.comp:[0-9]+: .*memory exhausted
structs shader rejected: structs.comp: the compiler was ended
bindings (declares more than 64 bindings|shader rejected: bindings.comp: the compiler was ended by SIGXCPU: it used too much CPU time)
some some.comp: declares more than 64 bindings
shared kernel 'k' declares 400000000 bytes of shared memory, the device has
forever shader rejected: forever.comp
EOS
done_testing
