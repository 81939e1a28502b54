# SPDX-License-Identifier: Apache-2.0
# The one program that speaks to systemd; without libsystemd vkjail does without it.
if HAVE_SYSTEMD
pkglibexec_PROGRAMS += vkjail-scope
endif
vkjail_scope_SOURCES = src/scope/scope-main.c
vkjail_scope_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
vkjail_scope_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
vkjail_scope_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
vkjail_scope_LDADD = libbase.a $(SYSTEMD_LIBS)
