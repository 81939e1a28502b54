#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs of the sample jobs that are neither photographs nor random numbers:

  digits.png, digits.safetensors    256 drawn digits, and a network of 784-64-10 neurons trained to read such
  reverse.npy, reverse.safetensors  rows of 16 digits, and a transformer block trained to write them backwards
  life.png                          a board for the game of life

usage: make-inputs.py [DIRECTORY] (default: beside this file). Needs NumPy alone, no network, and about three
minutes. All random numbers come from fixed seeds: the same NumPy on the same machine makes the same
bytes. Another linear algebra library adds in another order, so that weights may differ in their last bits.
"""
import json
import pathlib
import struct
import sys
import zlib

import numpy as np

F = np.float32

# ---- files ---------------------------------------------------------------------------------------


def write_png(path, pixels):
    """8 bits, grey."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def to_bf16(x):
    """The upper half of a float32, rounded to nearest, ties to even; as 16 bit numbers."""
    bits = np.ascontiguousarray(x, F).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(F)


def write_safetensors(path, tensors):
    """Header size, header as JSON, data; all tensors as bf16."""
    header, data = {}, b""
    for name, value in tensors.items():
        body = to_bf16(value).tobytes()
        header[name] = {"dtype": "BF16", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(body)]}
        data += body
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Adam:
    """Changes parameters in place, each by a step that its gradients' mean and spread say."""

    def __init__(self, parameters, rate):
        self.parameters, self.rate, self.t = parameters, rate, 0
        self.mean = {k: np.zeros_like(v) for k, v in parameters.items()}
        self.square = {k: np.zeros_like(v) for k, v in parameters.items()}

    def step(self, gradients, rate=1.0):
        self.t += 1
        for k, g in gradients.items():
            self.mean[k] += F(0.1) * (g - self.mean[k])
            self.square[k] += F(0.01) * (g * g - self.square[k])
            mean = self.mean[k] / F(1 - 0.9**self.t)
            square = self.square[k] / F(1 - 0.99**self.t)
            self.parameters[k] -= F(self.rate * rate) * mean / (np.sqrt(square) + F(1e-8))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# ---- digits --------------------------------------------------------------------------------------

# Five columns and seven rows each.
GLYPHS = """
.###. ..#.. .###. ##### ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# ...#. ..##. #.... #.... ....# #...# #...#
#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. .###. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ....#
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .###.
"""


def glyphs():
    rows = [line.split() for line in GLYPHS.strip().splitlines()]
    return np.array([[[c == "#" for c in rows[y][d]] for y in range(7)] for d in range(10)], F)


def draw_digits(rng, labels):
    """28 x 28 pixels each: turned, stretched, sheared and shifted at random, soft, with some noise."""
    n = len(labels)
    y, x = np.mgrid[0:28, 0:28].astype(F) - F(13.5)
    angle = rng.normal(0, 0.16, n)[:, None, None]
    wide, high = rng.uniform(2.4, 3.5, (n, 1, 1)), rng.uniform(2.3, 3.2, (n, 1, 1))
    shear = rng.normal(0, 0.18, (n, 1, 1))
    dx, dy = rng.uniform(-3, 3, (n, 1, 1)), rng.uniform(-2.5, 2.5, (n, 1, 1))
    u = (x - dx) * np.cos(angle) + (y - dy) * np.sin(angle)
    v = -(x - dx) * np.sin(angle) + (y - dy) * np.cos(angle)
    u = (u + shear * v) / wide + 2 + 2
    v = v / high + 3 + 2
    glyph = np.pad(glyphs(), ((0, 0), (2, 2), (2, 2)))[labels]
    u, v = np.clip(u, 0, 7.999), np.clip(v, 0, 9.999)
    i, j = u.astype(int), v.astype(int)
    fu, fv = u - i, v - j
    who = np.arange(n)[:, None, None]
    ink = (glyph[who, j, i] * (1 - fu) + glyph[who, j, i + 1] * fu) * (1 - fv)
    ink += (glyph[who, j + 1, i] * (1 - fu) + glyph[who, j + 1, i + 1] * fu) * fv
    ink = np.clip(1.6 * ink - 0.2, 0, 1) * rng.uniform(0.6, 1, (n, 1, 1)) + rng.normal(0, 0.06, ink.shape)
    return np.rint(np.clip(ink, 0, 1) * 31) * 8


def make_digits(where):
    rng = np.random.default_rng(1)
    hidden, count = 64, 12000
    labels = np.arange(count) % 10
    images = (draw_digits(rng, labels).reshape(count, 784) / 255).astype(F)
    p = {
        "hidden.weight": rng.normal(0, (2 / 784) ** 0.5, (hidden, 784)).astype(F),
        "hidden.bias": np.zeros(hidden, F),
        "output.weight": rng.normal(0, hidden**-0.5, (10, hidden)).astype(F),
        "output.bias": np.zeros(10, F),
    }
    adam = Adam(p, 2e-3)
    for epoch in range(25):
        for batch in rng.permutation(count).reshape(-1, 120):
            x, want = images[batch], labels[batch]
            h = np.maximum(x @ p["hidden.weight"].T + p["hidden.bias"], 0)
            d = softmax(h @ p["output.weight"].T + p["output.bias"])
            d[np.arange(len(want)), want] -= 1
            d /= F(len(want))
            dh = d @ p["output.weight"] * (h > 0)
            adam.step(
                {"output.weight": d.T @ h, "output.bias": d.sum(0), "hidden.weight": dh.T @ x, "hidden.bias": dh.sum(0)},
                0.9**epoch,
            )
    # 256 digits that were not in the training: 16 rows of 16, place i shows the digit i modulo 10
    labels = np.arange(256) % 10
    sheet = draw_digits(rng, labels).reshape(16, 16, 28, 28).transpose(0, 2, 1, 3).reshape(448, 448)
    write_png(where / "digits.png", sheet)
    write_safetensors(where / "digits.safetensors", p)
    p = {k: from_bf16(to_bf16(v)) for k, v in p.items()}
    x = (sheet.reshape(16, 28, 16, 28).transpose(0, 2, 1, 3).reshape(256, 784) / 255).astype(F)
    h = np.maximum(x @ p["hidden.weight"].T + p["hidden.bias"], 0)
    right = (h @ p["output.weight"].T + p["output.bias"]).argmax(1) == labels
    print(f"digits: {right.sum()} of {len(labels)} right")


# ---- a transformer block -------------------------------------------------------------------------

DIGITS, LENGTH, WIDTH, HEADS, INNER = 10, 16, 64, 4, 128
TOKENS = 2 * LENGTH  # 16 digits, the sign that asks for them backwards (10), and all but the last of the answer
GELU_A, GELU_B = F((2 / np.pi) ** 0.5), F(0.044715)


def norm_forward(x, scale, shift):
    mean = x.mean(-1, keepdims=True)
    r = 1 / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + F(1e-5))
    unit = (x - mean) * r
    return unit * scale + shift, (unit, r, scale)


def norm_backward(d, saved):
    unit, r, scale = saved
    g = d * scale
    dx = r * (g - g.mean(-1, keepdims=True) - unit * (g * unit).mean(-1, keepdims=True))
    return dx, (d * unit).sum((0, 1)), d.sum((0, 1))


def flat(x):
    return x.reshape(-1, x.shape[-1])


def block_forward(p, tokens):
    """Logits for each token of each row, and what the way back needs."""
    n, s = len(tokens), {}
    s["x0"] = p["token"][tokens] + p["place"]
    s["n1"], s["s1"] = norm_forward(s["x0"], p["norm-1.weight"], p["norm-1.bias"])
    qkv = s["n1"] @ p["qkv.weight"].T + p["qkv.bias"]
    s["q"], s["k"], s["v"] = qkv.reshape(n, TOKENS, 3, HEADS, -1).transpose(2, 0, 3, 1, 4)
    score = s["q"] @ s["k"].swapaxes(-1, -2) * F((WIDTH // HEADS) ** -0.5)
    later = np.triu(np.ones((TOKENS, TOKENS), bool), 1)
    s["attention"] = softmax(np.where(later, F(-1e30), score))
    s["mix"] = (s["attention"] @ s["v"]).swapaxes(1, 2).reshape(n, TOKENS, WIDTH)
    s["x1"] = s["x0"] + s["mix"] @ p["proj.weight"].T + p["proj.bias"]
    s["n2"], s["s2"] = norm_forward(s["x1"], p["norm-2.weight"], p["norm-2.bias"])
    s["h"] = h = s["n2"] @ p["up.weight"].T + p["up.bias"]
    s["tanh"] = np.tanh(GELU_A * (h + GELU_B * h**3))
    s["g"] = F(0.5) * h * (1 + s["tanh"])
    x2 = s["x1"] + s["g"] @ p["down.weight"].T + p["down.bias"]
    s["n3"], s["s3"] = norm_forward(x2, p["norm-3.weight"], p["norm-3.bias"])
    return s["n3"] @ p["out.weight"].T + p["out.bias"], s


def block_backward(p, tokens, d, s):
    n, g = len(tokens), {}

    def linear(name, d, x):
        g[name + ".weight"], g[name + ".bias"] = flat(d).T @ flat(x), d.sum((0, 1))
        return d @ p[name + ".weight"]

    def norm(name, d, saved):
        dx, g[name + ".weight"], g[name + ".bias"] = norm_backward(d, saved)
        return dx

    d2 = norm("norm-3", linear("out", d, s["n3"]), s["s3"])
    dg = linear("down", d2, s["g"])
    h, tanh = s["h"], s["tanh"]
    dh = dg * F(0.5) * (1 + tanh + h * (1 - tanh * tanh) * GELU_A * (1 + 3 * GELU_B * h * h))
    d1 = d2 + norm("norm-2", linear("up", dh, s["n2"]), s["s2"])
    dmix = linear("proj", d1, s["mix"]).reshape(n, TOKENS, HEADS, -1).swapaxes(1, 2)
    dv = s["attention"].swapaxes(-1, -2) @ dmix
    da = dmix @ s["v"].swapaxes(-1, -2)
    ds = s["attention"] * (da - (da * s["attention"]).sum(-1, keepdims=True)) * F((WIDTH // HEADS) ** -0.5)
    dqkv = np.stack([ds @ s["k"], ds.swapaxes(-1, -2) @ s["q"], dv])
    dqkv = dqkv.transpose(1, 3, 0, 2, 4).reshape(n, TOKENS, 3 * WIDTH)
    d0 = d1 + norm("norm-1", linear("qkv", dqkv, s["n1"]), s["s1"])
    g["place"] = d0.sum(0)
    g["token"] = (tokens.reshape(-1, 1) == np.arange(DIGITS + 1)).astype(F).T @ flat(d0)
    return g


def reversal(rng, n):
    digits = rng.integers(0, DIGITS, (n, LENGTH))
    back = digits[:, ::-1]
    return np.hstack([digits, np.full((n, 1), DIGITS), back[:, :-1]]), back


def make_reverse(where):
    rng = np.random.default_rng(2)

    def weight(rows, columns):
        return rng.normal(0, columns**-0.5, (rows, columns)).astype(F)

    p = {"token": weight(DIGITS + 1, WIDTH), "place": weight(TOKENS, WIDTH)}
    for name, rows, columns in (
        ("qkv", 3 * WIDTH, WIDTH), ("proj", WIDTH, WIDTH), ("up", INNER, WIDTH), ("down", WIDTH, INNER), ("out", DIGITS, WIDTH),
    ):
        p[name + ".weight"], p[name + ".bias"] = weight(rows, columns), np.zeros(rows, F)
    for name in ("norm-1", "norm-2", "norm-3"):
        p[name + ".weight"], p[name + ".bias"] = np.ones(WIDTH, F), np.zeros(WIDTH, F)
    adam, steps = Adam(p, 3e-3), 300
    for step in range(steps):
        tokens, back = reversal(rng, 64)
        logits, saved = block_forward(p, tokens)
        d = np.zeros_like(logits)
        d[:, LENGTH:] = softmax(logits[:, LENGTH:])
        np.put_along_axis(d[:, LENGTH:], back[:, :, None], np.take_along_axis(d[:, LENGTH:], back[:, :, None], 2) - 1, 2)
        adam.step(block_backward(p, tokens, d / F(back.size), saved), min(1, (step + 1) / 50, 2 * (1 - step / steps)))
    tokens, back = reversal(rng, 32)
    np.save(where / "reverse.npy", tokens.astype(np.uint32))
    write_safetensors(where / "reverse.safetensors", p)
    logits, _ = block_forward({k: from_bf16(to_bf16(v)) for k, v in p.items()}, tokens)
    right = logits[:, LENGTH:].argmax(2) == back
    print(f"reverse: {right.sum()} of {back.size} right")


# ---- life ----------------------------------------------------------------------------------------

# Gosper's gun, which shoots a glider every 30 generations.
GUN = """
........................#...........
......................#.#...........
............##......##............##
...........#...#....##............##
##........#.....#...##..............
##........#...#.##....#.#...........
..........#.....#.......#...........
...........#...#....................
............##......................
"""


def make_life(where):
    board = np.zeros((60, 80))
    gun = np.array([[c == "#" for c in line] for line in GUN.split()])
    board[6 : 6 + gun.shape[0], 4 : 4 + gun.shape[1]] = gun * 255
    write_png(where / "life.png", board)


def main():
    where = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    make_life(where)
    make_digits(where)
    make_reverse(where)


if __name__ == "__main__":
    main()
