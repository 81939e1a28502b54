/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libvulkan.so.1 and makes an instance without extensions or layers of its own. */
#include "gpu/vk.h"

#include <dlfcn.h>

#include "base/auto.h"

static int load_global(struct vk *vk, struct fail *f)
{
	vk->library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!vk->library) {
		(void)fail_set(f, END_FAILED, NULL, "there is no Vulkan loader here: %s",
			       dlerror());
		return err_hint(
		    &f->err,
		    "install the loader and a driver (Debian: libvulkan1 mesa-vulkan-drivers)");
	}
	/* POSIX promises that this works; C has no conversion from object to function pointers. */
	void *symbol = dlsym(vk->library, "vkGetInstanceProcAddr");
	memcpy(&vk->GetInstanceProcAddr, &symbol, sizeof symbol);
	if (!vk->GetInstanceProcAddr)
		return fail_set(
		    f, END_FAILED, NULL,
		    "libvulkan.so.1 has no vkGetInstanceProcAddr, so it is not a Vulkan loader");
	return 0;
}

static int load_instance(struct vk *vk, struct fail *f)
{
	const char *missing = NULL;

#define VK_DEVICE(name)
#define VK_INSTANCE(name)                                                           \
	vk->name = (PFN_vk##name)vk->GetInstanceProcAddr(vk->instance, "vk" #name); \
	if (!vk->name)                                                              \
		missing = "vk" #name;
#include "gpu/vk.def"
#undef VK_INSTANCE
#undef VK_DEVICE
	if (missing)
		return fail_set(f, END_FAILED, NULL, "the Vulkan loader has no function %s",
				missing);
	return 0;
}

int vk_open(struct vk *vk, struct fail *f)
{
	*vk = (struct vk){.version = VK_API_VERSION_1_0};
	if (load_global(vk, f) < 0)
		return -1;
	PFN_vkEnumerateInstanceVersion version =
	    (PFN_vkEnumerateInstanceVersion)vk->GetInstanceProcAddr(NULL,
								    "vkEnumerateInstanceVersion");
	PFN_vkCreateInstance create = (PFN_vkCreateInstance)vk->GetInstanceProcAddr(
	    NULL, "vkCreateInstance");
	if (version)
		(void)version(&vk->version);
	if (vk->version < VK_API_VERSION_1_1 || !create)
		return fail_set(f, END_FAILED, NULL, "the Vulkan loader is older than 1.1");
	vk->api = vk->version < VK_API_VERSION_1_3 ? vk->version : VK_API_VERSION_1_3;

	VkApplicationInfo app = {
	    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
	    .pApplicationName = "vkjail-exec",
	    .apiVersion = vk->api,
	};
	VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
				     .pApplicationInfo = &app};
	VkResult r = create(&info, NULL, &vk->instance);
	if (r != VK_SUCCESS) {
		vk->instance = VK_NULL_HANDLE;
		(void)fail_vk(f, r, "vkCreateInstance", "use Vulkan");
		if (r != VK_ERROR_INCOMPATIBLE_DRIVER)
			return -1;
		(void)fail_set(f, END_FAILED, NULL,
			       "no Vulkan driver was found (vkCreateInstance answered %s)",
			       vk_result_name(r));
		return err_hint(&f->err,
				"install one (Debian: mesa-vulkan-drivers has the software driver "
				"lavapipe), or name its manifest with --driver");
	}
	return load_instance(vk, f);
}

void vk_done(struct vk *vk)
{
	if (vk->instance && vk->DestroyInstance)
		vk->DestroyInstance(vk->instance, NULL);
	vk->instance = VK_NULL_HANDLE;
	/* The library stays: drivers leave thread-local destructors behind that would jump into nothing. */
}
