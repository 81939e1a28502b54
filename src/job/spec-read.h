/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the spec room; nobody else needs it. */
#pragma once

#include "job/decode.h"

/* compute: of a job file. */
int read_compute(struct decode *d, const struct node *n, void *member, const void *arg);

/* Reads each value of a map or list into one item of a new array. */
struct items {
	size_t size, max;
	const char *what, *expected;
	enum node_kind kind;
	int (*read)(struct decode *d, const struct node *n, void *item);
};

/* *ret_array gets a pointer to the items. */
int read_items(struct decode *d, const struct node *n, const struct items *items, void *ret_array,
	       size_t *ret_count);

/* compute.steps: spec-work.c reads the list, spec-step.c what runs a kernel. */
int read_steps(struct decode *d, const struct node *n, void *member, const void *arg);
int read_run(struct decode *d, const struct node *n, struct compute_step *s);
/* An integer from min to max or a reference. */
int read_extent(struct decode *d, const struct node *n, uint64_t min, uint64_t max,
		struct compute_number *ret);
/* Readers for tables: uint64_t, uint32_t, const char *, struct compute_until. */
int read_element(struct decode *d, const struct node *n, void *member, const void *arg);
int read_repeat(struct decode *d, const struct node *n, void *member, const void *arg);
int read_queue(struct decode *d, const struct node *n, void *member, const void *arg);
int read_until(struct decode *d, const struct node *n, void *member, const void *arg);
/* repeat and until of one step, which n is, fit together. */
int check_loop(struct decode *d, const struct node *n, const struct compute_step *s);

/* The part of spec_finish that is about compute jobs. */
int compute_finish(struct spec *s, struct compute *c, struct err *e);

/* "-": stdin or stdout */
bool is_standard(const char *file);
/* The format when a flag names another file: its ending decides; when it says nothing, it stays what it was. */
enum compute_format format_after(const char *file, enum compute_format before,
				 const char *file_before);
/* Format, member and path of a buffer that is read from a file. */
int input_finish(struct spec *s, struct compute_buffer *b, struct err *e);
/* Format and number of files of an output. */
int output_finish(struct compute_output *o, const struct compute_buffer *b, struct err *e);
/* stdin and stdout have one user each. */
int standard_check(const struct spec *s, const struct compute *c, struct err *e);

/* The buffers that a step other than a dispatch names, and the format of a check's file. */
int compute_finish_work(struct spec *spec, const struct compute *c, struct compute_step *step,
			struct err *e);

/* Looking up, for both. */
struct compute_buffer *find_buffer(const struct compute *c, const char *name);
int no_such_buffer(const struct compute *c, const char *where, const char *name, struct err *e);
int check_reference(const struct compute *c, const char *where, const struct compute_number *v,
		    struct err *e);

/* "photo.shape[1]" or "photo.elements". False when text is none. *ret_axis is -1 for elements. */
bool compute_reference(const char *text, char *ret_buffer, size_t size, int *ret_axis);
