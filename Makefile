# SPDX-License-Identifier: GPL-2.0-only
#
# make              set everything up; regenerate, verify, diff
# make test         the tests that need Python, gcc and git; under two minutes
# make test-proof   those that prove with Frama-C; four minutes
# make test-kernel  those that build in Debian's kernel trees
# make test-boot    those that boot on Xen under QEMU
# make bench        how fast generating is

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: all setup scores test test-proof test-kernel test-boot kernel-source bench clean

all: setup scores
	$(BIN)/xenhostgen generate
	$(BIN)/xenhostgen verify --brief
	@cat $(SCORES)
	$(BIN)/xenhostgen diff specs/rfc-v1.yaml

# Proof and mutation score take minutes: they are made anew only when what they depend on has changed.
SCORES := .cache/scores
JUDGED := $(shell find specs templates generator -name '*.yaml' -o -name '*.j2' -o -name '*.[ch]' -o -name '*.py')

scores: $(SCORES)
$(SCORES): $(JUDGED) | setup
	@mkdir -p $(@D)
	@echo "proofs and mutation scores, anew: two or three minutes"
	@$(BIN)/xenhostgen verify --level prove --brief --cc gcc >$@.new || { cat $@.new; exit 1; }
	@$(BIN)/xenhostgen mutate >$@.mutants || { cat $@.mutants; exit 1; }
	@grep -hE 'proved|mutation score' $@.new $@.mutants >$@
	@rm $@.new $@.mutants

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q generator/xenhostgen
	$(BIN)/python -m xenhostgen.render.bytecode
	touch $@

test: setup
	$(BIN)/pytest -n auto

test-proof: setup
	$(BIN)/pytest -m proof -n auto

test-kernel: setup kernel-source
	$(BIN)/pytest -m kernel

# Debian's kernel sources, unpacked without what no build here reads.
LINUX := 6.1 6.12

kernel-source: $(LINUX:%=.cache/linux-source-%)

.cache/linux-source-%:
	mkdir -p .cache/unpack-$*
	cd .cache/unpack-$* && apt-get -qq download linux-source-$*
	cd .cache/unpack-$* && dpkg-deb --fsys-tarfile linux-source-$*_*.deb \
		| tar -xO ./usr/src/linux-source-$*.tar.xz \
		| tar -xJ --exclude='*/drivers/gpu/drm/amd/include/*'
	mv .cache/unpack-$*/linux-source-$* $@
	rm -r .cache/unpack-$*

test-boot: setup
	$(BIN)/pytest -m boot

bench: setup
	$(BIN)/python tests/bench/bench_generate.py

clean:
	rm -rf .venv .cache out/.fresh dist
