#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As root, with swap that the kernel counts for a group.
exec sh "${top_srcdir:-.}/tests/vm/run" -m root -s tests/t/3544-swap.t
