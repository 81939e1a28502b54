/* SPDX-License-Identifier: Apache-2.0 */
/* A dispatch into the command buffer. Apart from step.c, which knows of files: vkjail-probe links only this. */
#include "gpu/pipeline.h"

void step_record(const struct step *s, const struct chunk *part, struct gpu *g)
{
	const struct kernel *k = s->kernel;
	uint32_t push = (k->info.push_bytes + 3) / 4 * 4;
	const uint32_t *base = part->base, *count = part->count;

	step_use(s, g);
	/* Small dispatches of the same step come in thousands: what is bound stays bound. */
	if (g->bound_pipeline != s->variant->pipeline)
		g->CmdBindPipeline(g->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
				   s->variant->pipeline);
	if (g->bound_step != s) {
		g->CmdBindDescriptorSets(g->commands, VK_PIPELINE_BIND_POINT_COMPUTE, k->layout, 0,
					 k->set_count, s->sets, 0, NULL);
		if (push)
			g->CmdPushConstants(g->commands, k->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
					    push, s->push);
	}
	g->bound_pipeline = s->variant->pipeline;
	g->bound_step = s;
	if (base[0] || base[1] || base[2])
		g->CmdDispatchBase(g->commands, base[0], base[1], base[2], count[0], count[1],
				   count[2]);
	else
		g->CmdDispatch(g->commands, count[0], count[1], count[2]);
}
