#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""taichi_set.py nbody|life|autodiff|leak: small Taichi programs on Vulkan that check themselves against NumPy."""
import sys

import numpy as np
import taichi as ti

ti.init(arch=ti.vulkan, offline_cache=False)
if ti.cfg.arch != ti.vulkan:
    sys.exit(f"taichi: no Vulkan backend, it fell back to {ti.cfg.arch}")


def check(what, good):
    if not good:
        sys.exit(f"taichi: {what}: wrong")


def nbody():
    count, steps, dt = 512, 20, 1e-3
    place = ti.Vector.field(3, ti.f32, count)
    speed = ti.Vector.field(3, ti.f32, count)

    @ti.kernel
    def force():
        for i in place:
            total = ti.Vector([0.0, 0.0, 0.0])
            for j in range(count):
                d = place[j] - place[i]
                total += d / (d.norm_sqr() + 1e-2) ** 1.5
            speed[i] += dt * total / count

    @ti.kernel
    def move():
        for i in place:
            place[i] += dt * speed[i]

    start = np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)
    place.from_numpy(start)
    for _ in range(steps):
        force()
        move()
    p, v = start.astype(np.float64), np.zeros((count, 3))
    for _ in range(steps):
        d = p[None, :, :] - p[:, None, :]
        v += dt * (d / ((d**2).sum(-1, keepdims=True) + 1e-2) ** 1.5).sum(1) / count
        p += dt * v
    check("n-body", np.abs(place.to_numpy() - p).max() < 1e-4)
    return f"{count} bodies, {steps} steps"


def life():
    size, rounds = 128, 64
    now = ti.field(ti.i32, (size, size))
    then = ti.field(ti.i32, (size, size))

    @ti.kernel
    def step():
        for i, j in now:
            n = 0
            for a, b in ti.static(ti.ndrange((-1, 2), (-1, 2))):
                if ti.static(a != 0 or b != 0):
                    n += now[(i + a + size) % size, (j + b + size) % size]
            then[i, j] = 1 if n == 3 or (n == 2 and now[i, j] == 1) else 0
        for i, j in now:
            now[i, j] = then[i, j]

    cells = (np.random.default_rng(2).random((size, size)) < 0.3).astype(np.int32)
    now.from_numpy(cells)
    for _ in range(rounds):
        step()
        n = sum(np.roll(cells, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b)
        cells = ((n == 3) | ((n == 2) & (cells == 1))).astype(np.int32)
    check("life", (now.to_numpy() == cells).all())
    return f"{size} x {size} cells, {rounds} rounds"


def autodiff():
    count = 256
    x = ti.field(ti.f32, count, needs_grad=True)
    loss = ti.field(ti.f32, (), needs_grad=True)

    @ti.kernel
    def energy():
        for i in x:
            loss[None] += x[i] ** 2 * 0.5 + ti.sin(x[i])

    @ti.kernel
    def descend():
        for i in x:
            x[i] -= 0.1 * x.grad[i]

    start = np.linspace(-2, 2, count, dtype=np.float32)
    x.from_numpy(start)
    for _ in range(10):
        loss[None] = 0
        with ti.ad.Tape(loss):
            energy()
        descend()
    y = start.astype(np.float64)
    for _ in range(10):
        y -= 0.1 * (y + np.cos(y))
    check("autodiff", np.abs(x.to_numpy() - y).max() < 1e-4)
    return f"{count} values, 10 steps of descent"


def leak():
    """Memory that is never given back: 32 MiB a round, until somebody stops it or 64 rounds are over."""
    kept = []

    @ti.kernel
    def touch(a: ti.types.ndarray(dtype=ti.f32, ndim=1)):
        for i in a:
            a[i] = 1.0

    for number in range(64):
        kept.append(ti.ndarray(ti.f32, 8 << 20))
        touch(kept[-1])
        ti.sync()
        print(f"leak: {number + 1}", flush=True)
    return "64 rounds"


what = sys.argv[1]
print(f"taichi: {what}: OK, {globals()[what]()}")
