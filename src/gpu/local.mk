# SPDX-License-Identifier: Apache-2.0
# The programs that talk to Vulkan or compile shaders. They run inside the sandbox only; nothing
# of this may be linked into vkjail itself.

noinst_LIBRARIES += libgpu.a
libgpu_a_CPPFLAGS = $(AM_CPPFLAGS) $(VULKAN_CFLAGS) $(JANSSON_CFLAGS) $(PNG_CFLAGS) $(ZLIB_CFLAGS) $(MD_CFLAGS)
libgpu_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libgpu_a_SOURCES = \
	src/gpu/answer.c src/gpu/answer.h \
	src/gpu/batch.c \
	src/gpu/budget.c src/gpu/budget.h \
	src/gpu/chunk.c src/gpu/chunk.h \
	src/gpu/check.c src/gpu/check.h \
	src/gpu/capability.c src/gpu/kernel-layout.c src/gpu/step-sets.c \
	src/gpu/image.c src/gpu/image.h src/gpu/image-format.def \
	src/gpu/match.c src/gpu/match-image.c src/gpu/match.h src/gpu/step-match.c \
	src/gpu/cache.c src/gpu/cache.h \
	src/gpu/compile-client.c src/gpu/compile-client.h \
	src/gpu/device.c src/gpu/device.h src/gpu/device-json.c \
	src/gpu/fail.c src/gpu/fail.h \
	src/gpu/fill.c src/gpu/fill.h \
	src/gpu/gpu.c src/gpu/gpu.h src/gpu/memory.c \
	src/gpu/guard.c src/gpu/guard.h \
	src/gpu/json-read.c src/gpu/json-read.h \
	src/gpu/kernel.c src/gpu/kernel-answer.c src/gpu/kernel-load.c src/gpu/step.c src/gpu/step-record.c \
	src/gpu/step-bind.c src/gpu/step-work.c src/gpu/variant.c src/gpu/pipeline.h \
	src/gpu/look.c \
	src/gpu/loop-limit.c src/gpu/loop-limit.h \
	src/gpu/progress.c src/gpu/progress.h \
	src/gpu/lanes.c src/gpu/lanes.h \
	src/gpu/queue.c \
	src/gpu/request.c src/gpu/request.h src/gpu/request-cache.c src/gpu/request-parts.h \
	src/gpu/request-steps.c \
	src/gpu/schedule.c src/gpu/schedule.h \
	src/gpu/walk.c src/gpu/walk.h \
	src/gpu/round.c src/gpu/run.c src/gpu/run.h \
	src/gpu/spirv.c src/gpu/spirv.h src/gpu/spirv-ops.h \
	src/gpu/spirv-patch.c src/gpu/spirv-patch.h \
	src/gpu/spirv-layout.c src/gpu/spirv-sizes.c src/gpu/spirv-use.c src/gpu/spirv-words.h \
	src/gpu/stats.c src/gpu/stats.h \
	src/gpu/stop.c src/gpu/stop.h \
	src/gpu/types.c src/gpu/types.h \
	src/gpu/vk.c src/gpu/vk.h src/gpu/vk.def
# Files and fills: what buffers hold before the first step and what becomes of them.
libgpu_a_SOURCES += \
	src/gpu/bytes.c src/gpu/bytes.h \
	src/gpu/convert.c src/gpu/convert.h \
	src/gpu/data.c src/gpu/data.h src/gpu/data-read.c src/gpu/data-write.c \
	src/gpu/json-scan.c src/gpu/json-scan.h \
	src/gpu/move.c src/gpu/move.h \
	src/gpu/npy.c src/gpu/npy.h \
	src/gpu/npz.c src/gpu/npz.h \
	src/gpu/png.c src/gpu/png.h \
	src/gpu/safetensors.c src/gpu/safetensors.h \
	src/gpu/transfer.c src/gpu/transfer.h
LIBGPU_LIBS = libgpu.a libbase.a $(JANSSON_LIBS) $(PNG_LIBS) $(ZLIB_LIBS) $(MD_LIBS) -lm

pkglibexec_PROGRAMS += vkjail-exec vkjail-compile vkjail-probe

vkjail_exec_SOURCES = src/gpu/exec-main.c src/gpu/second-filter.c src/gpu/second-filter.h
vkjail_exec_CPPFLAGS = $(libgpu_a_CPPFLAGS)
vkjail_exec_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_exec_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
vkjail_exec_LDADD = $(LIBGPU_LIBS)

vkjail_probe_SOURCES = src/gpu/probe-main.c
vkjail_probe_CPPFLAGS = $(libgpu_a_CPPFLAGS)
vkjail_probe_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_probe_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
vkjail_probe_LDADD = $(LIBGPU_LIBS)

# The C++ source that is not there makes automake link with the C++ compiler, which glslang needs.
vkjail_compile_SOURCES = src/gpu/compile-main.c src/gpu/glsl.c src/gpu/glsl.h
nodist_EXTRA_vkjail_compile_SOURCES = src/gpu/dummy.cxx
vkjail_compile_CPPFLAGS = $(AM_CPPFLAGS) $(SPIRV_TOOLS_CFLAGS)
vkjail_compile_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_compile_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
vkjail_compile_LDADD = libbase.a $(GLSLANG_LIBS)

# The compiler may not write files, so its words go through a pipe.
src/gpu/loop-limit.inc: $(top_srcdir)/src/gpu/loop-limit.comp vkjail-compile$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src/gpu && ./vkjail-compile$(EXEEXT) glsl loop-limit.comp main \
		<$(top_srcdir)/src/gpu/loop-limit.comp | od -An -v -tx4 | sed 's/  */ 0x/g;s/\([0-9a-f]\)\( \|$$\)/\1,\2/g' >$@.tmp && \
		test -s $@.tmp && mv $@.tmp $@
src/gpu/libgpu_a-loop-limit.$(OBJEXT): src/gpu/loop-limit.inc
CLEANFILES += src/gpu/loop-limit.inc
EXTRA_DIST += src/gpu/loop-limit.comp
