/* SPDX-License-Identifier: Apache-2.0 */
/* The option table as help and as completion scripts. */
#include <string.h>

#include "base/auto.h"
#include "cli/opt-table.h"
#include "job/decode.h"

enum { COLUMN = 30, WIDTH = 100, CHOICES_MAX = 64 };

static const struct {
	const char *usage, *help;
} commands[] = {
    [OPT_RUN] = {"[options] [JOB.yaml] [-- COMMAND [ARGUMENT...]]",
		 "run a job in a sandbox, hold it to its limits, report why it ended"},
    [OPT_PLAN] = {"[options] [JOB.yaml] [-- COMMAND [ARGUMENT...]]",
		  "explain what 'run' would do with the same arguments; starts nothing"},
    [OPT_DOCTOR] = {"[options]", "what this host can enforce, and how to fix what it cannot"},
    [OPT_DEVICES] = {"[options]", "Vulkan devices, their drivers and memory heaps"},
    [OPT_LIST] = {"[options] reasons|limits|steps|profiles",
		  "print one of the tables vkjail is made from"},
    [OPT_NEW] = {"[options] KIND [DIR]",
		 "write a small compute job to start from, into DIR or here; never over a file"},
};

static const struct {
	const char *kind, *help;
} new_kinds[] = {
#define NEW_KIND(kind, help) {kind, help},
#include "cli/new.def"
#undef NEW_KIND
};
#define NEW_KIND(kind, help) kind " "
static const char new_words[] =
#include "cli/new.def"
    ;
#undef NEW_KIND

/* What a command's first operand can be; NULL: no such words. */
static const char *const operand_words[OPT_COMMANDS] = {
    [OPT_LIST] = "reasons limits steps profiles",
    [OPT_NEW] = new_words,
};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_JOB] = "Job",
    [GROUP_LIMITS] = "Limits",
    [GROUP_SANDBOX] = "Sandbox",
    [GROUP_REPORT] = "Report",
};

/* --output is also the key of a limit; the first row with a name is the one that counts. */
static bool is_shadowed(const struct option_row *row)
{
	const struct option_row *first = opt_table;
	while (strcmp(first->flag, row->flag) != 0)
		first++;
	return first != row;
}

static bool is_shown(const struct option_row *row, unsigned in)
{
	return (row->commands & in) && !is_shadowed(row);
}

/* ---- help --------------------------------------------------------------------------------- */

/* text from the column on, broken between words. at is where the line is now. */
static void print_wrapped(FILE *f, const char *text, size_t at)
{
	if (at >= COLUMN) {
		fputc('\n', f);
		at = 0;
	}
	fprintf(f, "%*s", (int)(COLUMN - at), "");
	at = COLUMN;
	while (*text) {
		size_t len = strcspn(text, " ");
		if (at > COLUMN && at + 1 + len > WIDTH) {
			fprintf(f, "\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			fputc(' ', f);
			at++;
		}
		fprintf(f, "%.*s", (int)len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static void print_option(FILE *f, const struct option_row *row)
{
	char letter[] = "-x, ";
	letter[1] = row->letter;
	int at = fprintf(f, "  %s%s%s%s", row->letter ? letter : "    ", row->flag,
			 row->argument ? " " : "", row->argument ? row->argument : "");
	/* One blank at least between an option and its text. */
	print_wrapped(f, row->help, at < 0 ? 0 : (size_t)at + 1 > COLUMN ? COLUMN : (size_t)at);
}

static void print_command_help(FILE *f, int command)
{
	fprintf(f, "usage: vkjail %s %s\n%s\n", opt_command_names[command], commands[command].usage,
		commands[command].help);
	for (int group = 0; group < GROUP_COUNT; group++) {
		bool titled = false;
		for (const struct option_row *row = opt_table; row->flag; row++) {
			if ((int)row->group != group || !is_shown(row, 1U << command))
				continue;
			if (!titled)
				fprintf(f, "\n%s:\n", group_titles[group]);
			titled = true;
			print_option(f, row);
		}
	}
	if (command == OPT_NEW) {
		fputs("\nKinds:\n", f);
		for (size_t i = 0; i < COUNTOF(new_kinds); i++)
			print_wrapped(f, new_kinds[i].help,
				      (size_t)fprintf(f, "      %s", new_kinds[i].kind));
	}
	if (command == OPT_RUN || command == OPT_PLAN)
		fputs(
		    "\nFlags win over the job file. Sizes: 512M, 64MiB (both binary); times: 250ms, 1.5s, 2m, 1h30m;\n"
		    "'none' lifts a limit. The job file is described in vkjail-job(5).\n",
		    f);
}

void opt_print_help(FILE *f, const char *command)
{
	int which = command ? opt_command_find(command) : -1;

	if (which >= 0) {
		print_command_help(f, which);
		return;
	}
	fputs("usage: vkjail COMMAND [options] ...\n\nCommands:\n", f);
	for (int i = 0; i < OPT_COMMANDS; i++) {
		int at = fprintf(f, "  %s", opt_command_names[i]);
		print_wrapped(f, commands[i].help, at < 0 ? 0 : (size_t)at);
	}
	fputs(
	    "\n'vkjail COMMAND --help' shows the options of a command; 'vkjail --version' the version.\n",
	    f);
}

/* ---- completion --------------------------------------------------------------------------- */

/* "none|host" -> "none host"; what is not a word in lower case is a placeholder. Empty: no choices. */
static const char *choices(const char *argument, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const char *p = argument; p && *p;) {
		size_t len = strcspn(p, "|");
		bool is_word = len && strspn(p, "abcdefghijklmnopqrstuvwxyz") == len;
		if (is_word && used + len + 2 < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%.*s", used ? " " : "",
						 (int)len, p);
		p += len;
		p += *p == '|';
	}
	return buf;
}

static bool takes_file(const struct option_row *row)
{
	return row->argument && (strstr(row->argument, "FILE") || strstr(row->argument, "SRC") ||
				 strstr(row->argument, "DIR"));
}

/* The options of each command with a value, and what it can be; one case branch each. */
static void print_bash_values(FILE *f)
{
	char words[CHOICES_MAX];

	for (const struct option_row *row = opt_table; row->flag; row++) {
		if (!row->argument || is_shadowed(row))
			continue;
		fprintf(f, "\t%s)\n", row->flag);
		if (strcmp(row->flag, "--require") == 0) {
			fputs("\t\tCOMPREPLY=($(compgen -W \"", f);
			for (int i = 0; i < LIMIT_COUNT; i++)
				fprintf(f, "%s%s", i ? " " : "", limit_table[i].key);
			fputs("\" -- \"$cur\"))\n", f);
		} else if (takes_file(row)) {
			fputs("\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n", f);
		} else if (choices(row->argument, words, sizeof words)[0]) {
			fprintf(f, "\t\tCOMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))\n", words);
		}
		fputs("\t\treturn\n\t\t;;\n", f);
	}
}

static void print_bash_options(FILE *f, int command)
{
	fprintf(f, "\t%s) options=\"", opt_command_names[command]);
	for (const struct option_row *row = opt_table; row->flag; row++)
		if (is_shown(row, 1U << command))
			fprintf(f, "%s ", row->flag);
	fputs("--\" ;;\n", f);
}

static void print_bash(FILE *f)
{
	/* bash makes a word of its own of each '=': "--wall=3s" and "--input NAME=FILE" are put together again. */
	fputs(
	    "# bash completion for vkjail, made from its option table\n"
	    "_vkjail()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options i at=$((COMP_CWORD - 1))\n"
	    "\tif [[ $cur == = || ${COMP_WORDS[at]} == = ]]; then\n"
	    "\t\tif [[ $cur == = ]]; then cur=; else ((at--)); fi\n"
	    "\t\tif [[ ${COMP_WORDS[at]} != -* ]]; then ((at--)); fi\n"
	    "\tfi\n"
	    "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W \"",
	    f);
	for (int i = 0; i < OPT_COMMANDS; i++)
		fprintf(f, "%s ", opt_command_names[i]);
	fputs(
	    "--help --version\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	    "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	    "\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	    "\t\tif declare -F _command_offset >/dev/null; then\n\t\t\t_command_offset $((i + 1))\n"
	    "\t\telif ((COMP_CWORD == i + 1)); then\n\t\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
	    "\t\telse\n\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\t\tfi\n\t\treturn\n\tdone\n"
	    "\tcase ${COMP_WORDS[at]} in\n",
	    f);
	print_bash_values(f);
	fputs("\tesac\n\tcase $command in\n", f);
	for (int i = 0; i < OPT_COMMANDS; i++)
		print_bash_options(f, i);
	fputs(
	    "\tesac\n"
	    "\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n",
	    f);
	for (int i = 0; i < OPT_COMMANDS; i++)
		if (operand_words[i])
			fprintf(f,
				"\telif [[ $command == %s ]]; then\n"
				"\t\tCOMPREPLY=($(compgen -W \"%s\" -- \"$cur\")%s)\n",
				opt_command_names[i], operand_words[i],
				i == OPT_NEW ? " $(compgen -d -- \"$cur\")" : "");
	fputs(
	    "\telif [[ $command == run || $command == plan ]]; then\n"
	    "\t\tCOMPREPLY=($(compgen -f -X '!*.yaml' -- \"$cur\") $(compgen -f -X '!*.yml' -- \"$cur\")\n"
	    "\t\t\t$(compgen -f -X '!*.json' -- \"$cur\") $(compgen -d -- \"$cur\"))\n\tfi\n}\n"
	    "complete -o filenames -F _vkjail vkjail\n",
	    f);
}

/* Help text inside '...[...]' of zsh: quotes end the word, brackets and colons the text. */
static void print_zsh_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", f);
		else if (strchr("[]:\\", *text))
			fprintf(f, "\\%c", *text);
		else
			fputc(*text, f);
	}
}

static void print_zsh_option(FILE *f, const struct option_row *row)
{
	char words[CHOICES_MAX];
	/* Options that add to a list can be given again. */
	bool repeats = row->argument &&
		       (strstr(row->argument, "NAME[=") || strstr(row->argument, "NAME=") ||
			strstr(row->argument, "SRC"));

	fprintf(f, "\t\t\t'%s%s%s[", repeats ? "*" : "", row->flag, row->argument ? "=" : "");
	print_zsh_text(f, row->help);
	fputc(']', f);
	if (row->argument) {
		fputc(':', f);
		print_zsh_text(f, row->argument);
		if (strcmp(row->flag, "--require") == 0) {
			fputs(":_values -s , limit", f);
			for (int i = 0; i < LIMIT_COUNT; i++)
				fprintf(f, " %s", limit_table[i].key);
		} else if (strstr(row->argument, "NAME=FILE"))
			fputs(":{compset -P \"*=\"; _files}", f);
		else if (takes_file(row))
			fputs(":_files", f);
		else if (choices(row->argument, words, sizeof words)[0])
			fprintf(f, ":(%s)", words);
		else
			fputs(": ", f);
	}
	fputs("'\n", f);
	if (row->letter) {
		fprintf(f, "\t\t\t'-%c[", row->letter);
		print_zsh_text(f, row->help);
		fputs("]'\n", f);
	}
}

static void print_zsh(FILE *f)
{
	fputs("#compdef vkjail\n# zsh completion for vkjail, made from its option table\n"
	      "_vkjail()\n{\n\tlocal -a options commands\n\tcommands=(\n",
	      f);
	for (int i = 0; i < OPT_COMMANDS; i++) {
		fprintf(f, "\t\t'%s:", opt_command_names[i]);
		print_zsh_text(f, commands[i].help);
		fputs("'\n", f);
	}
	fputs("\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n"
	      "\t\t[[ $PREFIX != -* ]] || compadd -- --help --version\n\t\treturn\n\tfi\n"
	      "\tcase $words[2] in\n",
	      f);
	for (int i = 0; i < OPT_COMMANDS; i++) {
		fprintf(f, "\t%s)\n\t\toptions=(\n", opt_command_names[i]);
		for (const struct option_row *row = opt_table; row->flag; row++)
			if (is_shown(row, 1U << i))
				print_zsh_option(f, row);
		if (i == OPT_RUN || i == OPT_PLAN)
			fputs(
			    "\t\t\t'1:job file:_files -g \"*.(yaml|yml|json)\"'\n\t\t\t'*:::command:_normal'\n",
			    f);
		else if (operand_words[i])
			fprintf(f, "\t\t\t'1:what:(%s)'\n", operand_words[i]);
		if (i == OPT_NEW)
			fputs("\t\t\t'2:directory:_files -/'\n", f);
		fputs("\t\t)\n\t\t;;\n", f);
	}
	fputs(
	    "\tesac\n\tshift words\n\t((CURRENT--))\n\t_arguments -s $options\n}\n_vkjail \"$@\"\n",
	    f);
}

bool opt_print_completion(FILE *f, const char *shell)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *f);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}};

	for (size_t i = 0; i < COUNTOF(shells); i++) {
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].print(f);
			return true;
		}
	}
	return false;
}
