/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams that come from inside the sandbox, one a line. */
#include "fuzz.h"

#include <string.h>

#include "watch/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct claims c;

	claims_init(&c);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t n = end ? (size_t)(end - data) - at : size - at;
		claims_add(&c, (const char *)data + at, n);
		at += n + 1;
	}
	(void)claims_has_output(&c, "out");
	(void)claims_has_partial(&c, "out");
	claims_done(&c);
	return 0;
}
