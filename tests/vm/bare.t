#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As root, without any control group: memory is sampled.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m bare ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
