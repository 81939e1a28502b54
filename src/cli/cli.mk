# SPDX-License-Identifier: Apache-2.0
# Options: a library, so that unit tests can link it; main.c and the subcommands belong to vkjail.
noinst_LIBRARIES += libcli.a
libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libcli_a_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
libcli_a_SOURCES = \
	src/cli/opt.c src/cli/opt.h src/cli/opt.def \
	src/cli/opt-print.c src/cli/opt-table.h src/cli/new.def \
	src/cli/progress.c src/cli/progress.h

# The files that 'vkjail new' writes, as arrays: the program needs no place where they are installed.
new_files = src/cli/new/saxpy.yaml src/cli/new/saxpy.comp src/cli/new/image.yaml src/cli/new/image.comp \
	src/cli/new/picture.png src/cli/new/reduction.yaml src/cli/new/reduction.comp
EXTRA_DIST += $(new_files)
src/cli/new-files.inc: $(new_files) src/cli/cli.mk
	$(AM_V_GEN)$(MKDIR_P) src/cli && for name in $(new_files); do \
		echo "static const unsigned char $$(basename $$name | tr . _)[] = {" && \
		od -An -v -tx1 <$(top_srcdir)/$$name | sed 's/ \(..\)/0x\1,/g' && echo '};' || exit; done >$@.tmp && mv $@.tmp $@
src/cli/vkjail-cmd-new.$(OBJEXT): src/cli/new-files.inc
CLEANFILES += src/cli/new-files.inc

noinst_PROGRAMS += src/cli/print-completion
src_cli_print_completion_SOURCES = src/cli/print-completion.c
src_cli_print_completion_CFLAGS = $(AM_CFLAGS)
src_cli_print_completion_LDADD = libcli.a libjob.a libbase.a $(YAML_LIBS)

bashcompletion_DATA = completion/vkjail
zshcompletion_DATA = completion/_vkjail
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA)

completion/vkjail: src/cli/print-completion$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completion && src/cli/print-completion$(EXEEXT) bash >$@.tmp && mv $@.tmp $@

completion/_vkjail: src/cli/print-completion$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completion && src/cli/print-completion$(EXEEXT) zsh >$@.tmp && mv $@.tmp $@
