#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As an ordinary user with systemd as the first process, in a scope with Delegate=yes.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m systemd ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
