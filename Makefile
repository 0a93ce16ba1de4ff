# SPDX-License-Identifier: GPL-2.0-only
#
# make                 set everything up; regenerate, verify, diff; seconds after an edit
# make update          write again what is made from specs and code: schema, out/, docs, golden files
# make test            the tests that need Python, gcc and git; three minutes
# make test-thorough   further cases of the same, and many random ones; six minutes
# make measure         proofs and mutation scores; three minutes
# make test-proof      the tests that prove with Frama-C and cbmc; five minutes
# make test-kernel     the tests that build in Debian's kernel trees
# make test-boot       the tests that boot on Xen under QEMU
# make fuzz            ten minutes of random input; FUZZ='spec --seconds 60' for less
# make bench           how fast generating is
# make dist            wheel and sdist, checked, in dist/; the same commit gives the same bytes
# make test-dist       the tests that install these into empty venvs, for each Python that is there

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: all setup update missing measure test test-thorough test-proof test-kernel test-boot kernel-source fuzz bench dist test-dist clean

all: setup
	$(BIN)/xenhostgen generate
	$(BIN)/xenhostgen verify --brief
	$(BIN)/xenhostgen diff specs/rfc-v1.yaml
	@$(MAKE) --no-print-directory missing
	@echo 'Not measured here: proofs and mutation scores (make measure).'

# What 'verify' would use as well, as PROGRAM:PACKAGE.
missing:
	@for tool in clang:clang sparse:sparse; do \
		command -v $${tool%:*} >/dev/null || \
			echo "Not checked with $${tool%:*}, which is not installed (Debian: $${tool#*:})."; \
	done
	@command -v bwrap >/dev/null || echo 'Foreign C is refused without bwrap (Debian: bubblewrap).'

measure: setup
	$(BIN)/xenhostgen verify --level prove --brief --cc gcc
	$(BIN)/xenhostgen mutate

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q generator/xenhostgen
	touch $@

update: setup
	$(BIN)/xenhostgen generate
	$(BIN)/pytest --update -n $(WORKERS)

# One more than there are cores: some tests wait for C that never ends.
WORKERS = $(shell expr $$(nproc) + 1)

test: setup
	$(BIN)/pytest -n $(WORKERS)

test-thorough: setup
	XENHOSTGEN_THOROUGH=1 $(BIN)/pytest -n $(WORKERS) -m 'thorough or hypothesis'

test-proof: setup
	$(BIN)/pytest -m proof -n $(WORKERS)

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
	$(BIN)/pytest -m boot -rP

fuzz: setup
	$(BIN)/python tests/fuzz/fuzz.py $(FUZZ)

bench: setup
	$(BIN)/python tests/bench/bench_generate.py

TWINE := .cache/twine/bin/twine

dist: setup $(TWINE)
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation
	$(TWINE) check --strict dist/*

$(TWINE): requirements.dist.lock
	$(PYTHON) -m venv .cache/twine
	.cache/twine/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

test-dist: dist
	$(BIN)/pytest -m dist

clean:
	rm -rf .venv .cache dist
