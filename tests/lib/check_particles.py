# SPDX-License-Identifier: Apache-2.0
"""The particle jobs of check_gallery.py, computed again with NumPy in float64.

Particles that come close make small differences large, so whole runs are compared by what lasts: sums,
means, how many are where. Each particle is compared as far as the differences stay small."""
import numpy as np
from check_jobs import F, random_f32, read_png


def galaxies(count, heavy):
    r = random_f32(6, count * 4).reshape(count, 4).astype(float)
    second = np.arange(count) % 3 == 2
    size = np.where(second, 0.6, 1.0)
    radius, angle = size * np.sqrt(0.02 + 0.98 * r[:, 0]), 6.2831853 * r[:, 1]
    at = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0.05 * (r[:, 2] - 0.5)], 1)
    speed = np.sqrt(heavy * size / radius)
    go = np.stack([-np.sin(angle) * speed, np.cos(angle) * speed, 0 * speed], 1)
    mass = np.full(count, 0.2 / count)
    at[[0, 2]] = go[[0, 2]] = 0
    mass[[0, 2]] = heavy * size[[0, 2]]
    for v, tilt in ((at, -1), (go, 0)):
        x, y, z = v.T
        v[second] = np.stack([x, 0.5 * y + tilt * z, 0.86602540 * y], 1)[second]
    at += np.where(second[:, None], [1.2, 0.6, 0], [-0.5, -0.2, 0])
    go += np.where(second[:, None], [-0.55, -0.15, 0], [0.18, 0.05, 0])
    return at, go, mass


def check_nbody(out):
    count, dt, soft = 2048, 0.02, 0.05
    at, go, mass = galaxies(count, 0.9)
    momentum = mass @ go
    for _ in range(60):
        pull = np.zeros_like(at)
        p, m = at.astype(F), mass.astype(F)
        for i in range(0, count, 256):
            d = [p[None, :, k] - p[i : i + 256, None, k] for k in range(3)]
            square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + F(soft * soft)
            near = m / (square * np.sqrt(square))
            for k in range(3):
                pull[i : i + 256, k] = np.einsum("ij,ij->i", near, d[k])
        go = go + dt * pull
        at = at + dt * go
    got, speed = np.load(out / "nbody-position.npy"), np.load(out / "nbody-velocity.npy")
    far = np.linalg.norm(got[:, :3] - at, axis=1)
    lost = np.abs(mass @ speed[:, :3].astype(float) - momentum).max()
    print(f"nbody: median distance {np.median(far):.3g}, 99 % below {np.quantile(far, 0.99):.3g}; momentum lost {lost:.3g}")
    picture = read_png(out / "nbody.png")
    print(f"nbody: {np.count_nonzero(picture[:, :, 2] > 20)} pixels have light")
    return bool(
        got.shape == (count, 4) and np.median(far) < 1e-4 and np.quantile(far, 0.99) < 1e-2 and lost < 1e-4
        and picture.shape == (400, 640, 4) and 2000 < np.count_nonzero(picture[:, :, 2] > 20) < 5 * count
    )


GRID, DT, STIFF = 64, 0.0003, 400.0


def mpm_step(at, go, affine, volume):
    """One step for all particles; positions in units of the unit square."""
    dx = 1 / GRID
    base = (at / dx - 0.5).astype(int)
    f = at / dx - base
    w = np.stack([0.5 * (1.5 - f) ** 2, 0.75 - (f - 1) ** 2, 0.5 * (f - 0.5) ** 2])
    pressure = -4 * DT * STIFF * (volume - 1) / dx**2
    a = affine + pressure[:, None, None] * np.eye(2)
    nodes, weights, offsets = [], [], []
    total = np.zeros((3, GRID * GRID))
    for oy in range(3):
        for ox in range(3):
            weight = w[ox, :, 0] * w[oy, :, 1]
            d = (np.array([ox, oy]) - f) * dx
            node = (base[:, 1] + oy) * GRID + base[:, 0] + ox
            momentum = weight[:, None] * (go + np.einsum("nij,nj->ni", a, d))
            for k, amount in enumerate((momentum[:, 0], momentum[:, 1], weight)):
                total[k] += np.bincount(node, amount, GRID * GRID)
            nodes.append(node), weights.append(weight), offsets.append(d)
    full = total[2] > 0.5 / 1048576
    flow = np.where(full, total[:2] / np.where(full, total[2], 1), 0).T
    flow[full, 1] -= DT * 9.8
    y, x = np.divmod(np.arange(GRID * GRID), GRID)
    for axis, place in ((0, x), (1, y)):
        wall = (place < 3) & (flow[:, axis] < 0) | (place > GRID - 4) & (flow[:, axis] > 0)
        flow[wall, axis] = 0
    go, affine = np.zeros_like(go), np.zeros_like(affine)
    for node, weight, d in zip(nodes, weights, offsets):
        g = weight[:, None] * flow[node]
        go += g
        affine += 4 / dx**2 * g[:, :, None] * d[:, None, :]
    return at + DT * go, go, affine, volume * (1 + DT * np.trace(affine, axis1=1, axis2=2))


def check_mpm(out):
    """1500 steps: until the block hits the ground each particle has one place to be; then they mix."""
    at = np.array([0.2, 0.3]) + 0.4 * random_f32(8, 8192).reshape(4096, 2).astype(float)
    go, affine, volume = np.tile([0.0, -1.0], (4096, 1)), np.zeros((4096, 2, 2)), np.ones(4096)
    fine = True
    for t in range(10):
        if t % 3 == 0:
            picture = read_png(out / f"mpm-{t:04d}.png")
            shown = np.zeros((256, 256), bool)
            x, y = (np.stack([at[:, 0], 1 - at[:, 1]]) * 256).astype(int)
            for k in range(4):
                shown[np.minimum(y + k // 2, 255), np.minimum(x + k % 2, 255)] = True
            alike = np.mean((picture[:, :, 2] > 100) == shown)
            print(f"mpm: picture {t}: {alike:.2%} of the pixels alike")
            fine &= bool(alike > 0.98)
        for _ in range(150):
            at, go, affine, volume = mpm_step(at, go, affine, volume)
    got, size = np.load(out / "mpm-position.npy"), np.load(out / "mpm-volume.npy")
    far = np.linalg.norm(got - at, axis=1)
    print(f"mpm: median distance {np.median(far):.3g}; middle {got.mean(0)}, want {at.mean(0)}; volume {size.mean():.4f}, want {volume.mean():.4f}")
    inside = got.min() > 1 / GRID and got.max() < 1 - 1 / GRID
    return fine and bool(inside and np.abs(got.mean(0) - at.mean(0)).max() < 2e-3 and abs(size.mean() / volume.mean() - 1) < 0.01)
