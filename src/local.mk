# SPDX-License-Identifier: Apache-2.0
# The rooms of vkjail itself. Order of the libraries is the order of dependence: a room may use
# those that come after it in vkjail_LDADD, never those before.

noinst_LIBRARIES += libbase.a libjob.a libhost.a libsandbox.a librun.a

libbase_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libbase_a_SOURCES = \
	src/base/arena.c src/base/arena.h \
	src/base/auto.h src/base/banned.h \
	src/base/err.c src/base/err.h \
	src/base/fd.c src/base/fd.h \
	src/base/text.c src/base/text.h \
	src/base/text-utf8.c

libjob_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS)
libjob_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libjob_a_SOURCES = \
	src/job/limits.c src/job/limits.h src/job/limits.def \
	src/job/reason.c src/job/reason.h src/job/reason.def \
	src/job/spec.h

include src/job/spec.mk

libhost_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libhost_a_SOURCES =

libsandbox_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(CAP_CFLAGS)
libsandbox_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libsandbox_a_SOURCES =

include src/sandbox/filter.mk

librun_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
librun_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
librun_a_SOURCES =

include src/cli/cli.mk
