# SPDX-License-Identifier: Apache-2.0
# Options: a library, so that unit tests can link it; main.c and the subcommands belong to vkjail.
noinst_LIBRARIES += libcli.a
libcli_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libcli_a_SOURCES = \
	src/cli/opt.c src/cli/opt.h src/cli/opt.def \
	src/cli/opt-print.c src/cli/opt-table.h
