# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # sourced after tap.sh, whose variables it uses
# The Vulkan layer of tests/layer, which says at its top what it can do.

# use_layer: copies it to where the test works: the sandbox shows that.
use_layer() {
	cp "$top_builddir/tests/layer/vk-test-layer.so" "$top_srcdir/tests/layer/vk-test-layer.json" . || exit 99
	layer_path=$(pwd):/usr/share/vulkan/explicit_layer.d
}
# layer_options: the options of vkjail run for it, with the variables of $layer_does (NAME=VALUE...), below $layer_above.
layer_options() {
	set -- --env "VK_LAYER_PATH=$layer_path" --env "VK_INSTANCE_LAYERS=${layer_above:+$layer_above:}VK_LAYER_VKJAIL_test"
	for layer_option in ${layer_does:-}; do set -- "$@" --env "$layer_option"; done
	echo "$@"
}
