/* SPDX-License-Identifier: Apache-2.0 */
/* gpu: and --gpu: all, none, or a list of GPUs. What they are on this machine is the plan's work. */
#include <string.h>

#include "base/text.h"
#include "job/decode.h"
#include "job/spec.h"

enum { SHOWN = 64, NUMBER_DIGITS = 4 };

const char *const spec_gpu_names[] = {[GPU_ALL] = "all", [GPU_NONE] = "none", NULL};

static const struct {
	const char *prefix, *characters;
	size_t max;
} forms[] = {
    {"", "0123456789", NUMBER_DIGITS},
    {"pci:", "0123456789abcdefABCDEF:.", BOUND_NAME_BYTES},
    {"uuid:", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", BOUND_NAME_BYTES},
};

static bool is_gpu(const char *item, size_t len)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = strlen(forms[i].prefix);
		if (len > n && len - n <= forms[i].max && strncmp(item, forms[i].prefix, n) == 0 &&
		    strspn(item + n, forms[i].characters) >= len - n)
			return true;
	}
	return false;
}

int spec_set_gpu(struct spec *s, const char *text, const char *where, struct err *e)
{
	int known = choice_find(spec_gpu_names, text);
	char shown[SHOWN];

	s->gpu_where = arena_strdup(&s->arena, where);
	s->gpu_list = NULL;
	if (known >= 0) {
		s->gpu = (enum spec_gpu)known;
		return 0;
	}
	for (const char *item = text;; item++) {
		size_t len = strcspn(item, ",");
		if (!is_gpu(item, len))
			return err_bad(
			    e, where,
			    "expected 'all', 'none' or GPUs such as '0', '0,1', 'pci:0000:01:00.0' or 'uuid:GPU-...', got '%s'",
			    text_show(text, shown, sizeof shown));
		item += len;
		if (!*item)
			break;
	}
	s->gpu = GPU_CHOSEN;
	s->gpu_list = arena_strdup(&s->arena, text);
	return 0;
}

const char *spec_gpu_text(const struct spec *s)
{
	return s->gpu == GPU_CHOSEN ? s->gpu_list : spec_gpu_names[s->gpu];
}
