/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail COMMAND ...: finds the command, reads the options, prints an error once. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/opt.h"
#include "cli/say.h"
#include "base/text.h"

static int (*const commands[OPT_COMMANDS])(struct options *o, const struct host *host) = {
    [OPT_RUN] = cmd_run,         [OPT_PLAN] = cmd_plan, [OPT_DOCTOR] = cmd_doctor,
    [OPT_DEVICES] = cmd_devices, [OPT_LIST] = cmd_list, [OPT_NEW] = cmd_new,
};

/* A closed standard descriptor would be reused for something of ours, and the job would get that. */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

/* A full disk under stdout is an error like any other. */
static int close_stdout(int status)
{
	/* Of an earlier write it is only known that it failed, not why. */
	int os = fflush(stdout) == 0 ? 0 : errno;
	if (os == 0 && !ferror(stdout))
		return status;
	struct err e;
	(void)err_os(&e, os ? os : EIO, "stdout", "cannot write");
	say_error(&e);
	return status ? status : EXIT_VKJAIL;
}

/* jansson would read its seed from /dev/urandom; the kernel has given us random bytes already (getauxval(3)). */
static void seed_json(void)
{
	size_t seed = 0;
	const void *random = (const void *)getauxval(AT_RANDOM);
	if (random)
		memcpy(&seed, random, sizeof seed);
	json_object_seed(seed);
}

static int unknown_command(const char *word)
{
	struct err e = ERR_INIT;
	const char *near = text_nearest(word, opt_command_names);

	(void)err_bad(&e, word, "unknown command");
	if (near)
		(void)err_hint(&e, "did you mean '%s'? 'vkjail --help' lists the commands", near);
	else
		(void)err_hint(
		    &e, "to run a command: vkjail run -- %s; 'vkjail --help' lists the commands",
		    word);
	say_error(&e);
	return EXIT_VKJAIL;
}

static int general(const char *word, int argc, char **argv)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		opt_print_help(stdout, argc > 2 ? argv[2] : NULL);
		return close_stdout(0);
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		(void)printf("vkjail %s\n", PACKAGE_VERSION);
		return close_stdout(0);
	}
	if (strcmp(word, "completion") == 0 && argc == 3 && opt_print_completion(stdout, argv[2]))
		return close_stdout(0);
	return unknown_command(word);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct host host;
	struct err e = ERR_INIT;

	open_standard_descriptors();
	seed_json();
	if (getauxval(AT_SECURE)) {
		static const char line[] =
		    "vkjail: must not be setuid or have file capabilities: it needs no privilege\n";
		(void)!write(STDERR_FILENO, line, sizeof line - 1);
		return EXIT_VKJAIL;
	}
	if (argc < 2) {
		opt_print_help(stderr, NULL);
		return EXIT_VKJAIL;
	}
	int command = opt_command_find(argv[1]);
	if (command < 0)
		return general(argv[1], argc, argv);
	o.command = (enum opt_command)command;
	int status = EXIT_VKJAIL;
	if (opt_parse(&o, argc - 2, argv + 2, &e) < 0) {
		if (o.command == OPT_RUN) {
			host_read(&host);
			(void)cmd_run_refused(&o, &host, &e);
		} else {
			say_error(&e);
		}
	} else if (o.help) {
		opt_print_help(stdout, argv[1]);
		status = 0;
	} else {
		host_read(&host);
		if (o.spec.compute || o.spec.telemetry == TELEMETRY_ON || command == OPT_DEVICES ||
		    command == OPT_DOCTOR)
			host_find_helpers(&host);
		status = commands[command](&o, &host);
	}
	opt_done(&o);
	return close_stdout(status);
}
