#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As an ordinary user with systemd as the first process, and no group to write to:
# vkjail has to ask for one.
# shellcheck disable=SC2086 # a list of tests
exec sh "${top_srcdir:-.}/tests/vm/run" -m login ${VM_LIMIT_TESTS:-tests/t/2003-process.t}
