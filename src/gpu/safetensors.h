/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tensor of a .safetensors file: 8 bytes with the length of a JSON header, the header, the
 * tensors' bytes. The header is scanned in place, without building anything from it.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "gpu/types.h"

enum {
	SAFETENSORS_HEADER_MAX = 16 << 20,
	SAFETENSORS_TENSORS_MAX = 100000,
	SAFETENSORS_NAME_MAX = 1024, /* bytes */
};

struct tensor {
	struct shape shape; /* of a bf16 tensor the type is TYPE_NONE until it is widened */
	bool is_bf16;
	uint64_t offset; /* in the file */
};

/* want NULL: the only one. */
int safetensors_find(int fd, const char *name, uint64_t file_size, const char *want,
		     struct tensor *ret, struct err *e);

struct safetensors_header {
	const char *text;
	size_t size;
	uint64_t data_size; /* bytes that follow it in the file */
};

/* The header alone. ret->offset counts from its end. Pure. */
int safetensors_parse(const struct safetensors_header *header, const char *name, const char *want,
		      struct tensor *ret, struct err *e);
