#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a job of the gallery wrote with SciPy's way to the same result: check_scipy.py JOB OUTDIR

check_gallery.py repeats a job's formulas; here others lead to the result: BLAS, FFTPACK's successor with a
filter of scipy.ndimage, and for the heat the state in which nothing changes any more, from one sparse system of equations.
"""
import pathlib
import sys

import numpy as np
import scipy.fft
import scipy.linalg.blas
import scipy.ndimage
import scipy.sparse
import scipy.sparse.linalg
from check_jobs import JOBS, F, random_f32, read_png


def near(what, got, want, absolute):
    assert got.shape == want.shape, f"{what}: shape {got.shape}, want {want.shape}"
    far = np.abs(got.astype(float) - want).max()
    print(f"{what}: largest difference {far:.3g}, of numbers up to {np.abs(want).max():.3g}")
    return far <= absolute


def check_matmul(out):
    a, b = random_f32(1, 480 * 512).reshape(480, 512), random_f32(2, 512 * 384).reshape(512, 384)
    return near("product", np.load(out / "matmul.npy"), scipy.linalg.blas.dgemm(1, a, b), 5e-4)


def check_fft(out):
    luma = (read_png(JOBS / "photo.png")[:, :, :3] / 255) @ np.array([0.2126, 0.7152, 0.0722])
    soft = scipy.fft.ifft2(scipy.ndimage.fourier_gaussian(scipy.fft.fft2(luma), 3))
    got = np.load(out / "fft.npy")
    return near("soft, real", got[:, :, 0], soft.real, 2e-5) and near("soft, imaginary", got[:, :, 1], soft.imag, 2e-5)


def check_heat(out):
    size = 128
    p = (np.arange(size, dtype=F) / F(size - 1)).astype(F)
    x, y = np.meshgrid(p, p)
    fixed = np.full((size, size), np.nan)
    edge = np.zeros((size, size), bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    fixed[edge] = 0.5 * y[edge]
    fixed[(x > 0.2) & (x < 0.3) & (y > 0.2) & (y < 0.7)] = 1
    fixed[np.hypot(x - F(0.7), y - F(0.6)) < 0.15] = 0
    known = ~np.isnan(fixed).ravel()
    # Four times a place is the sum of its neighbours, where it is not known.
    line = scipy.sparse.diags([1, 1], [-1, 1], shape=(size, size))
    one = scipy.sparse.identity(size)
    laplace = 4 * scipy.sparse.identity(size * size) - scipy.sparse.kron(one, line) - scipy.sparse.kron(line, one)
    free = scipy.sparse.diags((~known).astype(float))
    system = (free @ laplace + scipy.sparse.diags(known.astype(float))).tocsc()
    still = scipy.sparse.linalg.spsolve(system, np.nan_to_num(fixed.ravel())).reshape(size, size)
    # The job ends when a step changes less than 4e-6, of which hundreds are still to come.
    return near("plate, from the state without change", np.load(out / "heat.npy"), still, 0.01)


CHECKS = {"matmul": check_matmul, "fft": check_fft, "heat": check_heat}
sys.exit(0 if CHECKS[sys.argv[1]](pathlib.Path(sys.argv[2])) else 1)
