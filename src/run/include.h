/* SPDX-License-Identifier: Apache-2.0 */
/*
 * #include for GLSL: the files are found and read here, by the caller's rights, and their text is
 * put in their place, so that the compiler needs no file at all. Only what lies below the job
 * file's directory or the shader's own is opened, whatever links and ".." say.
 */
#pragma once

#include "base/arena.h"
#include "job/spec.h"

enum {
	INCLUDE_DEPTH = 16,
	INCLUDE_FILES = 256,       /* different ones in a job */
	INCLUDE_BYTES = 4 << 20,   /* of all of them */
	SHADER_BYTES = 4 << 20,    /* of one shader with everything that it includes */
	INCLUDE_NAME_BYTES = 1024, /* of a name between the quotes */
};

struct include_file {
	unsigned root;     /* index */
	const char *path;  /* below the root, without ".." */
	const char *shown; /* relative to the job file where it can be, fit for a #line */
	char *text;        /* NULL: it is not there */
	size_t size;
};

struct include_root {
	const char *path; /* as it can be opened */
	const char *shown;
	int fd; /* -1: not yet opened */
};

/* What a job has read so far; every kernel is looked at with the same files. */
struct includes {
	struct arena arena;
	const char *job_dir;
	struct include_root *roots; /* the first is the job file's directory */
	unsigned root_count;
	struct include_file *files;
	size_t file_count;
	size_t bytes;
};

void includes_init(struct includes *in, const char *job_dir);
void includes_done(struct includes *in);

struct include_text {
	char *text;
	size_t size;
};

/*
 * from, the shader k of a job, with all that it includes: ret->text is malloc'ed. An include that is
 * not there becomes an #error, which counts only where the preprocessor comes by.
 */
int includes_expand(struct includes *in, const struct compute_kernel *k,
		    const struct include_text *from, struct include_text *ret, struct err *e);
