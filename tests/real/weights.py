#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weights.py OUT.safetensors: made-up weights of a small transformer, an input, and the logits that
NumPy computes for it in double precision, for the Candle program to be checked against."""
import json
import struct
import sys

import numpy as np

VOCABULARY, WIDTH, HEADS, BLOCKS, LENGTH = 97, 64, 4, 2, 16


def make_weights(random):
    def linear(name, inputs, outputs):
        w[f"{name}.weight"] = random.standard_normal((outputs, inputs)) / np.sqrt(inputs)
        w[f"{name}.bias"] = random.standard_normal(outputs) * 0.1

    def norm(name):
        w[f"{name}.weight"] = 1 + random.standard_normal(WIDTH) * 0.1
        w[f"{name}.bias"] = random.standard_normal(WIDTH) * 0.1

    w = {"words.weight": random.standard_normal((VOCABULARY, WIDTH)) * 0.2}
    for i in range(BLOCKS):
        norm(f"blocks.{i}.norm1")
        linear(f"blocks.{i}.qkv", WIDTH, 3 * WIDTH)
        linear(f"blocks.{i}.out", WIDTH, WIDTH)
        norm(f"blocks.{i}.norm2")
        linear(f"blocks.{i}.up", WIDTH, 4 * WIDTH)
        linear(f"blocks.{i}.down", 4 * WIDTH, WIDTH)
    norm("norm")
    return {name: value.astype(np.float32) for name, value in w.items()}


def forward(w, tokens):
    def linear(name, x):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(name, x):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def attention(name, x):
        q, k, v = linear(f"{name}.qkv", x).reshape(LENGTH, 3, HEADS, -1).transpose(1, 2, 0, 3)
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(WIDTH / HEADS)
        scores[:, np.triu(np.ones((LENGTH, LENGTH), bool), 1)] = -np.inf
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = scores / scores.sum(-1, keepdims=True) @ v
        return linear(f"{name}.out", mixed.transpose(1, 0, 2).reshape(LENGTH, WIDTH))

    w = {name: value.astype(np.float64) for name, value in w.items()}
    x = w["words.weight"][tokens]
    for i in range(BLOCKS):
        x = x + attention(f"blocks.{i}", norm(f"blocks.{i}.norm1", x))
        hidden = linear(f"blocks.{i}.up", norm(f"blocks.{i}.norm2", x))
        x = x + linear(f"blocks.{i}.down", hidden / (1 + np.exp(-hidden)))
    return norm("norm", x) @ w["words.weight"].T


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, value in tensors.items():
        raw = value.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    weights = make_weights(np.random.RandomState(7))
    tokens = np.arange(LENGTH) * 31 % VOCABULARY
    expected = forward(weights, tokens)
    print("weights.py: next tokens", expected.argmax(-1).tolist())
    write_safetensors(sys.argv[1], {**weights, "tokens": tokens, "expected": expected})


main()
