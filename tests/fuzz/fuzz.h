/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target shares. A target is one file with LLVMFuzzerTestOneInput; tests/fuzz/run
 * links it with libFuzzer, 'make check' with replay.c, which walks the corpus in the tree.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The input as a file, for readers that take a descriptor or a path. The same memfd each time, at
 * its beginning; borrowed.
 */
int fuzz_file(const uint8_t *data, size_t size);

/* A copy that ends in a zero byte; inputs that hold one earlier end there. Freed by the caller. */
char *fuzz_text(const uint8_t *data, size_t size);
