# SPDX-License-Identifier: Apache-2.0
# Job file and command line -> spec.
libjob_a_SOURCES += \
	src/job/bounds.def src/job/bounds.h \
	src/job/decode.c src/job/decode.h \
	src/job/doc.c src/job/doc.h \
	src/job/kernel-names.c src/job/kernel-names.h \
	src/job/names.c src/job/names.h \
	src/job/number.c \
	src/job/call-group.def src/job/profile.c src/job/profile.h \
	src/job/spec.c src/job/spec-read.h \
	src/job/spec-compute.c src/job/spec-data.c src/job/spec-file.c src/job/spec-gpu.c src/job/spec-finish.c src/job/spec-limits.c src/job/spec-step.c \
	src/job/spec-work.c
