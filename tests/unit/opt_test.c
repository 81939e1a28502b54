/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what belongs together, what is refused, that flags win over the file; help and completion. */
#include "unit/jobfile.h"

#include "cli/opt-table.h"

enum { ARGS_MAX = 32 };

struct row {
	enum opt_command command;
	const char *args; /* separated by single spaces; "''" stands for an empty one */
	const char *message;
};

/* Splits in place. */
static int split(char *text, char **argv)
{
	int argc = 0;
	for (char *p = text; p && *p;) {
		char *space = strchr(p, ' ');
		if (space)
			*space = '\0';
		assert_in_range(argc, 0, ARGS_MAX - 2);
		argv[argc++] = strcmp(p, "''") == 0 ? p + 2 : p;
		p = space ? space + 1 : NULL;
	}
	argv[argc] = NULL;
	return argc;
}

static const char *parse(
	struct options *o, enum opt_command command, char *args, char *buf, size_t size)
{
	char *argv[ARGS_MAX];
	struct err e = ERR_INIT;
	int argc = split(args, argv);

	*o = (struct options){.command = command};
	if (opt_parse(o, argc, argv, &e) < 0)
		return err_render(&e, buf, size);
	if (command <= OPT_PLAN && !o->help && spec_finish(&o->spec, &e) < 0)
		return err_render(&e, buf, size);
	return "";
}

static void test_messages(void **state)
{
	(void)state;
	static const char job[] = "command: [from-file]\nbind: [/file]\n";
	static const struct row rows[] = {
		{OPT_RUN, "-- true", NULL},
		{OPT_RUN, "job.yaml", NULL},
		{OPT_RUN, "--wall 3s job.yaml --cpu=2s", NULL},
		{OPT_RUN, "-qv -- --bind", NULL},
		{OPT_RUN, "-- -x --", NULL},
		{OPT_PLAN, "--json -- true", NULL},
		{OPT_DOCTOR, "--json -v", NULL},
		{OPT_LIST, "reasons --json", NULL},
		{OPT_RUN, "", "nothing to run: give a job file, or a command after '--'"},
		{OPT_RUN, "--", "the command is missing after '--'"},
		{OPT_RUN, "-- ''", "the command after '--' is empty"},
		{OPT_RUN, "python3 x.py",
			"'python3' is not the name of a job file (.yaml, .yml or .json): put '--' before a command"},
		{OPT_RUN, "''",
			"'' is not the name of a job file (.yaml, .yml or .json): put '--' before a command"},
		{OPT_RUN, ".yaml",
			"'.yaml' is not the name of a job file (.yaml, .yml or .json): put '--' before a command"},
		{OPT_RUN, "job.yaml b.json", "more than one job file: 'job.yaml' and 'b.json'"},
		{OPT_RUN, "missing.yaml",
			"missing.yaml: cannot open: No such file or directory (ENOENT)"},
		{OPT_RUN, "--wal 3s -- a", "unknown option '--wal', did you mean '--wall'?"},
		{OPT_RUN, "--device_memory=3 -- a",
			"unknown option '--device_memory', did you mean '--device-memory'?"},
		{OPT_RUN, "--frobnicate -- a", "unknown option '--frobnicate'"},
		{OPT_RUN, "-x -- a", "unknown option '-x'"},
		{OPT_RUN, "-qx -- a", "unknown option '-qx'"},
		{OPT_RUN, "-w 3s -- a", "unknown option '-w'"},
		{OPT_PLAN, "--dry-run -- a", "--dry-run: 'vkjail plan' has no such option"},
		{OPT_RUN, "--json -- a", "--json: 'vkjail run' has no such option"},
		{OPT_DOCTOR, "--wall 3s", "--wall: 'vkjail doctor' has no such option"},
		{OPT_DOCTOR, "now", "unexpected argument 'now'"},
		{OPT_DEVICES, "-- a", "'vkjail devices' takes no command"},
		{OPT_LIST, "reasons limits", "unexpected argument 'limits'"},
		{OPT_RUN, "--wall", "--wall: needs a value: --wall TIME|none"},
		{OPT_RUN, "--wall -- a", "--wall: needs a value: --wall TIME|none"},
		{OPT_RUN, "--durable=yes -- a", "--durable: takes no value"},
		{OPT_RUN, "--wall= -- a",
			"--wall: expected a duration such as 30s, 250ms or 1h30m, got ''"},
		{OPT_RUN, "--wall 60 -- a",
			"--wall: '60' has no unit: write 60s for seconds, or use ms, m or h"},
		{OPT_RUN, "--memory 64megs -- a",
			"--memory: expected a size such as 64MiB, got '64megs'"},
		{OPT_RUN, "--memory none -- a", NULL},
		{OPT_RUN, "--output 10M -- a", NULL},
		{OPT_RUN, "--output 10X -- a",
			"--output: expected a size such as 64MiB, got '10X'"},
		{OPT_RUN, "--output x=y.npy -- a",
			"--output: a command has no outputs, only a compute job has (a size such as 10M limits the output)"},
		{OPT_RUN, "--input x=y.npy -- a",
			"--input: a command has no inputs, only a compute job has"},
		{OPT_RUN, "--input x=y.npy --input x=z.npy -- a", "--input: 'x' is given twice"},
		{OPT_RUN, "--name a/b -- a",
			"--name: expected a name of 1 to 64 letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got 'a/b'"},
		{OPT_RUN, "--hostname _ -- a",
			"--hostname: expected a host name of 1 to 64 letters, digits, '-' and '.', got '_'"},
		{OPT_RUN, "--require wall -- a",
			"require: the limit 'wall' is required but not set: give it a value, for example with --wall"},
		{OPT_RUN, "--require wall,cpu --wall 1s --cpu 1s -- a", NULL},
		{OPT_RUN, "--require wall,, -- a",
			"--require: expected limits separated by commas, such as memory,wall, got 'wall,,'"},
		{OPT_RUN, "--require '' -- a",
			"--require: expected limits separated by commas, such as memory,wall, got ''"},
		{OPT_RUN, "--require memroy -- a",
			"--require: unknown limit 'memroy', did you mean 'memory'?"},
		{OPT_RUN, "--grace 2h -- a", "--grace: must be at most 1h"},
		{OPT_RUN, "--sample 1us -- a", "--sample: must be from 1ms to 1d, or 'none'"},
		{OPT_RUN, "--net hots -- a", "--net: expected 'none' or 'host', got 'hots'"},
		{OPT_RUN, "--gpu 12345 -- a",
			"--gpu: expected 'all', 'none' or GPUs such as '0', '0,1', 'pci:0000:01:00.0' or 'uuid:GPU-...', got '12345'"},
		{OPT_RUN, "--seccomp off -- a",
			"--seccomp: expected 'default', 'strict', 'none' or a profile file (*.yaml), got 'off'"},
		{OPT_RUN, "--report '' -- a", "--report: a path must not be empty"},
		{OPT_RUN, "--workdir '' -- a", "--workdir: a path must not be empty"},
		{OPT_RUN, "--driver '' -- a", "--driver: a path must not be empty"},
		{OPT_RUN, "--env =x -- a",
			"--env: expected the name of an environment variable (letters, digits and '_'), got ''"},
		{OPT_RUN, "--env A-B=x -- a",
			"--env: expected the name of an environment variable (letters, digits and '_'), got 'A-B'"},
		{OPT_RUN, "--bind '' -- a", "--bind: a path must not be empty"},
		{OPT_RUN, "--bind /a:b -- a",
			"--bind: expected an absolute path inside the sandbox, got 'b'"},
		{OPT_RUN, "--bind /a --ro-bind /b:/a -- a",
			"--ro-bind: '/a' is mounted twice, first at --bind"},
		{OPT_RUN, "--tmpfs x -- a",
			"--tmpfs: expected an absolute path inside the sandbox, got 'x'"},
		/* A flag in the place of a mount of the job file replaces it. */
		{OPT_RUN, "--ro-bind /b:/file job.yaml", NULL},
		/* Who asks for help gets it. */
		{OPT_RUN, "--help --frobnicate", NULL},
		{OPT_RUN, "-hq", NULL},
	};
	jobfile_write(job, sizeof job - 1);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct options o;
		char buf[1024];
		char *args = strdup(rows[i].args);
		assert_non_null(args);
		assert_string_equal(parse(&o, rows[i].command, args, buf, sizeof buf),
			rows[i].message ? rows[i].message : "");
		opt_done(&o);
		free(args);
	}
}

static void test_values(void **state)
{
	(void)state;
	struct options o;
	char buf[1024];
	char args[] =
		"--name n --workdir w --env A=1=2 --env B --env A=3 --clear-env --writable --durable -qv --report - --seccomp none -- prog --name x";

	assert_string_equal(parse(&o, OPT_RUN, args, buf, sizeof buf), "");
	assert_string_equal(o.spec.name, "n");
	assert_string_equal(o.spec.workdir, "w");
	assert_int_equal(o.spec.env_count, 2);
	assert_string_equal(o.spec.env[0].value, "3");
	assert_null(o.spec.env[1].value);
	assert_true(o.spec.clear_env && o.spec.writable && o.spec.durable && o.spec.quiet &&
		    o.spec.verbose);
	assert_true(o.spec.seccomp_given && o.spec.report_given);
	assert_string_equal(o.spec.report, "-");
	assert_int_equal(o.spec.seccomp, SECCOMP_NONE);
	assert_int_equal(o.spec.command_count, 3);
	assert_string_equal(o.spec.command[0], "prog");
	assert_string_equal(o.spec.command[1], "--name");
	assert_null(o.spec.command[3]);
	opt_done(&o);
}

/* Wherever the file stands among the flags. */
static void test_flags_win(void **state)
{
	(void)state;
	static const char job[] =
		"name: file\nlimits: {wall: 1s, memory: 1G, output: 5}\ncommand: [from-file]\nbind: [/a]\nenv: {A: file}\nreport: r.json\n";
	static const char *const orders[] = {
		"job.yaml --name flag --wall 2s --memory none --output 7 --ro-bind /b:/a --env A=flag --report none -- from-flag",
		"--name flag --wall 2s --memory none --output 7 --ro-bind /b:/a --env A=flag --report none job.yaml -- from-flag",
	};
	jobfile_write(job, sizeof job - 1);
	for (size_t i = 0; i < COUNTOF(orders); i++) {
		struct options o;
		char buf[1024];
		char *args = strdup(orders[i]);
		assert_non_null(args);
		assert_string_equal(parse(&o, OPT_RUN, args, buf, sizeof buf), "");
		assert_string_equal(o.job_file, "job.yaml");
		assert_string_equal(o.spec.name, "flag");
		assert_int_equal(o.spec.limits.value[LIMIT_WALL], 2000000000);
		assert_int_equal(o.spec.limits.value[LIMIT_MEMORY], LIMIT_NONE);
		assert_int_equal(o.spec.limits.value[LIMIT_OUTPUT], 7);
		assert_int_equal(o.spec.mount_count, 1);
		assert_string_equal(o.spec.mounts[0].source, "/b");
		assert_int_equal(o.spec.mounts[0].kind, MOUNT_RO_BIND);
		assert_string_equal(o.spec.env[0].value, "flag");
		assert_string_equal(o.spec.report, "none");
		assert_string_equal(o.spec.command[0], "from-flag");
		opt_done(&o);
		free(args);
	}
}

static void test_outputs_of_a_compute_job(void **state)
{
	(void)state;
	static const char job[] =
		"compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.png}}, steps: [{run: k, groups: 1}]}\n";
	struct options o;
	char buf[1024];
	char args[] = "job.yaml --output 1M --output x=x.npy --input x=b.npy";

	jobfile_write(job, sizeof job - 1);
	assert_string_equal(parse(&o, OPT_RUN, args, buf, sizeof buf), "");
	assert_int_equal(o.spec.limits.value[LIMIT_OUTPUT], 1 << 20);
	assert_int_equal(o.spec.compute->output_count, 1);
	assert_string_equal(o.spec.compute->outputs[0].path, "x.npy");
	assert_string_equal(o.spec.compute->buffers[0].path, "b.npy");
	opt_done(&o);
	char both[] = "job.yaml -- true";
	assert_string_equal(parse(&o, OPT_RUN, both, buf, sizeof buf),
		"job.yaml:1: compute: a job is either a command or a compute job, this one is both");
	opt_done(&o);
}

/* The table itself: what printing and completing rely on. */
static void test_table(void **state)
{
	(void)state;
	size_t limits = 0;
	for (const struct option_row *row = opt_table; row->flag; row++) {
		assert_int_equal(strncmp(row->flag, "--", 2), 0);
		assert_non_null(row->set);
		assert_true(row->commands != 0);
		assert_true(row->help[0] && row->help[strlen(row->help) - 1] != '.');
		/* Letters come in clusters, so they take no values. */
		assert_false(row->letter && row->argument);
		limits += row->limit >= 0;
		for (const struct option_row *other = opt_table; other != row; other++) {
			assert_false(row->letter && row->letter == other->letter);
			assert_false(strcmp(row->flag, other->flag) == 0 &&
				     strcmp(row->flag, "--output") != 0);
		}
	}
	assert_int_equal(limits, LIMIT_COUNT);
	for (int i = 0; i < OPT_COMMANDS; i++)
		assert_int_equal(opt_command_find(opt_command_names[i]), i);
	assert_null(opt_command_names[OPT_COMMANDS]);
	assert_int_equal(opt_command_find("nothing"), -1);
}

static char *printed(void (*print)(FILE *f, const char *what), const char *what)
{
	char *data = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&data, &size);
	assert_non_null(f);
	print(f, what);
	assert_int_equal(fclose(f), 0);
	return data;
}

static void print_completion(FILE *f, const char *shell)
{
	assert_true(opt_print_completion(f, shell));
}

static void test_printing(void **state)
{
	(void)state;
	AUTO_FREE char *run = printed(opt_print_help, "run");
	AUTO_FREE char *bash = printed(print_completion, "bash");
	AUTO_FREE char *zsh = printed(print_completion, "zsh");
	for (const struct option_row *row = opt_table; row->flag; row++) {
		assert_true(!(row->commands & IN_RUN) || strstr(run, row->flag));
		assert_non_null(strstr(bash, row->flag));
		assert_non_null(strstr(zsh, row->flag));
	}
	AUTO_FREE char *list = printed(opt_print_help, "list");
	assert_null(strstr(list, "--wall"));
	assert_non_null(strstr(list, "--json"));
	AUTO_FREE char *all = printed(opt_print_help, NULL);
	for (int i = 0; i < OPT_COMMANDS; i++)
		assert_non_null(strstr(all, opt_command_names[i]));
	/* No line is wider than a terminal. */
	for (char *line = run; line && *line;) {
		size_t len = strcspn(line, "\n");
		assert_in_range(len, 0, 100);
		line += len + (line[len] != '\0');
	}
	assert_false(opt_print_completion(stdout, "fish"));
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_messages),
		cmocka_unit_test(test_values),
		IN_DIR(test_flags_win),
		IN_DIR(test_outputs_of_a_compute_job),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_printing),
	};
	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
