/* SPDX-License-Identifier: Apache-2.0 */
/* See cache.h. An entry that does not fit counts as none; one that cannot be left is not missed. */
#include "gpu/cache.h"

#include <sys/resource.h>

#include "base/auto.h"
#include "base/cachefile.h"

enum { PIPELINES_HEADER = 32 /* of VkPipelineCacheHeaderVersionOne: nothing is in it yet */ };

static struct cache_id id_of(const struct request_cache *c, enum cache_kind kind)
{
	struct cache_id id = {.kind = kind};

	memcpy(id.key, c->key, sizeof id.key);
	return id;
}

static void *get(const struct request_cache *c, enum cache_kind kind, size_t *ret_size)
{
	struct cache_id id = id_of(c, kind);

	return c->in[kind] >= 0 ? cachefile_get(c->in[kind], &id, ret_size) : NULL;
}

static void put(const struct request_cache *c, enum cache_kind kind, const void *data, size_t size)
{
	struct cache_id id = id_of(c, kind);
	struct rlimit limit;

	/* The job's limit of file sizes is about its own files, and ends with a signal. */
	if (c->out[kind] < 0 || getrlimit(RLIMIT_FSIZE, &limit) < 0 ||
	    limit.rlim_cur < CACHE_FILE_MAX)
		return;
	(void)cachefile_put(c->out[kind], &id, data, size);
}

/* ---- SPIR-V: for each kernel the number of its words, then all words ------------------------ */

void cache_load_modules(const struct request_cache *c, struct kernel *kernels, size_t count)
{
	size_t bytes = 0, used = count;
	AUTO_FREE uint32_t *data = get(c, CACHE_SPIRV, &bytes);

	if (!data || bytes % 4 != 0 || bytes / 4 < count)
		return;
	for (size_t i = 0; i < count; i++) {
		if (data[i] > bytes / 4 - used)
			return;
		used += data[i];
	}
	used = count;
	for (size_t i = 0; i < count; used += data[i], i++) {
		if (data[i] == 0)
			continue;
		kernels[i].cached = malloc(data[i] * sizeof *data);
		if (!kernels[i].cached)
			return;
		memcpy(kernels[i].cached, data + used, data[i] * sizeof *data);
		kernels[i].cached_count = data[i];
	}
}

static void save_modules(const struct request_cache *c, const struct kernel *kernels, size_t count)
{
	size_t words = count, used = count;
	bool news = false;

	for (size_t i = 0; i < count; i++) {
		words += kernels[i].module_count;
		news |= kernels[i].module_count && !kernels[i].was_cached;
	}
	if (!news || words > CACHE_DATA_MAX / 4)
		return;
	AUTO_FREE uint32_t *data = malloc(words * sizeof *data);
	if (!data)
		return;
	for (size_t i = 0; i < count; i++) {
		data[i] = (uint32_t)kernels[i].module_count;
		if (data[i])
			memcpy(data + used, kernels[i].module, data[i] * sizeof *data);
		used += data[i];
	}
	put(c, CACHE_SPIRV, data, words * sizeof *data);
}

void cache_save_modules(const struct request_cache *c, struct kernel *kernels, size_t count)
{
	save_modules(c, kernels, count);
	for (size_t i = 0; i < count; i++) {
		free(kernels[i].module);
		kernels[i].module = NULL;
		kernels[i].module_count = 0;
	}
}

/* ---- pipelines: which device and driver, then the driver's bytes ---------------------------- */

struct made_by {
	uint8_t device[VK_UUID_SIZE], cache[VK_UUID_SIZE];
	uint32_t vendor_id, device_id, driver_version, api;
};

static struct made_by made_by(const struct gpu *g)
{
	const struct device *d = g->info;
	struct made_by m = {
	    .vendor_id = d->props.vendorID,
	    .device_id = d->props.deviceID,
	    .driver_version = d->props.driverVersion,
	    .api = d->props.apiVersion,
	};

	memcpy(m.device, d->uuid, sizeof m.device);
	memcpy(m.cache, d->props.pipelineCacheUUID, sizeof m.cache);
	return m;
}

void cache_open_pipelines(const struct request_cache *c, struct gpu *g)
{
	const struct made_by want = made_by(g);
	VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
	size_t size = 0;

	if (!c->on)
		return;
	AUTO_FREE unsigned char *data = get(c, CACHE_PIPELINES, &size);
	/* It only ever grows: one that has become large begins anew. */
	if (data && size > sizeof want && size < CACHE_DATA_MAX / 2 &&
	    memcmp(data, &want, sizeof want) == 0) {
		info.pInitialData = data + sizeof want;
		info.initialDataSize = size - sizeof want;
	}
	g->pipelines_loaded = info.initialDataSize;
	if (g->CreatePipelineCache(g->device, &info, NULL, &g->pipelines) != VK_SUCCESS)
		g->pipelines = VK_NULL_HANDLE; /* it goes without */
}

void cache_save_pipelines(const struct request_cache *c, const struct gpu *g)
{
	const struct made_by by = made_by(g);
	size_t size = 0;

	if (!g->pipelines || c->out[CACHE_PIPELINES] < 0 ||
	    g->GetPipelineCacheData(g->device, g->pipelines, &size, NULL) != VK_SUCCESS ||
	    size <= PIPELINES_HEADER || size == g->pipelines_loaded ||
	    size > CACHE_DATA_MAX - sizeof by)
		return;
	AUTO_FREE unsigned char *data = malloc(sizeof by + size);
	if (!data ||
	    g->GetPipelineCacheData(g->device, g->pipelines, &size, data + sizeof by) != VK_SUCCESS)
		return;
	memcpy(data, &by, sizeof by);
	put(c, CACHE_PIPELINES, data, sizeof by + size);
}
