#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Linux 5.10 as root, with swap that it does not count: no memory.swap.max (newer kernels always have it).
# Needs 'make vm-kernels'.
exec sh "${top_srcdir:-.}/tests/vm/run" -m root -s -a swapaccount=0 -k "${top_builddir:-.}/vm-kernels/old" tests/t/3544-swap.t
