# SPDX-License-Identifier: Apache-2.0
# The rooms of vkjail itself, in the order of the flow: spec (job) -> plan -> launch (sandbox) ->
# watch -> verdict and report -> run -> cli. A room may use those that come after it in
# vkjail_LDADD, never those before.

noinst_LIBRARIES += libcgroup.a libbase.a libpage.a libjob.a libhost.a libplan.a libsandbox.a libwatch.a libreport.a librun.a

libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(MD_CFLAGS)
libbase_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libbase_a_SOURCES = \
	src/base/arena.c src/base/arena.h \
	src/base/atomic.c src/base/atomic.h \
	src/base/auto.h src/base/banned.h \
	src/base/cachefile.c src/base/cachefile.h src/base/late-call.h \
	src/base/cpus.c src/base/cpus.h \
	src/base/err.c src/base/err.h \
	src/base/fd.c src/base/fd.h \
	src/base/include-scan.c src/base/include-scan.h \
	src/base/text.c src/base/text.h \
	src/base/text-utf8.c

libpage_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libpage_a_SOURCES = src/page/page.c src/page/page.h src/page/call.def src/page/counter.def src/page/result.def

libjob_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS)
libjob_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libjob_a_SOURCES = \
	src/job/limits.c src/job/limits.h src/job/limits.def \
	src/job/reason.c src/job/reason.h src/job/reason.def \
	src/job/spec.h

include src/job/spec.mk

libcgroup_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libcgroup_a_SOURCES = \
	src/cgroup/available.c \
	src/cgroup/cgroup.h \
	src/cgroup/devices.c src/cgroup/devices.h \
	src/cgroup/dmem.c \
	src/cgroup/find.c \
	src/cgroup/group.c \
	src/cgroup/own.c src/cgroup/own.h \
	src/cgroup/remove.c src/cgroup/remove.h \
	src/cgroup/stat.c

libhost_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libhost_a_SOURCES = src/host/block.c src/host/block.h src/host/gpu.c src/host/gpu.h src/host/host.c src/host/host.h

libplan_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CAP_CFLAGS)
libplan_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libplan_a_SOURCES = \
	src/plan/cgroup.c \
	src/plan/command.c \
	src/plan/devices.c \
	src/plan/dmem.c \
	src/plan/driver.c \
	src/plan/dynamic.c \
	src/plan/gpu.c src/plan/gpu.h \
	src/plan/gpu-visible.c \
	src/plan/icd.c \
	src/plan/image.c \
	src/plan/io.c \
	src/plan/landlock.c \
	src/plan/limits.c \
	src/plan/parts.h \
	src/plan/plan.c src/plan/plan.h \
	src/plan/root.c \
	src/plan/step.def \
	src/plan/telemetry.c \
	src/plan/tree.c src/plan/tree.h \
	src/plan/user.c

libsandbox_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(CAP_CFLAGS)
libsandbox_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libsandbox_a_SOURCES = \
	src/sandbox/child.c src/sandbox/child.h \
	src/sandbox/network.c \
	src/sandbox/clocks.c \
	src/sandbox/creds.c \
	src/sandbox/init.c \
	src/sandbox/inroot.c src/sandbox/inroot.h \
	src/sandbox/landlock.c src/sandbox/landlock.h \
	src/sandbox/launch.c src/sandbox/launch.h \
	src/sandbox/mounts.c \
	src/sandbox/notify.c \
	src/sandbox/old-kernel.c \
	src/sandbox/proto.h \
	src/sandbox/spread.c src/sandbox/spread.h

include src/sandbox/filter.mk

libwatch_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libwatch_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libwatch_a_SOURCES = \
	src/watch/claims.c src/watch/claims.h \
	src/watch/drain.c \
	src/watch/facts.h \
	src/watch/fdinfo.c src/watch/fdinfo.h \
	src/watch/gpu-use.c src/watch/gpu-use.h \
	src/watch/group.c \
	src/watch/layer.c \
	src/watch/learn.c src/watch/learn.h src/watch/learn-path.c src/watch/learn-path.def \
	src/watch/procfiles.c src/watch/procfiles.h \
	src/watch/relay.c src/watch/relay.h \
	src/watch/series.c src/watch/series.h \
	src/watch/telemetry.c src/watch/telemetry.h src/watch/telemetry-read.c src/watch/telemetry-read.h \
	src/watch/loop.c \
	src/watch/nvml.c src/watch/nvml.h src/watch/nvml-read.c \
	src/watch/outside.c \
	src/watch/timers.c src/watch/timers.h \
	src/watch/usage.c src/watch/usage.h \
	src/watch/watch.c src/watch/watch.h

libreport_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libreport_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libreport_a_SOURCES = \
	src/report/denied.c \
	src/report/gpu.c src/report/gpu-layer.c \
	src/report/observed.c \
	src/report/parts.c src/report/parts.h \
	src/report/report.c src/report/report.h \
	src/report/sandbox.c \
	src/report/verdict.c src/report/verdict.h

librun_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(MD_CFLAGS)
librun_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
librun_a_SOURCES = \
	src/run/cache.c src/run/cache.h src/run/cache-evict.c \
	src/run/drm.c src/run/drm.h \
	src/run/group.c src/run/group.h \
	src/run/include.c src/run/include.h \
	src/run/layer.c src/run/layer.h \
	src/run/outputs.c src/run/outputs.h \
	src/run/learn.c src/run/learn.h \
	src/run/nvidia.c src/run/nvidia.h \
	src/run/shaders.c src/run/shaders.h \
	src/run/request.c src/run/request-parts.h src/run/request-steps.c src/run/request.h \
	src/run/scope.c src/run/scope.h \
	src/run/supervise.c src/run/supervise.h \
	src/run/warnings.c src/run/warnings.h

include src/cli/cli.mk

bin_PROGRAMS += vkjail
vkjail_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
vkjail_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_SOURCES = \
	src/cli/cmd.h \
	src/cli/cmd-devices.c \
	src/cli/cmd-doctor.c src/cli/doctor.h src/cli/doctor-gpu.c \
	src/cli/cmd-list.c \
	src/cli/cmd-new.c \
	src/cli/cmd-plan.c \
	src/cli/cmd-run.c \
	src/cli/main.c \
	src/cli/say.c src/cli/say.h
if STATIC_SUPERVISOR
vkjail_LDFLAGS = $(AM_LDFLAGS) -static-pie
else
vkjail_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
endif
vkjail_LDADD = libcli.a librun.a libreport.a libwatch.a libsandbox.a libplan.a libsandbox.a libcgroup.a libhost.a libjob.a libpage.a libbase.a \
	$(SECCOMP_LIBS) $(CAP_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(MD_LIBS)
