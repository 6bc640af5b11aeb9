# `make demo` and `make test` need Python 3.11 to 3.13, make and a network, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --doctest-modules --doctest-glob='*.md' \
  tests src/adami README.md $(wildcard docs/*.md)
PROJECT := pyproject.toml constraints.txt
# one thread in each linear algebra library: faster for small tables, and the same sums on every machine
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test test-full lint format types docs bench studies clean help

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.base  ## install adami and profile the penguins
	$(BIN)/adami profile examples/penguins.csv --target species --output penguins.html

test: $(VENV)/.test  ## the default tests, and every example in docstrings and pages
	$(PYTEST)

test-full: $(VENV)/.test  ## the heavy tests too
	$(PYTEST) -m ""

lint: $(VENV)/.lint  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.lint  ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.lint $(VENV)/.base  ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/.docs  ## the site, in docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "The site is at docs/_build/html/index.html"

bench: .bench-venv/.ready  ## adami beside its peers, in an environment of their own
	.bench-venv/bin/python -m benchmarks plane vectors tables
	.bench-venv/bin/python -m benchmarks exact_tables --output benchmarks/exact_tables.md
	.bench-venv/bin/python -m benchmarks.exact_costs
	.bench-venv/bin/python -m benchmarks.accuracy --seeds 5 --first-seed 7001 --output benchmarks/accuracy.md

studies: $(VENV)/.test  ## every study at the quick scale
	$(BIN)/python -m studies --all

clean:  ## remove environments and what was built
	rm -rf $(VENV) .bench-venv docs/_build docs/api/generated build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "adami needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python $(PROJECT)
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(PIP) --editable ".[test]"
	@touch $@

$(VENV)/.lint: $(VENV)/bin/python $(PROJECT)
	$(PIP) ruff mypy
	@touch $@

$(VENV)/.docs: $(VENV)/.base
	$(PIP) --editable ".[docs]"
	@touch $@

.bench-venv/.ready: $(PROJECT) benchmarks/peers.txt
	$(PYTHON) -m venv .bench-venv
	.bench-venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt \
	  --editable . --requirement benchmarks/peers.txt
	@touch $@
