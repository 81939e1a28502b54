/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel is, as far as its SPIR-V tells: the hash, the entry point, the file that it was
 * compiled from, local size, bindings. Any bytes may come: what is not understood stays empty, for
 * a program is never refused here, only described. src/gpu/spirv.h reads more, and refuses more:
 * it is for jobs that vkjail runs itself.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "layer/sha256.h"

enum {
	IDENTITY_NAME = 64,
	IDENTITY_BINDINGS = 64, /* more are not counted */
};

/* One specialization constant as the program set it; size is at most 8. */
struct identity_constant {
	uint32_t id, size;
	uint8_t value[8];
};

struct identity_specialization {
	const struct identity_constant *constants;
	size_t count;
};

struct identity {
	uint8_t sha256[SHA256_BYTES]; /* of the SPIR-V words; of the driver's binary */
	uint32_t kind;                /* PAGE_KERNEL_...: whoever knows it puts it here */
	uint64_t anonymous;           /* tells apart kernels whose code nobody showed */
	uint64_t specialization;      /* hash of the constants, 0: none were set */
	char entry[IDENTITY_NAME];
	char source[IDENTITY_NAME]; /* the file's last part, "" when the module does not say */
	uint32_t local_size[3];     /* 0: unknown */
	uint32_t push_bytes;        /* of the pipeline layout: whoever knows it puts it here */
	uint32_t shared_bytes;      /* of all work group variables in the module; 0 also: unknown */
	uint32_t bindings;          /* different (set, binding) pairs in the module */
};

/* What is independent of the entry point and of specialization: sha256, bindings, source. */
void identity_module(const uint32_t *words, size_t count, struct identity *id);
/* The rest. words as given to identity_module; NULL when the program gave no code (a module identifier). */
void identity_entry(const uint32_t *words, size_t count, const char *entry,
		    const struct identity_specialization *s, struct identity *id);
