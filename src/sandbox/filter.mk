# SPDX-License-Identifier: Apache-2.0
# The seccomp filter: profiles, the program compiled from them at build time.
FILTER_BUILD_SOURCES = \
	src/sandbox/call-name.c src/sandbox/call-name.h src/sandbox/call-newer.def \
	src/sandbox/call-args.c src/sandbox/call-args.def src/sandbox/call-args.h \
	src/sandbox/filter-build.c src/sandbox/filter-front.c src/sandbox/filter-second.c src/sandbox/filter-rules.h src/sandbox/filter.h \
	src/sandbox/filter-default.def src/sandbox/filter-strict.def src/sandbox/filter-second.def

libsandbox_a_SOURCES += src/sandbox/filter.c src/sandbox/filter-file.c src/sandbox/filter-learn.c $(FILTER_BUILD_SOURCES)

# The generator runs on the machine that builds, so a cross build compiles its filter at launch.
if !CROSS_COMPILING
noinst_PROGRAMS += src/sandbox/gen-filter
src_sandbox_gen_filter_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
src_sandbox_gen_filter_SOURCES = src/sandbox/gen-filter.c $(FILTER_BUILD_SOURCES)
src_sandbox_gen_filter_LDADD = libbase.a $(SECCOMP_LIBS)

BUILT_SOURCES += src/sandbox/filter-data.h
CLEANFILES += src/sandbox/filter-data.h src/sandbox/filter-data.h.tmp
libsandbox_a_CPPFLAGS += -DFILTER_EMBEDDED
nodist_libsandbox_a_SOURCES = src/sandbox/filter-data.h

src/sandbox/filter-data.h: src/sandbox/gen-filter$(EXEEXT)
	$(AM_V_GEN)src/sandbox/gen-filter$(EXEEXT) > $@.tmp && mv -f $@.tmp $@
src/sandbox/libsandbox_a-filter.$(OBJEXT): src/sandbox/filter-data.h
endif
