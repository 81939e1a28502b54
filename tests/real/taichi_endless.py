#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kernel that ends only when its input says so, and it never does: what the limit `kernel` is for."""
import taichi as ti

ti.init(arch=ti.vulkan)
count = ti.field(ti.i32, 64)
go = ti.field(ti.i32, ())


@ti.kernel
def spin():
    for i in count:
        while go[None] != 0:
            count[i] += 1


go[None] = 0
spin()
print("taichi: endless: the first round has ended", flush=True)
go[None] = 1
spin()
ti.sync()
print("taichi: endless: ended, which it cannot")
