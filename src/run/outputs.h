/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a compute job's outputs go: a file, a sequence of files, stdout. Files appear whole or not at
 * all; what goes to stdout is gone at once.
 */
#pragma once

#include <sys/stat.h>

#include "base/arena.h"
#include "base/atomic.h"
#include "job/spec.h"

enum output_kind { OUTPUT_FILE, OUTPUT_SEQUENCE, OUTPUT_STDOUT };

struct output {
	const struct compute_output *out; /* borrowed */
	enum output_kind kind;
	struct atomic_file file; /* OUTPUT_SEQUENCE: the first one, for its directory */
	int all_fd;              /* OUTPUT_SEQUENCE: what the job writes, all files in one */
	struct arena arena;      /* names of a sequence */
};

/*
 * Whether each file of it can be placed, and is none of the job's inputs. Nothing is created. Errors
 * name the place in the job file. Free with output_done, after a failure as well.
 */
int output_prepare(struct output *f, const struct compute *c, const struct compute_output *out,
		   struct err *e);
/* A descriptor for the job to write to, which the caller owns. Not for stdout. */
int output_begin(struct output *f, struct err *e);
/* Puts what the job wrote in place; of a sequence each file by itself, in order. */
int output_commit(struct output *f, bool durable, struct err *e);
void output_done(struct output *f);
