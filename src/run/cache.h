/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What compute jobs may use again: SPIR-V from GLSL, and the driver's pipelines. One entry of each
 * belongs to the shaders of one job: the key is the hash of everything that decides the result,
 * made from the very bytes that the job gets, so that a hostile job spoils nothing but its own.
 *
 * The job reads an entry through a read-only descriptor and leaves a new one in a memfd of fixed
 * size; after a good end it is looked at and put into the user's cache directory from here. Without
 * such a directory, or with one that is not the user's alone, there is no cache, which is no error.
 */
#pragma once

#include <stdbool.h>

#include "base/cachefile.h"
#include "host/host.h"
#include "job/spec.h"
#include "run/shaders.h"

enum { CACHE_NAME = 2 * CACHE_KEY_BYTES + 16 };

struct cache_part {
	struct cache_id id;
	char name[CACHE_NAME];
	int in;  /* the entry that is there, -1: none; passed on, so owned by whoever took it */
	int out; /* a memfd; owned */
};

struct cache {
	int dir_fd; /* -1: there is no cache; owned */
	struct cache_part parts[CACHE_KINDS];
};

#define CACHE_INIT \
	((struct cache){.dir_fd = -1, .parts = {{.in = -1, .out = -1}, {.in = -1, .out = -1}}})

/* shaders, places: from shaders_read. */
void cache_open(struct cache *c, const struct spec *spec, const struct host *host, int shaders,
		const struct shader_place *places);
/* Takes over what the job has left. Whatever does not fit is dropped. */
void cache_commit(struct cache *c);
void cache_done(struct cache *c);

/* Removes the entries that were used longest ago until at most so much is left; part of cache_commit. */
void cache_evict(int dir_fd, uint64_t bytes, size_t files);
