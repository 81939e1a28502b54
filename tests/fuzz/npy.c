/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of .npy files: an accepted one describes an array whose bytes can be counted. */
#include "fuzz.h"

#include <stdlib.h>

#include "gpu/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct npy npy;
	struct err e = ERR_INIT;
	char header[NPY_HEADER_WRITTEN];

	(void)npy_header_size(data, size < NPY_START ? size : NPY_START);
	if (npy_parse(data, size, "x.npy", &npy, &e) < 0)
		return 0;
	if (npy.offset > size || npy.shape.dims > COMPUTE_DIMS)
		abort();
	(void)npy_header(&npy.shape, header);
	return 0;
}
