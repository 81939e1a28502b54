/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A /proc of files, for what looks at it to tell whose process is whose. 100 is pid 1 of the sandbox; 101 and 102, its
 * child, are the job's, 102 with a node of NVIDIA's open; 200 is somebody else's child; any other is gone.
 */
#pragma once

enum { FAKE_PROC_ROOT = 100 };

/* proc: a template of mkdtemp(3), which is changed. 0, or -1 with errno. */
int fake_proc_make(char *proc);
int fake_proc_remove(const char *proc);
