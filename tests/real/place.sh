# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Where the real programs are: what tests/real/setup and the tests agree on.

real_place() {
	if [ "${VKJAIL_REAL:-}" ]; then
		echo "$VKJAIL_REAL"
	elif [ "$(id -u)" = 0 ] || [ -d /var/cache/vkjail-tests ]; then
		echo /var/cache/vkjail-tests
	else
		echo "${XDG_CACHE_HOME:-$HOME/.cache}/vkjail-real"
	fi
}
