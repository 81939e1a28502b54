/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of .npz files, which are zip archives: stored or deflated, with or without zip64. Whatever
 * makes two readers see two things (overlapping members, doubled names, a local header that differs) is refused.
 */
#pragma once

#include "gpu/bytes.h"

enum { NPZ_MEMBERS_MAX = 65536, NPZ_DIRECTORY_MAX = 16 << 20 };

/*
 * The member `want` or `want`.npy; want NULL: the only one. *ret can be read on success; its crc is
 * checked by bytes_finish.
 */
int npz_find(int fd, const char *name, uint64_t file_size, const char *want, struct bytes *ret,
	     struct err *e);
