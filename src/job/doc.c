/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events -> one bounded tree. Not recursive: the depth is bounded before memory is used. */
#include "job/doc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "job/bounds.h"

struct build {
	struct arena *arena;
	const char *name;
	struct node *root;
	struct node *open[BOUND_DEPTH]; /* the containers around the current place */
	size_t depth;
	size_t nodes;
	const char *key; /* a key whose value is still to come */
	unsigned key_line;
	struct err *e;
};

enum { WHERE_SIZE = 320 };

static int bad_line(const struct build *b, size_t line, const char *text)
{
	char where[WHERE_SIZE];
	(void)snprintf(where, sizeof where, "%s:%zu", b->name, line);
	return err_bad(b->e, where, "%s", text);
}

static struct node *here(const struct build *b)
{
	return b->depth ? b->open[b->depth - 1] : NULL;
}

static bool expects_key(const struct build *b)
{
	const struct node *parent = here(b);
	return parent && parent->kind == NODE_MAP && !b->key;
}

static int too_many(const struct build *b, size_t line, size_t bound, const char *what)
{
	char text[128];
	(void)snprintf(text, sizeof text, "more than %zu %s", bound, what);
	return bad_line(b, line, text);
}

/* ---- building ----------------------------------------------------------------------------- */

static int take_key(struct build *b, const char *text, size_t len, size_t line)
{
	const struct node *map = here(b);
	char text_line[128], shown[64];

	if (len == 0)
		return bad_line(b, line, "a key must not be empty");
	if (len > BOUND_KEY_BYTES)
		return too_many(b, line, BOUND_KEY_BYTES, BOUND_WHAT(KEY_BYTES));
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return bad_line(b, line, "a key must not hold control characters");
	if (map->count == BOUND_KEYS)
		return too_many(b, line, BOUND_KEYS, BOUND_WHAT(KEYS));
	NODE_EACH(other, map)
	{
		if (strcmp(other->key, text) != 0)
			continue;
		(void)snprintf(text_line, sizeof text_line,
			       "the key '%s' is given twice, first in line %u",
			       text_show(text, shown, sizeof shown), other->line);
		return bad_line(b, line, text_line);
	}
	b->key = arena_strndup(b->arena, text, len);
	b->key_line = (unsigned)line;
	return 0;
}

static struct node *add_node(struct build *b, enum node_kind kind, size_t line)
{
	if (b->nodes == BOUND_NODES) {
		(void)too_many(b, line, BOUND_NODES, BOUND_WHAT(NODES));
		return NULL;
	}
	struct node *parent = here(b);
	struct node *n = arena_alloc(b->arena, sizeof *n);
	b->nodes++;
	n->kind = kind;
	n->line = (unsigned)line;
	n->parent = parent;
	if (!parent) {
		b->root = n;
		return n;
	}
	if (b->key) {
		n->key = b->key;
		n->line = b->key_line;
		b->key = NULL;
	}
	n->index = (unsigned)parent->count++;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	return n;
}

static int take_scalar(struct build *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	size_t line = event->start_mark.line + 1;

	if (event->data.scalar.tag)
		return bad_line(b, line, "tags such as !!str are not known in job files");
	if (memchr(text, '\0', len))
		return bad_line(b, line, "text must not hold a NUL character");
	if (expects_key(b))
		return take_key(b, text, len, line);
	struct node *n = add_node(b, NODE_SCALAR, line);
	if (!n)
		return -1;
	n->text = arena_strndup(b->arena, text, len);
	n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int open_container(struct build *b, enum node_kind kind, const yaml_char_t *tag, size_t line)
{
	if (tag)
		return bad_line(b, line, "tags such as !!map are not known in job files");
	if (expects_key(b))
		return bad_line(b, line, "a key must be text, not a list or a map");
	if (b->depth == BOUND_DEPTH)
		return too_many(b, line, BOUND_DEPTH, BOUND_WHAT(DEPTH));
	struct node *n = add_node(b, kind, line);
	if (!n)
		return -1;
	b->open[b->depth++] = n;
	return 0;
}

static int take_event(struct build *b, const yaml_event_t *event)
{
	size_t line = event->start_mark.line + 1;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return b->root ? bad_line(b, line,
					  "a second document starts here, a job file holds one")
			       : 0;
	case YAML_ALIAS_EVENT:
		return bad_line(b, line,
				"aliases (*name) are not known in job files: write the value out");
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_container(b, NODE_LIST, event->data.sequence_start.tag, line);
	case YAML_MAPPING_START_EVENT:
		return open_container(b, NODE_MAP, event->data.mapping_start.tag, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Says what is wrong with bytes that are no text, before libyaml guesses an encoding from them. */
static int check_text(const struct build *b, const char *data, size_t size)
{
	size_t line = 1;
	char text[128];

	for (size_t i = 0; i < size;) {
		const unsigned char c = (unsigned char)data[i];
		if (c >= 0x20 && c < 0x7f) {
			i++;
			continue;
		}
		if (c == '\n')
			line++;
		size_t len = text_utf8_length(data + i, size - i);
		bool bad = len == 0 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
			   c == 0x7f;
		if (!bad) {
			i += len;
			continue;
		}
		if (memchr(data + i, '\0', size - i))
			return err_bad(b->e, b->name, "is binary data, a job file is YAML or JSON");
		if (len == 0)
			(void)snprintf(
			    text, sizeof text,
			    "byte 0x%02x is not valid UTF-8: a job file is YAML or JSON in UTF-8",
			    c);
		else
			(void)snprintf(text, sizeof text,
				       "control character 0x%02x: a job file is YAML or JSON text",
				       c);
		return bad_line(b, line, text);
	}
	return 0;
}

static size_t line_of(const char *data, size_t size, size_t offset)
{
	size_t line = 1;
	for (size_t i = 0; i < size && i < offset; i++)
		line += data[i] == '\n';
	return line;
}

static bool line_is_indented_by_tab(const char *data, size_t size, size_t line)
{
	size_t i = 0;
	while (i < size && line > 1)
		line -= data[i++] == '\n';
	while (i < size && data[i] == ' ')
		i++;
	return i < size && data[i] == '\t';
}

static int syntax_error(const struct build *b, const yaml_parser_t *parser, const char *data,
			size_t size)
{
	char text[256];

	if (parser->error == YAML_MEMORY_ERROR)
		return err_os(b->e, ENOMEM, b->name, "cannot read");
	size_t line = parser->error == YAML_READER_ERROR
			  ? line_of(data, size, parser->problem_offset)
			  : parser->problem_mark.line + 1;
	const char *problem = parser->problem ? parser->problem : "cannot be understood";
	if (parser->context)
		(void)snprintf(text, sizeof text, "not valid YAML: %s %s (line %zu)", problem,
			       parser->context, parser->context_mark.line + 1);
	else
		(void)snprintf(text, sizeof text, "not valid YAML: %s", problem);
	(void)bad_line(b, line, text);
	if (line_is_indented_by_tab(data, size, line))
		return err_hint(b->e, "indent with spaces: YAML does not allow tabs there");
	if (parser->context && strcmp(parser->context, "while parsing a flow sequence") == 0)
		return err_hint(
		    b->e,
		    "inside [...] text that holds [ ] { } or , needs quotes, for example \"photo.shape[1]\"");
	return -1;
}

static int parse_events(struct build *b, yaml_parser_t *parser, const char *data, size_t size)
{
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b, parser, data, size);
		bool end = event.type == YAML_STREAM_END_EVENT;
		int r = take_event(b, &event);
		yaml_event_delete(&event);
		if (r < 0 || end)
			return r;
	}
}

int doc_parse(struct arena *a, const char *name, const char *data, size_t size,
	      const struct node **ret_root, struct err *e)
{
	struct build b = {.arena = a, .name = name, .e = e};

	if (size > BOUND_FILE_BYTES)
		return err_bad(e, name, "more than %d %s", BOUND_FILE_BYTES,
			       BOUND_WHAT(FILE_BYTES));
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		data += 3;
		size -= 3;
	}
	if (check_text(&b, data, size) < 0)
		return -1;
	__attribute__((cleanup(yaml_parser_delete))) yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return err_os(e, ENOMEM, name, "cannot read");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)data, size);
	if (parse_events(&b, &parser, data, size) < 0)
		return -1;
	*ret_root = b.root;
	return 0;
}

const char *doc_where(const char *name, const struct node *n, char *buf, size_t size)
{
	const struct node *chain[BOUND_DEPTH + 1];
	size_t depth = 0;
	int used = snprintf(buf, size, "%s:%u", name, n->line);

	for (const struct node *up = n; up->parent && depth <= BOUND_DEPTH; up = up->parent)
		chain[depth++] = up;
	const char *sep = ": ";
	while (depth-- > 0 && used >= 0 && (size_t)used < size) {
		const struct node *step = chain[depth];
		if (step->key)
			used += snprintf(buf + used, size - (size_t)used, "%s%s", sep, step->key);
		else
			used += snprintf(buf + used, size - (size_t)used, "%s[%u]",
					 sep[0] == ':' ? sep : "", step->index);
		sep = ".";
	}
	return buf;
}
