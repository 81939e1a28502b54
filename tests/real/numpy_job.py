#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linear algebra with NumPy (threads of its BLAS, large allocations, an FFT), checked against results
that are known beforehand."""
import sys
import threading

import numpy as np


def check(what, got, want, tolerance):
    if not abs(got - want) <= tolerance:
        sys.exit(f"numpy: wrong: {what} is {got!r}, expected {want!r} +- {tolerance}")


def main():
    # The eigenvalues of the second difference matrix are 2 - 2 cos(k pi / (n + 1)).
    n = 300
    matrix = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    known = 2 - 2 * np.cos(np.arange(1, n + 1) * np.pi / (n + 1))
    check("the largest eigenvalue error", np.abs(np.linalg.eigvalsh(matrix) - known).max(), 0, 1e-10)

    # Products large enough for several threads.
    a = np.random.default_rng(1).standard_normal((700, 700))
    check("A A^-1 - 1", np.abs(a @ np.linalg.inv(a) - np.eye(700)).max(), 0, 1e-8)

    t = np.arange(1 << 16) / (1 << 16)
    peaks = np.abs(np.fft.rfft(np.sin(2 * np.pi * 440 * t) + 0.5 * np.sin(2 * np.pi * 5000 * t)))
    if sorted(np.argsort(peaks)[-2:].tolist()) != [440, 5000]:
        sys.exit("numpy: wrong: the tones of 440 and 5000 are not the highest peaks")

    sums = [0] * 4
    workers = [threading.Thread(target=lambda i=i: sums.__setitem__(i, int(np.arange(i, 1 << 20, 4).sum())))
               for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    check("the sum", sum(sums), (1 << 20) * ((1 << 20) - 1) // 2, 0)
    print(f"numpy: OK, version {np.__version__}")


main()
