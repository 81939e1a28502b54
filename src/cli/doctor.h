/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of doctor share. A check without text has nothing to say on this machine, and no line. */
#pragma once

#include "host/host.h"

enum grade { GOOD, NOTE, BAD };

struct finding {
	enum grade grade;
	char text[700];
	char fix[400];
};

/* fix: the command or the fact that helps; NULL: none is needed, or known. */
void doctor_find(struct finding *f, enum grade grade, const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Of the GPUs that a run with all of them would be given: who tells what a job holds on them, besides the job. */
void doctor_nvml(const struct host *host, struct finding *f);
void doctor_fdinfo(const struct host *host, struct finding *f);
void doctor_dmem(const struct host *host, struct finding *f);
