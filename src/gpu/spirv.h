/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SPIR-V compute module wants from its caller: entry points, local size, bindings, push
 * constants, specialization constants, capabilities. Pure, bounded, and safe on any bytes; it does
 * not replace validation, which vkjail-compile does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/spec.h"

enum {
	SPIRV_NAME = 64,
	SPIRV_TEXT = 96,
	SPIRV_BINDINGS = 64,
	SPIRV_PUSH = 64,
	SPIRV_SPECS = 128,
	SPIRV_CAPABILITIES = 64,
	SPIRV_MAGIC = 0x07230203,
};

enum spirv_kind {
	SPIRV_STORAGE,
	SPIRV_UNIFORM,
	SPIRV_STORAGE_IMAGE,
	SPIRV_COMBINED, /* texture and sampler in one */
	SPIRV_TEXTURE,
	SPIRV_SAMPLER,
	SPIRV_OTHER,
};

/* Where numbers lie: every device takes std430, in uniform blocks std140; the others are features. */
enum spirv_rules { RULES_USUAL, RULES_STD430, RULES_SCALAR };

/* What a storage or uniform block declares: enough to hold a buffer against it. */
struct spirv_layout {
	bool known;     /* false: holds a type or an array length that is not followed here */
	uint64_t bytes; /* to the end of the last member, or to where the last array begins */
	uint64_t
	    stride; /* between the elements of that last array without a length, 0: there is none */
	uint64_t
	    values; /* of one such element without gaps; in a block without such an array: of all */
	enum compute_type type; /* of every number in it, TYPE_NONE: there are several types */
	enum spirv_rules rules;
};

struct spirv_image {
	unsigned dims;          /* 2 or 3, 0: some other kind */
	enum compute_type type; /* of what is read or written: f32, i32 or u32 */
	uint32_t format;        /* SPIR-V's number, 0: the shader does not say */
	bool plain;             /* not arrayed, multisampled or for comparison */
};

struct spirv_binding {
	char name[SPIRV_NAME];  /* what the shader calls it; its block's name when it has none */
	char block[SPIRV_NAME]; /* the block's name */
	char member
	    [SPIRV_NAME]; /* the name of the block's only member: what it is called inside a block without a name of its own */
	uint32_t set, binding;
	enum spirv_kind kind;
	bool is_array;         /* an array of descriptors */
	bool can_write;        /* not declared readonly */
	bool can_read;         /* not declared writeonly */
	bool reads;            /* is loaded from; false: certainly not */
	bool writes;           /* is stored to; false: certainly not */
	uint32_t id, type;     /* of the variable; of what it points to */
	char text[SPIRV_TEXT]; /* the declaration, for messages: "{ float x[]; }", "image2D" */
	struct spirv_layout layout;
	struct spirv_image image;
};

/* One number of the push constant block, in the order of declaration. */
struct spirv_push {
	char name[SPIRV_NAME];
	uint32_t offset;
	enum compute_type type;
};

struct spirv_spec {
	char name[SPIRV_NAME]; /* may be empty */
	uint32_t id;
	enum compute_type type; /* TYPE_BOOL: passed as 32 bits */
	uint64_t bits;          /* the default, or what the caller put in its place */
};

struct spirv_info {
	uint32_t version; /* 0x00010300 */
	uint32_t capabilities[SPIRV_CAPABILITIES];
	size_t capability_count;
	struct spirv_binding bindings[SPIRV_BINDINGS]; /* ascending by set, binding */
	size_t binding_count;
	struct spirv_push push[SPIRV_PUSH];
	size_t push_count;
	uint32_t push_bytes;
	struct spirv_spec specs[SPIRV_SPECS];
	size_t spec_count;
	bool
	    has_local_size; /* false when it is computed from constants in ways not followed here */
	uint32_t local_size[3];
	uint64_t shared_bytes;
};

struct spirv_id;

struct spirv {
	const uint32_t *words; /* borrowed */
	size_t count;
	uint32_t bound;
	struct spirv_id *ids;
	uint32_t entry; /* id of the entry point's function */
	size_t entry_at;
};

/*
 * Finds the compute entry point and everything but sizes. name is for messages. After it the
 * caller may change info->specs[].bits and then asks spirv_sizes.
 */
int spirv_open(struct spirv *m, const uint32_t *words, size_t count, const char *entry,
	       const char *name, struct err *e);
int spirv_reflect(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e);
/* Local size, shared memory and what the bindings declare, with the specialization constants as they are in info. */
int spirv_sizes(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e);
void spirv_done(struct spirv *m);
