/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the child (later pid 1 of the sandbox) tells the supervisor: one SOCK_SEQPACKET datagram a
 * message, fixed size. Only our own code holds that end, so the supervisor may believe it; it
 * still checks size and range. How the main process ended stands in a shared page as well: when
 * nothing else is left to be killed pid 1 exits without a message, and the supervisor wakes once, not twice.
 */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

enum msg_type {
	MSG_STEP_FAILED = 1, /* step, os, detail; the child is gone after it */
	MSG_STARTED, /* the command was executed; at_ns; carries the descriptor of the private tmpfs when asked for */
	MSG_STOPPED,  /* the main process stopped (job control) */
	MSG_EXITED,   /* status, at_ns, usage: of the main process */
	MSG_LISTENER, /* carries the descriptor of the seccomp filter's listener, when learning */
};

enum {                          /* detail of a failed EXEC step */
       EXEC_DETAIL_MISSING = 1, /* no candidate exists */
       EXEC_DETAIL_INTERPRETER =
	   2, /* the file is there: its interpreter (#! or ELF) is what is missing */
};

struct msg {
	uint32_t type;
	uint32_t step;   /* index into the plan's steps */
	int32_t os;      /* errno */
	uint32_t detail; /* of an EXEC step: the candidate (high 16 bits) and EXEC_DETAIL_* */
	int32_t status;  /* wait status, wait(2) */
	int32_t pad;
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	uint64_t started_ns;
};

/*
 * The calls that the filter refused, as pid 1 counted them. Calls differ by number, architecture and
 * those arguments that call-args.def names, of which a job can make up as many as it likes: so of one
 * call there are a few rows with different arguments, the last of them for all others, and there is one
 * counter for the calls that found no row.
 */
enum { DENIED_ROWS = 96, DENIED_VARIANTS = 6, DENIED_ARGS = 3 };
enum { DENIED_KILLED = -1 };

struct denied_row {
	uint32_t arch, nr;
	int32_t action;  /* the errno that was answered, or DENIED_KILLED */
	uint32_t varied; /* stands for several sets of arguments; args are the first one's */
	uint64_t count;
	uint32_t args[DENIED_ARGS]; /* in the order of call-args.def */
	uint32_t late;              /* refused by vkjail-exec's second filter, as it told */
};

struct denied {
	uint32_t asked;     /* the filter has a listener */
	int32_t os;         /* why not: errno */
	uint32_t row_count; /* at most DENIED_ROWS */
	uint32_t killer;    /* 1 + the row that ended the job; 0: none did */
	uint64_t others;    /* denied calls for which there was no row */
	struct denied_row rows[DENIED_ROWS];
};

/* Whether the child may start the job: a futex(2). */
enum go { GO_NOT_YET, GO_AWAITED, GO_NOW };

/*
 * The shared pages: written by pid 1, the message right before its exit; read when it is gone. Only what is said
 * before the start goes the other way.
 */
struct last_word {
	uint32_t go;     /* atomic, enum go */
	uint32_t spread; /* before go: the child was kept off a CPU (spread.h) */
	uint32_t said;   /* atomic */
	struct msg msg;
	struct denied denied;
};
