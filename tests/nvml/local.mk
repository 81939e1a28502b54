# SPDX-License-Identifier: Apache-2.0
# libnvidia-ml.so.1 in three ages: shared objects, found through a cache of the dynamic loader that the test makes.
check_PROGRAMS += tests/nvml/fake-3.so tests/nvml/fake-2.so tests/nvml/fake-1.so
FAKE_NVML_FLAGS = -D_GNU_SOURCE
FAKE_NVML_LINK = -shared -Wl,-z,defs -Wl,-soname,libnvidia-ml.so.1
tests_nvml_fake_3_so_SOURCES = tests/nvml/fake-nvml.c
tests_nvml_fake_3_so_CPPFLAGS = $(FAKE_NVML_FLAGS) -DFAKE_VERSION=3
tests_nvml_fake_3_so_CFLAGS = $(HELPER_CFLAGS) -fPIC -fvisibility=hidden
tests_nvml_fake_3_so_LDFLAGS = $(FAKE_NVML_LINK)
tests_nvml_fake_2_so_SOURCES = tests/nvml/fake-nvml.c
tests_nvml_fake_2_so_CPPFLAGS = $(FAKE_NVML_FLAGS) -DFAKE_VERSION=2
tests_nvml_fake_2_so_CFLAGS = $(HELPER_CFLAGS) -fPIC -fvisibility=hidden
tests_nvml_fake_2_so_LDFLAGS = $(FAKE_NVML_LINK)
tests_nvml_fake_1_so_SOURCES = tests/nvml/fake-nvml.c
tests_nvml_fake_1_so_CPPFLAGS = $(FAKE_NVML_FLAGS) -DFAKE_VERSION=1
tests_nvml_fake_1_so_CFLAGS = $(HELPER_CFLAGS) -fPIC -fvisibility=hidden
tests_nvml_fake_1_so_LDFLAGS = $(FAKE_NVML_LINK)
