/* SPDX-License-Identifier: Apache-2.0 */
/* SPIR-V modules written by hand, instruction by instruction, for tests of reflection. */
#pragma once

#include <stdarg.h>
#include <string.h>

#include "gpu/spirv-ops.h"
#include "gpu/spirv.h"

enum { WORDS_MAX = 1024 };

struct module {
	uint32_t words[WORDS_MAX];
	size_t count;
};

/* One instruction; text (or NULL) becomes a literal string after the first n words. */
static inline void put(struct module *m, unsigned op, const char *text, size_t n, ...)
{
	va_list ap;
	size_t at = m->count++;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		m->words[m->count++] = va_arg(ap, uint32_t);
	va_end(ap);
	if (text) {
		memset(m->words + m->count, 0, (strlen(text) / 4 + 1) * 4);
		memcpy(m->words + m->count, text, strlen(text));
		m->count += strlen(text) / 4 + 1;
	}
	m->words[at] = (uint32_t)(m->count - at) << 16 | op;
}

static inline int reflect(const uint32_t *words, size_t count, const char *entry,
			  struct spirv_info *info, struct err *e)
{
	struct spirv m;

	if (spirv_open(&m, words, count, entry, "x.spv", e) < 0)
		return -1;
	int rc = spirv_reflect(&m, "x.spv", info, e);
	spirv_done(&m);
	return rc;
}
