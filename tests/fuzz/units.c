/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes, durations, counts and what else stands in flags. What is accepted can be printed, and read
 * once more.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "job/spec.h"

typedef int (*reader)(const char *s, const char *where, uint64_t *ret, struct err *e);
typedef const char *(*printer)(uint64_t value, char *buf, size_t size);

/* What is printed is rounded, but it can be read. */
static void there_and_back(reader read, printer print, const char *text)
{
	struct err e = ERR_INIT;
	char printed[64];
	uint64_t value, again;

	if (read(text, "x", &value, &e) < 0 || value > UINT64_MAX / 2)
		return;
	if (read(print(value, printed, sizeof printed), "x", &again, &e) < 0)
		abort();
}

static void flags(const char *text)
{
	struct spec spec;
	struct err e = ERR_INIT;
	const struct spec_mount mount = {.kind = MOUNT_BIND, .where = "x", .from_flag = true};

	spec_init(&spec);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		(void)spec_limit_set(&spec, (enum limit)i, text, "x", &e);
		(void)spec_soft_set(&spec, (enum limit)i, text, "x", &e);
	}
	(void)spec_set_soft(&spec, text, "x", &e);
	(void)spec_set_input(&spec, text, "x", &e);
	(void)spec_set_output(&spec, text, "x", &e);
	(void)spec_set_name(&spec, text, "x", &e);
	(void)spec_set_hostname(&spec, text, "x", &e);
	(void)spec_set_grace(&spec, text, "x", &e);
	(void)spec_set_sample(&spec, text, "x", &e);
	(void)spec_add_require(&spec, text, "x", &e);
	(void)spec_add_env(&spec, text, text, "x", &e);
	(void)spec_add_mount_text(&spec, &mount, text, "/d", &e);
	spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_text(data, size);
	struct err e = ERR_INIT;
	uint64_t value;
	char shown[64], utf8[256];

	there_and_back(text_size, text_print_size, text);
	there_and_back(text_duration, text_print_duration, text);
	(void)text_count(text, "x", &value, &e);
	(void)text_percent(text, "x", &value, &e);
	(void)text_show(text, shown, sizeof shown);
	(void)text_to_utf8((const char *)data, size, utf8, sizeof utf8);
	for (size_t at = 0, n; utf8[at]; at += n)
		if ((n = text_utf8_length(utf8 + at, strlen(utf8 + at))) == 0)
			abort();
	flags(text);
	return 0;
}
