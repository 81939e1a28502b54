/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that read the request; nobody else needs it. */
#pragma once

#include "gpu/json-read.h"
#include "gpu/request.h"

/* "cache" of the request; without it there is none. */
void request_read_cache(struct json_read *r, const json_t *root, struct request_cache *ret);
