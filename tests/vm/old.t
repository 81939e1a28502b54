#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Linux 5.10, as in Debian 11: no memory.peak, no cgroup.kill, no mount_setattr(2).
# Needs 'make vm-kernels'.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m root -k "${top_builddir:-.}/vm-kernels/old" ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
