/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that the device generates, by both extensions, against a driver that is only a clock. */
#include "layer_driver.h"

#include "layer/newer.h"

enum { MANY = 9 };

static void begin(void)
{
	const VkCommandBufferBeginInfo info = {
	    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};

	(void)CALL(BeginCommandBuffer)(commands, &info);
	CALL(CmdBindPipeline)(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
}

static void end(void)
{
	(void)CALL(EndCommandBuffer)(commands);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	finish(driver.last_fence);
}

static void generate(VkShaderStageFlags stages, uint64_t set, uint32_t most, VkDeviceAddress number)
{
	const VkGeneratedCommandsInfoEXT info = {
	    .shaderStages = stages,
	    .indirectExecutionSet = (VkIndirectExecutionSetEXT)(uintptr_t)set,
	    .maxSequenceCount = most,
	    .sequenceCountAddress = number};

	CALL(CmdExecuteGeneratedCommandsEXT)(commands, VK_FALSE, &info);
}

static void generate_nv(VkPipelineBindPoint point, VkPipeline of, uint32_t most, uint64_t number)
{
	const VkGeneratedCommandsInfoNV info = {
	    .pipelineBindPoint = point,
	    .pipeline = of,
	    .sequencesCount = most,
	    .sequencesCountBuffer = (VkBuffer)(uintptr_t)number};

	CALL(CmdExecuteGeneratedCommandsNV)(commands, VK_FALSE, &info);
}

/* Of that entry point and kind. */
static const struct page_kernel *row_of(const char *entry, uint32_t kind)
{
	uint32_t i = 0;

	while (i < PAGE_KERNELS &&
	       (page->kernels[i].state != PAGE_ROW_READY || page->kernels[i].kind != kind ||
		strcmp(page->kernels[i].entry, entry) != 0))
		i++;
	assert_int_not_equal(i, PAGE_KERNELS);
	return &page->kernels[i];
}

static void assert_generated(const struct page_kernel *k, uint64_t executions, uint64_t least,
			     uint64_t most)
{
	assert_int_equal(k->dispatches, executions);
	assert_int_equal(k->indirect, executions);
	assert_int_equal(k->generated_least, least);
	assert_int_equal(k->generated_most, most);
	assert_int_equal(k->timed + k->first, executions);
}

static void test_bound(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	begin();
	generate(VK_SHADER_STAGE_COMPUTE_BIT, 0, 8, 0);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	generate(VK_SHADER_STAGE_COMPUTE_BIT, 0, 5, 4096);
	end();
	assert_generated(row_of("add", PAGE_KERNEL_GENERATED), 2, 8, 13);
	assert_int_equal(row_of("add", PAGE_KERNEL_GENERATED)->first, 1);
	assert_int_equal(row_of("add", PAGE_KERNEL_GENERATED)->total_ns,
			 DISPATCH_TICKS + STAMP_TICKS);
	assert_int_equal(row_of("add", 0)->dispatches, 1);
	assert_int_equal(row_of("add", 0)->generated_most, 0);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES), 3);
}

static void test_chosen(void **state)
{
	const uint32_t chosen = PAGE_KERNEL_GENERATED | PAGE_KERNEL_CHOSEN;

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	begin();
	generate(VK_SHADER_STAGE_COMPUTE_BIT, 1, 3, 0);
	/* What was bound is not any more. */
	CALL(CmdDispatch)(commands, 1, 1, 1);
	generate(VK_SHADER_STAGE_COMPUTE_BIT, 0, 2, 0);
	end();
	assert_generated(row_of("", chosen), 2, 5, 5);
	assert_int_equal(row_of("add", 0)->dispatches, 0);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES), 2);
}

/* What draws is passed on. */
static void test_graphics(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	begin();
	generate(VK_SHADER_STAGE_VERTEX_BIT, 1, 3, 0);
	generate_nv(VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline, 3, 0);
	assert_int_equal(driver.clock, 2 * DISPATCH_TICKS);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	end();
	assert_int_equal(row_of("add", 0)->dispatches, 1);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES), 1);
}

static void test_nv(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	begin();
	generate_nv(VK_PIPELINE_BIND_POINT_COMPUTE, pipeline, 4, 0);
	generate_nv(VK_PIPELINE_BIND_POINT_COMPUTE, pipeline, 4, 1);
	generate_nv(VK_PIPELINE_BIND_POINT_COMPUTE, VK_NULL_HANDLE, 7, 1);
	CALL(CmdDispatch)(commands, 1, 1, 1);
	end();
	assert_generated(row_of("add", PAGE_KERNEL_GENERATED), 2, 4, 8);
	assert_generated(row_of("", PAGE_KERNEL_GENERATED | PAGE_KERNEL_CHOSEN), 1, 0, 7);
	assert_int_equal(row_of("add", 0)->dispatches, 1);
}

/* More kernels than a command buffer had room for at first: what is bound stays bound. */
static void test_many(void **state)
{
	VkComputePipelineCreateInfo info = {.stage = {.pName = NULL}};
	char entry[] = "k0";
	VkPipeline p;

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	begin();
	for (int i = 0; i < MANY; i++) {
		entry[1] = (char)('0' + i);
		info.stage.pName = entry;
		(void)CALL(CreateComputePipelines)(DEVICE, VK_NULL_HANDLE, 1, &info, NULL, &p);
		CALL(CmdBindPipeline)(commands, VK_PIPELINE_BIND_POINT_COMPUTE, p);
		generate(VK_SHADER_STAGE_COMPUTE_BIT, 0, 2, 0);
		CALL(CmdDispatch)(commands, 1, 1, 1);
	}
	end();
	for (int i = 0; i < MANY; i++) {
		entry[1] = (char)('0' + i);
		assert_generated(row_of(entry, PAGE_KERNEL_GENERATED), 1, 2, 2);
		assert_int_equal(row_of(entry, 0)->dispatches, 1);
	}
}

/* A submission that fails takes all of it back. */
static void test_failure(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	begin();
	generate(VK_SHADER_STAGE_COMPUTE_BIT, 0, 8, 0);
	(void)CALL(EndCommandBuffer)(commands);
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(submit(VK_NULL_HANDLE), VK_ERROR_OUT_OF_HOST_MEMORY);
	assert_generated(row_of("add", PAGE_KERNEL_GENERATED), 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_chosen, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_graphics, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nv, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
