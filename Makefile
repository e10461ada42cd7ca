# The one door. `make` alone lists what it can do.
.DEFAULT_GOAL := help
.PHONY: help setup fmt check test fuzz outside chaos bench run web lock audit image-check clean
PYTHON ?= python3
BIN := .venv/bin

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.installed ## make .venv and install chatops in it
	@sh deploy/debian-packages.sh run

fmt: .venv/.dev ## format the code, mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

check: .venv/.dev ## lint, layers, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

test: .venv/.dev ## every gate: packages, lint, layers, types, tests with coverage of the engine
	sh deploy/debian-packages.sh test
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 2 --dist loadfile --cov=chatops.engine --cov-branch --cov-report=term:skip-covered --cov-fail-under=95 $(ARGS)

fuzz: .venv/.dev ## look for examples that break a property: minutes; what it finds becomes an @example
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n 2 -m hypothesis $(ARGS)

outside: .venv/.dev ## the Slack bot against an emulator that others wrote; npm brings it and Node 22
	CHATOPS_OUTSIDE=1 $(BIN)/pytest -q tests/bots/slack/test_emulate.py $(ARGS)

chaos: .venv/.dev ## replicas, the database's primary and Redis are killed under load, for minutes
	cd tests && ../$(BIN)/python -m chaos $(ARGS)

bench: .venv/.dev ## figures, as ratios of things run in turn
	$(BIN)/python bench/run.py $(ARGS)

run: setup ## run chatops: make run ARGS='ask "Hello"'
	$(BIN)/chatops $(ARGS)

lock: .venv/.dev ## deploy/requirements.lock: what the image installs, by hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE) \
		--extra discord --extra mongo --extra otel --extra redis --extra slack pyproject.toml -o deploy/requirements.lock

audit: .venv/.dev ## known vulnerabilities in what the image installs; fails where the package index cannot be asked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r deploy/requirements.lock $(ARGS)

image-check: ## build the image and run it without a container engine: root on Debian, with buildah and debootstrap
	$(PYTHON) deploy/image_check.py $(ARGS)

web: ## build the web page from web/ into the package; wants Node 20.19 or newer
	cd web && npm ci --silent && npm run --silent build

clean: ## remove what was built (not your data)
	rm -rf .venv .venv-bench web/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/.installed
