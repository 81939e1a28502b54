#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Linux 6.12, as in Debian 13.
# Needs 'make vm-kernels'.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m root -k "${top_builddir:-.}/vm-kernels/new" ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
