# SPDX-License-Identifier: Apache-2.0
# The part of the layer that knows kernels and their times.
timing_sources = \
	src/layer/generated.c src/layer/identity.c src/layer/identity.h \
	src/layer/map.c src/layer/map.h src/layer/newer.h \
	src/layer/sha256.c src/layer/sha256.h \
	src/layer/timing.c src/layer/timing.h src/layer/timing.def src/layer/timing-parts.h \
	src/layer/bracket.c src/layer/kernel.c src/layer/marker.c src/layer/oldest.c src/layer/pipeline.c \
	src/layer/record.c src/layer/record-calls.c src/layer/semaphore.c src/layer/shader.c src/layer/stamp.c \
	src/layer/time-submit.c src/layer/time-wait.c src/layer/track.c
