/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pid 1 does with the calls that the filter refuses: it looks the answer up in the program that
 * would have refused by itself, gives it, and counts. Nothing that a pointer of the job's points to is ever
 * read, and no call is ever let through. The supervisor is not woken: however many calls a job makes, their
 * cost is pid 1's, which is the job's own.
 *
 * When pid 1 is gone so is the job; should only the descriptor be, the kernel answers ENOSYS. Nobody waits.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "base/late-call.h"
#include "sandbox/call-args.h"
#include "sandbox/child.h"

/* A newer kernel may have longer structures than the headers (seccomp_unotify(2)). */
union request {
	struct seccomp_notif notif;
	char room[512];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[512];
};

static bool same(const struct denied_row *a, const struct denied_row *b)
{
	return a->arch == b->arch && a->nr == b->nr && a->action == b->action && a->late == b->late;
}

/* The row that counts this call; NULL when there is no room. */
static struct denied_row *find_row(struct denied *d, const struct denied_row *wanted)
{
	struct denied_row *last = NULL;
	unsigned variants = 0;

	for (uint32_t i = 0; i < d->row_count; i++) {
		struct denied_row *row = &d->rows[i];
		if (!same(row, wanted))
			continue;
		if (!row->varied && memcmp(row->args, wanted->args, sizeof row->args) == 0)
			return row;
		last = row;
		variants++;
	}
	if (variants >= DENIED_VARIANTS) {
		last->varied = 1;
		return last;
	}
	/* The last one waits for the call that ends the job: however many others there were, it is told. */
	if (d->row_count == DENIED_ROWS - (wanted->action != DENIED_KILLED))
		return NULL;
	d->rows[d->row_count] = *wanted;
	return &d->rows[d->row_count++];
}

static struct denied_row *count(struct denied *d, const struct seccomp_data *call, int action,
				bool late)
{
	struct denied_row wanted = {
	    .arch = call->arch, .nr = (uint32_t)call->nr, .action = action, .late = late};
	unsigned n;
	const struct call_arg *args = call_args(call->arch, wanted.nr, &n);

	for (unsigned i = 0; i < n; i++)
		wanted.args[i] = (uint32_t)call->args[args[i].arg];
	struct denied_row *row = find_row(d, &wanted);
	if (row)
		row->count++;
	else
		d->others++;
	return row;
}

/* vkjail-exec's second filter has refused a call, and this one tells which (base/late-call.h). */
static bool is_late(const struct seccomp_data *call, struct seccomp_data *ret, uint32_t *ret_said)
{
	if (call->arch != CALL_ARCH_NATIVE || call->nr != SYS_seccomp ||
	    (uint32_t)call->args[0] != LATE_CALL)
		return false;
	uint32_t os = late_call_unpack(call->args[1], 1);
	*ret_said = os ? SECCOMP_RET_ERRNO | (os & SECCOMP_RET_DATA) : SECCOMP_RET_KILL_PROCESS;
	*ret = (struct seccomp_data){.arch = late_call_unpack(call->args[1], 0),
				     .nr = (int)call->args[2]};
	for (unsigned i = 0; i < COUNTOF(ret->args); i++)
		ret->args[i] = late_call_unpack(call->args[3 + i / 2], i);
	return true;
}

bool notify_answer(struct child *c)
{
	struct denied *d = &c->last_word->denied;
	union request q;
	union answer a;

	memset(&q, 0, sizeof q);
	memset(&a, 0, sizeof a);
	/* ENOENT: the caller was killed meanwhile. */
	if (ioctl(c->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &q.notif) < 0)
		return false;
	struct seccomp_data call = q.notif.data;
	uint32_t said = filter_answer(&c->plan->filter, &call);
	bool late = is_late(&q.notif.data, &call, &said);
	if ((said & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO) {
		/* Never answered: the end of pid 1 takes the caller with it. */
		d->killer = (uint32_t)(count(d, &call, DENIED_KILLED, late) - d->rows) + 1;
		return true;
	}
	int os = (int)(said & SECCOMP_RET_DATA);
	a.resp.id = q.notif.id;
	a.resp.error = -os;
	/* The kernel takes it only while this very call waits (SECCOMP_IOCTL_NOTIF_ID_VALID). */
	if (ioctl(c->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &a.resp) == 0)
		(void)count(d, &call, os, late);
	return false;
}
