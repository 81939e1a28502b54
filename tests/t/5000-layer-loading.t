#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vulkan layer is in every Vulkan program of a job, however that is started, and only while somebody listens.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan

cp "$top_builddir/tests/clients/vk-memory" .
limited='alloc 40 VK_ERROR_OUT_OF_DEVICE_MEMORY'

# held WHAT COMMAND...: the layer holds the job to its limit, so it is there.
held() {
	held_what=$1
	shift
	run vkjail run --device-memory 32M -- "$@"
	status_is 0 "$held_what: ends with 0"
	like "$out" "^$limited$" "$held_what: the limit holds"
}
run vkjail run --telemetry off --device-memory 32M -- ./vk-memory alloc:40
is "$out" 'alloc 40 ok' 'without the layer there is no limit'
like "$err" 'device-memory' 'which is said'

held 'a program' ./vk-memory alloc:40
report_has 'the report knows the process' vkjail-report.json .gpu.telemetry.on=true .gpu.counts.refused=1 .gpu.processes[0].app=vk-memory
held 'a child of a shell' sh -c './vk-memory alloc:40; exit 0'
held 'a grandchild, without an environment' sh -c 'env -i sh -c "./vk-memory alloc:40"'
held 'a program that closes every descriptor' ./vk-memory closefds reinit alloc:40
held 'a child of a Vulkan program' ./vk-memory child alloc:40
held 'a second instance' ./vk-memory reinit alloc:40
held 'Vulkan 1.0' ./vk-memory api10 alloc:40
held 'Vulkan 1.0 with the queries of 1.1' ./vk-memory api10+2 alloc:40
held 'Vulkan 1.1' ./vk-memory api11 alloc:40
held 'another home and other data directories' env HOME=/tmp XDG_DATA_HOME=/tmp XDG_DATA_DIRS=/tmp:/usr/share XDG_CONFIG_HOME=/tmp XDG_CONFIG_DIRS=/tmp ./vk-memory alloc:40
if part 2 python3; then
	held "Python's subprocess" python3 -c 'import subprocess; subprocess.run(["./vk-memory", "alloc:40"], close_fds=True, env={})'
fi

# Variables of the caller's that would keep it out.
export VK_LOADER_LAYERS_DISABLE='*' VK_IMPLICIT_LAYER_PATH=/tmp VKJAIL_NO_LAYER=1
held "variables of the caller's that switch layers off" ./vk-memory alloc:40
like "$err" 'VK_LOADER_LAYERS_DISABLE is not passed' 'which is said'
unset VK_LOADER_LAYERS_DISABLE VK_IMPLICIT_LAYER_PATH VKJAIL_NO_LAYER

# A mount of the user's where it would stand.
mkdir config
run vkjail run --ro-bind config:/etc/vulkan -- ./vk-memory alloc:40
status_is 0 'a bound /etc/vulkan: the job runs'
like "$(report_get vkjail-report.json .gpu.telemetry.why)" 'mount' 'and the report says why there is no telemetry'

# Nobody answers: then nobody could hold the limits.
run vkjail run -- sh -c 'chmod u+w /run/vkjail && rm /run/vkjail/telemetry && ./vk-memory alloc:40'
like "$out" '^instance VK_ERROR_INITIALIZATION_FAILED$' 'a program that reaches nobody gets no instance'

# More than the layer has room for: the one too many is refused before the driver has made it, and the rest go on.
run vkjail run -- ./vk-memory instances:70 devices:70 alloc:20
status_is 0 'more instances and devices than there is room for'
is "$out" 'instances 63 VK_ERROR_OUT_OF_HOST_MEMORY
devices 63 VK_ERROR_OUT_OF_HOST_MEMORY
alloc 20 ok' 'there is an error for the next one, and nothing else is wrong'

if part 1 user; then
	dir=$(user_dir nobody) && cd "$dir" || exit 99
	cp "$top_builddir/tests/clients/vk-memory" .
	run as_user vkjail run --device-memory 32M -- ./vk-memory alloc:40
	like "$out" "^$limited$" 'as an ordinary user'
	cd "$T" || exit 99
fi

# The strict filter lets no program open a socket, and so none ask.
run vkjail run --seccomp strict -- ./vk-memory alloc:1
like "$(report_get vkjail-report.json .gpu.telemetry.why)" 'strict' 'under the strict filter there is none, and the report says why'
report_valid vkjail-report.json
done_testing
