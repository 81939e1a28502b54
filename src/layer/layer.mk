# SPDX-License-Identifier: Apache-2.0
# The Vulkan layer. A shared library made as if it were a program: that spares libtool. It stays mapped
# once it is (-z nodelete): the loader closes layers at vkDestroyInstance and opens them again.

pkglibexec_PROGRAMS += libVkLayer_vkjail.so
layer_sources = \
	src/layer/budget.c src/layer/budget.h \
	src/layer/common.h \
	src/layer/device.c \
	src/layer/event.c src/layer/event.h \
	src/layer/here.c src/layer/here.h \
	src/layer/hook.def src/layer/next.def src/layer/watched.def \
	src/layer/instance.c src/layer/layer.h \
	src/layer/memory.c src/layer/memory.h \
	src/layer/pace.c src/layer/pace.h \
	src/layer/row.c src/layer/row.h \
	src/layer/stop.h src/layer/submit.c \
	src/layer/table.c \
	src/layer/wait.c \
	src/layer/watched.c \
	src/layer/watcher.c src/layer/watcher.h \
	src/page/page.c $(timing_sources)

libVkLayer_vkjail_so_SOURCES = $(layer_sources)
libVkLayer_vkjail_so_CPPFLAGS = $(AM_CPPFLAGS) $(VULKAN_CFLAGS)
# Without sanitizers in any build: their runtime cannot come into a program that was built without.
libVkLayer_vkjail_so_CFLAGS = -std=gnu17 $(WARN_CFLAGS) $(HARDEN_CFLAGS) -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec
libVkLayer_vkjail_so_LDFLAGS = $(HARDEN_LDFLAGS) -shared -Wl,-z,nodelete -Wl,-soname,libVkLayer_vkjail.so \
	-Wl,--version-script=$(top_srcdir)/src/layer/vkjail.map
EXTRA_DIST += src/layer/vkjail.map
EXTRA_libVkLayer_vkjail_so_DEPENDENCIES = src/layer/vkjail.map

# The same for unit tests, with the sanitizers of the build.
check_LIBRARIES = liblayer.a
liblayer_a_SOURCES = $(layer_sources)
liblayer_a_CPPFLAGS = $(AM_CPPFLAGS) $(VULKAN_CFLAGS)
liblayer_a_CFLAGS = $(AM_CFLAGS)
