/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail run: one job. */
#include "cli/cmd.h"
#include "cli/progress.h"
#include "cli/say.h"

int cmd_run_refused(struct options *o, const struct host *host, const struct err *why)
{
	struct run_result r;

	supervise_refused(&o->spec, host, why, &r);
	say_result(&o->spec, &r);
	run_result_done(&r);
	return EXIT_VKJAIL;
}

int cmd_run(struct options *o, const struct host *host)
{
	struct progress_view view;
	const struct progress_hook hook = {.show = progress_show, .show_arg = &view};
	struct run_result r;
	struct err e = ERR_INIT;

	if (spec_finish(&o->spec, &e) < 0)
		return cmd_run_refused(o, host, &e);
	o->spec.progress = progress_open(&view, &o->spec);
	supervise(&o->spec, host, NULL, o->spec.progress ? &hook : NULL, &r);
	progress_close(&view);
	say_result(&o->spec, &r);
	int status = r.outcome.exit_status;
	run_result_done(&r);
	return status;
}
