# SPDX-License-Identifier: Apache-2.0
# Vulkan programs for the tests of the layer. Built without sanitizers: they run inside the sandbox.
test_clients = tests/clients/vk-memory
check_PROGRAMS += $(test_clients)
CLIENT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(VULKAN_CFLAGS)
CLIENT_CFLAGS = -std=gnu17 $(WARN_CFLAGS)

tests_clients_vk_memory_SOURCES = tests/clients/vk-memory.c
tests_clients_vk_memory_CPPFLAGS = $(CLIENT_CPPFLAGS)
tests_clients_vk_memory_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_vk_memory_LDFLAGS =
