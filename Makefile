# make run and make test work in a fresh clone with Python 3.11+ alone: they make .venv first.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check lint fmt bench screenshots standin live-check clean

help: ## show these verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.test: .venv/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

run: .venv/.run ## set up and start everything on http://127.0.0.1:5000
	@exec $(BIN)/blogforge serve

test: .venv/.test ## set up and run every check and test
	@BIN=$(BIN) sh tests/run

check: test ## what CI runs

lint: .venv/.test ## style, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: .venv/.test ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.test ## measure, and print each number with its peer or ideal
	$(BIN)/python -m tests.benchmarks

screenshots: .venv/.test ## take the pictures of the docs anew
	$(BIN)/python -m tests.browser.screenshots

standin: .venv/.test ## a provider on loopback that answers, and breaks, as told
	$(BIN)/python -m tests.provider_standin --port 9999

live-check: .venv/.test ## one small call to each real provider configured here, and a dated result
	$(BIN)/python -m tests.live_check

clean: ## remove what the build made, never the data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
