# SPDX-License-Identifier: Apache-2.0
# Real programs that run in the sandbox (tests/t/6*-real-*.t); tests/real/setup gets them ready.
EXTRA_DIST += \
	tests/real/setup tests/real/place.sh tests/real/real.sh tests/real/requirements.txt tests/real/requirements-scipy.txt \
	tests/real/numpy_job.py tests/real/taichi_mpm.py tests/real/taichi_set.py tests/real/taichi_endless.py tests/real/ncnn_job.py \
	tests/real/vulkan_memory.py tests/real/wgpu/Cargo.toml tests/real/wgpu/Cargo.lock tests/real/wgpu/src/main.rs tests/real/weights.py \
	tests/real/candle/Cargo.toml tests/real/candle/Cargo.lock tests/real/candle/src/main.rs
