# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# What quickstart, check and .ci/run share: packages, and the build in ./build. Set $here (the top
# of the tree) and $me (the command's name) before reading this file.

BUILD_PACKAGES='gcc g++ make autoconf automake autoconf-archive pkg-config gawk libseccomp-dev libcap-dev
	libjansson-dev libyaml-dev libvulkan-dev libpng-dev zlib1g-dev libmd-dev glslang-dev spirv-tools
	mesa-vulkan-drivers libsystemd-dev python3'
TEST_PACKAGES='libcmocka-dev glslang-tools python3-jsonschema python3-yaml python3-numpy vulkan-tools vulkan-validationlayers
	util-linux binutils procps mandoc bubblewrap stress-ng zsh bash-completion'
# tests/fuzz/run.
FUZZ_PACKAGES='clang-14 libclang-rt-14-dev'
# The test machines of tests/vm.
VM_PACKAGES='user-mode-linux busybox-static cpio iproute2 systemd dbus-user-session libpam-systemd patchelf'

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() {
	say "$*"
	exit 1
}
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_missing PACKAGE...: asks dpkg first; apt-get is only called when something is missing.
install_missing() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "this is not Debian or Ubuntu: install by hand what configure names as missing"
		return 0
	fi
	missing=
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing="$missing $package"
	done
	[ "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1 ||
		die "cannot install:$missing: neither root nor sudo; install them and run $me again"
	say "installing:$missing"
	# A new machine has no package lists at all; old ones name packages that are gone by now.
	# shellcheck disable=SC2086 # a list of package names
	apt-get install --simulate $missing >/dev/null 2>&1 || as_root apt-get update -q >&2
	apt_install || { as_root apt-get update -q >&2 && apt_install; } || die "apt-get could not install:$missing"
}
# sudo passes no variables on.
# shellcheck disable=SC2086
apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2; }

# build_tree DIR [CONFIGURE-OPTION...]: a build outside of the source tree; quick when up to date.
build_tree() {
	build=$1
	shift
	[ -x "$here/configure" ] || (cd "$here" && autoreconf -fi) >&2 || die "autoreconf failed"
	mkdir -p "$build" || die "cannot make the directory $build"
	[ -w "$build" ] || die "cannot write to $build: it belongs to somebody else; remove it"
	if ! [ -f "$build/Makefile" ]; then
		say "configuring in $build"
		(cd "$build" && "$here/configure" --quiet "$@") >&2 || die "configure failed, see $build/config.log"
	fi
	say "building in $build"
	make --no-print-directory -s -C "$build" -j "$(nproc)" >&2 || die "make failed in $build"
}
