# `make` lists the targets. Another interpreter: `make test PYTHON=python3.12`.

PYTHON ?= python3
PORT   := 3000
SEED   := 1
VENV   := .venv
BIN    := $(VENV)/bin
SHELL  := /bin/sh

# The set-up is done when this file is there. Its name holds what a virtual environment can't
# survive a change of: the interpreter and the directory.
SETUP  := $(VENV)/.setup-$(shell $(PYTHON) -I -c 'import os, sys, zlib; \
            print(zlib.crc32((sys.version + os.getcwd()).encode()))' 2>/dev/null)

# What the caller's shell has activated must not reach the checks.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH MYPYPATH

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup call run test formatting style types imports generated tests flows format generate torture bench upgrade clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s%s\n", $$1, $$2 }' Makefile

setup: $(SETUP)  ## make .venv with everything in it, at the releases of constraints.txt

call: $(SETUP)  ## call flows/ in this terminal: the keys of your keyboard are those of the phone
	@$(BIN)/ivrflow call flows/

run: $(SETUP)  ## serve flows/ to an emulated Voice API on http://127.0.0.1:3000 (PORT=), and say how to call it
	@$(BIN)/ivrflow dev flows/ --port $(PORT)

test: formatting style types imports generated tests flows  ## run every check

formatting: $(SETUP)
	$(BIN)/ruff format --check .

style: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/yamllint --strict .

types: $(SETUP)
	$(BIN)/mypy

imports: $(SETUP)
	$(BIN)/lint-imports --no-logo

generated: $(SETUP)
	$(BIN)/python docs/generate.py --check

tests: $(SETUP)
	$(BIN)/pytest -q --numprocesses auto --dist worksteal

flows: $(SETUP)
	$(BIN)/ivrflow lint flows examples tests/library
	$(BIN)/ivrflow fmt --check flows examples engine/ivrflow/std tests/library
	$(BIN)/ivrflow test examples
	$(BIN)/ivrflow test flows --coverage --fail-under 100
	$(BIN)/ivrflow test tests/library --library --coverage --fail-under 100

format: $(SETUP)  ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/ivrflow fmt flows examples engine/ivrflow/std tests/library

generate: $(SETUP)  ## write anew the schemas and pages that come from the code
	$(BIN)/python docs/generate.py

torture: $(SETUP)  ## try 20,000 inputs that nobody would write, 3,000 applications in seven worlds, 250 kills, and other examples (SEED=)
	PYTHONPATH=tests $(BIN)/python -m torture --seed $(SEED)
	PYTHONPATH=tests $(BIN)/python -m promises --seed $(SEED)
	PYTHONPATH=tests $(BIN)/python -m kills
	HYPOTHESIS_PROFILE=searching $(BIN)/pytest -q --numprocesses auto -m hypothesis --hypothesis-seed=$(SEED)

bench: $(SETUP)  ## measure the engine (docs/performance.md)
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benchmarks/run.py

upgrade: $(SETUP)  ## take the newest releases and write constraints.txt anew
	$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager pip --group dev --editable '.[fast]'
	{ sed -n '/^#/p' constraints.txt; \
	  $(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^setuptools=='; } > constraints.new
	mv constraints.new constraints.txt
	touch $(SETUP)

clean:  ## remove what make made; stored calls (.ivrflow/) stay
	rm -rf $(VENV) .ivrflow/cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without the file an environment may be half made, or another interpreter's: it is made anew.
# The first pip may be too old for dependency groups, so it is replaced before it is asked for them.
$(SETUP): pyproject.toml constraints.txt
	@$(PYTHON) -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'ivrflow needs Python 3.11 or newer and "$(PYTHON)" is not: try make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -I -c 'import ensurepip, venv' || { \
	  echo '"$(PYTHON)" cannot make virtual environments: install its venv package (Debian: python3-venv)' >&2; exit 1; }
	test -e $@ || $(PYTHON) -m venv --clear $(VENV)
	rm -f $@
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
	  --group dev --editable '.[fast]'
	touch $@
