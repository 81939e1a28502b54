#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What vkjail new writes runs at once, for an ordinary user as well, and computes what it says.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3

cat >results.py <<'END'
"""results.py KIND DIRECTORY: computes the result once more, without NumPy."""
import array
import struct
import sys
import zlib

kind, where = sys.argv[1:]


def npy(name):
    """The numbers of a .npy of float32 in C order."""
    raw = open(f"{where}/{name}", "rb").read()
    start = 10 + struct.unpack("<H", raw[8:10])[0]
    assert b"'<f4'" in raw[:start], raw[:start]
    return array.array("f", raw[start:])


def randoms(seed, count):
    """Numbers in [0, 1) as vkjail-job(5) describes them: splitmix64, highest 24 bits."""
    mask = (1 << 64) - 1
    for i in range(count):
        z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        yield ((z ^ z >> 31) >> 40) / (1 << 24)


def png(name):
    """Width, height and the pixels as tuples; of 8 bits a channel, not interlaced."""
    raw, at, data = open(name, "rb").read(), 8, b""
    while at < len(raw):
        size, tag = struct.unpack(">I4s", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        at += size + 12
        if tag == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert depth == 8
        elif tag == b"IDAT":
            data += body
    n = {2: 3, 6: 4}[colour]
    lines, before, data = [], bytes(width * n), zlib.decompress(data)
    for y in range(height):
        line = bytearray(data[y * (width * n + 1):][:width * n + 1])
        mode, line = line[0], line[1:]
        for i in range(len(line)):
            a, b, c = (line[i - n] if i >= n else 0), before[i], (before[i - n] if i >= n else 0)
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, near)[mode]) & 255
        lines.append(line)
        before = line
    return width, height, [[tuple(line[x * n:x * n + 3]) for x in range(width)] for line in lines]


def smooth(width, height, pixels):
    def mean(x, y):
        near = [pixels[v][u] for v in range(max(y - 2, 0), min(y + 3, height)) for u in range(max(x - 2, 0), min(x + 3, width))]
        return tuple(round(sum(p[c] for p in near) / len(near)) for c in range(3))
    return [[mean(x, y) for x in range(width)] for y in range(height)]


if kind == "saxpy":
    got = npy("saxpy.npy")
    assert len(got) == 1000000
    worst = max(abs(g - (5.0 * i + r)) / (5.0 * i + 1) for i, g, r in zip(range(20000), got, randoms(7, 20000)))
elif kind == "reduction":
    got = npy("sum.npy")
    assert len(got) == 1
    want = sum(randoms(1, 1000000))
    worst = abs(got[0] - want) / want
else:
    width, height, pixels = png(f"{where}/picture.png")
    want = smooth(width, height, smooth(width, height, pixels))
    size = png(f"{where}/image.png")
    assert size[:2] == (width, height)
    worst = max(abs(g - w) for line, other in zip(size[2], want) for p, q in zip(line, other) for g, w in zip(p, q)) / 3e5
    assert want != pixels
print("worst", worst)
sys.exit(worst > 1e-5)
END
# With sanitizers the compiler needs more memory than the new jobs allow.
more=
[ "${VKJAIL_SANITIZERS:-}" = '' ] || more='--memory 16G'
for kind in saxpy image reduction; do
	dir=$(user_dir $kind)
	run as_user vkjail new $kind "$dir"
	status_is 0 "$kind is written"
	run as_user sh -c "cd '$dir' && vkjail run $more --dry-run -q $kind.yaml"
	is "$status$err" 0 '... checked without a word'
	run as_user sh -c "cd '$dir' && vkjail run $more -q $kind.yaml"
	is "$status$err" 0 '... runs without a word'
	report_has '... the report' "$dir/vkjail-report.json" .outcome.reason=exited .job.dry_run=false .gpu.end.reason=done
	ok '... the result is right' python3 results.py $kind "$dir"
done
done_testing
