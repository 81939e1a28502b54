#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a job wrote with an independent computation: check_jobs.py JOB OUTDIR

JOB is saxpy, mandelbrot or photo; OUTDIR holds the outputs of jobs/JOB.yaml, whose numbers are
repeated here on purpose. NumPy computes the same thing again from the inputs, and PNG files are
decoded here as well, so nothing is shared with vkjail.
"""
import pathlib
import struct
import sys
import zlib

import numpy as np

JOBS = pathlib.Path(__file__).resolve().parents[2] / "jobs"
F = np.float32


def read_png(path):
    """8 bit PNG without interlacing as [height, width, channels]."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is not a PNG"
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + chunk) == struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0]
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", chunk)
            assert depth == 8 and interlace == 0, "only plain 8 bit files are decoded here"
        elif kind == b"IDAT":
            body += chunk
        at += size + 12
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    raw = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * channels)
    return unfilter(raw[:, 0], raw[:, 1:].reshape(height, width, channels))


def unfilter(kinds, raw):
    """Each pixel is told as the difference from a guess out of its neighbours left and above. What lies on one
    diagonal does not depend on each other, so NumPy does a diagonal at a time."""
    height, width, channels = raw.shape
    out = np.zeros((height + 1, width + 1, channels), np.int32)
    for t in range(width + height - 1):
        y = np.arange(max(0, t - width + 1), min(height, t + 1))
        x, kind = t - y, kinds[y, None]
        a, b, c = out[y + 1, x], out[y, x + 1], out[y, x]
        pa, pb, pc = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
        third = np.where((pa <= pb) & (pa <= pc), a, np.where(pb <= pc, b, c))
        guess = np.select([kind == 1, kind == 2, kind == 3, kind == 4], [a, b, (a + b) // 2, third], 0)
        out[y + 1, x + 1] = raw[y, x] + guess & 255
    return out[1:, 1:].astype(np.uint8)


def splitmix64(seed, count):
    """fill: {random: SEED}: element i comes from the i-th number of this generator; its highest bits are used."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return z


def random_f32(seed, count):
    z = splitmix64(seed, count)
    return ((z >> np.uint64(40)).astype(np.float64) * 2.0**-24).astype(F)


def check_saxpy(out):
    """Tolerance: a device may fuse multiply and add, which moves the last bit in each of 10 rounds."""
    x = np.arange(1000000, dtype=F)
    y = random_f32(7, x.size)
    for _ in range(10):
        y = F(0.5) * x + y
    got = np.load(out / "saxpy.npy", allow_pickle=False)
    assert got.dtype == F and got.shape == y.shape, f"{got.dtype} {got.shape}"
    worst = np.max(np.abs(got - y) / np.maximum(np.abs(y), 1e-3))
    print(f"saxpy: largest relative difference {worst:.2g}")
    return worst <= 2e-6


def report_pixels(name, got, want, levels, share):
    """At least `share` of the pixels must differ by at most `levels` of 255 in every channel."""
    assert got.shape == want.shape, f"{got.shape} instead of {want.shape}"
    diff = np.abs(got.astype(int) - want.astype(int)).max(axis=2)
    near = float((diff <= levels).mean())
    print(f"{name}: {near:.4%} of pixels within {levels} of 255 (wanted {share:.2%}), mean difference {diff.mean():.3f}")
    return near >= share


def check_mandelbrot(out):
    """Tolerance: the iteration is exact (`precise`), so escape times agree; log2 and cos are approximate."""
    width, height, most, scale = 1024, 768, 1200, F(0.0000065)
    with np.errstate(all="ignore"):
        x = F(-0.7453) + (np.arange(width, dtype=F) + F(0.5) - F(0.5) * F(width)) * scale
        y = F(0.1127) + (np.arange(height, dtype=F) + F(0.5) - F(0.5) * F(height)) * scale
        cx, cy = (np.ascontiguousarray(a.ravel()) for a in np.meshgrid(x, y))
        zx, zy, n = np.zeros_like(cx), np.zeros_like(cx), np.zeros(cx.size, F)
        end_r2, live = np.zeros_like(cx), np.arange(cx.size)
        for _ in range(most):
            a, b = zx[live], zy[live]
            zx[live], zy[live] = a * a - b * b + cx[live], F(2) * a * b + cy[live]
            n[live] += 1
            r2 = zx[live] * zx[live] + zy[live] * zy[live]
            end_r2[live] = r2
            live = live[r2 <= 256]
        t = n + 1 - np.log2(0.5 * np.log2(end_r2))
        hue = 0.16 * np.log2(np.maximum(t, 1))
        want = np.zeros((cx.size, 4), np.uint8)
        want[:, 3] = 255
        outside = end_r2 > 256
        for i, shift in enumerate((0.0, 0.07, 0.22)):
            value = np.rint(255 * (0.5 - 0.5 * np.cos(6.2831853 * (hue + shift))))
            want[outside, i] = value[outside].astype(np.uint8)
    return report_pixels("mandelbrot", read_png(out / "mandelbrot.png"), want.reshape(height, width, 4), 4, 0.99)


def bilateral(image, radius, space, color):
    height, width, _ = image.shape
    rgb = image[:, :, :3].astype(F) / F(255)
    total, weights = np.zeros_like(rgb), np.zeros((height, width), F)
    ys, xs = np.arange(height), np.arange(width)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            near = rgb[np.clip(ys + dy, 0, height - 1)][:, np.clip(xs + dx, 0, width - 1)]
            d = near - rgb
            w = np.exp(F(-0.5) / F(space) ** 2 * F(dx * dx + dy * dy) + F(-0.5) / F(color) ** 2 * (d * d).sum(axis=2))
            total += w[:, :, None] * near
            weights += w
    out = image.copy()
    out[:, :, :3] = np.rint(np.clip(total / weights[:, :, None], 0, 1) * 255)
    return out


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def ink(image, steps, saturation, low, high):
    rgb = image[:, :, :3].astype(F) / F(255)
    y = rgb @ np.array([0.2126, 0.7152, 0.0722], F)
    p = np.pad(y, 1, mode="edge")
    gx = p[:-2, 2:] + 2 * p[1:-1, 2:] + p[2:, 2:] - p[:-2, :-2] - 2 * p[1:-1, :-2] - p[2:, :-2]
    gy = p[2:, :-2] + 2 * p[2:, 1:-1] + p[2:, 2:] - p[:-2, :-2] - 2 * p[:-2, 1:-1] - p[:-2, 2:]
    line = smoothstep(low, high, np.sqrt(gx * gx + gy * gy))
    level = np.floor(y * steps)
    stepped = (level + smoothstep(0.35, 0.65, y * steps - level)) / steps
    color = stepped[:, :, None] * (1 - saturation) + rgb * (stepped / np.maximum(y, 0.001))[:, :, None] * saturation
    out = image.copy()
    out[:, :, :3] = np.rint(np.clip(color, 0, 1) * (1 - 0.85 * line)[:, :, None] * 255)
    return out


def check_photo(out):
    """Tolerance: exp is approximate and bytes are rounded between steps; an edge makes one level up to ten."""
    photo = read_png(JOBS / "photo.png")
    if photo.shape[2] == 3:
        photo = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    for color in (0.11, 0.09, 0.07):
        photo = bilateral(photo, 4, 3.0, color)
    return report_pixels("photo", read_png(out / "photo-drawing.png"), ink(photo, 7, 1.25, 0.25, 0.9), 4, 0.99)


def main():
    checks = {"saxpy": check_saxpy, "mandelbrot": check_mandelbrot, "photo": check_photo}
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        sys.exit(f"usage: check_jobs.py {'|'.join(checks)} OUTDIR")
    if not checks[sys.argv[1]](pathlib.Path(sys.argv[2])):
        sys.exit(f"{sys.argv[1]}: not what was computed independently")


if __name__ == "__main__":
    main()
