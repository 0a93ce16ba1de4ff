# SPDX-License-Identifier: GPL-2.0-only
#
# make              set everything up; regenerate, verify, diff
# make test         the tests that need Python, gcc and git; under two minutes
# make test-proof   those that prove with Frama-C and cbmc; five minutes
# make test-kernel  those that build in Debian's kernel trees
# make test-boot    those that boot on Xen under QEMU
# make measure      proofs and mutation scores; three minutes
# make bench        how fast generating is

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: all setup scores measure test test-proof test-kernel test-boot kernel-source bench clean

all: setup scores
	$(BIN)/xenhostgen generate
	$(BIN)/xenhostgen verify --brief
	@grep -qs '^$(DIGEST) ' out/scores && tail -n +2 out/scores || echo 'out/scores is of an earlier state'
	$(BIN)/xenhostgen diff specs/rfc-v1.yaml

# Proofs and mutation scores take minutes. They are kept with a digest of all that they depend on, and made anew when
# that has changed; CI makes them anew in any case.
DIGEST = $(shell find specs templates generator -name '*.yaml' -o -name '*.j2' -o -name '*.[ch]' -o -name '*.py' | \
	LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)

scores: setup
	@grep -qs '^$(DIGEST) ' out/scores || $(MAKE) --no-print-directory measure

measure: setup
	@echo "proofs and mutation scores, anew: three minutes or so"
	@mkdir -p .cache
	@$(BIN)/xenhostgen verify --level prove --brief --cc gcc >.cache/proofs || { cat .cache/proofs; exit 1; }
	@$(BIN)/xenhostgen mutate >.cache/mutants || { cat .cache/mutants; exit 1; }
	@if grep -q 'not installed' .cache/proofs; then grep 'not installed' .cache/proofs; else \
		{ echo '$(DIGEST) of specs, templates and generator: make measure made this'; \
		grep -hE 'proved|mutation score' .cache/proofs .cache/mutants | sed 's/ ([0-9.]* s)$$//'; } >.cache/scores && \
		mv .cache/scores out/scores; fi

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q generator/xenhostgen
	touch $@

# One more than there are cores: some tests wait for C that never ends.
WORKERS = $(shell expr $$(nproc) + 1)

test: setup
	$(BIN)/pytest -n $(WORKERS)

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

bench: setup
	$(BIN)/python tests/bench/bench_generate.py

clean:
	rm -rf .venv .cache dist
