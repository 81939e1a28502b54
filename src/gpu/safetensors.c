/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header is {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...} and perhaps
 * "__metadata__" with strings. Everything in it is checked, also of tensors that are not asked for:
 * their bytes must follow each other from the first to the last, without overlap or gap.
 */
#include "gpu/safetensors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "gpu/bytes.h"
#include "gpu/json-scan.h"

struct span {
	uint64_t begin, end;
};

struct header {
	struct json_scan in;
	const char *file, *want;
	struct err *e;
	struct span *spans;
	size_t count, room;
	bool found;
	char only[SAFETENSORS_NAME_MAX + 1]; /* the name of the last tensor */
	struct tensor tensor;
};

/* What one tensor says about itself. */
struct said {
	char dtype[16];
	uint64_t shape[COMPUTE_DIMS], offsets[2];
	size_t dims, offset_count;
	unsigned seen;
};
enum { SAW_DTYPE = 1, SAW_SHAPE = 2, SAW_OFFSETS = 4, SAW_ALL = 7 };

static const struct {
	const char *name;
	enum compute_type type;
	size_t size;
} dtypes[] = {
    {"BOOL", TYPE_BOOL, 1}, {"U8", TYPE_U8, 1},   {"I8", TYPE_I8, 1},   {"U16", TYPE_U16, 2},
    {"I16", TYPE_I16, 2},   {"U32", TYPE_U32, 4}, {"I32", TYPE_I32, 4}, {"U64", TYPE_U64, 8},
    {"I64", TYPE_I64, 8},   {"F16", TYPE_F16, 2}, {"F32", TYPE_F32, 4}, {"F64", TYPE_F64, 8},
    {"BF16", TYPE_NONE, 2},
};

static int damaged(struct header *h, const char *what)
{
	return err_bad(h->e, h->file, "damaged .safetensors header: %s, at byte %zu", what,
		       h->in.at);
}

/* ---- one tensor ----------------------------------------------------------------------------- */

static int read_numbers(struct header *h, uint64_t *out, size_t max, size_t *ret_count)
{
	*ret_count = 0;
	if (!json_scan_take(&h->in, '['))
		return damaged(h, "expected a list of numbers");
	if (json_scan_take(&h->in, ']'))
		return 0;
	do {
		if (*ret_count == max)
			return damaged(h, "a list of numbers is too long");
		if (!json_scan_number(&h->in, &out[(*ret_count)++]))
			return damaged(h, "expected an integer of 0 or more");
	} while (json_scan_take(&h->in, ','));
	return json_scan_take(&h->in, ']') ? 0 : damaged(h, "a list of numbers does not end");
}

static int read_member(struct header *h, struct said *s)
{
	char key[16];
	unsigned bit;
	int rc;

	if (!json_scan_string(&h->in, key, sizeof key) || !json_scan_take(&h->in, ':'))
		return damaged(h, "expected dtype, shape or data_offsets");
	if (strcmp(key, "dtype") == 0) {
		bit = SAW_DTYPE;
		rc = json_scan_string(&h->in, s->dtype, sizeof s->dtype)
			 ? 0
			 : damaged(h, "expected the name of a type");
	} else if (strcmp(key, "shape") == 0) {
		bit = SAW_SHAPE;
		rc = read_numbers(h, s->shape, COUNTOF(s->shape), &s->dims);
	} else if (strcmp(key, "data_offsets") == 0) {
		bit = SAW_OFFSETS;
		rc = read_numbers(h, s->offsets, 2, &s->offset_count);
	} else {
		return damaged(h, "expected dtype, shape or data_offsets");
	}
	if (rc == 0 && s->seen & bit)
		return damaged(h, "a key stands there twice");
	s->seen |= bit;
	return rc;
}

static int add_span(struct header *h, const struct said *s)
{
	if (h->count == SAFETENSORS_TENSORS_MAX)
		return err_bad(h->e, h->file, "has more than %d tensors", SAFETENSORS_TENSORS_MAX);
	if (h->count == h->room) {
		size_t room = h->room ? 2 * h->room : 64;
		struct span *more = realloc(h->spans, room * sizeof *more);
		if (!more)
			return err_os(h->e, ENOMEM, h->file, "cannot read");
		h->spans = more;
		h->room = room;
	}
	h->spans[h->count++] = (struct span){s->offsets[0], s->offsets[1]};
	return 0;
}

static int take_tensor(struct header *h, const char *name, const struct said *s)
{
	struct tensor *t = &h->tensor;
	char shown[64];
	size_t i = 0;

	if (h->found)
		return err_bad(h->e, h->file, "has two tensors '%s'",
			       text_show(name, shown, sizeof shown));
	h->found = true;
	while (i < COUNTOF(dtypes) && strcmp(dtypes[i].name, s->dtype) != 0)
		i++;
	if (i == COUNTOF(dtypes)) {
		char type[32];
		return err_bad(h->e, h->file,
			       "the tensor's type is '%s', which is not one that can be read",
			       text_show(s->dtype, type, sizeof type));
	}
	*t = (struct tensor){.is_bf16 = dtypes[i].type == TYPE_NONE, .offset = s->offsets[0]};
	t->shape.type = t->is_bf16 ? TYPE_U16 : dtypes[i].type; /* for the size */
	t->shape.dims = (unsigned)s->dims;
	memcpy(t->shape.dim, s->shape, sizeof t->shape.dim);
	if (shape_finish(&t->shape, h->file, h->e) < 0)
		return -1;
	if (t->shape.bytes != s->offsets[1] - s->offsets[0])
		return err_bad(h->e, h->file,
			       "the tensor's shape needs %llu bytes, its data_offsets give %llu",
			       (unsigned long long)t->shape.bytes,
			       (unsigned long long)(s->offsets[1] - s->offsets[0]));
	if (t->is_bf16)
		t->shape.type = TYPE_NONE;
	return 0;
}

static int read_tensor(struct header *h, const char *name, uint64_t data_size)
{
	struct said s = {.seen = 0};

	if (!json_scan_take(&h->in, '{'))
		return damaged(h, "expected a tensor");
	do {
		if (read_member(h, &s) < 0)
			return -1;
	} while (json_scan_take(&h->in, ','));
	if (!json_scan_take(&h->in, '}'))
		return damaged(h, "a tensor does not end");
	if (s.seen != SAW_ALL)
		return damaged(h, "dtype, shape or data_offsets is missing");
	if (s.offset_count != 2 || s.offsets[0] > s.offsets[1] || s.offsets[1] > data_size)
		return damaged(h, "the data_offsets of a tensor are not inside the file");
	if (add_span(h, &s) < 0)
		return -1;
	(void)snprintf(h->only, sizeof h->only, "%s", name);
	return !h->want || strcmp(name, h->want) == 0 ? take_tensor(h, name, &s) : 0;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int read_metadata(struct header *h)
{
	if (!json_scan_take(&h->in, '{'))
		return damaged(h, "__metadata__ is not an object");
	if (json_scan_take(&h->in, '}'))
		return 0;
	do {
		if (!json_scan_string(&h->in, NULL, 0) || !json_scan_take(&h->in, ':') ||
		    !json_scan_string(&h->in, NULL, 0))
			return damaged(h, "__metadata__ holds something that is not text");
	} while (json_scan_take(&h->in, ','));
	return json_scan_take(&h->in, '}') ? 0 : damaged(h, "__metadata__ does not end");
}

static int read_all(struct header *h, uint64_t data_size)
{
	char name[SAFETENSORS_NAME_MAX + 1];

	if (!json_scan_take(&h->in, '{'))
		return damaged(h, "it is not an object");
	if (json_scan_take(&h->in, '}'))
		return json_scan_ended(&h->in) ? 0 : damaged(h, "text after its end");
	do {
		if (!json_scan_string(&h->in, name, sizeof name) || !json_scan_take(&h->in, ':'))
			return damaged(h, "expected a tensor's name of at most 1024 bytes");
		int rc = strcmp(name, "__metadata__") == 0 ? read_metadata(h)
							   : read_tensor(h, name, data_size);
		if (rc < 0)
			return -1;
		/* Without a name the first is the only one; should another come, the end will say so. */
		if (!h->want && h->count == 1)
			h->want = "";
	} while (json_scan_take(&h->in, ','));
	if (!json_scan_take(&h->in, '}'))
		return damaged(h, "it does not end");
	return json_scan_ended(&h->in) ? 0 : damaged(h, "text after its end");
}

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static int check_spans(struct header *h, uint64_t data_size)
{
	uint64_t at = 0;

	if (h->count)
		qsort(h->spans, h->count, sizeof *h->spans, by_begin);
	for (size_t i = 0; i < h->count; i++) {
		if (h->spans[i].begin != at)
			return err_bad(
			    h->e, h->file,
			    "is a damaged .safetensors file: its tensors %s at byte %llu",
			    h->spans[i].begin < at ? "overlap" : "leave a gap",
			    (unsigned long long)at);
		at = h->spans[i].end;
	}
	if (at == data_size)
		return 0;
	return err_bad(h->e, h->file,
		       "is a damaged .safetensors file: its tensors end at byte %llu of %llu",
		       (unsigned long long)at, (unsigned long long)data_size);
}

int safetensors_parse(const struct safetensors_header *header, const char *name, const char *want,
		      struct tensor *ret, struct err *e)
{
	struct header h = {
	    .in = {.text = header->text, .size = header->size}, .file = name, .want = want, .e = e};
	char shown[64], only[64];
	int rc = read_all(&h, header->data_size) < 0 ? -1 : check_spans(&h, header->data_size);

	free(h.spans);
	if (rc < 0)
		return -1;
	if (!want && h.count != 1)
		return err_bad(
		    e, name,
		    "holds %zu tensors: say which one, as 'FILE.safetensors#NAME' or with 'member'",
		    h.count);
	if (!h.found)
		return err_bad(e, name, "has no tensor '%s' among its %zu%s%s%s",
			       text_show(want ? want : "", shown, sizeof shown), h.count,
			       h.count == 1 ? ", which is '" : "",
			       h.count == 1 ? text_show(h.only, only, sizeof only) : "",
			       h.count == 1 ? "'" : "");
	*ret = h.tensor;
	return 0;
}

int safetensors_find(int fd, const char *name, uint64_t file_size, const char *want,
		     struct tensor *ret, struct err *e)
{
	struct bytes file = {.kind = BYTES_FILE, .fd = fd, .name = name, .size = file_size};
	unsigned char head[8];
	uint64_t size = 0;

	if (file_size < sizeof head)
		return err_bad(e, name, "is not a .safetensors file");
	if (bytes_read(&file, head, sizeof head, e) < 0)
		return -1;
	for (size_t i = sizeof head; i-- > 0;)
		size = size << 8 | head[i];
	if (size > SAFETENSORS_HEADER_MAX)
		return err_bad(
		    e, name,
		    "is not a .safetensors file, or its header is too long: it says %llu bytes, %d is the most",
		    (unsigned long long)size, SAFETENSORS_HEADER_MAX);
	if (size > file_size - sizeof head)
		return err_bad(e, name, "is cut off inside the .safetensors header");
	AUTO_FREE char *text = malloc(size + 1);
	if (!text)
		return err_os(e, ENOMEM, name, "cannot read");
	struct safetensors_header header = {text, size, file_size - sizeof head - size};
	if (bytes_read(&file, (unsigned char *)text, size, e) < 0 ||
	    safetensors_parse(&header, name, want, ret, e) < 0)
		return -1;
	ret->offset += sizeof head + size;
	return 0;
}
