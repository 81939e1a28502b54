/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A declarative job as vkjail-exec gets it: a sealed memfd with the request, a socket for the
 * answers, and every file opened here, by the caller's rights (docs/protocol.md).
 */
#pragma once

#include "job/spec.h"
#include "plan/plan.h"
#include "run/cache.h"
#include "run/outputs.h"

struct request {
	struct arena arena;
	struct plan_fd *fds; /* for the plan; owned here */
	size_t fd_count;
	int answers_fd;         /* our end; owned */
	struct output *outputs; /* one for each of the compute job's outputs, begun */
	size_t output_count;
	struct cache cache;
};

#define REQUEST_INIT ((struct request){.answers_fd = -1, .cache = CACHE_INIT})

/* Opens everything that the spec, and the plan for it, say; errors name the place in the job file. Free with request_done in either case. */
int request_open(struct request *r, const struct spec *spec, const struct plan *plan,
		 const struct host *host, struct err *e);

/* Whether request_open could do its work: every file can be read or placed. Nothing is created. */
int request_check(const struct spec *spec, struct err *e);

/* After the launch: the descriptors that the job has now are closed here. */
void request_close_job_side(struct request *r);

/* Puts the outputs in place. Stops at the first that fails. */
int request_commit_outputs(struct request *r, bool durable, struct err *e);
/* One of them, by its place in the job file. */
int request_commit_output(struct request *r, size_t i, bool durable, struct err *e);

/* Drops outputs that were not committed and closes everything. */
void request_done(struct request *r);
