/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the reason why a job ended; names of Vulkan's results. */
#include "gpu/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/auto.h"

const char *end_reason_name(enum end_reason reason)
{
	static const char *const names[] = {
	    [END_DONE] = "done",
	    [END_BAD_JOB] = "bad-job",
	    [END_DEVICE_MEMORY] = "device-memory",
	    [END_DEVICE_LOST] = "device-lost",
	    [END_KERNEL_TIME] = "kernel-time",
	    [END_CANCELLED] = "cancelled",
	    [END_CHECK_FAILED] = "check-failed",
	    [END_FAILED] = "failed",
	};
	return names[reason];
}

const char *vk_result_name(VkResult result)
{
#define NAME(x)       \
	{             \
		x, #x \
	}
	static const struct {
		VkResult result;
		const char *name;
	} names[] = {
	    NAME(VK_SUCCESS),
	    NAME(VK_NOT_READY),
	    NAME(VK_TIMEOUT),
	    NAME(VK_INCOMPLETE),
	    NAME(VK_ERROR_OUT_OF_HOST_MEMORY),
	    NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY),
	    NAME(VK_ERROR_INITIALIZATION_FAILED),
	    NAME(VK_ERROR_DEVICE_LOST),
	    NAME(VK_ERROR_MEMORY_MAP_FAILED),
	    NAME(VK_ERROR_LAYER_NOT_PRESENT),
	    NAME(VK_ERROR_EXTENSION_NOT_PRESENT),
	    NAME(VK_ERROR_FEATURE_NOT_PRESENT),
	    NAME(VK_ERROR_INCOMPATIBLE_DRIVER),
	    NAME(VK_ERROR_TOO_MANY_OBJECTS),
	    NAME(VK_ERROR_FRAGMENTED_POOL),
	    NAME(VK_ERROR_UNKNOWN),
	    NAME(VK_ERROR_OUT_OF_POOL_MEMORY),
	    NAME(VK_ERROR_FRAGMENTATION),
	    NAME(VK_ERROR_NOT_PERMITTED_KHR),
	    NAME(VK_ERROR_INVALID_SHADER_NV),
	};
#undef NAME
	for (size_t i = 0; i < COUNTOF(names); i++)
		if (names[i].result == result)
			return names[i].name;
	return "VK_ERROR_UNKNOWN";
}

int fail_set(struct fail *f, enum end_reason reason, const char *where, const char *fmt, ...)
{
	char text[sizeof f->err.text + 8];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->reason = reason;
	f->where = where;
	return err_set(&f->err, ERR_BAD, "", "%s", text); /* marks what did not fit */
}

int fail_err(struct fail *f, enum end_reason reason, const char *where, const struct err *e)
{
	f->reason = reason;
	f->where = where;
	f->err = *e;
	return -1;
}

int fail_vk(struct fail *f, VkResult result, const char *call, const char *what)
{
	enum end_reason reason = result == VK_ERROR_OUT_OF_DEVICE_MEMORY ? END_DEVICE_MEMORY
				 : result == VK_ERROR_DEVICE_LOST        ? END_DEVICE_LOST
									 : END_FAILED;

	f->call = call;
	f->result = result;
	return fail_set(f, reason, NULL, "cannot %s: %s answered %s", what, call,
			vk_result_name(result));
}
