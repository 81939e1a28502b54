/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail list: the tables that this build was made from. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/say.h"
#include "job/profile.h"
#include "plan/plan.h"

struct row {
	char name[32], value[64];
	const char *help;
	char text[1400]; /* of a help that is put together */
};

static bool reason_row(size_t i, struct row *r)
{
	if (i >= REASON_COUNT)
		return false;
	const struct reason_info *info = &reason_table[i];
	(void)snprintf(r->name, sizeof r->name, "%s", info->name);
	if (info->status == STATUS_OWN)
		(void)snprintf(r->value, sizeof r->value, "own");
	else if (info->status == STATUS_SIGNAL)
		(void)snprintf(r->value, sizeof r->value, "128+N");
	else
		(void)snprintf(r->value, sizeof r->value, "%d", info->status);
	r->help = info->help;
	return true;
}

static bool limit_row(size_t i, struct row *r)
{
	static const char *const units[] = {
	    [LIMIT_DURATION] = "duration", [LIMIT_BYTES] = "size",   [LIMIT_COUNT_OF] = "count",
	    [LIMIT_PERCENT] = "percent",   [LIMIT_CPUS_OF] = "CPUs", [LIMIT_BANDWIDTH] = "size/s",
	    [LIMIT_RATE] = "rate"};
	if (i >= LIMIT_COUNT)
		return false;
	(void)snprintf(r->name, sizeof r->name, "%s", limit_table[i].key);
	(void)snprintf(r->value, sizeof r->value, "%s", units[limit_table[i].unit]);
	r->help = limit_table[i].help;
	return true;
}

static bool step_row(size_t i, struct row *r)
{
	if (i >= STEP_COUNT)
		return false;
	(void)snprintf(r->name, sizeof r->name, "%s", step_table[i].name);
	r->value[0] = '\0';
	r->help = step_table[i].help;
	return true;
}

static bool profile_row(size_t i, struct row *r)
{
	static const char *const help[] = {
	    [SECCOMP_DEFAULT] =
		"what compute programs need; dangerous calls fail with EPERM, unknown ones with ENOSYS",
	    [SECCOMP_STRICT] = "what vkjail-exec needs; any other call ends the job",
	    [SECCOMP_NONE] = "no filter",
	    [SECCOMP_FILE] = "a file that says it (*.yaml): see vkjail-profile(5)",
	};
	if (i >= COUNTOF(help))
		return false;
	(void)snprintf(r->name, sizeof r->name, "%s",
		       i == SECCOMP_FILE ? "FILE" : spec_seccomp_names[i]);
	r->value[0] = '\0';
	r->help = help[i];
	return true;
}

static bool group_row(size_t i, struct row *r)
{
	if (!call_groups[i].name)
		return false;
	(void)snprintf(r->name, sizeof r->name, "@%s", call_groups[i].name);
	r->value[0] = '\0';
	(void)snprintf(r->text, sizeof r->text, "%s: %s", call_groups[i].help,
		       call_groups[i].calls);
	r->help = r->text;
	return true;
}

static const struct {
	const char *name;
	bool (*row)(size_t i, struct row *r);
} lists[] = {{"reasons", reason_row},
	     {"limits", limit_row},
	     {"steps", step_row},
	     {"profiles", profile_row},
	     {"groups", group_row}};

static void print_json(bool (*row)(size_t i, struct row *r))
{
	json_t *all = json_array();
	struct row r;

	for (size_t i = 0; row(i, &r); i++) {
		json_t *o = json_pack("{s:s,s:s}", "name", r.name, "help", r.help);
		if (r.value[0])
			(void)json_object_set_new(o, row == reason_row ? "exit_status" : "unit",
						  json_string(r.value));
		(void)json_array_append_new(all, o);
	}
	(void)json_dumpf(all, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(all);
}

int cmd_list(struct options *o, const struct host *host)
{
	struct row r;
	struct err e = ERR_INIT;

	(void)host;
	for (size_t l = 0; o->operand && l < COUNTOF(lists); l++) {
		if (strcmp(o->operand, lists[l].name) != 0)
			continue;
		if (o->json)
			print_json(lists[l].row);
		for (size_t i = 0; !o->json && lists[l].row(i, &r); i++)
			(void)printf(r.value[0] ? "%-16s %-9s %s\n" : "%-16s %s%s\n", r.name,
				     r.value, r.help);
		return 0;
	}
	(void)err_bad(&e, o->operand ? o->operand : "list",
		      o->operand ? "there is no such list" : "what is to be listed?");
	(void)err_hint(&e, "one of: reasons, limits, steps, profiles, groups");
	say_error(&e);
	return EXIT_VKJAIL;
}
