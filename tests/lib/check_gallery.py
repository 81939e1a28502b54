#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a job of the gallery wrote with an independent computation: check_gallery.py JOB OUTDIR

OUTDIR holds the outputs of jobs/JOB.yaml under the names that it gives them. NumPy computes the same
thing from the same inputs; the numbers of the job files and the formulas of the shaders are repeated here on
purpose. Where integers decide, results are the same to the bit; else each check says how far apart they may be.
"""
import pathlib
import sys

import numpy as np
from check_jobs import JOBS, F, random_f32, read_png, splitmix64
from check_particles import check_mpm, check_nbody


def load(out, name):
    return np.load(out / name)


def near(what, got, want, relative, absolute):
    """Each number within absolute + relative * |want|; says how near they were."""
    if got.shape != want.shape:
        print(f"{what}: shape {got.shape}, want {want.shape}")
        return False
    far = np.abs(got.astype(float) - want)
    print(f"{what}: largest difference {far.max():.3g}, of numbers up to {np.abs(want).max():.3g}")
    return bool(np.all(far <= absolute + relative * np.abs(want)))


def same(what, got, want):
    wrong = np.count_nonzero(got != want) if got.shape == want.shape else f"shape {got.shape}, not {want.shape}:"
    print(f"{what}: {wrong} differ of {want.size}")
    return wrong == 0


def pixels(what, got, want, most, share):
    """8 bit pictures: the given share of the bytes is the same, none is further than 'most' apart."""
    if got.shape != want.shape:
        print(f"{what}: shape {got.shape}, want {want.shape}")
        return False
    far = np.abs(got.astype(int) - want.astype(int))
    print(f"{what}: {np.mean(far == 0):.2%} the same, largest difference {far.max()}")
    return bool(np.mean(far == 0) >= share and far.max() <= most)


def random_u32(seed, count):
    return (splitmix64(seed, count) >> np.uint64(32)).astype(np.uint32)


def photo_rgb():
    return read_png(JOBS / "photo.png")[:, :, :3]


def to_bytes(x):
    return np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)


# ---- arrays --------------------------------------------------------------------------------------


def check_matmul(out):
    """Sums of 512 products in another order: a few units in the last place."""
    a = random_f32(1, 480 * 512).reshape(480, 512)
    b = random_f32(2, 512 * 384).reshape(512, 384)
    return near("matmul", load(out, "matmul.npy"), a.astype(float) @ b, 2e-6, 0)


def check_reduction(out):
    x = random_f32(3, 2000000)
    got = load(out, "reduction.npy")
    return near("sum", got[:1], np.array([x.sum(dtype=float)]), 1e-6, 0) & same(
        "smallest, largest", got[1:], np.array([x.min(), x.max()])
    )


def check_scan(out):
    x = random_u32(4, 1 << 20)
    until = np.cumsum(x, dtype=np.uint32)
    return same("sums", load(out, "scan.npy"), until - x) & same("total", load(out, "scan-total.npy"), until[-1:])


def check_sort(out):
    keys = random_u32(5, 1 << 18)
    order = np.argsort(keys, kind="stable").astype(np.uint32)
    return same("keys", load(out, "sort-keys.npy"), np.sort(keys)) & same("order", load(out, "sort-order.npy"), order)


# ---- pictures ------------------------------------------------------------------------------------


def check_fft(out):
    """float32 sums of 262144 numbers, from cosines that a driver may get wrong in the sixth digit."""
    luma = (photo_rgb() / 255) @ np.array([0.2126, 0.7152, 0.0722])
    spectrum = np.fft.fft2(luma)
    f = np.fft.fftfreq(512)
    soft = np.fft.ifft2(spectrum * np.exp(-2 * np.pi**2 * 9 * (f[:, None] ** 2 + f**2)))
    got = load(out, "fft.npy")
    picture = np.fft.fftshift(np.log2(1 + np.abs(spectrum)) / 14)
    return (
        near("blurred, real", got[:, :, 0], soft.real, 0, 2e-5)
        & near("blurred, imaginary", got[:, :, 1], soft.imag, 0, 2e-5)
        & pixels("spectrum", read_png(out / "fft-spectrum.png")[:, :, 0], to_bytes(picture), 1, 0.98)
        & pixels("soft", read_png(out / "fft-soft.png")[:, :, 0], to_bytes(soft.real), 1, 0.98)
    )


def check_thumbnail(out):
    photo = photo_rgb().astype(float)
    half = photo.reshape(256, 2, 256, 2, 3).mean((1, 3))
    return pixels("thumbnail", read_png(out / "thumbnail.png")[:, :, :3], np.rint(half).astype(int), 1, 0.6)


def check_equalize(out):
    rgb = photo_rgb().astype(np.uint32)
    bright = rgb @ np.array([54, 183, 19], np.uint32) >> 8
    histogram = np.bincount(bright.ravel(), minlength=256)
    total, base = np.cumsum(histogram), histogram[bright.min()]
    span = bright.size - base
    curve = np.where(np.arange(256) < bright.min(), 0, ((total - base) * 255 + span // 2) // span).astype(np.uint32)
    divisor = np.maximum(bright, 1)[:, :, None]
    result = np.minimum((rgb * curve[bright][:, :, None] + divisor // 2) // divisor, 255)
    return (
        same("histogram", load(out, "equalize-histogram.npy"), histogram)
        & same("curve", load(out, "equalize-curve.npy"), curve)
        & same("picture", read_png(out / "equalize.png")[:, :, :3], result)
    )


def check_heat(out):
    """The same steps in the same order give the same bits, whatever the number of rounds was; and that
    number is the first with a change below the bound."""
    size = 128
    p = (np.arange(size, dtype=F) / F(size - 1)).astype(F)
    x, y = np.meshgrid(p, p)
    fixed = np.full((size, size), -1, F)
    edge = np.zeros((size, size), bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    fixed[edge] = F(0.5) * y[edge]
    fixed[(x > 0.2) & (x < 0.3) & (y > 0.2) & (y < 0.7)] = 1
    fixed[np.hypot(x - F(0.7), y - F(0.6)) < 0.15] = 0
    free, plate, change, rounds = fixed < 0, np.maximum(fixed, 0), F(1), 0
    while rounds < 200 and change >= F(4e-6):
        rounds += 1
        for _ in range(100):
            before = plate
            plate = fixed.copy()
            inner = F(0.25) * ((before[1:-1, :-2] + before[1:-1, 2:]) + (before[:-2, 1:-1] + before[2:, 1:-1]))
            plate[1:-1, 1:-1] = np.where(free[1:-1, 1:-1], inner, fixed[1:-1, 1:-1])
        change = np.abs(plate - before).max()
    print(f"heat: {rounds} rounds, then a step changes at most {change:.3g}")
    return (
        rounds < 200
        and near("plate", load(out, "heat.npy"), plate, 0, 1e-6)
        and near("change", load(out, "heat-change.npy"), np.array([change]), 0.02, 0)
        and read_png(out / "heat.png").shape == (512, 512, 4)
    )


def check_life(out):
    alive = read_png(JOBS / "life.png")[:, :, 0] > 127
    cells = np.where(alive, 1, -1000)
    got = load(out, "life.npy")
    want = np.empty_like(got)
    pictures = True
    for t in range(90):
        want[t] = cells
        shade = np.where(cells > 0, 0.35 + 0.65 * np.exp(-0.5 * (cells - 1)), 0.04 + 0.28 * np.exp(0.12 * cells))
        if t % 11 == 0 or t == 89:
            picture = read_png(out / f"life-{t:04d}.png")
            want_red = to_bytes(np.kron(shade, np.ones((4, 4))))
            pictures &= picture.shape == (240, 320, 4) and np.abs(picture[:, :, 0].astype(int) - want_red).max() <= 1
        n = sum(np.roll(alive, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy)
        lives = (n == 3) | (n == 2) & alive
        cells = np.where(lives, np.maximum(cells, 0) + 1, np.minimum(cells, 0) - 1)
        alive = lives
    pictures &= len(list(out.glob("life-*.png"))) == 90
    print("life: the pictures", "show the cells" if pictures else "are others")
    return same("cells", got, want) & bool(pictures)


# ---- networks ------------------------------------------------------------------------------------


def tensors(name):
    """All tensors of a .safetensors file, bf16 widened to float."""
    data = (JOBS / name).read_bytes()
    import json

    size = int.from_bytes(data[:8], "little")
    found = {}
    for key, t in json.loads(data[8 : 8 + size]).items():
        assert t["dtype"] == "BF16"
        begin, end = (8 + size + o for o in t["data_offsets"])
        bits = np.frombuffer(data[begin:end], "<u2").astype(np.uint32) << 16
        found[key] = bits.view(F).astype(float).reshape(t["shape"])
    return found


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def check_digits(out):
    p = tensors("digits.safetensors")
    sheet = read_png(JOBS / "digits.png")[:, :, 0] / 255
    x = sheet.reshape(16, 28, 16, 28).transpose(0, 2, 1, 3).reshape(256, 784)
    h = np.maximum(x @ p["hidden.weight"].T + p["hidden.bias"], 0)
    want = softmax(h @ p["output.weight"].T + p["output.bias"])
    right = want.argmax(1) == np.arange(256) % 10
    print(f"digits: {right.sum()} of 256 are read right")
    share, best = want.max(1).reshape(16, 16), right.reshape(16, 16)
    ground = np.where(best[:, :, None], [0, 0.35, 0.15], [0.75, 0, 0.05]) * share[:, :, None]
    big = np.kron(ground, np.ones((28, 28, 1)))
    picture = to_bytes(big * (1 - sheet[:, :, None]) + sheet[:, :, None])
    return (
        right.sum() >= 250
        and near("shares", load(out, "digits.npy"), want, 0, 1e-4)
        and pixels("picture", read_png(out / "digits-read.png")[:, :, :3], picture, 1, 0.95)
    )


def norm(x, p, name):
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * p[name + ".weight"] + p[name + ".bias"]


def check_transformer(out):
    p = tensors("reverse.safetensors")
    tokens = np.load(JOBS / "reverse.npy")

    def linear(x, name):
        return x @ p[name + ".weight"].T + p[name + ".bias"]

    x = p["token"][tokens] + p["place"]
    q, k, v = linear(norm(x, p, "norm-1"), "qkv").reshape(32, 32, 3, 4, 16).transpose(2, 0, 3, 1, 4)
    score = np.where(np.tri(32, dtype=bool), q @ k.swapaxes(2, 3) / 4, -np.inf)
    share = softmax(score)
    x = x + linear((share @ v).swapaxes(1, 2).reshape(32, 32, 64), "proj")
    h = linear(norm(x, p, "norm-2"), "up")
    h = 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))
    x = x + linear(h, "down")
    want = linear(norm(x, p, "norm-3"), "out")
    got = load(out, "transformer.npy")
    right = got.reshape(32, 32, 10)[:, 16:].argmax(2) == tokens[:, 15::-1]
    print(f"transformer: {right.sum()} of {right.size} digits are right")
    shown = np.kron(np.sqrt(share[0]), np.ones((8, 8))).transpose(1, 0, 2).reshape(256, 1024)
    shown[:, 256::256] = np.maximum(shown[:, 256::256], 0.3)
    picture = read_png(out / "transformer-attention.png")[:, :, 0]
    return (
        right.mean() >= 0.99
        and near("logits", got, want.reshape(1024, 10), 1e-4, 1e-3)
        and pixels("attention", picture, to_bytes(shown), 1, 0.95)
    )


def main():
    checks = {
        "matmul": check_matmul, "reduction": check_reduction, "scan": check_scan, "sort": check_sort, "fft": check_fft,
        "equalize": check_equalize, "heat": check_heat, "life": check_life, "digits": check_digits,
        "transformer": check_transformer, "thumbnail": check_thumbnail, "nbody": check_nbody, "mpm": check_mpm,
    }
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        sys.exit(f"usage: check_gallery.py {'|'.join(checks)} OUTDIR")
    if not checks[sys.argv[1]](pathlib.Path(sys.argv[2])):
        sys.exit(f"{sys.argv[1]}: not what was computed independently")


if __name__ == "__main__":
    main()
