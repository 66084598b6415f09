# Four verbs for people and CI alike. A second run installs nothing and needs no network.
# Another Python beside it: make test PYTHON=python3.13 VENV=.venv313
PYTHON ?= python3
VENV ?= .venv
# Processes that run the tests; 0 runs them in one, which is easier to debug.
WORKERS ?= 4
BIN := $(VENV)/bin
APT := $(shell command -v apt-get 2>/dev/null)
# Debian packages that the tests need, as command:package pairs.
DEBIAN := git:git strace:strace ip:iproute2 chromium:chromium zsh:zsh fish:fish
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: install demo debian package test lint types rooms pytest nightly strangers bench docs clean

$(VENV)/.core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Desist needs Python 3.11 or newer; say which with make PYTHON=python3.x" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory package NAME=python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	mkdir -p .build/import && ln -sfn ../../crawler .build/import/desist
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $@

install: $(VENV)/.core

demo: $(VENV)/.core  ## the main job, on simulated platforms, without internet
	$(BIN)/desist demo

debian:
	@missing=""; for pair in $(DEBIAN); do command -v $${pair%%:*} >/dev/null 2>&1 || missing="$$missing $${pair##*:}"; done; \
	[ -z "$$missing" ] || $(MAKE) --no-print-directory package NAME="$$missing"

package:
	@[ -n "$(APT)" ] || { echo "make: please install $(NAME), then run make again" >&2; exit 1; }
	$(SUDO) apt-get update -qq
	$(SUDO) apt-get install -y -qq --no-install-recommends $(NAME)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy -p desist

rooms: $(VENV)/.dev
	$(BIN)/lint-imports

pytest: $(VENV)/.dev debian
	$(BIN)/pytest -q -m "not nightly" -n $(WORKERS) --dist worksteal

test: lint types rooms docs pytest  ## what CI runs

# 460 MB: a stranger's checker of proofs, in Go.
strangers:
	@command -v go >/dev/null 2>&1 && [ -d /usr/share/gocode/src/golang.org/x/mod ] || \
	$(MAKE) --no-print-directory package NAME="golang-go golang-golang-x-mod-dev"

nightly: $(VENV)/.dev debian strangers  ## long crash loops, fuzzing, and new examples for every property
	$(BIN)/pytest -q -m "nightly or hypothesis" --hypothesis-profile=search

bench: $(VENV)/.bench  ## side by side with peers, in one run
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.docs  ## the manual as pages, without a warning
	$(BIN)/sphinx-build -q -W --keep-going -b html docs .build/docs

clean:
	rm -rf $(VENV) .build build dist *.egg-info
