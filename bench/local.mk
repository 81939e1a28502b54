# SPDX-License-Identifier: Apache-2.0
# Benchmarks: 'make bench' and, in a minute, 'make bench-smoke'. Built only on request.
EXTRA_PROGRAMS = bench/floor bench/plain-vk bench/spawn-timer bench/syscall-loop
bench_floor_SOURCES = bench/floor.c
nodist_bench_floor_SOURCES = src/sandbox/filter-data.h
bench_floor_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
bench_floor_LDFLAGS = -static
bench_plain_vk_SOURCES = bench/plain-vk.c
bench_plain_vk_CPPFLAGS = $(VULKAN_CFLAGS)
bench_plain_vk_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
bench_plain_vk_LDADD = -lvulkan
bench_spawn_timer_SOURCES = bench/spawn-timer.c
bench_spawn_timer_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
bench_spawn_timer_LDFLAGS = -static
bench_syscall_loop_SOURCES = bench/syscall-loop.c
bench_syscall_loop_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
bench_syscall_loop_LDFLAGS = -static
bench/bench_floor-floor.$(OBJEXT): src/sandbox/filter-data.h
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += bench/awake.py bench/bench bench/syscalls bench/layer bench/dispatch bench/many bench/kernels/memory.comp bench/kernels/uneven.comp bench/kernels/uniform.comp

bench: all $(EXTRA_PROGRAMS) tests/helpers/layer-host
	python3 $(top_srcdir)/bench/bench --build . $(BENCH_FLAGS)
	python3 $(top_srcdir)/bench/syscalls --build .
	python3 $(top_srcdir)/bench/many --build .
	python3 $(top_srcdir)/bench/dispatch --build . $(DISPATCH_FLAGS)
	python3 $(top_srcdir)/bench/layer --build . $(LAYER_FLAGS)
bench-smoke: all $(EXTRA_PROGRAMS) tests/helpers/layer-host
	python3 $(top_srcdir)/bench/bench --build . --smoke $(BENCH_FLAGS)
	python3 $(top_srcdir)/bench/syscalls --build . --smoke
	python3 $(top_srcdir)/bench/many --build . --smoke
	python3 $(top_srcdir)/bench/dispatch --build . --smoke --only small $(DISPATCH_FLAGS)
	python3 $(top_srcdir)/bench/layer --build . --smoke $(LAYER_FLAGS)
# On a kernel with control groups of version 2 alone, in a test machine: read the ratios.
BENCH_VM_FLAGS = --only launch,sample,memory --cycles 20
MANY_VM_FLAGS = --sequential 300 --concurrent 50
bench-vm: all $(EXTRA_PROGRAMS)
	@$(MAKE) $(AM_MAKEFLAGS) check TESTS= >/dev/null
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/vm/run -m root -c \
		'cd "$$top_srcdir" && python3 bench/bench --build "$$top_builddir" $(BENCH_VM_FLAGS) && python3 bench/many --build "$$top_builddir" $(MANY_VM_FLAGS)'
.PHONY: bench bench-smoke bench-vm
