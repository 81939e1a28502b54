#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files for tests/t/4300-data.t, made and compared by NumPy: check_data.py make | check_data.py CHECK ...

Nothing is shared with vkjail: the formats are written by NumPy and Python's zipfile, or by hand here.
"""
import json
import pathlib
import struct
import sys
import zipfile
import zlib

import numpy as np

F = np.float32


def array():
    return np.random.default_rng(1).standard_normal((37, 53)).astype(F)


def safetensors(path, tensors, header=None):
    entries, data = {"__metadata__": {"format": "np"}}, b""
    for name, (kind, values) in tensors.items():
        raw = values.tobytes()
        entries[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text) if header is None else header) + text + data)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png16(path, pixels):
    """RGB of 16 bits, without filters."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    pathlib.Path(path).write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def read_png(path):
    """What png_write makes: depth 8 or 16, any of the filters."""
    data = pathlib.Path(path).read_bytes()
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        part = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", part[:10])
        elif kind == b"IDAT":
            body += part
        at += size + 12
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    step = channels * depth // 8
    raw = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * step)
    above, rows = [0] * (width * step), []
    for line in raw.tolist():
        kind, now = line[0], line[1:]
        for i in range(len(now)):
            a, b, c = (now[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            now[i] = now[i] + (0, a, b, (a + b) // 2, nearest)[kind] & 255
        rows.append(now)
        above = now
    pixels = np.array(rows, np.uint8).reshape(height, width * step)
    return pixels.view(">u2" if depth == 16 else np.uint8).reshape(height, width, channels).astype(f"u{depth // 8}")


def image16():
    return np.random.default_rng(2).integers(0, 65536, (7, 5, 3), dtype=np.uint16)


def nan_bits():
    return np.array([0x7FC00000, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 0x00000001, 0x7F800001, 1], np.uint32)


DTYPES = {"u8": "u1", "i8": "i1", "u16": "u2", "i16": "i2", "u32": "u4", "i32": "i4", "f32": "f4", "u64": "u8", "i64": "i8", "f64": "f8", "f16": "f2", "bool": "?"}


def typed(kind):
    rng = np.random.default_rng(3)
    return np.frombuffer(rng.bytes(48), np.uint8).copy().view(DTYPES[kind]) if kind != "bool" else rng.integers(0, 2, 48).astype(bool)


def make():
    a = array()
    np.save("a.npy", a)
    np.save("fortran.npy", np.asfortranarray(a))
    np.save("big.npy", a.astype(">f4"))
    np.save("fortran3.npy", np.asfortranarray(np.arange(2 * 3 * 4 * 5, dtype=">i4").reshape(2, 3, 4, 5)))
    np.save("cube.npy", np.arange(2 * 3 * 4 * 5, dtype="<i4").reshape(2, 3, 4, 5))
    np.lib.format.write_array(open("v3.npy", "wb"), a, version=(3, 0))
    np.lib.format.write_array(open("v2.npy", "wb"), a, version=(2, 0))
    np.savez("stored.npz", a=a, b=np.arange(3), **{"x#y": a})
    np.savez_compressed("packed.npz", a=a, b=np.arange(3), f=np.asfortranarray(a))
    np.savez_compressed("one.npz", a)
    np.save("empty.npy", np.zeros((0, 4), F))
    np.save("nan.npy", nan_bits().view(F))
    for kind in DTYPES:
        np.save(f"{kind}.npy", typed(kind))
    half = (np.arange(65536, dtype=np.uint32)).astype(np.uint16)
    np.save("half.npy", half.view(np.float16))
    safetensors("m.safetensors", {"w": ("F32", a), "l.0#x": ("BF16", half), "h": ("F16", half), "q": ("F8_E4M3", half.view(np.uint8)[:4])})
    safetensors("only.safetensors", {"w": ("F32", a)})
    safetensors("huge.safetensors", {"w": ("F32", a)}, header=1 << 32)
    png16("deep.png", image16())
    # Hostile archives.
    body = pathlib.Path("a.npy").read_bytes()
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as z:
        head = np.lib.format.header_data_from_array_1_0(np.zeros((1, 1), F))
        head["shape"] = (1 << 20, 1 << 20)
        with open("bomb.npy", "wb") as f:
            np.lib.format.write_array_header_1_0(f, head)
        z.writestr("a.npy", pathlib.Path("bomb.npy").read_bytes() + bytes(50_000_000))
    with zipfile.ZipFile("long.npz", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.npy", body + bytes(50_000_000))
    with zipfile.ZipFile("bzip.npz", "w", zipfile.ZIP_BZIP2) as z:
        z.writestr("a.npy", body)
    with zipfile.ZipFile("text.npz", "w") as z:
        z.writestr("a.npy", "hello")
    damaged = bytearray(pathlib.Path("packed.npz").read_bytes())
    damaged[200] ^= 0x55
    pathlib.Path("damaged.npz").write_bytes(damaged)


def same(path, want):
    got = np.load(path, allow_pickle=False)
    assert got.dtype == want.dtype and got.shape == want.shape, f"{got.dtype} {got.shape} instead of {want.dtype} {want.shape}"
    assert got.tobytes() == want.tobytes(), f"{np.count_nonzero(got != want)} of {got.size} differ"


def splitmix(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def random(kind, seed, count):
    """fill: {random: SEED}, as vkjail-job(5) says it."""
    r = splitmix(seed, count)
    bits = {"f16": 11, "f32": 24, "f64": 53, "bool": 1}.get(kind, 8 * np.dtype(DTYPES[kind]).itemsize)
    top = r >> np.uint64(64 - bits) if bits < 64 else r
    if kind[0] == "f":
        return (top.astype(np.float64) * 2.0**-bits).astype(DTYPES[kind])
    return top.astype(f"u{max(1, bits // 8)}").view(DTYPES[kind])


def iota(kind, count):
    i = np.arange(count, dtype=np.uint64)
    return (i & np.uint64(1)).astype(bool) if kind == "bool" else i.astype(DTYPES[kind])


def rows(path):
    """Each line: a check and its arguments. All are made, and the failed ones named."""
    failed = 0
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    for line in lines:
        try:
            check(*line.split())
        except (AssertionError, OSError, ValueError) as why:
            print(f"{line}: {why}")
            failed += 1
    assert lines and not failed, f"{failed} of {len(lines)} failed"


def check(what, *args):
    if what == "make":
        make()
    elif what == "rows":
        rows(args[0])
    elif what == "array":
        same(args[0], array())
    elif what == "cube":
        same(args[0], np.arange(120, dtype="<i4").reshape(2, 3, 4, 5))
    elif what == "half":
        want = np.arange(65536, dtype=np.uint32).astype(np.uint16).view(np.float16)
        with np.errstate(invalid="ignore"):
            got, want = np.load(args[0]), want.astype(args[1])
        number = ~np.isnan(want)
        assert got.dtype == want.dtype and np.array_equal(np.isnan(got), ~number)
        assert got[number].tobytes() == want[number].tobytes()
    elif what == "bfloat":
        bits = np.arange(65536, dtype=np.uint32) << np.uint32(16)
        same(args[0], bits.view(F))
    elif what == "bits":
        assert np.load(args[0]).tobytes() == nan_bits().tobytes()
    elif what == "typed":
        same(args[0], typed(args[1]))
    elif what == "random":
        same(args[0], random(args[1], int(args[2]), 1000))
    elif what == "random-shape":
        same(args[0], random("f32", 7, 1000).reshape(10, 100))
    elif what == "iota":
        same(args[0], iota(args[1], 1000))
    elif what == "deep":
        pixels = read_png(args[0])
        want = np.dstack([image16(), np.full((7, 5), 65535, np.uint16)])
        assert pixels.dtype == np.uint16 and np.array_equal(pixels, want), pixels[0, 0]
    elif what == "frames":
        for i in range(3):
            assert np.array_equal(read_png(args[0] % i)[:, :, 0], np.arange(20, dtype=np.uint8).reshape(4, 5) + 20 * i)
    elif what == "slices":
        for i in range(5):
            same(args[0] % i, np.arange(6, dtype=np.uint32).reshape(2, 3) + np.uint32(6 * i))
    else:
        sys.exit(f"no such check: {what}")


if __name__ == "__main__":
    check(*sys.argv[1:])
