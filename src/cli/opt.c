/* SPDX-License-Identifier: Apache-2.0 */
/* The option table and reading arguments with it. Flags win over the job file, wherever they stand. */
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cli/opt-table.h"
#include "job/decode.h"

enum { SHOWN = 64 };

const char *const opt_command_names[] = {
    [OPT_RUN] = "run",
    [OPT_PLAN] = "plan",
    [OPT_DOCTOR] = "doctor",
    [OPT_DEVICES] = "devices",
    [OPT_LIST] = "list",
    [OPT_NEW] = "new",
    NULL,
};

/* ---- setters ------------------------------------------------------------------------------ */

#define SETTER(name)                                                                        \
	static int name(struct options *o, const struct option_row *row, const char *value, \
			struct err *e)

/* The value goes to a function of spec as it is. */
#define FORWARD(name, to)                                 \
	SETTER(name)                                      \
	{                                                 \
		return to(&o->spec, value, row->flag, e); \
	}

/* A switch: no value, nothing can go wrong. */
#define SWITCH(name, member)                     \
	SETTER(name)                             \
	{                                        \
		(void)row, (void)value, (void)e; \
		o->member = true;                \
		return 0;                        \
	}

FORWARD(set_name, spec_set_name)
FORWARD(set_hostname, spec_set_hostname)
FORWARD(set_grace, spec_set_grace)
FORWARD(set_sample, spec_set_sample)
FORWARD(set_input, spec_set_input)
FORWARD(set_soft, spec_set_soft)
SWITCH(set_clear_env, spec.clear_env)
SWITCH(set_writable, spec.writable)
SWITCH(set_dry_run, spec.dry_run)
SWITCH(set_durable, spec.durable)
SWITCH(set_quiet, spec.quiet)
SWITCH(set_verbose, spec.verbose)
SWITCH(set_json, json)
SWITCH(set_help, help)

SETTER(set_limit)
{
	return spec_limit_set(&o->spec, (enum limit)row->limit, value, row->flag, e);
}

SETTER(set_output)
{
	if (strchr(value, '='))
		return spec_set_output(&o->spec, value, row->flag, e);
	return spec_limit_set(&o->spec, LIMIT_OUTPUT, value, row->flag, e);
}

static int take_path(const char **ret, const struct option_row *row, const char *value,
		     struct err *e)
{
	if (!value[0])
		return err_bad(e, row->flag, "a path must not be empty");
	if (strlen(value) > BOUND_PATH_BYTES)
		return err_bad(e, row->flag, "more than %d %s", BOUND_PATH_BYTES,
			       BOUND_WHAT(PATH_BYTES));
	*ret = value;
	return 0;
}

SETTER(set_workdir)
{
	return take_path(&o->spec.workdir, row, value, e);
}

SETTER(set_learn)
{
	return take_path(&o->spec.learn, row, value, e);
}

SETTER(set_gpu)
{
	return spec_set_gpu(&o->spec, value, row->flag, e);
}

SETTER(set_driver)
{
	return take_path(&o->spec.driver, row, value, e);
}

SETTER(set_cgroup)
{
	if (value[0] != '/' && strcmp(value, "auto") != 0 && strcmp(value, "none") != 0)
		return err_bad(e, row->flag,
			       "expected a directory below /sys/fs/cgroup, auto or none, got '%s'",
			       value);
	return take_path(&o->spec.cgroup, row, value, e);
}

SETTER(set_report)
{
	o->spec.report_given = true;
	return take_path(&o->spec.report, row, value, e);
}

SETTER(set_env)
{
	const char *eq = strchr(value, '=');
	const char *name = eq ? arena_strndup(&o->spec.arena, value, (size_t)(eq - value)) : value;
	return spec_add_env(&o->spec, name, eq ? eq + 1 : NULL, row->flag, e);
}

SETTER(set_require)
{
	for (const char *p = value;;) {
		size_t len = strcspn(p, ",");
		if (len == 0)
			return err_bad(
			    e, row->flag,
			    "expected limits separated by commas, such as memory,wall, got '%s'",
			    value);
		if (spec_add_require(&o->spec, arena_strndup(&o->spec.arena, p, len), row->flag,
				     e) < 0)
			return -1;
		if (!p[len])
			return 0;
		p += len + 1;
	}
}

static int add_mount(struct options *o, const struct option_row *row, enum spec_mount_kind kind,
		     const char *value, struct err *e)
{
	const struct spec_mount m = {.kind = kind, .where = row->flag, .from_flag = true};
	return spec_add_mount_text(&o->spec, &m, value, ".", e);
}

SETTER(set_bind)
{
	return add_mount(o, row, MOUNT_BIND, value, e);
}

SETTER(set_ro_bind)
{
	return add_mount(o, row, MOUNT_RO_BIND, value, e);
}

SETTER(set_tmpfs)
{
	return add_mount(o, row, MOUNT_TMPFS, value, e);
}

static int choose(const char *const *names, const struct option_row *row, const char *value,
		  struct err *e)
{
	char list[128], shown[SHOWN];
	int i = choice_find(names, value);

	if (i < 0)
		return err_bad(e, row->flag, "expected %s, got '%s'",
			       choice_list(names, list, sizeof list),
			       text_show(value, shown, sizeof shown));
	return i;
}

SETTER(set_telemetry)
{
	int i = choose(spec_telemetry_names, row, value, e);
	o->spec.telemetry = i < 0 ? o->spec.telemetry : (enum spec_telemetry)i;
	return i < 0 ? -1 : 0;
}

SETTER(set_kernel_timing)
{
	int i = choose(spec_timing_names, row, value, e);
	o->spec.kernel_timing = i < 0 ? o->spec.kernel_timing : (enum spec_timing)i;
	return i < 0 ? -1 : 0;
}

SETTER(set_kernel_stop)
{
	int i = choose(spec_kernel_stop_names, row, value, e);
	o->spec.kernel_stop = i < 0 ? o->spec.kernel_stop : (enum spec_kernel_stop)i;
	return i < 0 ? -1 : 0;
}

SETTER(set_kernel_names)
{
	return take_path(&o->spec.kernel_names, row, value, e);
}

/* One of an enum's names. */
#define CHOICE(name, member, names)                                               \
	SETTER(name)                                                              \
	{                                                                         \
		int i = choose(names, row, value, e);                             \
		if (i >= 0)                                                       \
			o->spec.member = (__typeof__(o->spec.member))(unsigned)i; \
		return i < 0 ? -1 : 0;                                            \
	}

CHOICE(set_soft_action, soft_action, spec_soft_action_names)
CHOICE(set_net, net, spec_net_names)
CHOICE(set_landlock, landlock, spec_landlock_names)
CHOICE(set_proc, proc, spec_proc_names)
CHOICE(set_clocks, clocks, spec_clocks_names)

SETTER(set_seccomp)
{
	return spec_set_seccomp(&o->spec, value, ".", row->flag, e);
}

/* ---- the table ---------------------------------------------------------------------------- */

#define DURATION  "TIME"
#define BYTES     "SIZE"
#define COUNT     "N"
#define PERCENT   "N%"
#define CPUS      "N|LIST"
#define BANDWIDTH "SIZE"
#define RATE      "N/s"

/* --output comes first as a row of its own; its second row, as a limit, is never found. */
const struct option_row opt_table[] = {
#define OPT(name, letter, argument, group, commands, set, help) \
	{"--" name, letter, argument, GROUP_##group, commands, set, -1, help},
#include "cli/opt.def"
#undef OPT
#define LIMIT(id, key, unit, def, reason, help) \
	{"--" key, 0, unit "|none", GROUP_LIMITS, IN_JOB, set_limit, LIMIT_##id, help},
#include "job/limits.def"
#undef LIMIT
    {.flag = NULL},
};

enum { OPT_ROWS = COUNTOF(opt_table) };

static const struct option_row *find_long(const char *flag, size_t len)
{
	for (const struct option_row *row = opt_table; row->flag; row++)
		if (strncmp(row->flag, flag, len) == 0 && !row->flag[len])
			return row;
	return NULL;
}

static const struct option_row *find_letter(char letter)
{
	for (const struct option_row *row = opt_table; row->flag; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

struct given {
	const struct option_row *row;
	const char *value;
};

struct scan {
	struct options *o;
	int argc, at;
	char **argv;
	struct given *given;
	size_t count;
	struct err *e;
};

static int unknown_option(const struct scan *s, const char *arg, size_t len)
{
	const char *known[OPT_ROWS] = {NULL};
	size_t count = 0;
	char shown[SHOWN];

	for (const struct option_row *row = opt_table; row->flag; row++)
		if (row->commands & 1U << s->o->command)
			known[count++] = row->flag;
	const char *name = arena_strndup(&s->o->spec.arena, arg, len);
	const char *near = text_nearest(name, known);
	(void)text_show(name, shown, sizeof shown);
	if (near)
		return err_bad(s->e, NULL, "unknown option '%s', did you mean '%s'?", shown, near);
	return err_bad(s->e, NULL, "unknown option '%s'", shown);
}

static int take_row(struct scan *s, const struct option_row *row, const char *value)
{
	if (!(row->commands & 1U << s->o->command))
		return err_bad(s->e, row->flag, "'vkjail %s' has no such option",
			       opt_command_names[s->o->command]);
	if (row->argument && !value) {
		/* "--" is never a value: what follows it is the command. */
		if (s->at + 1 >= s->argc || strcmp(s->argv[s->at + 1], "--") == 0)
			return err_bad(s->e, row->flag, "needs a value: %s %s", row->flag,
				       row->argument);
		value = s->argv[++s->at];
	} else if (!row->argument && value) {
		return err_bad(s->e, row->flag, "takes no value");
	}
	s->o->help |= row->set == set_help;
	s->given[s->count++] = (struct given){row, value};
	return 0;
}

static int take_long(struct scan *s, const char *arg)
{
	const char *eq = strchr(arg, '=');
	size_t len = eq ? (size_t)(eq - arg) : strlen(arg);
	const struct option_row *row = find_long(arg, len);

	return row ? take_row(s, row, eq ? eq + 1 : NULL) : unknown_option(s, arg, len);
}

/* One letter or several together. None of them takes a value. */
static int take_letters(struct scan *s, const char *arg)
{
	for (const char *p = arg + 1; *p; p++) {
		const struct option_row *row = find_letter(*p);
		if (!row)
			return unknown_option(s, arg, strlen(arg));
		if (take_row(s, row, NULL) < 0)
			return -1;
	}
	return 0;
}

static bool is_job_file(const char *arg)
{
	static const char *const endings[] = {".yaml", ".yml", ".json"};
	size_t len = strlen(arg);

	for (size_t i = 0; i < COUNTOF(endings); i++) {
		size_t n = strlen(endings[i]);
		if (len > n && strcmp(arg + len - n, endings[i]) == 0)
			return true;
	}
	return strcmp(arg, "-") == 0;
}

static int take_operand(struct scan *s, const char *arg)
{
	struct options *o = s->o;
	char shown[SHOWN], first[SHOWN];

	(void)text_show(arg, shown, sizeof shown);
	if ((o->command == OPT_LIST || o->command == OPT_NEW) && !o->operand) {
		o->operand = arg;
		return 0;
	}
	if (o->command == OPT_NEW && !o->directory) {
		if (!arg[0])
			return err_bad(s->e, NULL, "the name of the directory is empty");
		o->directory = arg;
		return 0;
	}
	if (o->command != OPT_RUN && o->command != OPT_PLAN)
		return err_bad(s->e, NULL, "unexpected argument '%s'", shown);
	if (!is_job_file(arg))
		return err_bad(
		    s->e, NULL,
		    "'%s' is not the name of a job file (.yaml, .yml or .json): put '--' before a command",
		    shown);
	if (o->job_file)
		return err_bad(s->e, NULL, "more than one job file: '%s' and '%s'",
			       text_show(o->job_file, first, sizeof first), shown);
	o->job_file = arg;
	return 0;
}

static int take_command(struct scan *s)
{
	struct options *o = s->o;

	if (o->command != OPT_RUN && o->command != OPT_PLAN)
		return err_bad(s->e, NULL, "'vkjail %s' takes no command",
			       opt_command_names[o->command]);
	if (s->at + 1 == s->argc)
		return err_bad(s->e, NULL, "the command is missing after '--'");
	if (!s->argv[s->at + 1][0])
		return err_bad(s->e, NULL, "the command after '--' is empty");
	return 0;
}

/* Arguments -> what was given, without acting on it: the job file has to be read before flags. */
static int scan_arguments(struct scan *s, int *ret_command)
{
	*ret_command = 0;
	for (s->at = 0; s->at < s->argc; s->at++) {
		const char *arg = s->argv[s->at];
		int r;
		if (strcmp(arg, "--") == 0) {
			*ret_command = s->at + 1;
			return take_command(s);
		}
		if (strncmp(arg, "--", 2) == 0)
			r = take_long(s, arg);
		else if (arg[0] == '-' && arg[1])
			r = take_letters(s, arg);
		else
			r = take_operand(s, arg);
		if (r < 0)
			return -1;
		/* Who asks for help gets it, whatever else is wrong. */
		if (s->o->help)
			return 0;
	}
	return 0;
}

/*
 * Where the report about wrong arguments goes: what --report says, even if it stands behind the
 * mistake.
 */
static void find_report(struct options *o, int argc, char **argv)
{
	static const char flag[] = "--report";
	const size_t len = sizeof flag - 1;

	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = NULL;
		if (strncmp(argv[i], flag, len) == 0 && argv[i][len] == '=')
			value = argv[i] + len + 1;
		else if (strcmp(argv[i], flag) == 0 && i + 1 < argc &&
			 strcmp(argv[i + 1], "--") != 0)
			value = argv[++i];
		if (!value || !value[0] || strlen(value) > BOUND_PATH_BYTES)
			continue;
		o->spec.report = value;
		o->spec.report_given = true;
	}
}

static int parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct scan s = {.o = o, .argc = argc, .argv = argv, .e = e};
	int command;

	/* A cluster such as -qv gives several options in one argument. */
	size_t room = 1;
	for (int i = 0; i < argc; i++)
		room += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 1;
	s.given = arena_alloc(&o->spec.arena, room * sizeof *s.given);
	if (scan_arguments(&s, &command) < 0)
		return -1;
	if (o->help)
		return 0;
	if (o->job_file && spec_read_file(&o->spec, o->job_file, e) < 0)
		return -1;
	for (size_t i = 0; i < s.count; i++)
		if (s.given[i].row->set(o, s.given[i].row, s.given[i].value, e) < 0)
			return -1;
	if (command) {
		o->spec.command_count = (size_t)(argc - command);
		o->spec.command = arena_alloc(&o->spec.arena, (o->spec.command_count + 1) *
								  sizeof *o->spec.command);
		memcpy(o->spec.command, argv + command,
		       o->spec.command_count * sizeof *o->spec.command);
	}
	return 0;
}

int opt_parse(struct options *o, int argc, char **argv, struct err *e)
{
	spec_init(&o->spec);
	if (parse(o, argc, argv, e) == 0)
		return 0;
	find_report(o, argc, argv);
	return -1;
}

void opt_done(struct options *o)
{
	spec_done(&o->spec);
}

int opt_command_find(const char *word)
{
	return choice_find(opt_command_names, word);
}
