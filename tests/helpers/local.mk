# SPDX-License-Identifier: Apache-2.0
# Small programs that tests run inside the sandbox. Never built with sanitizers: their runtime
# needs memory and system calls that the limits under test take away.
test_helpers = \
	tests/helpers/big-bss tests/helpers/deny-storm tests/helpers/devour tests/helpers/flood tests/helpers/forker tests/helpers/guard-drop tests/helpers/hog tests/helpers/ignore-term \
	tests/helpers/kill-at tests/helpers/layer-host \
	tests/helpers/patch-spirv tests/helpers/read-job tests/helpers/say-hello tests/helpers/sigreceive tests/helpers/spin tests/helpers/try-syscall tests/helpers/with-filter \
	tests/helpers/writefile
check_PROGRAMS += $(test_helpers)
HELPER_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(SECCOMP_CFLAGS)
HELPER_CFLAGS = -std=gnu17 $(WARN_CFLAGS)

tests_helpers_big_bss_SOURCES = tests/helpers/big-bss.c
tests_helpers_big_bss_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_big_bss_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_big_bss_LDFLAGS =

tests_helpers_deny_storm_SOURCES = tests/helpers/deny-storm.c tests/helpers/args.h
tests_helpers_deny_storm_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_deny_storm_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_deny_storm_LDFLAGS = -pthread

tests_helpers_devour_SOURCES = tests/helpers/devour.c tests/helpers/args.h
tests_helpers_devour_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_devour_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_devour_LDFLAGS = -pthread

tests_helpers_kill_at_SOURCES = tests/helpers/kill-at.c tests/helpers/args.h
tests_helpers_kill_at_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_kill_at_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_kill_at_LDFLAGS =

tests_helpers_flood_SOURCES = tests/helpers/flood.c tests/helpers/args.h
tests_helpers_flood_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_flood_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_flood_LDFLAGS =

tests_helpers_forker_SOURCES = tests/helpers/forker.c tests/helpers/args.h
tests_helpers_forker_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_forker_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_forker_LDFLAGS =

tests_helpers_guard_drop_SOURCES = tests/helpers/guard-drop.c
tests_helpers_guard_drop_CPPFLAGS = $(HELPER_CPPFLAGS) $(libgpu_a_CPPFLAGS)
tests_helpers_guard_drop_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_guard_drop_LDFLAGS = $(SAN_CFLAGS)
tests_helpers_guard_drop_LDADD = $(LIBGPU_LIBS)

tests_helpers_hog_SOURCES = tests/helpers/hog.c tests/helpers/args.h
tests_helpers_hog_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_hog_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_hog_LDFLAGS =

tests_helpers_ignore_term_SOURCES = tests/helpers/ignore-term.c tests/helpers/args.h
tests_helpers_ignore_term_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_ignore_term_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_ignore_term_LDFLAGS =

tests_helpers_patch_spirv_SOURCES = tests/helpers/patch-spirv.c
tests_helpers_patch_spirv_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_patch_spirv_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_patch_spirv_LDFLAGS = $(SAN_CFLAGS)
tests_helpers_patch_spirv_LDADD = $(LIBGPU_LIBS)

tests_helpers_read_job_SOURCES = tests/helpers/read-job.c
tests_helpers_read_job_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_read_job_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_read_job_LDFLAGS = $(SAN_CFLAGS)
tests_helpers_read_job_LDADD = libjob.a libbase.a $(YAML_LIBS)

tests_helpers_say_hello_SOURCES = tests/helpers/say-hello.c
tests_helpers_say_hello_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_say_hello_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_say_hello_LDFLAGS =

tests_helpers_sigreceive_SOURCES = tests/helpers/sigreceive.c tests/helpers/args.h
tests_helpers_sigreceive_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_sigreceive_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_sigreceive_LDFLAGS =

tests_helpers_spin_SOURCES = tests/helpers/spin.c tests/helpers/args.h
tests_helpers_spin_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_spin_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_spin_LDFLAGS =

tests_helpers_try_syscall_SOURCES = tests/helpers/try-syscall.c tests/helpers/args.h
tests_helpers_try_syscall_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_try_syscall_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_try_syscall_LDFLAGS =
tests_helpers_try_syscall_LDADD = $(SECCOMP_LIBS)

tests_helpers_with_filter_SOURCES = tests/helpers/with-filter.c
tests_helpers_with_filter_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_with_filter_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_with_filter_LDFLAGS = $(SAN_CFLAGS)
tests_helpers_with_filter_LDADD = libsandbox.a libbase.a $(SECCOMP_LIBS)

tests_helpers_writefile_SOURCES = tests/helpers/writefile.c tests/helpers/args.h
tests_helpers_writefile_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_writefile_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_writefile_LDFLAGS =

tests_helpers_layer_host_SOURCES = tests/helpers/layer-host.c
tests_helpers_layer_host_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_helpers_layer_host_CFLAGS = $(HELPER_CFLAGS)
tests_helpers_layer_host_LDFLAGS = $(SAN_CFLAGS)
tests_helpers_layer_host_LDADD = libpage.a

# A Vulkan layer: a shared object, which the loader opens by the name in its manifest.
check_PROGRAMS += tests/layer/vk-test-layer.so
EXTRA_DIST += tests/layer/vk-test-layer.json
tests_layer_vk_test_layer_so_SOURCES = tests/layer/vk-test-layer.c tests/layer/vk-test-layer.h tests/layer/vk-test-calls.c tests/layer/vk-test-outside.c tests/layer/vk-test-queues.c
tests_layer_vk_test_layer_so_CPPFLAGS = -I$(top_srcdir)/tests $(VULKAN_CFLAGS)
tests_layer_vk_test_layer_so_CFLAGS = $(HELPER_CFLAGS) -fPIC -fvisibility=hidden
tests_layer_vk_test_layer_so_LDFLAGS = -shared -Wl,-z,defs
