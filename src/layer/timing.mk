# SPDX-License-Identifier: Apache-2.0
# The part of the layer that knows kernels and their times. An archive of its own so that unit tests
# can link it; position independent, for it ends in a shared library.
noinst_LIBRARIES += libtiming.a
libtiming_a_CPPFLAGS = $(AM_CPPFLAGS) $(VULKAN_CFLAGS)
libtiming_a_CFLAGS = $(AM_CFLAGS) -fPIC -fvisibility=hidden -ftls-model=initial-exec
libtiming_a_SOURCES = \
	src/layer/identity.c src/layer/identity.h \
	src/layer/map.c src/layer/map.h \
	src/layer/sha256.c src/layer/sha256.h \
	src/layer/timing.h
