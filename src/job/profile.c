/* SPDX-License-Identifier: Apache-2.0 */
/* A profile file -> rules. Reading only: which calls there are is not known here. */
#include "job/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "job/bounds.h"
#include "job/decode.h"
#include "job/names.h"

enum { SHOWN = 64, ERRNO_LAST = 133 };

const struct call_group call_groups[] = {
#define GROUP(name, help, calls) {name, help, calls},
#include "job/call-group.def"
#undef GROUP
    {.name = NULL},
};

/* One file while it is read; decode's spec is only the owner of what is kept. */
struct reader {
	struct decode d;
	struct arena *arena;
	struct profile *profile;
	const char *dir;
	unsigned depth, *layer;
	unsigned *files; /* read so far, the same one as often as it is included */
};

static int read_into(struct reader *parent, const char *path);

static int add_rule(struct reader *r, const struct node *n, struct profile_rule rule)
{
	struct profile *p = r->profile;

	if (p->rule_count == BOUND_PROFILE_RULES)
		return decode_bad(&r->d, n, "more than %d %s", BOUND_PROFILE_RULES,
				  BOUND_WHAT(PROFILE_RULES));
	p->rules = arena_grow(r->arena, p->rules, p->rule_count, sizeof *p->rules);
	p->rules[p->rule_count++] = rule;
	return 0;
}

static int add_group(struct reader *r, const struct node *n, const char *name, int action)
{
	const char *known[64] = {NULL};
	char shown[SHOWN];
	size_t i = 0;

	for (; call_groups[i].name && strcmp(call_groups[i].name, name) != 0; i++)
		known[i] = call_groups[i].name;
	if (!call_groups[i].name) {
		const char *near = text_nearest(name, known);
		(void)text_show(name, shown, sizeof shown);
		return decode_bad(&r->d, n, "there is no group '@%s'%s%s%s: see vkjail list groups",
				  shown, near ? ", did you mean '@" : "", near ? near : "",
				  near ? "'?" : "");
	}
	for (const char *at = call_groups[i].calls; *at;) {
		size_t len = strcspn(at, " ");
		struct profile_rule rule = {.call = arena_strndup(r->arena, at, len),
					    .action = action,
					    .layer = *r->layer,
					    .where = decode_where(&r->d, n),
					    .grouped = true};
		if (add_rule(r, n, rule) < 0)
			return -1;
		at += len + (at[len] == ' ');
	}
	return 0;
}

static int read_word(struct reader *r, const struct node *n, uint32_t *ret)
{
	const char *text;
	char *end = NULL;

	if (decode_any_text(&r->d, n, &text) < 0)
		return -1;
	unsigned long long v = strtoull(text, &end, 0);
	char shown[SHOWN];
	if (text[0] < '0' || text[0] > '9' || *end || v > UINT32_MAX)
		return decode_bad(&r->d, n, "expected a number from 0 to 0xffffffff, got '%s'",
				  text_show(text, shown, sizeof shown));
	*ret = (uint32_t)v;
	return 0;
}

static int read_test(struct reader *r, const struct node *n, struct profile_test *t)
{
	static const char *const keys[] = {"mask", "value", NULL};
	bool given = false;

	t->mask = UINT32_MAX;
	if (n->kind != NODE_MAP)
		return read_word(r, n, &t->value);
	NODE_EACH(item, n)
	{
		int which = choice_find(keys, item->key);
		if (which < 0)
			return decode_unknown_key(&r->d, item, keys);
		given |= which == 1;
		if (read_word(r, item, which ? &t->value : &t->mask) < 0)
			return -1;
	}
	if (!given)
		return decode_bad(&r->d, n, "'value' is missing");
	if (t->value & ~t->mask)
		return decode_bad(&r->d, n,
				  "can never be true: 'value' has bits that 'mask' lacks");
	return 0;
}

/* {call: socket, arg0: 1} */
static int read_condition(struct reader *r, const struct node *n, int action)
{
	static const char *const keys[] = {"arg0", "arg1", "arg2", "arg3",
					   "arg4", "arg5", "call", NULL};
	struct profile_rule rule = {
	    .action = action, .layer = *r->layer, .where = decode_where(&r->d, n)};

	NODE_EACH(item, n)
	{
		int which = choice_find(keys, item->key);
		if (which < 0)
			return decode_unknown_key(&r->d, item, keys);
		if (which == 6) {
			const char *text;
			if (decode_any_text(&r->d, item, &text) < 0)
				return -1;
			rule.call = arena_strdup(r->arena, text);
			continue;
		}
		if (rule.test_count == PROFILE_TESTS)
			return decode_bad(&r->d, item, "more than %d arguments in one rule",
					  PROFILE_TESTS);
		rule.tests[rule.test_count].arg = (unsigned)which;
		if (read_test(r, item, &rule.tests[rule.test_count++]) < 0)
			return -1;
	}
	if (!rule.call || !name_is_identifier(rule.call))
		return decode_bad(&r->d, n, "'call' is missing: {call: socket, arg0: 1}");
	return add_rule(r, n, rule);
}

static int read_calls(struct reader *r, const struct node *list, int action)
{
	if (decode_expect(&r->d, list, NODE_LIST, "a list of system calls") < 0)
		return -1;
	NODE_EACH(n, list)
	{
		const char *text;
		char shown[SHOWN];
		if (n->kind == NODE_MAP) {
			if (read_condition(r, n, action) < 0)
				return -1;
			continue;
		}
		if (decode_any_text(&r->d, n, &text) < 0)
			return -1;
		if (text[0] == '@') {
			if (add_group(r, n, text + 1, action) < 0)
				return -1;
			continue;
		}
		if (!name_is_identifier(text))
			return decode_bad(&r->d, n,
					  "expected the name of a system call or @GROUP, got '%s'",
					  text_show(text, shown, sizeof shown));
		if (add_rule(r, n,
			     (struct profile_rule){.call = arena_strdup(r->arena, text),
						   .action = action,
						   .layer = *r->layer,
						   .where = decode_where(&r->d, n)}) < 0)
			return -1;
	}
	return 0;
}

/* An errno by its name; a kill or nothing at all where extra has names for them. */
static int read_action(struct reader *r, const struct node *n, const char *text, bool errno_only,
		       int *ret)
{
	char shown[SHOWN];

	for (int os = 1; os <= ERRNO_LAST; os++)
		if (strcmp(err_errno_name(os), text) == 0) {
			*ret = os;
			return 0;
		}
	if (!errno_only && (strcmp(text, "allow") == 0 || strcmp(text, "kill") == 0)) {
		*ret = text[0] == 'a' ? PROFILE_ALLOW : PROFILE_KILL;
		return 0;
	}
	return decode_bad(&r->d, n, "expected %sthe name of an errno such as EPERM, got '%s'",
			  errno_only ? "" : "allow, kill or ",
			  text_show(text, shown, sizeof shown));
}

static int read_errno(struct reader *r, const struct node *n)
{
	if (decode_expect(&r->d, n, NODE_MAP, "a map such as {ENOSYS: [openat2]}") < 0)
		return -1;
	NODE_EACH(list, n)
	{
		int os;
		if (read_action(r, list, list->key, true, &os) < 0 || read_calls(r, list, os) < 0)
			return -1;
	}
	return 0;
}

static int include_one(struct reader *r, const struct node *n)
{
	const char *text;

	if (decode_any_text(&r->d, n, &text) < 0)
		return -1;
	int built_in = choice_find(spec_seccomp_names, text);
	if (built_in >= 0) {
		if (r->profile->base >= 0 && r->profile->base != built_in)
			return decode_bad(&r->d, n, "'%s' is included already: there is one below",
					  spec_seccomp_names[r->profile->base]);
		r->profile->base = built_in;
		return 0;
	}
	if (!text[0])
		return decode_bad(&r->d, n, "a path must not be empty");
	if (r->depth == BOUND_PROFILE_DEPTH)
		return decode_bad(&r->d, n, "more than %d %s", BOUND_PROFILE_DEPTH,
				  BOUND_WHAT(PROFILE_DEPTH));
	/* Depth alone would leave files that include the next one many times to be read for years. */
	if (++*r->files > BOUND_PROFILE_FILES)
		return decode_bad(&r->d, n, "more than %d %s", BOUND_PROFILE_FILES,
				  BOUND_WHAT(PROFILE_FILES));
	return read_into(r, path_join(r->arena, r->dir, arena_strdup(r->arena, text)));
}

static int read_include(struct reader *r, const struct node *n)
{
	if (n->kind != NODE_LIST)
		return include_one(r, n);
	NODE_EACH(item, n)
	if (include_one(r, item) < 0)
		return -1;
	return 0;
}

static int read_otherwise(struct reader *r, const struct node *n)
{
	const char *text;

	if (decode_any_text(&r->d, n, &text) < 0)
		return -1;
	r->profile->otherwise_given = true;
	return read_action(r, n, text, false, &r->profile->otherwise);
}

enum key { KEY_INCLUDE, KEY_OTHERWISE, KEY_ALLOW, KEY_DENY, KEY_ERRNO, KEY_KILL };

static int read_key(struct reader *r, enum key key, const struct node *n)
{
	switch (key) {
	case KEY_INCLUDE:
		return read_include(r, n);
	case KEY_OTHERWISE:
		return read_otherwise(r, n);
	case KEY_ALLOW:
		return read_calls(r, n, PROFILE_ALLOW);
	case KEY_DENY:
		return read_calls(r, n, EPERM);
	case KEY_ERRNO:
		return read_errno(r, n);
	case KEY_KILL:
		return read_calls(r, n, PROFILE_KILL);
	}
	return 0;
}

/* Included files come first, each a layer of its own: what a file says itself counts more. */
static int read_keys(struct reader *r, const struct node *root)
{
	static const char *const keys[] = {[KEY_INCLUDE] = "include",
					   [KEY_OTHERWISE] = "otherwise",
					   [KEY_ALLOW] = "allow",
					   [KEY_DENY] = "deny",
					   [KEY_ERRNO] = "errno",
					   [KEY_KILL] = "kill",
					   NULL};

	if (root->kind != NODE_MAP)
		return decode_bad(&r->d, root,
				  "expected a profile with keys such as 'include' and 'allow'");
	NODE_EACH(n, root)
	if (choice_find(keys, n->key) < 0)
		return decode_unknown_key(&r->d, n, keys);
	for (int included = 1; included >= 0; included--) {
		*r->layer += !included;
		NODE_EACH(n, root)
		{
			int key = choice_find(keys, n->key);
			if ((key == KEY_INCLUDE) == included && read_key(r, (enum key)key, n) < 0)
				return -1;
		}
	}
	return 0;
}

static int read_into(struct reader *parent, const char *path)
{
	__attribute__((cleanup(arena_done))) struct arena nodes = {0};
	struct reader r = *parent;
	const struct node *root = NULL;
	AUTO_FREE char *data = NULL;
	size_t size = 0;

	r.d.name = path;
	r.dir = path_dir(r.arena, path);
	r.depth++;
	if (fd_read_file(AT_FDCWD, path, BOUND_FILE_BYTES, &data, &size, r.d.e) < 0)
		return err_as_bad(r.d.e);
	if (doc_parse(&nodes, path, data, size, &root, r.d.e) < 0)
		return -1;
	if (!root || decode_is_null(root))
		return err_bad(
		    r.d.e, path,
		    "is empty: a profile says something of calls, with keys such as 'include', 'allow' or 'otherwise'");
	return read_keys(&r, root);
}

int profile_read(struct arena *a, const char *path, struct profile *ret, struct err *e)
{
	/* decode_where stores with the spec. */
	struct spec owner = {.arena = *a};
	unsigned layer = 0, files = 0;
	struct reader r = {.d = {.spec = &owner, .e = e},
			   .arena = &owner.arena,
			   .profile = ret,
			   .layer = &layer,
			   .files = &files};

	*ret = (struct profile){.file = path, .base = -1};
	int rc = read_into(&r, path);
	*a = owner.arena;
	return rc;
}
