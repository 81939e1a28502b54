#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The strict profile and what it was made for: vkjail-exec with a software Vulkan driver and
# vkjail-compile beneath it, with no shader cache, for every driver that is here.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need vulkan python3 plain-build

# vkjail-compile may open no file, which the leak check of a sanitizer build wants to.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

cp "$top_srcdir/shaders/saxpy.comp" .
echo 'void main( {' >bad.comp
request() {
	cat <<EOF
{ "name": "saxpy", "device": "software",
  "kernels": [ { "name": "saxpy", "path": "$1", "entry": "main" } ],
  "buffers": [ { "name": "x", "source": "iota", "type": "f32", "shape": [4096] },
               { "name": "y", "source": "value", "value": 3, "type": "f32", "shape": [4096] } ],
  "steps": [ { "run": "saxpy", "bind": ["x", "y"], "push": [ { "type": "f32", "value": 2 }, { "type": "u32", "value": 4096 } ],
               "elements": [ { "value": 4096 }, { "value": 1 }, { "value": 1 } ], "repeat": 3 } ],
  "outputs": [ { "buffer": "y", "path": "y.raw", "format": "raw" } ] }
EOF
}
request saxpy.comp >good.json
request bad.comp >bad.json

# y = 3 + 3 * 2 * i
judge='import array; y = array.array("f", open("y.raw", "rb").read())
print(len(y), all(v == 3 + 6 * i for i, v in enumerate(y)))'

for driver in system "$(real_place)/mesa/lvp_icd.json"; do
	if [ "$driver" = system ]; then
		unset VK_DRIVER_FILES
	elif [ -r "$driver" ]; then
		VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver
		export VK_DRIVER_FILES VK_ICD_FILENAMES
	else
		skip 5 "no newer Mesa: run tests/real/setup"
		continue
	fi
	HOME=$T/home.$(basename "$driver")
	mkdir "$HOME"
	export HOME
	rm -f y.raw
	run python3 "$top_srcdir/tests/lib/run-exec.py" --wrap 'with-filter strict' good.json
	status_is 0 "strict, driver $driver: the job ends well"
	like "$out" '"reason": "done"' 'and says so'
	is "$(python3 -c "$judge")" '4096 True' 'and its numbers are right'
	run python3 "$top_srcdir/tests/lib/run-exec.py" --wrap 'with-filter strict' bad.json
	status_is 1 'a shader that does not compile is no crash'
	like "$out" 'bad.comp:1:' 'and has its place in the message'
done
done_testing
