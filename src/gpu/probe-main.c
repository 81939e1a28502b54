/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail-probe: what Vulkan offers here, as one JSON object on stdout (docs/protocol.md). */
#include <errno.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "gpu/loop-limit.h"

static json_t *flags_json(VkQueueFlags flags)
{
	static const struct {
		VkQueueFlags flag;
		const char *name;
	} names[] = {
	    {VK_QUEUE_GRAPHICS_BIT, "graphics"},   {VK_QUEUE_COMPUTE_BIT, "compute"},
	    {VK_QUEUE_TRANSFER_BIT, "transfer"},   {VK_QUEUE_SPARSE_BINDING_BIT, "sparse"},
	    {VK_QUEUE_PROTECTED_BIT, "protected"},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < COUNTOF(names); i++)
		if (flags & names[i].flag)
			json_array_append_new(list, json_string(names[i].name));
	return list;
}

static json_t *queues_json(const struct device *d)
{
	const VkQueueFamilyProperties *families = d->families;
	json_t *list = json_array();

	for (uint32_t i = 0; i < d->family_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "flags",
						      flags_json(families[i].queueFlags), "count",
						      (json_int_t)families[i].queueCount,
						      "timestamp_valid_bits",
						      (json_int_t)families[i].timestampValidBits));
	return list;
}

static json_t *limits_json(const struct device *d)
{
	const VkPhysicalDeviceLimits *l = &d->props.limits;
	json_t *o = json_object();
#define NUMBER(name) json_object_set_new(o, #name, json_integer((json_int_t)l->name))
#define TRIPLE(name)                                                                               \
	json_object_set_new(o, #name,                                                              \
			    json_pack("[I, I, I]", (json_int_t)l->name[0], (json_int_t)l->name[1], \
				      (json_int_t)l->name[2]))
	NUMBER(maxStorageBufferRange);
	NUMBER(maxPushConstantsSize);
	NUMBER(maxMemoryAllocationCount);
	NUMBER(maxPerStageDescriptorStorageBuffers);
	NUMBER(maxComputeSharedMemorySize);
	NUMBER(maxComputeWorkGroupInvocations);
	TRIPLE(maxComputeWorkGroupCount);
	TRIPLE(maxComputeWorkGroupSize);
#undef NUMBER
#undef TRIPLE
	json_object_set_new(o, "maxMemoryAllocationSize",
			    json_integer((json_int_t)d->max_allocation));
	return o;
}

/* null: loops run as written; absent: the device could not be opened to find out. */
static void add_loop_limit(const struct vk *vk, const struct device *d, json_t *o)
{
	struct fail f = FAIL_INIT;
	struct gpu g;
	long long limit;

	if (d->queue_family < 0)
		return;
	int rc = gpu_open(&g, vk, d, 0, 1, &f);
	if (rc == 0 && loop_limit_find(&g, &limit, &f) == 0)
		json_object_set_new(o, "loop_limit", limit < 0 ? json_null() : json_integer(limit));
	gpu_done(&g);
}

static json_t *probe(struct vk *vk, struct fail *f)
{
	AUTO_FREE struct device *devices = NULL;
	char version[48];
	size_t count;

	if (vk_open(vk, f) < 0 || device_list(vk, &devices, &count, f) < 0)
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *o = device_json(&devices[i]);
		json_t *budget = device_budget_json(vk, &devices[i]);
		json_object_set_new(o, "extensions",
				    json_integer((json_int_t)devices[i].extension_count));
		json_object_set_new(o, "queues", queues_json(&devices[i]));
		json_object_set_new(o, "limits", limits_json(&devices[i]));
		if (budget)
			json_object_set_new(o, "budget", budget);
		add_loop_limit(vk, &devices[i], o);
		json_array_append_new(list, o);
	}
	(void)snprintf(version, sizeof version, "%u.%u.%u", VK_API_VERSION_MAJOR(vk->version),
		       VK_API_VERSION_MINOR(vk->version), VK_API_VERSION_PATCH(vk->version));
	return json_pack("{s:s, s:o}", "loader", version, "devices", list);
}

static json_t *error_json(const struct fail *f)
{
	char text[1200], clean[2400];
	json_t *o = json_object();

	(void)err_render(&f->err, text, sizeof text);
	json_object_set_new(o, "error",
			    json_string(text_to_utf8(text, strlen(text), clean, sizeof clean)));
	if (f->err.hint[0])
		json_object_set_new(o, "hint", json_string(f->err.hint));
	return o;
}

int main(void)
{
	struct fail f = FAIL_INIT;
	struct vk vk;
	json_t *answer = probe(&vk, &f);
	bool ok = answer != NULL;

	if (!ok)
		answer = error_json(&f);
	AUTO_FREE char *text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	vk_done(&vk);
	if (!text || fd_write_all(STDOUT_FILENO, text, strlen(text)) < 0 ||
	    fd_write_all(STDOUT_FILENO, "\n", 1) < 0) {
		(void)fprintf(stderr, "vkjail-probe: cannot write: %s\n", err_errno_name(errno));
		return 1;
	}
	return ok ? 0 : 1;
}
