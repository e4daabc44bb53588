# Each target sets up all that it needs; a second run finds it there. Hand on options with ARGS, for example
#   make smoke ARGS="--base-url https://staging.example.com"      make test ARGS="-k verdict"      make PYTHON=python3.12 test

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
HANGS := -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true  # one test hangs, and fails; the others go on

.DEFAULT_GOAL := help
.PHONY: help smoke test prove bench bench-load power nextjs lint browser prometheus lock clean suite dev
unexport PYTHONPATH

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

smoke: suite browser  ## verify the reference platform (or ARGS="--base-url URL") and print the verdict
	@$(BIN)/postflight gate --stage smoke $(ARGS)

test: dev browser prometheus  ## run the suite's own tests
	@$(BIN)/pytest tests -n auto $(HANGS) $(ARGS)

prove: dev browser  ## plant every fault and show that the right tests turn red
	@$(BIN)/pytest tests/faults --prove $(ARGS)

bench: dev  ## time the library's and the platform's repeatable operations, kept in reports/benchmarks.json
	@mkdir -p reports
	@$(BIN)/pytest benchmarks -p benchmark --benchmark-json reports/benchmarks.json $(ARGS)

bench-load: dev  ## compare what a request costs in each load generator, on one core (ARGS="--tls")
	@$(BIN)/python scripts/bench_load.py $(ARGS)

power: dev browser  ## measure the smallest regression that is found, against pytest-benchmark and Lighthouse (11 minutes)
	@$(BIN)/python -m scripts.power $(ARGS)

nextjs: suite browser  ## run stage performance against a Next.js production build (needs npm), beside DevTools' own figures
	@$(BIN)/python scripts/nextjs.py $(ARGS)

lint: dev  ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

browser: suite  ## use the Chromium that is here, or install one
	@$(BIN)/postflight browser install --quiet

prometheus:  ## Debian's Prometheus, for the tests of the watch; without apt those tests say that it is missing
	@command -v prometheus >/dev/null || ! command -v apt-get >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then run=; else run="sudo -n"; fi; \
	  $$run apt-get update -qq && $$run apt-get install -y -qq --no-install-recommends prometheus; } >/dev/null 2>&1 || true

lock:  ## compile requirements/*.txt from pyproject.toml (needs uv)
	@$(PYTHON) scripts/bootstrap.py lock

clean:  ## remove what set-up and tools made; reports stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage dist build

suite dev:
	@$(PYTHON) scripts/bootstrap.py $@
