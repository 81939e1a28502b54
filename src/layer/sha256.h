/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), because the layer is loaded into other people's programs and may link
 * nothing but the C library. The rest of vkjail takes it from libmd.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

void sha256(const void *data, size_t size, uint8_t ret[static SHA256_BYTES]);
