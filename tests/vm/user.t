#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As nobody, in a group that belongs to nobody, as a container or a batch system would give.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m user ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
