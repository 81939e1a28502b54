#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The cache of compiled shaders: what is used again and what is not, what is damaged or not the
# user's own, jobs at the same time.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3

cat >k.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer X { uint x[]; };
void main() { x[gl_GlobalInvocationID.x] += ADD; }
EOS
printf '#define UNUSED 1\n' >part.glsl
job() {
	cat <<EOY
compute:
  device: software
  ${2:-}
  kernels: { k: { shader: ${3:-k.comp}, define: { ADD: $1 } } }
  buffers: { x: { type: u32, shape: [64] } }
  steps: [ { run: k, bind: [x], elements: 64 } ]
  outputs: { x: x.raw }
EOY
}
XDG_CACHE_HOME=$T/cache
export XDG_CACHE_HOME
# run_it WHAT CACHED ADD [STATUS]: the job runs, from the cache or not, and its result is right.
run_it() {
	run vkjail run --report r.json job.yaml
	status_is 0 "$1"
	is "$(report_get r.json .gpu.shaders[0].cached)" "$2" '... from the cache or not, as it should'
	is "$(python3 -c 'import array; print(*set(array.array("I", open("x.raw", "rb").read())))')" "$3" '... with the right result'
}
entries() { find "$XDG_CACHE_HOME/vkjail" -name '*.spirv' 2>/dev/null | sort; }
count() { entries | wc -l | tr -d ' '; }

job 5 >job.yaml
run_it 'the first run' false 5
is "$(count)" 1 '... leaves an entry'
is "$(stat -c '%a %U' "$XDG_CACHE_HOME/vkjail" "$(entries)")" "700 $(id -un)
400 $(id -un)" '... which is the user'"'"'s alone'
run_it 'the second run' true 5
report_is r.json .gpu.shaders[0].source glsl '... and the shader is GLSL all the same'
job 6 >job.yaml
run_it 'another macro' false 6
job 5 >job.yaml
run_it 'the first macro again' true 5
sed 's/+=/-=/' k.comp >new.comp && mv new.comp k.comp
run_it 'another text' false 4294967291
sed 's/^void/#include "part.glsl"\nvoid/' k.comp >with.comp
job 5 '' with.comp >job.yaml
run_it 'with an include' false 4294967291
run_it '... again' true 4294967291
echo '#define UNUSED 2' >part.glsl
run_it 'another text of an included file' false 4294967291
printf '#define UNUSED 1\n' >part.glsl
run_it 'and the old one again' true 4294967291
is "$(count)" 5 'one entry for each that ended well'

# Not used, and nothing is left.
job 9 'cache: false' >job.yaml
run_it 'cache: false' false 4294967287
run_it '... again' false 4294967287
is "$(count)" 5 '... leaves nothing'
printf 'compute:\n  kernels: { k: { shader: k.comp, define: { ADD: 10 } } }\n  steps: [ { run: k, groups: 1 } ]\n' >job.yaml
run vkjail run --report r.json job.yaml
status_is 125 'a job that fails after its shader was compiled'
is "$(count)" 5 '... leaves nothing'

# Damaged entries are not there, and are replaced.
rm -rf cache
job 5 >job.yaml
run_it 'a new cache' false 4294967291
entry=$(entries)
cp "$entry" good
cat >damage.py <<'EOP'
import hashlib, os, struct, sys
how, path = sys.argv[1:]
data = open("good", "rb").read()
head, payload = data[:56], data[88:]
def entry(head, payload):
    head = head[:16] + struct.pack("=Q", len(payload)) + head[24:]
    return head + hashlib.sha256(head + payload).digest() + payload
words = list(struct.unpack("=%dI" % (len(payload) // 4), payload))
def changed(at, value):
    return struct.pack("=%dI" % len(words), *(value if i == at else w for i, w in enumerate(words)))
made = {
    "empty": b"", "cut": data[:-1], "bit": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "key": entry(head[:24] + b"\0" * 32, payload),
    "count": entry(head, changed(0, 0xffffffff)), "none": entry(head, changed(0, 0)), "nothing": entry(head, b""),
    "magic": entry(head, changed(1, 1)), "bound": entry(head, changed(4, 0xffffffff)),
    "invalid": entry(head, payload[:-40] + b"\xff" * 40), "short": entry(head, changed(0, 3)[:16]),
    "same": entry(head, payload),
}[how]
os.path.lexists(path) and os.unlink(path)
open(path, "wb").write(made)
EOP
for how in empty cut bit key count none nothing magic bound invalid short; do
	python3 damage.py $how "$entry"
	run_it "an entry that is damaged ($how)" false 4294967291
	ok '... is replaced' cmp -s good "$entry"
done
python3 damage.py same "$entry"
run_it 'an entry made here (so the damage was what counted)' true 4294967291
rm -f "$entry"
ln -s "$T/good" "$entry"
run_it 'a symbolic link' false 4294967291
rm -f "$entry"
mkfifo "$entry"
run_it 'a FIFO' false 4294967291
rm -f "$entry"

# Where there is no directory that is the user's alone, there is no cache.
chmod 755 cache/vkjail
run_it 'a directory that others can read' false 4294967291
is "$(count)" 0 '... is not used'
chmod 700 cache/vkjail
if [ "$(id -u)" = 0 ]; then
	chown 1:1 cache/vkjail
	run_it "somebody else's directory" false 4294967291
	is "$(count)" 0 '... is not used'
	chown 0:0 cache/vkjail
else
	skip 4 'only root can make one'
fi
mv cache/vkjail away
ln -s "$T/away" cache/vkjail
run_it 'a link in its place' false 4294967291
is "$(find away -name '*.spirv' | wc -l | tr -d ' ')" 0 '... is not used'
rm cache/vkjail && mv away cache/vkjail
XDG_CACHE_HOME=/proc/nothing run_it 'a place where none can be made' false 4294967291
ok 'no home' env -u XDG_CACHE_HOME -u HOME vkjail run -q --report none job.yaml
mkdir home
ok 'a home without .cache' env -u XDG_CACHE_HOME HOME="$T/home" vkjail run -q --report none job.yaml
is "$(find home -name '*.spirv' | wc -l | tr -d ' ')" 1 '... gets one'

# At the same time, into an empty cache.
rm -rf cache
for i in 1 2 3 4; do
	vkjail run -q --report "r$i.json" --output "x=x$i.raw" job.yaml &
	pids="${pids:-} $!"
done
failed=0
for pid in $pids; do wait "$pid" || failed=1; done
is "$failed" 0 'four jobs at the same time'
is "$(count)" 1 '... leave one entry'
is "$(find cache/vkjail -type f | wc -l | tr -d ' ')" "$(entries | wc -l | tr -d ' ')" '... and nothing else'
run_it 'the next one' true 4294967291
# What the driver keeps of pipelines. Software drivers keep nothing there, so a layer adds something.
rm -rf cache
cp "$top_builddir/tests/layer/vk-test-layer.so" "$top_srcdir/tests/layer/vk-test-layer.json" . || exit 99
job 5 >job.yaml
kept() { find "$XDG_CACHE_HOME/vkjail" -name '*.pipelines' 2>/dev/null; }
# with_pipelines WHAT TEXT ERE: the job runs with a driver that adds TEXT, and is given what matches ERE; '': nothing.
with_pipelines() {
	run vkjail run --report r.json --env VK_LAYER_PATH="$T" --env VK_INSTANCE_LAYERS=VK_LAYER_VKJAIL_test --env VK_TEST_CACHE="$2" job.yaml
	status_is 0 "$1"
	is "$(printf '%s\n' "$err" | sed -n 's/^vk-test-layer: a cache comes back with //p')" "$3" '... and is given what was kept'
}
with_pipelines 'a driver that keeps something of pipelines' first ''
is "$(kept | wc -l | tr -d ' ')" 1 '... it is kept'
is "$(stat -c %a "$(kept)")" 400 '... for the user alone'
with_pipelines 'the next run' first "'first'"
cp "$(kept)" whole
with_pipelines 'one in which the driver has more' second-run "'first'"
with_pipelines 'the one after that' second-run "'second-run'"
python3 - "$(kept)" <<'EOP'
import os, sys
data = open("whole", "rb").read()
os.unlink(sys.argv[1])
open(sys.argv[1], "wb").write(data[:-1] + bytes([data[-1] ^ 1]))
EOP
with_pipelines 'a damaged entry' first ''
with_pipelines '... is replaced' first "'first'"
# Whole, but made by another version of the driver.
python3 - "$(kept)" <<'EOP'
import hashlib, os, struct, sys
data = open("whole", "rb").read()
head, payload = data[:56], bytearray(data[88:])
payload[40] ^= 1
os.unlink(sys.argv[1])
open(sys.argv[1], "wb").write(head + hashlib.sha256(head + payload).digest() + payload)
EOP
with_pipelines "another driver's entry" first ''
rm -f "$(kept)"
run vkjail run --report r.json job.yaml
status_is 0 'a driver that keeps nothing'
is "$(kept)" '' '... no entry without contents'
done_testing
