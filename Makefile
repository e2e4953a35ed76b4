# Two commands to know: `make demo` and `make test`. Each sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
LOCK := requirements.lock
STAMP := $(VENV)/.installed

.PHONY: help setup demo check test fast bench bench-judge bench-engine chaos conformance lock schema clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(STAMP): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "crewctl needs Python 3.11, 3.12 or 3.13 on PATH, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "crewctl needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is %d.%d" % v)'
	@test -x $(BIN)/python || { echo "setting up $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes $(LOCK)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## an environment in .venv with what the lock file names

lock: ## resolve pyproject.toml into the lock file anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --group pyproject.toml:dev --output-file $(LOCK)

check: $(STAMP) ## ruff, mypy --strict, import-linter and the house tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house.py

fast: $(STAMP) ## the tests that start no CrewAI, under a minute
	$(BIN)/pytest -q -m "not real"

test: $(STAMP) ## all tests
	$(BIN)/pytest -q -n 2 --dist worksteal

clean: ## remove the environment and machine state
	rm -rf $(VENV) .crewctl .mypy_cache .ruff_cache .pytest_cache

conformance: $(STAMP) ## do limits bite? counted by the model server's own log, bare CrewAI beside it
	@$(BIN)/python bench/conformance

bench: $(STAMP) ## start-up, check at scale, cold kickoff, further tasks, memory: as ratios
	@$(BIN)/python bench/startup.py
	@$(BIN)/python bench/check_scale.py
	@$(BIN)/python bench/kickoff.py

bench-judge: $(STAMP) ## how good is the judging? recorded votes through every protocol, beside reference figures
	@$(BIN)/python bench/judge

bench-engine: $(STAMP) ## the durable engine: throughput, latency, its share of a run, waiting runs; SQLite and PostgreSQL
	@$(BIN)/python bench/engine.py

chaos: $(STAMP) ## 200 runs embedded and 200 on PostgreSQL, processes killed at random: is every promise kept?
	@$(BIN)/python bench/chaos --runs 200
	@$(BIN)/python bench/chaos --runs 200 --postgres --workers 3

schema: $(STAMP) ## write registry/schema from the models
	@$(BIN)/crewctl schema --write

demo: $(STAMP) ## take a market crew down the line, offline: refused, approved, kicked off
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash bench/demo.sh
