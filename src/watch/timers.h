/* SPDX-License-Identifier: Apache-2.0 */
/* The deadlines of one run and what happens at each; one timerfd stands for the earliest. Private to src/watch. */
#pragma once

#include "watch/procfiles.h"
#include "watch/watch.h"

#define GIVE_UP_NS (10ULL * 1000000000u)

/* What a descriptor of the loop is; those of which there are several have their number above. */
enum source {
	SOURCE_INIT,
	SOURCE_CONTROL,
	SOURCE_TIMER,
	SOURCE_SIGNAL,
	SOURCE_ANSWERS,
	SOURCE_OOM,
	SOURCE_SOFT,
	SOURCE_PRESSURE,
	SOURCE_REFUSED,
	SOURCE_STDOUT,
	SOURCE_STDERR,
	SOURCE_STDOUT_TARGET,
	SOURCE_STDERR_TARGET,
	SOURCE_LAYER,    /* the rendezvous socket */
	SOURCE_WORD,     /* a connection to it */
	SOURCE_PROCESS,  /* a process that has the layer */
	SOURCE_LISTENER, /* of the filter, when learning */
	SOURCE_NVML,     /* vkjail-nvml's messages */
};

enum { SOURCE_BITS = 8 };

enum timer {
	TIMER_WALL,
	TIMER_SOFT_WALL,
	TIMER_SOFT_CPU,
	TIMER_CPU, /* the earliest moment at which the CPU limit can be reached */
	TIMER_IDLE,
	TIMER_SAMPLE,
	TIMER_KERNEL, /* the earliest moment at which a submission can pass the limit */
	TIMER_KILL,   /* the end of the grace */
	TIMER_GIVE_UP, /* processes that survive SIGKILL this long, and get no fewer, are unkillable */
	TIMER_COUNT
};

struct loop {
	struct watch *watch;
	int epoll_fd, timer_fd;
	int pressure_fd, refused_fd;                /* of the group; -1 */
	bool pressure_asked;                        /* whether there was a try at having one */
	int tmp_fd;                                 /* on the job's private tmpfs; -1 */
	struct proc_files files;                    /* of the job's processes, for the samples */
	uint64_t deadline[TIMER_COUNT];             /* CLOCK_MONOTONIC ns; 0: not set */
	uint64_t armed;                             /* what the timerfd is set to */
	uint64_t next_sample_ns;                    /* when the next one is kept */
	uint64_t look_wait_ns, look_ns, look_bytes; /* the last look at memory */
	uint64_t idle_cpu_ns;                       /* CPU time at the last progress */
	uint64_t idle_since_ns;
	uint64_t idle_gpu; /* telemetry_progress at the last progress */
	uint64_t next_driver_look_ns, next_drm_look_ns;
	unsigned left,
	    give_ups; /* after SIGKILL: the processes that were there last, and how often they were counted */
	bool running;
	bool stop_with_job;
	int late_cancel; /* the signal that came after the job's end; 0: none */
	bool target_waiting[2];
};

uint64_t timers_now(void);
int timers_open(struct loop *l, struct err *e);
void timers_start(struct loop *l);
void timers_restart_idle(struct loop *l); /* counts from now on */
void timers_fire(struct loop *l);
void timers_arm(struct loop *l);
void timers_clear(struct loop *l);

/* watch.c */
void watch_end_job(struct loop *l, int first_signal);
void watch_limit(struct loop *l, enum limit limit, uint64_t value, int first_signal);
/* A soft value is passed: noted once, and the job ended gracefully where that was asked for. */
void watch_soft(struct loop *l, enum limit limit, uint64_t value);
void watch_drain_control(struct loop *l);
void watch_take_signal(struct loop *l);
enum relay_result watch_take_output(struct loop *l, int which);

/* loop.c */
int loop_open(struct loop *l, struct watch *w, struct err *e);
void loop_close(struct loop *l);
int loop_add(struct loop *l, int fd, enum source source, struct err *e);
void loop_forget(struct loop *l, int fd);
void loop_wait_target(struct loop *l, int which, bool waiting);

/* group.c */
/* CPU time and, where asked for, memory of the job: from its group, else from /proc. False when it is gone. */
bool watch_usage(struct loop *l, bool memory, struct usage *ret);
int watch_group_open(struct loop *l, struct err *e); /* what it tells is heard from now on */
/* Pressure on memory as well; what that costs only jobs pay that run for a while or reach a limit. */
void loop_watch_pressure(struct loop *l);
void watch_group_event(struct loop *l, enum source source);
void watch_group_end(struct loop *l); /* all processes are gone */

/* layer.c: the layer's words, and the limits that it measures. */
int layer_start(struct loop *l);
void layer_accept(struct loop *l);
void layer_word(struct loop *l, unsigned pending);
void layer_process(struct loop *l, unsigned slot);
void layer_fire_kernel(struct loop *l, uint64_t now);
bool layer_progress(struct loop *l); /* since it was asked last */
void layer_sample(struct loop *l, struct usage *u);
void layer_end(struct loop *l);

/* outside.c: what drivers tell of the job's GPU memory and time from outside, and the limit that holds by it. */
void outside_sample(struct loop *l, struct usage *u);
void outside_nvml(struct loop *l); /* vkjail-nvml said something, or ended */
void outside_end(struct loop *l);

/* learn.c: the listener of a job that is learned, and a few of its calls. */
void learn_listen(struct loop *l, int listener_fd);
void learn_serve(struct loop *l);

/* drain.c: what the job wrote before it died goes to whoever reads us. */
void watch_drain_output(struct loop *l);
