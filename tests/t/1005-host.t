#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Machines that lack something: no user namespaces, no Vulkan driver, no Vulkan loader, a driver
# manifest that is wrong. Each is told with what to do about it.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

# ---- user namespaces switched off, as an administrator does it, in a namespace of our own
cat >no-userns.sh <<'S'
echo 0 >/proc/sys/user/max_user_namespaces || exit 99
exec vkjail run --report "$1" -- true
S
new_report
run unshare -Ur sh no-userns.sh "$R"
judge 125 setup-failed "cannot create the sandbox's namespaces: No space left on device" 'no user namespaces'
like "$err" 'hint: user namespaces are switched off; as root: sysctl user\.max_user_namespaces=' 'with the fix'
run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && vkjail doctor'
status_is 1 'vkjail doctor says the same'
like "$out" "^BAD +sandbox +cannot create the sandbox's namespaces" 'as the first thing'
like "$out" 'fix: user namespaces are switched off; as root: sysctl' 'with the fix'
new_report
run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec vkjail run --report "$1" -- true' sh "$R"
judge 125 setup-failed 'No space left on device' 'only network namespaces switched off'
like "$err" 'hint: a limit in /proc/sys/user/max_\*_namespaces' 'is told apart'
run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && vkjail doctor'
like "$out" 'fix: a limit in /proc/sys/user/max_\*_namespaces' 'by doctor as well'

# ---- a container: nobody can say that there is no user namespace below the sandbox's
in_container() {
	run unshare -Urm sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys && exec "$@"' sh "$@"
}
nesting='^warning: the job can make a user namespace of its own'
in_container vkjail plan --seccomp none -- true
like "$out" "$nesting.* and the seccomp profile 'none' does not refuse it" '/proc/sys is read-only, and there is no filter'
in_container vkjail plan -- true
unlike "$out" "$nesting" 'the profile default refuses it'
printf 'include: default\nallow: [unshare]\n' >nest.yaml
in_container vkjail plan --seccomp nest.yaml -- true
like "$out" "$nesting.*'.*nest.yaml'" 'a profile of the user that allows it'
run vkjail plan --seccomp none -- true
status_is 0 'elsewhere'
if [ "$(findmnt -no OPTIONS -T /proc/sys | cut -c 1-2)" = ro ]; then
	skip 1 '/proc/sys is read-only here'
else
	unlike "$out" "$nesting" 'the kernel refuses it'
fi

# ---- no Vulkan driver: a file system without manifests
cat >job.yaml <<'Y'
compute:
  kernels: { saxpy: { shader: saxpy.comp } }
  buffers: { x: { type: f32, shape: [64], fill: iota }, y: { like: x } }
  steps: [ { run: saxpy, bind: [x, y], push: [2.0, 64], groups: [1, 1, 1] } ]
  outputs: { y: { file: y.npy } }
Y
cp "$top_srcdir/shaders/saxpy.comp" .
cat >no-icd.sh <<'S'
for dir in /usr/share/vulkan/icd.d /etc/vulkan /usr/local/share/vulkan; do
	[ ! -d "$dir" ] || mount -t tmpfs none "$dir" || exit 99
done
exec "$@"
S
echo old >y.npy
new_report
run unshare -Urm sh no-icd.sh vkjail run --report "$R" job.yaml
judge 125 runner-failed 'no Vulkan driver was found' 'no driver'
like "$err" 'hint: .*mesa-vulkan-drivers' 'with the package that has one'
is "$(cat y.npy)" old 'the old output is untouched'
run unshare -Urm sh no-icd.sh vkjail devices
like "$out$err" 'mesa-vulkan-drivers' 'vkjail devices names the package'
run unshare -Urm sh no-icd.sh vkjail doctor
status_is 1 'vkjail doctor counts it as bad'
like "$out" '^BAD +vulkan' 'and names it'
new_report
run unshare -Urm sh no-icd.sh vkjail run --report "$R" -- true
judge 0 exited '' 'a command that uses no Vulkan does not mind'

# ---- no Vulkan loader
loader=$(ldd "$top_builddir/vkjail-probe" | sed -n 's/.*libvulkan\.so\.1 => \([^ ]*\).*/\1/p')
[ "$loader" ] || loader=$(find /usr/lib /usr/lib64 -name 'libvulkan.so.1' 2>/dev/null | head -n 1)
if [ "$loader" ]; then
	: >empty.so
	new_report
	run unshare -Urm sh -c 'mount --bind empty.so "$1" && shift && exec "$@"' sh "$(readlink -f "$loader")" \
		vkjail run --report "$R" job.yaml
	judge 125 runner-failed '[Vv]ulkan' 'no loader'
	run unshare -Urm sh -c 'mount --bind empty.so "$1" && shift && exec "$@"' sh "$(readlink -f "$loader")" vkjail devices
	status_is 125 'vkjail devices without a loader'
	like "$err" '[Vv]ulkan' 'says so'
else
	skip 3 'no Vulkan loader here to take away'
fi

# ---- driver manifests
echo '{"file_format_version": "1.0.0", "ICD": {"library_path": "/no/such/libvk.so", "api_version": "1.3.0"}}' >lost.json
ends 125 bad-job "lost\.json: cannot use the driver library '/no/such/libvk\.so' it names: No such file" 'a manifest without its library' --driver lost.json job.yaml
echo '{"file_format_version": "1.0.0"}' >noicd.json
ends 125 bad-job 'noicd\.json: has no ICD\.library_path' 'no manifest at all' --driver noicd.json job.yaml
echo 'x' >text.json
ends 125 bad-job 'text\.json: line 1: not a driver manifest' 'no JSON' --driver text.json job.yaml
ends 125 bad-job 'no\.json: cannot use the driver manifest: No such file' 'no file' --driver no.json job.yaml
ends 125 bad-job 'reports: is a directory, expected a regular file' 'a directory' --driver reports job.yaml
printf 'not a library\n' >libfake.so
echo '{"file_format_version": "1.0.0", "ICD": {"library_path": "./libfake.so", "api_version": "1.3.0"}}' >fake.json
ends 125 runner-failed '[Vv]ulkan' 'a library that is none' --driver fake.json job.yaml
is "$(cat y.npy)" old 'the old output is still untouched'

# ---- an incomplete installation
mkdir alone && cp "$VKJAIL" alone/
new_report
run alone/vkjail run --report "$R" job.yaml
judge 125 runner-failed "the helper program '.*vkjail-exec' cannot be executed \(ENOENT\): the installation is incomplete" 'no helper program'
run alone/vkjail devices
status_is 125 'nor one for vkjail devices'
like "$err" "the helper program '.*vkjail-probe' cannot be executed" 'says so'

reports_valid
done_testing
