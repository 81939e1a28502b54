#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small convolutional network on ncnn with Vulkan, the same on the CPU, and the two results compared."""
import sys
import tempfile

import ncnn
import numpy as np

PARAM = """7767517
5 5
Input            data     0 1 data 0=32 1=32 2=4
Convolution      conv1    1 1 data c1 0=8 1=3 4=1 5=1 6=288 9=1
Pooling          pool     1 1 c1 p1 0=0 1=2 2=2
Convolution      conv2    1 1 p1 c2 0=4 1=3 4=1 5=1 6=288 9=1
Softmax          prob     1 1 c2 out 0=0 1=1
"""


def run(vulkan, folder, data):
    net = ncnn.Net()
    net.opt.use_vulkan_compute = vulkan
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.opt.num_threads = 1
    if net.load_param(f"{folder}/net.param") or net.load_model(f"{folder}/net.bin"):
        sys.exit("ncnn: cannot load the network")
    results = []
    for _ in range(8):
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(data).clone())
        status, out = extractor.extract("out")
        if status:
            sys.exit(f"ncnn: extract gives {status}")
        results.append(np.array(out))
    return results[-1]


def main():
    if ncnn.get_gpu_count() < 1:
        sys.exit("ncnn: no Vulkan device")
    random = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/net.param", "w", encoding="ascii") as file:
            file.write(PARAM)
        with open(f"{folder}/net.bin", "wb") as file:
            for outputs, inputs in ((8, 4), (4, 8)):
                file.write(b"\0\0\0\0")
                file.write(random.normal(size=outputs * inputs * 9, scale=0.2).astype("<f4").tobytes())
                file.write(np.zeros(outputs, "<f4").tobytes())
        data = random.random((4, 32, 32), dtype=np.float32)
        cpu, gpu = run(False, folder, data), run(True, folder, data)
    if cpu.shape != gpu.shape or np.abs(cpu - gpu).max() > 1e-3:
        sys.exit(f"ncnn: the GPU computes something else: {np.abs(cpu - gpu).max()}")
    print(f"ncnn: OK, {gpu.size} values, at most {np.abs(cpu - gpu).max():.1e} apart")


main()
ncnn.destroy_gpu_instance()
