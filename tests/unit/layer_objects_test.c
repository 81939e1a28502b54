/* SPDX-License-Identifier: Apache-2.0 */
/* Shader objects against a driver that is only a clock: what real drivers here do not do. */
#include "layer_driver.h"

#include "layer/newer.h"
#include "layer/sha256.h"

static const VkShaderStageFlagBits compute = VK_SHADER_STAGE_COMPUTE_BIT;

static VkShaderCreateInfoEXT from(VkShaderCodeTypeEXT type, const char *entry, const void *code,
				  size_t size)
{
	return (VkShaderCreateInfoEXT){.stage = VK_SHADER_STAGE_COMPUTE_BIT,
				       .codeType = type,
				       .codeSize = size,
				       .pCode = code,
				       .pName = entry};
}

static void make(uint32_t count, const VkShaderCreateInfoEXT *infos, uint32_t made, VkResult says,
		 VkShaderEXT *ret)
{
	driver.shaders_made = made;
	driver.shaders_say = says;
	assert_int_equal(CALL(CreateShadersEXT)(DEVICE, count, infos, NULL, ret), says);
}

/* One dispatch of each, in one command buffer, after one of the pipeline. */
static void dispatch_all(uint32_t count, const VkShaderEXT *shaders)
{
	const VkCommandBufferBeginInfo begin = {
	    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};

	(void)CALL(BeginCommandBuffer)(commands, &begin);
	CALL(CmdBindPipeline)(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	for (uint32_t i = 0; i < count; i++) {
		CALL(CmdBindShadersEXT)(commands, 1, &compute, &shaders[i]);
		CALL(CmdDispatch)(commands, 1, 1, 1);
	}
	(void)CALL(EndCommandBuffer)(commands);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	finish(driver.last_fence);
}

static bool has_row(const char *entry, const struct page_kernel **ret)
{
	for (uint32_t i = 0; i < PAGE_KERNELS; i++) {
		*ret = &page->kernels[i];
		if ((*ret)->state == PAGE_ROW_READY && strcmp((*ret)->entry, entry) == 0)
			return true;
	}
	return false;
}

/* Of the kernel with that entry point. */
static const struct page_kernel *row_of(const char *entry)
{
	const struct page_kernel *k;

	assert_true(has_row(entry, &k));
	return k;
}

static void assert_no_row(const char *entry)
{
	const struct page_kernel *k;

	assert_false(has_row(entry, &k));
}

static void test_binary(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	VkShaderCreateInfoEXT infos[] = {
	    from(VK_SHADER_CODE_TYPE_BINARY_EXT, "a", bytes, sizeof bytes),
	    from(VK_SHADER_CODE_TYPE_BINARY_EXT, NULL, bytes, 4)};
	const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 4, 12};
	uint8_t digest[SHA256_BYTES];
	VkShaderEXT made[2];

	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	infos[0].pushConstantRangeCount = 1;
	infos[0].pPushConstantRanges = &range;
	make(2, infos, 2, VK_SUCCESS, made);
	dispatch_all(2, made);
	sha256(bytes, sizeof bytes, digest);
	assert_memory_equal(row_of("a")->spirv, digest, sizeof digest);
	assert_int_equal(row_of("a")->kind, PAGE_KERNEL_BINARY);
	assert_int_equal(row_of("a")->push_bytes, 16);
	assert_int_equal(row_of("a")->dispatches, 1);
	/* Without a name of an entry point, too. */
	assert_int_equal(row_of("")->dispatches, 1);
	assert_int_equal(row_of("add")->dispatches, 1);
}

/* What stands in the program's array from before is no shader of a call that failed. */
static void test_failures(void **state)
{
	(void)state;
	const VkShaderCreateInfoEXT infos[] = {from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "a", "....", 4),
					       from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "b", "....", 4),
					       from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "c", "....", 4)};
	VkShaderEXT made[3];

	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	make(1, infos, 1, VK_SUCCESS, made);
	made[1] = made[2] = made[0];
	make(2, infos + 1, 0, VK_ERROR_OUT_OF_HOST_MEMORY, made + 1);
	assert_no_row("b");
	assert_no_row("c");
	assert_true(made[1] == VK_NULL_HANDLE);
	make(2, infos + 1, 1, (VkResult)1000482000, made + 1);
	dispatch_all(2, made);
	assert_int_equal(row_of("a")->dispatches, 1);
	assert_int_equal(row_of("b")->dispatches, 1);
	assert_no_row("c");
}

/* A handle that comes back is another shader; what is unbound is not dispatched on anybody's account. */
static void test_handles(void **state)
{
	(void)state;
	const VkShaderCreateInfoEXT infos[] = {from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "a", "....", 4),
					       from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "b", "....", 4)};
	VkShaderEXT made[2], none = VK_NULL_HANDLE;

	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	uint64_t handle = driver.next;
	make(1, infos, 1, VK_SUCCESS, made);
	dispatch_all(1, made);
	CALL(DestroyShaderEXT)(DEVICE, made[0], NULL);
	driver.next = handle;
	make(1, infos + 1, 1, VK_SUCCESS, made + 1);
	assert_true(made[0] == made[1]);
	dispatch_all(1, made + 1);
	assert_int_equal(row_of("a")->dispatches, 1);
	assert_int_equal(row_of("b")->dispatches, 1);
	/* The numbers of pipelines and of shader objects may be the same. */
	driver.next = (uint64_t)(uintptr_t)pipeline - 1;
	make(1, infos, 1, VK_SUCCESS, made);
	assert_true((uint64_t)made[0] == (uint64_t)pipeline);
	dispatch_all(1, made);
	assert_int_equal(row_of("a")->dispatches, 2);
	assert_int_equal(row_of("add")->dispatches, 3);
	dispatch_all(1, &none);
	assert_int_equal(row_of("add")->dispatches, 4);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES), 7);
}

/* Of other stages than compute nothing is noted. */
static void test_stages(void **state)
{
	(void)state;
	static const VkShaderStageFlagBits two[] = {VK_SHADER_STAGE_VERTEX_BIT,
						    VK_SHADER_STAGE_COMPUTE_BIT};
	VkShaderCreateInfoEXT infos[] = {from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "v", "....", 4),
					 from(VK_SHADER_CODE_TYPE_SPIRV_EXT, "a", "....", 4)};
	VkShaderEXT made[2];

	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	infos[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
	make(2, infos, 2, VK_SUCCESS, made);
	assert_no_row("v");
	(void)CALL(BeginCommandBuffer)(commands, &(VkCommandBufferBeginInfo){0});
	CALL(CmdBindShadersEXT)(commands, 2, two, made);
	CALL(CmdBindShadersEXT)(commands, 1, two, NULL);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	CALL(CmdBindShadersEXT)(commands, 2, two, NULL);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	(void)CALL(EndCommandBuffer)(commands);
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(row_of("a")->dispatches, 1);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES), 1);
	finish(driver.last_fence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_binary, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_handles, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_stages, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
