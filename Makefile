# Every target does its own set-up on a machine with Python 3.11 and make, and
# remembers in stamp files what is done. `make help` lists the targets.

PYTHON ?= python3
TOOLS := .venv-tools
UV := $(TOOLS)/bin/uv
BIN := .venv/bin
RUNBOOK := runbooks/documents/production-deployment.md
SOURCES := $(shell find tui runbooks state -name '*.py')
PACKAGED := pyproject.toml uv.lock locks/build.txt README.md LICENSE $(SOURCES) \
	$(wildcard runbooks/documents/*.md runbooks/documents/*/*.md tui/*.tcss)
BUILD = $(UV) build --quiet --build-constraints locks/build.txt --require-hashes

# Start-up is three times slower without .pyc files, and uv writes none by default.
export UV_COMPILE_BYTECODE := 1
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

# command:Debian package, for what the tests drive besides gonogo itself.
TEST_PROGRAMS := bash:bash curl:curl git:git ps:procps strace:strace tmux:tmux \
	unshare:util-linux zsh:zsh gcc:build-essential openssl:openssl busybox:busybox-static \
	dnsmasq:dnsmasq-base dockerd:docker.io docker-compose:docker-compose named:bind9 \
	nginx:nginx-light pgbouncer:pgbouncer prometheus:prometheus \
	prometheus-alertmanager:prometheus-alertmanager \
	/usr/lib/postgresql/15/bin/postgres:postgresql-15 gpg:gnupg /usr/sbin/nft:nftables \
	sudo:sudo ssh:openssh-client /usr/sbin/sshd:openssh-server kubectl:kubernetes-client

.PHONY: help install run test offline torture torture-sample check bench oracle screenshots digests wheelhouse release locks clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

install: .venv/.installed .venv/.compiled ## the command at .venv/bin/gonogo, in a .venv of its own

run: .venv/.rehearsing .venv/.compiled ## rehearse: a practice deployment, and the runbook on it
	@$(BIN)/gonogo rehearse

test: .venv/.developing .venv/.programs .venv/.compiled ## run the tests
	@mkdir -p .pytest_cache
	$(BIN)/pytest -n 4 --dist worksteal; ended=$$?; echo $$ended >.pytest_cache/ended; exit $$ended

offline: .venv/.developing .venv/.programs .venv/.compiled dist/.released ## what is released, and installing without a network
	$(BIN)/pytest tests/offline

torture: SPEED := tests/torture/cases/test_speed.py
torture: .venv/.developing .venv/.programs .venv/.compiled ## the tests that take minutes
	rm -f build/torture.*
	$(BIN)/pytest -n 2 --dist loadfile tests/torture --ignore $(SPEED) || touch build/torture.failed
	$(BIN)/pytest $(SPEED)  # alone: nothing else is to be measured with it
	$(BIN)/python -m tests.torture.table --write
	@test ! -e build/torture.failed

torture-sample: export GONOGO_TORTURE := sample
torture-sample: .venv/.developing .venv/.programs .venv/.compiled
	rm -f build/torture.jsonl
	$(BIN)/pytest -n 2 tests/torture/cases
	$(BIN)/python -m tests.torture.table

check: .venv/.developing ## lint, format, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.developing .venv/.compiled .venv-rivals/.installed ## time and memory as ratios against a floor
	$(BIN)/python bench/run.py

oracle: .venv/.developing ## record the golden counts of Markdown files again
	$(BIN)/python tests/oracle/record.py

screenshots: .venv/.developing .venv/.compiled .venv/.drawing ## make the pictures of the documentation again
	$(BIN)/python docs/generate.py

digests: ## say anew by which digests the runbooks that come along are trusted
	cd runbooks/documents && find . -name '*.md' -printf '%P\n' | LC_ALL=C sort | \
		xargs sha256sum >SHA256SUMS

wheelhouse: wheelhouse/.complete ## all wheels, for machines without internet

release: dist/.released ## wheel, sdist, bill of materials and licences, in dist

# uv.lock is the lock of gonogo itself and of what it is developed with; these are of
# what that takes to build, and of the rivals.
LOCK := pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--allow-unsafe --no-header --no-annotate --no-emit-index-url
locks: | $(UV)
	for each in $(basename $(wildcard locks/*.in)); do \
		$(UV) $(LOCK) $$each.in --output-file $$each.txt || exit 1; \
	done

clean: ## remove everything that make has made
	rm -rf .venv .venv-rivals $(TOOLS) wheelhouse dist build .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs Debian packages, where one may. Servers among them are for the tests to
# start, so Debian's own policy file keeps them from starting by themselves.
define need
{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null || \
	{ echo "Please install these packages: $(1)" >&2; exit 1; }; \
	policy=/usr/sbin/policy-rc.d; ours=; test -e $$policy || ours=$$policy; \
	test -z "$$ours" || { printf '#!/bin/sh\nexit 101\n' >$$ours && chmod +x $$ours; }; \
	apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1); \
	done=$$?; test -z "$$ours" || rm -f $$ours; test $$done = 0; }
endef

$(UV): locks/uv.txt locks/pip.txt
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call need,python3-venv)
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --require-hashes $(^:%=--requirement=%)
	touch $@

# --inexact: what the other stamps have added stays.
.venv/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --no-dev --inexact
	touch $@

.venv/.rehearsing: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --no-dev --inexact --extra rehearsal
	touch $@ .venv/.installed

.venv/.developing: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked
	touch $@ .venv/.installed .venv/.rehearsing

# What gonogo is measured against, apart from what it is developed with.
.venv-rivals/.installed: locks/rivals.txt | $(UV)
	$(UV) venv --quiet --clear .venv-rivals
	$(UV) pip install --quiet --require-hashes --python .venv-rivals/bin/python \
		--requirement $<
	touch $@

.venv/.compiled: $(SOURCES) $(RUNBOOK) | .venv/.installed
	$(BIN)/python -m compileall -q -j 0 tui runbooks state
	$(BIN)/python -c 'from pathlib import Path; from state.parsed import read; read(Path("$(RUNBOOK)"))'
	touch $@

.venv/.programs: Makefile | .venv/.developing
	@missing=; for pair in $(TEST_PROGRAMS); do \
		command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair#*:}"; \
	done; test -z "$$missing" || $(call need,$$missing)
	touch $@

# Without rsvg-convert the pictures are SVG only.
.venv/.drawing: | .venv/.developing
	@command -v rsvg-convert >/dev/null || \
		( $(call need,librsvg2-bin fonts-firacode pngquant) ) || true
	touch $@

# Pip itself is in it, because pipx wants a newer one than Debian's.
wheelhouse/.complete: $(PACKAGED) locks/pip.txt | $(UV)
	rm -rf wheelhouse
	$(BUILD) --wheel --out-dir wheelhouse
	rm -f wheelhouse/.gitignore
	$(UV) export --quiet --locked --no-dev --no-emit-project --output-file wheelhouse/requirements.txt
	$(TOOLS)/bin/pip download -qq --no-deps --only-binary :all: \
		--require-hashes --dest wheelhouse --requirement wheelhouse/requirements.txt
	$(TOOLS)/bin/pip download -qq --no-deps --only-binary :all: \
		--require-hashes --dest wheelhouse --requirement locks/pip.txt
	touch $@

# The bill is that of an environment with the built wheel and what it needs, no more.
dist/.released: $(PACKAGED) | $(UV)
	rm -rf dist build/release
	$(BUILD) --out-dir dist
	rm -f dist/.gitignore
	UV_PROJECT_ENVIRONMENT=build/release/shipped $(UV) sync --quiet --locked --no-dev \
		--no-install-project
	$(UV) pip install --quiet --no-deps --python build/release/shipped dist/*.whl
	UV_PROJECT_ENVIRONMENT=build/release/tools $(UV) sync --quiet --locked \
		--only-group release
	build/release/tools/bin/cyclonedx-py environment --output-reproducible \
		--pyproject pyproject.toml --mc-type application \
		--output-file dist/gonogo.cdx.json build/release/shipped
	$(PYTHON) locks/licences.py dist/gonogo.cdx.json build/release/shipped \
		>dist/LICENCES.md
	touch $@
