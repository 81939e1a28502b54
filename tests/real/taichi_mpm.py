#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A falling block of elastic-plastic material (MLS-MPM) on Taichi's Vulkan backend. While it is in
free fall its centre of mass is known exactly, mass and momentum are conserved, and it must not have
fallen back to another backend. With an argument: that many steps, and how long they took, in ns, real and CPU time."""
import sys
import time

import taichi as ti

PARTICLES, GRID, STEPS, DT, GRAVITY = 4096, 64, int(sys.argv[1]) if sys.argv[1:] else 300, 2e-4, 9.8
DX, MASS, VOLUME, STIFFNESS = 1 / GRID, 1.0, (0.5 / GRID) ** 2, 400.0

ti.init(arch=ti.vulkan)
if ti.cfg.arch != ti.vulkan:
    sys.exit(f"taichi: no Vulkan backend, it fell back to {ti.cfg.arch}")

x = ti.Vector.field(2, ti.f32, PARTICLES)
v = ti.Vector.field(2, ti.f32, PARTICLES)
C = ti.Matrix.field(2, 2, ti.f32, PARTICLES)
J = ti.field(ti.f32, PARTICLES)
grid_v = ti.Vector.field(2, ti.f32, (GRID, GRID))
grid_m = ti.field(ti.f32, (GRID, GRID))
checksum = ti.field(ti.i32, ())


@ti.kernel
def place():
    for p in x:
        x[p] = [0.35 + 0.3 * (p % 64) / 64, 0.6 + 0.3 * (p // 64) / 64]
        v[p] = [0.0, 0.0]
        J[p] = 1.0


@ti.kernel
def step():
    for i, j in grid_m:
        grid_v[i, j] = [0.0, 0.0]
        grid_m[i, j] = 0.0
    for p in x:
        base = ti.cast(x[p] / DX - 0.5, ti.i32)
        fx = x[p] / DX - ti.cast(base, ti.f32)
        w = [0.5 * (1.5 - fx) ** 2, 0.75 - (fx - 1) ** 2, 0.5 * (fx - 0.5) ** 2]
        stress = -DT * 4 * STIFFNESS * VOLUME * (J[p] - 1) / DX**2
        affine = ti.Matrix([[stress, 0], [0, stress]]) + MASS * C[p]
        for i, j in ti.static(ti.ndrange(3, 3)):
            offset = ti.Vector([i, j])
            weight = w[i].x * w[j].y
            grid_v[base + offset] += weight * (MASS * v[p] + affine @ ((offset - fx) * DX))
            grid_m[base + offset] += weight * MASS
    for i, j in grid_m:
        if grid_m[i, j] > 0:
            grid_v[i, j] = grid_v[i, j] / grid_m[i, j]
            grid_v[i, j].y -= DT * GRAVITY
    for p in x:
        base = ti.cast(x[p] / DX - 0.5, ti.i32)
        fx = x[p] / DX - ti.cast(base, ti.f32)
        w = [0.5 * (1.5 - fx) ** 2, 0.75 - (fx - 1) ** 2, 0.5 * (fx - 0.5) ** 2]
        new_v = ti.Vector.zero(ti.f32, 2)
        new_c = ti.Matrix.zero(ti.f32, 2, 2)
        for i, j in ti.static(ti.ndrange(3, 3)):
            offset = ti.Vector([i, j])
            g = w[i].x * w[j].y * grid_v[base + offset]
            new_v += g
            new_c += 4 * g.outer_product((offset - fx) * DX) / DX**2
        v[p] = new_v
        x[p] += DT * new_v
        J[p] *= 1 + DT * new_c.trace()
        C[p] = new_c


@ti.kernel
def count_squares():
    for p in x:
        ti.atomic_add(checksum[None], p * p % 251)


def check(what, got, want, tolerance):
    if not abs(got - want) <= tolerance:
        sys.exit(f"taichi: wrong: {what} is {got!r}, expected {want!r} +- {tolerance}")


def main():
    place()
    start = x.to_numpy().mean(axis=0)
    step()  # with what is compiled for it
    ti.sync()
    began = time.monotonic_ns(), time.process_time_ns()
    for _ in range(STEPS - 1):
        step()
    ti.sync()
    took = time.monotonic_ns() - began[0], time.process_time_ns() - began[1]
    count_squares()
    end, speed = x.to_numpy().mean(axis=0), v.to_numpy().mean(axis=0)
    # Steps of DT, speed first: the sum 1 + 2 + ... + STEPS.
    fall = GRAVITY * DT**2 * STEPS * (STEPS + 1) / 2
    check("the centre's x", end[0], start[0], 1e-4)
    check("the centre's y", end[1], start[1] - fall, 1e-4)
    check("the speed", speed[1], -GRAVITY * DT * STEPS, 1e-3)
    check("the mass on the grid", grid_m.to_numpy().sum(), PARTICLES * MASS, 0.5)
    check("the sum of squares", checksum[None], sum(p * p % 251 for p in range(PARTICLES)), 0)
    print(f"taichi: OK, {PARTICLES} particles fell {fall:.4f} in {STEPS} steps on Vulkan")
    if sys.argv[1:]:
        print(*took)


main()
