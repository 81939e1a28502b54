/* SPDX-License-Identifier: Apache-2.0 */
/* Job files of commands: each key with what it accepts, refuses and becomes. */
#include "unit/jobfile.h"

#include "job/names.h"

#define CMD "command: [a]\n"

static void test_keys(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{CMD "nmae: x\n", "job.yaml:2: nmae: unknown key 'nmae', did you mean 'name'?"},
		{CMD "env_clear: true\n", "job.yaml:2: env_clear: unknown key 'env_clear'"},
		{CMD "clear_env: true\n",
			"job.yaml:2: clear_env: unknown key 'clear_env', did you mean 'clear-env'?"},
		{CMD "<<: {name: a}\n", "job.yaml:2: <<: unknown key '<<'"},
		{"command: []\n", "job.yaml:1: command: must not be empty"},
		{"command: sh -c true\n",
			"job.yaml:1: command: expected a list such as [python3, sim.py], got text: for a shell line write [sh, -c, '...']"},
		{"command:\n",
			"job.yaml:1: command: expected a list such as [python3, sim.py], got nothing"},
		{"command: {a: b}\n",
			"job.yaml:1: command: expected a list such as [python3, sim.py], got a map"},
		{"command: ['']\n", "job.yaml:1: command[0]: the program's name must not be empty"},
		{"command: [a, '', 5, 1.50, true, no]\n", NULL},
		{"command: [a, ~]\n",
			"job.yaml:1: command[1]: expected text, got ~: put quotes around it when it is meant as text"},
		{"command: [a, null]\n",
			"job.yaml:1: command[1]: expected text, got null: put quotes around it when it is meant as text"},
		{"command:\n- a\n-\n",
			"job.yaml:3: command[1]: expected text, got nothing: put quotes around it when it is meant as text"},
		{"command: [a, [b]]\n", "job.yaml:1: command[1]: expected text, got a list"},
		{CMD "name: a.b_c-D9\n", NULL},
		{CMD "name: 2024\n", NULL},
		{CMD "name: ''\n",
			"job.yaml:2: name: expected a name of 1 to 64 letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got ''"},
		{CMD "name: a/b\n",
			"job.yaml:2: name: expected a name of 1 to 64 letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got 'a/b'"},
		{CMD "name: ..\n",
			"job.yaml:2: name: expected a name of 1 to 64 letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got '..'"},
		{CMD "name: [a]\n", "job.yaml:2: name: expected text, got a list"},
		{CMD "hostname: node-1.example\n", NULL},
		{CMD "hostname: -a\n",
			"job.yaml:2: hostname: expected a host name of 1 to 64 letters, digits, '-' and '.', got '-a'"},
		{CMD "hostname: a_b\n",
			"job.yaml:2: hostname: expected a host name of 1 to 64 letters, digits, '-' and '.', got 'a_b'"},
		{CMD "writable: true\n", NULL},
		{CMD "writable: yes\n", "job.yaml:2: writable: expected true or false, got 'yes'"},
		{CMD "writable: True\n",
			"job.yaml:2: writable: expected true or false, got 'True'"},
		{CMD "writable: 'true'\n",
			"job.yaml:2: writable: expected true or false, got text: write true without quotes"},
		{CMD "writable: 1\n", "job.yaml:2: writable: expected true or false, got '1'"},
		{CMD "writable:\n", "job.yaml:2: writable: expected true or false, got nothing"},
		{CMD "clear-env: on\n", "job.yaml:2: clear-env: expected true or false, got 'on'"},
		{CMD "net: host\n", NULL},
		{CMD "net: hots\n", "job.yaml:2: net: expected 'none' or 'host', got 'hots'"},
		{CMD "net: [host]\n", "job.yaml:2: net: expected 'none' or 'host', got a list"},
		{CMD "gpu: none\n", NULL},
		{CMD "gpu: 0\n", NULL},
		{CMD "gpu: 0,pci:01:00.0,uuid:GPU-0a\n", NULL},
		{CMD "gpu: -1\n", "job.yaml:2: gpu: expected 'all', 'none' or GPUs such as '0', '0,1', 'pci:0000:01:00.0' or 'uuid:GPU-...', got '-1'"},
		{CMD "seccomp: strict\n", NULL},
		{CMD "seccomp: off\n",
			"job.yaml:2: seccomp: expected 'default', 'strict', 'none' or a profile file (*.yaml), got 'off'"},
		{CMD "env: {A: 1, B: null, _c9: '', D: true}\n", NULL},
		{CMD "env: [A=1]\n",
			"job.yaml:2: env: expected a map such as {OMP_NUM_THREADS: 4}, got a list"},
		{CMD "env: {A-B: 1}\n",
			"job.yaml:2: env.A-B: expected the name of an environment variable (letters, digits and '_'), got 'A-B'"},
		{CMD "env: {9A: 1}\n",
			"job.yaml:2: env.9A: expected the name of an environment variable (letters, digits and '_'), got '9A'"},
		{CMD "env: {'A=B': 1}\n",
			"job.yaml:2: env.A=B: expected the name of an environment variable (letters, digits and '_'), got 'A=B'"},
		{CMD "env: {A: {b: c}}\n", "job.yaml:2: env.A: expected text, got a map"},
		{CMD "limits: {memory: 1G, wall: 2s}\nrequire: [memory, wall]\n", NULL},
		{CMD "require: [memory]\n",
			"require: the limit 'memory' is required but not set: give it a value, for example with --memory"},
		{CMD "limits: {tmp: none}\nrequire: [tmp]\n",
			"require: the limit 'tmp' is required but not set: give it a value, for example with --tmp"},
		{CMD "require: memory\n",
			"job.yaml:2: require: expected a list of limits such as [memory, wall], got text"},
		{CMD "require: [ram]\n", "job.yaml:2: require[0]: unknown limit 'ram'"},
		{CMD "require: [wal]\n",
			"job.yaml:2: require[0]: unknown limit 'wal', did you mean 'wall'?"},
		{CMD "grace: 0\n", NULL},
		{CMD "grace: 1h\n", NULL},
		{CMD "grace: 60m1ns\n", "job.yaml:2: grace: must be at most 1h"},
		{CMD "grace: none\n",
			"job.yaml:2: grace: expected a duration such as 30s, 250ms or 1h30m, got 'none'"},
		{CMD "sample: 1ms\n", NULL},
		{CMD "sample: none\n", NULL},
		{CMD "sample: 1d\n", NULL},
		{CMD "sample: 999us\n", "job.yaml:2: sample: must be from 1ms to 1d, or 'none'"},
		{CMD "sample: 1d1ns\n", "job.yaml:2: sample: must be from 1ms to 1d, or 'none'"},
		{CMD "sample: 10\n",
			"job.yaml:2: sample: '10' has no unit: write 10s for seconds, or use ms, m or h"},
		{CMD "workdir: ''\n", "job.yaml:2: workdir: must not be empty"},
		{CMD "report:\n",
			"job.yaml:2: report: expected text, got nothing: put quotes around it when it is meant as text"},
		{CMD "compute: {kernels: {k: {shader: a.comp}}, steps: [{run: k, groups: 1}]}\n",
			"job.yaml:2: compute: a job is either a command or a compute job, this one is both"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_limits(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{CMD "limits: {wall: none, cpu: 1.5s, memory: '64MiB', core: 0, processes: 1}\n",
			NULL},
		{CMD "limits: {output: 0, file-size: 0, locked-memory: 0, device-memory: 0}\n",
			NULL},
		{CMD "limits: [wall]\n",
			"job.yaml:2: limits: expected a map of limits, got a list"},
		{CMD "limits:\n", "job.yaml:2: limits: expected a map of limits, got nothing"},
		{CMD "limits: {walls: 1s}\n",
			"job.yaml:2: limits.walls: unknown key 'walls', did you mean 'wall'?"},
		{CMD "limits: {memory: 64 megs}\n",
			"job.yaml:2: limits.memory: expected a size such as 64MiB, got '64 megs'"},
		{CMD "limits: {wall: [1s]}\n",
			"job.yaml:2: limits.wall: expected text, got a list"},
		{CMD "limits: {wall: }\n",
			"job.yaml:2: limits.wall: expected text, got nothing: put quotes around it when it is meant as text"},
		{CMD "limits: {wall: 60}\n",
			"job.yaml:2: limits.wall: '60' has no unit: write 60s for seconds, or use ms, m or h"},
		{CMD "limits: {wall: 1:30}\n",
			"job.yaml:2: limits.wall: expected a duration such as 30s, 250ms or 1h30m, got '1:30'"},
		{CMD "limits: {wall: nan}\n",
			"job.yaml:2: limits.wall: expected a duration such as 30s, 250ms or 1h30m, got 'nan'"},
		{CMD "limits: {wall: 1e308}\n",
			"job.yaml:2: limits.wall: expected a duration such as 30s, 250ms or 1h30m, got '1e308'"},
		{CMD "limits: {wall: -1s}\n",
			"job.yaml:2: limits.wall: expected a duration such as 30s, 250ms or 1h30m, got '-1s'"},
		{CMD "limits: {memory: -1}\n",
			"job.yaml:2: limits.memory: expected a size such as 64MiB, got '-1'"},
		{CMD "limits: {memory: 1GB}\n",
			"job.yaml:2: limits.memory: expected a size such as 64MiB, got '1GB': write 1GiB (K, M and KiB, MiB both count in 1024)"},
		{CMD "limits: {wall: 0}\n",
			"job.yaml:2: limits.wall: must be more than 0: write 'none' to lift the limit"},
		{CMD "limits: {tmp: 0}\n",
			"job.yaml:2: limits.tmp: must be more than 0: write 'none' to lift the limit"},
		{CMD "limits: {processes: 0}\n",
			"job.yaml:2: limits.processes: must be more than 0: write 'none' to lift the limit"},
		{CMD "limits: {wall: 36500d}\n", NULL},
		{CMD "limits: {wall: 36500d1ns}\n",
			"job.yaml:2: limits.wall: '36500d1ns' is too large, the most is 36500d: write 'none' to lift the limit"},
		{CMD "limits: {memory: 8191P}\n", NULL},
		{CMD "limits: {memory: 9223372036854775807}\n", NULL},
		{CMD "limits: {memory: 8192P}\n",
			"job.yaml:2: limits.memory: '8192P' is too large, the most is 8191PiB: write 'none' to lift the limit"},
		{CMD "limits: {memory: 99999999999999999999}\n",
			"job.yaml:2: limits.memory: '99999999999999999999' is too large"},
		{CMD "limits: {open-files: 2147483647}\n", NULL},
		{CMD "limits: {open-files: 2147483648}\n",
			"job.yaml:2: limits.open-files: '2147483648' is too large, the most is 2147483647: write 'none' to lift the limit"},
		{CMD "limits: {open-files: 1K}\n",
			"job.yaml:2: limits.open-files: expected a whole number such as 64, got '1K'"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

/* Each limit of the table can be set, lifted and required. */
static void test_every_limit(void **state)
{
	(void)state;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		struct spec s;
		struct err e = ERR_INIT;
		static const char *const one[] = {
			[LIMIT_DURATION] = "1ns", [LIMIT_BYTES] = "1", [LIMIT_COUNT_OF] = "1", [LIMIT_PERCENT] = "1%",
			[LIMIT_CPUS_OF] = "1", [LIMIT_BANDWIDTH] = "1", [LIMIT_RATE] = "1/s"};
		spec_init(&s);
		assert_int_equal(s.limits.value[i], limit_table[i].def);
		assert_int_equal(
			spec_limit_set(&s, (enum limit)i, one[limit_table[i].unit], "--x", &e), 0);
		assert_int_equal(s.limits.value[i], 1);
		assert_int_equal(spec_add_require(&s, limit_table[i].key, "--x", &e), 0);
		assert_int_equal(s.require, 1U << i);
		assert_int_equal(spec_limit_set(&s, (enum limit)i, "none", "--x", &e), 0);
		assert_int_equal(s.limits.value[i], LIMIT_NONE);
		assert_int_equal(spec_limit_set(&s, (enum limit)i, "NONE", "--x", &e), -1);
		assert_int_equal(s.limits.value[i], LIMIT_NONE);
		spec_done(&s);
	}
}

static void test_mounts(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{CMD "bind: [/a, /b:/c, {source: 'd:e', target: /f}]\nro-bind: [g]\ntmpfs: [/h]\n",
			NULL},
		{CMD "bind: /a\n", "job.yaml:2: bind: expected a list of paths, got text"},
		{CMD "bind: ['']\n", "job.yaml:2: bind[0]: must not be empty"},
		{CMD "bind: [':/a']\n", "job.yaml:2: bind[0]: a path must not be empty"},
		{CMD "bind: ['/a:']\n", "job.yaml:2: bind[0]: a path must not be empty"},
		{CMD "bind: ['/a:b']\n",
			"job.yaml:2: bind[0]: expected an absolute path inside the sandbox, got 'b'"},
		{CMD "bind: ['/a:/b:ro']\n",
			"job.yaml:2: bind[0]: more than one ':' in '/a:/b:ro', expected SOURCE or SOURCE:TARGET"},
		{CMD "bind: ['/a:/b/../c']\n",
			"job.yaml:2: bind[0]: '..' is not allowed in a path inside the sandbox, got '/b/../c'"},
		{CMD "bind: ['/a:/']\n",
			"job.yaml:2: bind[0]: '/' cannot be replaced: name a directory below it"},
		{CMD "bind: [/]\n",
			"job.yaml:2: bind[0]: '/' cannot be replaced: name a directory below it"},
		{CMD "bind: [{target: /a}]\n", "job.yaml:2: bind[0]: 'source' is missing"},
		{CMD "bind: [{src: /a}]\n", "job.yaml:2: bind[0].src: unknown key 'src'"},
		{CMD "bind: [{sourc: /a}]\n",
			"job.yaml:2: bind[0].sourc: unknown key 'sourc', did you mean 'source'?"},
		{CMD "bind: [~]\n",
			"job.yaml:2: bind[0]: expected text, got ~: put quotes around it when it is meant as text"},
		{CMD "tmpfs: [scratch]\n",
			"job.yaml:2: tmpfs[0]: expected an absolute path inside the sandbox, got 'scratch'"},
		{CMD "tmpfs: [{target: /a}]\n", "job.yaml:2: tmpfs[0]: expected text, got a map"},
		{CMD "bind: [/a]\nro-bind: ['/b:/a/']\n",
			"job.yaml:3: ro-bind[0]: '/a' is mounted twice, first at job.yaml:2: bind[0]"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_counts(void **state)
{
	(void)state;
	static const struct {
		const char *before, *item, *after;
		int bound;
		const char *message;
	} rows[] = {
		{CMD "tmpfs: [", "/t%d,", "]\n", BOUND_MOUNTS,
			"job.yaml:2: tmpfs[64]: more than 64 bind mounts and tmpfs"},
		{CMD "env: {", "E%d: 1,", "}\n", BOUND_ENV,
			"job.yaml:2: env.E256: more than 256 environment variables"},
		{"command: [", "a%d,", "]\n", BOUND_ARGUMENTS,
			"job.yaml:1: command: more than 4096 command arguments in a job file"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		for (int more = 0; more < 2; more++) {
			struct jobfile_text t;
			jobfile_text_open(&t);
			fputs(rows[i].before, t.f);
			for (int k = 0; k < rows[i].bound + more; k++) {
				const char *at = strchr(rows[i].item, '%');
				fprintf(t.f, "%.*s%d%s", (int)(at - rows[i].item), rows[i].item, k,
					at + 2);
			}
			fputs(rows[i].after, t.f);
			jobfile_text_check(&t, more ? rows[i].message : "");
		}
	}
}

static void test_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *key, *start;
		size_t bound;
		const char *message;
	} rows[] = {
		{"workdir", "/", BOUND_PATH_BYTES,
			"job.yaml:2: workdir: more than 4095 bytes in a path"},
		{"tmpfs", "[/", BOUND_PATH_BYTES,
			"job.yaml:2: tmpfs[0]: more than 4095 bytes in a path"},
		{"name", "n", BOUND_NAME_BYTES,
			"job.yaml:2: name: expected a name of 1 to 64 letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got "
			"'nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		for (size_t more = 0; more < 2; more++) {
			struct jobfile_text t;
			bool list = rows[i].start[0] == '[';
			jobfile_text_open(&t);
			fprintf(t.f, CMD "%s: %s", rows[i].key, rows[i].start);
			for (size_t k = 1; k < rows[i].bound + more; k++)
				fputc('x', t.f);
			fputs(list ? "]\n" : "\n", t.f);
			jobfile_text_check(&t, more ? rows[i].message : "");
		}
	}
}

/* What the values become, and what the defaults are. */
static void test_values(void **state)
{
	(void)state;
	static const char text[] =
		"name: sim\nlimits: {wall: 30s}\ncommand: [sh, -c, 'exit 3']\nworkdir: data\nwritable: true\n"
		"bind: [../out, '/x:/y/./z//']\nenv: {A: 1, B: ~}\nclear-env: true\nnet: host\ngpu: none\nhostname: h\n"
		"seccomp: strict\ndriver: lvp.json\ngrace: 5s\nsample: 100ms\nreport: r/%n.json\n";
	struct spec s;
	struct err e = ERR_INIT;
	char cwd[256], expected[300];

	assert_non_null(getcwd(cwd, sizeof cwd));
	jobfile_write(text, sizeof text - 1);
	(void)snprintf(expected, sizeof expected, "../%s/job.yaml", path_base(cwd));
	spec_init(&s);
	assert_int_equal(s.grace_ns, 2000000000);
	assert_int_equal(s.sample_ns, LIMIT_UNSET);
	assert_string_equal(s.report, "vkjail-report.json");
	assert_int_equal(spec_read_file(&s, expected, &e), 0);
	assert_int_equal(spec_finish(&s, &e), 0);
	assert_string_equal(s.name, "sim");
	assert_string_equal(s.file, expected);
	assert_int_equal(s.limits.value[LIMIT_WALL], 30000000000);
	assert_int_equal(s.limits.value[LIMIT_CORE], 0);
	assert_int_equal(s.command_count, 3);
	assert_string_equal(s.command[2], "exit 3");
	assert_null(s.command[3]);
	assert_null(s.compute);
	/* Relative to the job file. */
	(void)snprintf(expected, sizeof expected, "../%s/data", path_base(cwd));
	assert_string_equal(s.workdir, expected);
	(void)snprintf(expected, sizeof expected, "../%s/lvp.json", path_base(cwd));
	assert_string_equal(s.driver, expected);
	(void)snprintf(expected, sizeof expected, "../%s/r/%%n.json", path_base(cwd));
	assert_string_equal(s.report, expected);
	(void)snprintf(expected, sizeof expected, "../%s/../out", path_base(cwd));
	assert_int_equal(s.mount_count, 2);
	assert_string_equal(s.mounts[0].source, expected);
	assert_string_equal(s.mounts[0].target, "/tmp/out");
	assert_string_equal(s.mounts[1].source, "/x");
	assert_string_equal(s.mounts[1].target, "/y/z");
	assert_int_equal(s.env_count, 2);
	assert_string_equal(s.env[0].value, "1");
	assert_null(s.env[1].value);
	assert_true(s.writable && s.clear_env && s.seccomp_given && s.report_given && !s.durable);
	assert_int_equal(s.net, NET_HOST);
	assert_int_equal(s.gpu, GPU_NONE);
	assert_int_equal(s.seccomp, SECCOMP_STRICT);
	assert_string_equal(s.hostname, "h");
	assert_int_equal(s.grace_ns, 5000000000);
	assert_int_equal(s.sample_ns, 100000000);
	spec_done(&s);
}

static void test_special_reports(void **state)
{
	(void)state;
	static const char *const reports[] = {"none", "-"};
	for (size_t i = 0; i < COUNTOF(reports); i++) {
		struct spec s;
		struct err e = ERR_INIT;
		char text[64];
		int n = snprintf(text, sizeof text, CMD "report: '%s'\n", reports[i]);
		jobfile_write(text, (size_t)n);
		spec_init(&s);
		assert_int_equal(spec_read_file(&s, "./job.yaml", &e), 0);
		assert_string_equal(s.report, reports[i]);
		spec_done(&s);
	}
}

static void test_default_name(void **state)
{
	(void)state;
	static const struct {
		const char *file, *program, *name;
	} rows[] = {
		{NULL, "/usr/bin/python3", "python3"},
		{NULL, "./a b.sh", "a-b.sh"},
		{NULL, ".hidden", "_hidden"},
		{NULL, "/", "job"},
		{NULL, "\xc3\xbc", "_-"},
		{"d/blur.yaml", "x", "blur"},
		{"d/a.b.yml", "x", "a.b"},
		{".yaml", "x", "_yaml"},
		{"-", "/bin/true", "true"},
		{"x.json", "y", "x"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spec s;
		struct err e = ERR_INIT;
		const char *argv[] = {rows[i].program, NULL};
		spec_init(&s);
		s.file = rows[i].file;
		s.command = argv;
		s.command_count = 1;
		assert_int_equal(spec_finish(&s, &e), 0);
		assert_string_equal(s.name, rows[i].name);
		assert_true(name_is_job(s.name));
		spec_done(&s);
	}
}

static void test_long_default_name(void **state)
{
	(void)state;
	char program[200];
	const char *argv[] = {program, NULL};
	struct spec s;
	struct err e = ERR_INIT;

	memset(program, 'p', sizeof program - 1);
	program[sizeof program - 1] = '\0';
	spec_init(&s);
	s.command = argv;
	s.command_count = 1;
	assert_int_equal(spec_finish(&s, &e), 0);
	assert_int_equal(strlen(s.name), BOUND_NAME_BYTES);
	spec_done(&s);
}

static void test_paths(void **state)
{
	(void)state;
	struct arena a = {0};
	static const char *const normal[][2] = {
		{"/", "/"},
		{"//a//b/", "/a/b"},
		{"/a/./b/.", "/a/b"},
		{"/a/../b", "/b"},
		{"/../../b", "/b"},
		{"/a/b/..", "/a"},
		{"/a..b/...", "/a..b/..."},
		{"/a/..", "/"},
	};
	for (size_t i = 0; i < COUNTOF(normal); i++)
		assert_string_equal(path_normal(&a, normal[i][0]), normal[i][1]);
	assert_string_equal(path_join(&a, ".", "x"), "x");
	assert_string_equal(path_join(&a, "d", "x"), "d/x");
	assert_string_equal(path_join(&a, "/", "x"), "/x");
	assert_string_equal(path_join(&a, "d", "/x"), "/x");
	assert_string_equal(path_dir(&a, "x"), ".");
	assert_string_equal(path_dir(&a, "/x"), "/");
	assert_string_equal(path_dir(&a, "a/b/x"), "a/b");
	assert_true(path_has_dotdot("/a/../b"));
	assert_true(path_has_dotdot(".."));
	assert_false(path_has_dotdot("/a/..b/c.."));
	arena_done(&a);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_keys),
		IN_DIR(test_limits),
		cmocka_unit_test(test_every_limit),
		IN_DIR(test_mounts),
		IN_DIR(test_counts),
		IN_DIR(test_lengths),
		IN_DIR(test_values),
		IN_DIR(test_special_reports),
		cmocka_unit_test(test_default_name),
		cmocka_unit_test(test_long_default_name),
		cmocka_unit_test(test_paths),
	};
	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
