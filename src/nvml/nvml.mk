# SPDX-License-Identifier: Apache-2.0
# The one program that loads NVIDIA's management library, at run time and only where it is installed.
pkglibexec_PROGRAMS += vkjail-nvml
vkjail_nvml_SOURCES = \
	src/nvml/abi.h \
	src/nvml/confine.c src/nvml/confine.h \
	src/nvml/library.c src/nvml/library.h \
	src/nvml/nvml-main.c
vkjail_nvml_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(CAP_CFLAGS)
vkjail_nvml_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_nvml_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
# Before 2.34 the C library has dlopen apart.
vkjail_nvml_LDADD = libbase.a $(SECCOMP_LIBS) $(CAP_LIBS) -ldl
