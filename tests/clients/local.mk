# SPDX-License-Identifier: Apache-2.0
# Vulkan programs for the tests of the layer. Built without sanitizers: they run inside the sandbox.
test_clients = tests/clients/vk-memory tests/clients/vk-objects tests/clients/vk-patterns
check_PROGRAMS += $(test_clients)
CLIENT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(VULKAN_CFLAGS)
CLIENT_CFLAGS = -std=gnu17 $(WARN_CFLAGS)

tests_clients_vk_memory_SOURCES = tests/clients/vk-memory.c
tests_clients_vk_memory_CPPFLAGS = $(CLIENT_CPPFLAGS)
tests_clients_vk_memory_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_vk_memory_LDFLAGS =

tests_clients_vk_patterns_SOURCES = tests/clients/vk-patterns.c tests/clients/patterns-semaphores.c tests/clients/patterns.h \
	tests/clients/gpu-setup.c tests/clients/gpu-setup.h
tests_clients_vk_patterns_CPPFLAGS = $(CLIENT_CPPFLAGS)
tests_clients_vk_patterns_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_vk_patterns_LDFLAGS = -pthread
tests_clients_vk_patterns_LDADD = -lvulkan

tests_clients_vk_objects_SOURCES = tests/clients/vk-objects.c tests/clients/objects-generated.c tests/clients/objects.h \
	tests/clients/newer.h tests/clients/gpu-setup.c tests/clients/gpu-setup.h
tests_clients_vk_objects_CPPFLAGS = $(CLIENT_CPPFLAGS)
tests_clients_vk_objects_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_vk_objects_LDFLAGS =
tests_clients_vk_objects_LDADD = -lvulkan
EXTRA_DIST += tests/clients/rounds.comp
