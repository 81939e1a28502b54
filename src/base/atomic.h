/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that appear whole or not at all: written beside their place and moved there. Symbolic
 * links are never followed at the last component, other things than regular files never replaced.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct atomic_file {
	int dir_fd;       /* of the directory it will stand in; owned */
	int fd;           /* to write to; owned; -1 when not open */
	const char *path; /* as given to atomic_prepare, for messages; borrowed */
	char name[NAME_MAX + 1];
	char temp[NAME_MAX + 1]; /* its name until it is whole; "" while it has none */
	bool
	    unnamed; /* set it after atomic_prepare: a version that takes long to write has no name meanwhile (O_TMPFILE) */
};

#define ATOMIC_FILE_INIT ((struct atomic_file){.dir_fd = -1, .fd = -1})

/*
 * Opens the directory of path and checks that path may be (re)placed: missing or a regular file.
 * Nothing is created yet.
 */
int atomic_prepare(struct atomic_file *f, const char *path, struct err *e);

/* Starts a new version with the given mode (the umask applies); f->fd can be written to. May be called again after a commit. */
int atomic_begin(struct atomic_file *f, mode_t mode, struct err *e);

/* Puts what was written in place and closes f->fd. durable: fsync(2) of file and directory. On failure the old file is untouched. */
int atomic_commit(struct atomic_file *f, bool durable, struct err *e);

/* Forgets the version that was begun, if any, and closes everything. */
void atomic_done(struct atomic_file *f);
