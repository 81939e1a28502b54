#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As root, in a machine with cgroup v2 and all its controllers.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m root ${VM_TESTS:-tests/t/2003-process.t}
