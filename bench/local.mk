# SPDX-License-Identifier: Apache-2.0
# Benchmarks: 'make bench' and, in a minute, 'make bench-smoke'. Built only on request.
EXTRA_PROGRAMS = bench/floor bench/plain-vk bench/spawn-timer
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
bench/bench_floor-floor.$(OBJEXT): src/sandbox/filter-data.h
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += bench/bench bench/dispatch bench/many bench/kernels/memory.comp bench/kernels/uneven.comp bench/kernels/uniform.comp

bench: all $(EXTRA_PROGRAMS)
	python3 $(top_srcdir)/bench/bench --build . $(BENCH_FLAGS)
	python3 $(top_srcdir)/bench/many --build .
	python3 $(top_srcdir)/bench/dispatch --build . $(DISPATCH_FLAGS)
bench-smoke: all $(EXTRA_PROGRAMS)
	python3 $(top_srcdir)/bench/bench --build . --smoke $(BENCH_FLAGS)
	python3 $(top_srcdir)/bench/many --build . --smoke
	python3 $(top_srcdir)/bench/dispatch --build . --smoke --only small $(DISPATCH_FLAGS)
.PHONY: bench bench-smoke
