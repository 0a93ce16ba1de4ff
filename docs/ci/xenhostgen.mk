# SPDX-License-Identifier: GPL-2.0-only
# For a kernel tree that holds a spec: make brings the generated C up to date with it. In the tree's
# Makefile, below the rule of 'prepare':
#
#	xenhostgen-spec := $(srctree)/tools/xenhost/xenhost.yaml
#	xenhostgen-interface := xenhost
#	include $(srctree)/tools/xenhost/xenhostgen.mk
#
# 'make prepare', and so each build, applies the spec anew if it is younger than what was applied.
# 'make xenhostgen-check' writes nothing, and fails if a build would. What is older than the spec is
# told by the record that 'xenhostgen apply' keeps; where the generated files are committed, commit
# the record with them (git add --force: the kernel ignores such names).

XENHOSTGEN ?= xenhostgen
srctree ?= .
xenhostgen-record := $(srctree)/.xenhostgen-$(xenhostgen-interface).patch

prepare: $(xenhostgen-record)

# A spec with errors changes nothing. Files that were edited by hand are refused by --revert.
$(xenhostgen-record): $(xenhostgen-spec)
	$(Q)$(XENHOSTGEN) lint $<
	$(Q)if [ -e $@ ]; then $(XENHOSTGEN) apply $< --tree $(srctree) --revert; fi
	$(Q)$(XENHOSTGEN) apply $< --tree $(srctree)

.PHONY: xenhostgen-check
xenhostgen-check: $(xenhostgen-spec)
	$(Q)$(XENHOSTGEN) apply $< --tree $(srctree) --dry-run | grep -q 'nothing to do'
