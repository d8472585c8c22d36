# `make setup` needs Python 3.11 or newer and make, nothing else. Everything it installs goes into .venv.
#
#   make demo                 the live demonstration; options: make demo ARGS="--keep"
#   make test                 every test; tests whose tools are missing are skipped and say how to get them
#   make test ARGS=tests/unit some of them; any pytest option goes into ARGS
#   make chaos                faults under load on a real Kafka, each judged by an oracle: an hour; ARGS=--short: minutes
#   make lint                 ruff and mypy
#   make evaluate             how well detection does on the messages held out, by file
#   make train                makes the detector's models anew from the corpus: minutes; ARGS="--reader --answers": its network too
#   make bench                how fast it is, beside Faust and Quix Streams on the same events: twenty minutes
#   make screenshots          pictures of the console for the README, of what the demo plays
#   make docs                 writes anew what is generated: schemas, settings, metrics, the tables on capacity
#   make clean                removes .venv and every cache

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos lint evaluate train bench screenshots docs clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

# The versions that every dependency has wheels for come first. A Python without ensurepip cannot make a usable
# environment (Debian ships it apart, in python3-venv), so it is passed over.
CANDIDATES := python3.13 python3.12 python3.11 python3 python
USABLE := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do "$$p" -c '$(USABLE)' 2>/dev/null && { echo "$$p"; break; }; done)

# The lock names one uv, with its hashes: the environment is made by exactly that one.
UV_PIN := import tomllib; p = next(p for p in tomllib.load(open("uv.lock", "rb"))["package"] if p["name"] == "uv"); \
	print("uv==" + p["version"], *("--hash=" + w["hash"] for w in p["wheels"]))
UV := env -u VIRTUAL_ENV -u UV_PYTHON UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true \
	$(BIN)/uv --quiet

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile

# Only who asks for the environment itself is told what to call in it.
setup: $(STAMP)
	@$(if $(filter $@,$(MAKECMDGOALS)),echo "The command is $(BIN)/handraise; after \`. $(BIN)/activate\`: handraise",:)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Handraise needs Python 3.11 or newer with its venv module: install it (Debian," \
		"Ubuntu: apt install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c '$(USABLE)' || { echo "$(PYTHON) is no Python 3.11 or newer with its venv module" >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv --clear $(VENV)

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -c '$(UV_PIN)' > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt

# uv takes the locked files from where the lock found them. Where only pip is set up to reach packages (a mirror, a
# proxy of one's own), pip installs the very same files, checked against the same hashes.
$(STAMP): pyproject.toml uv.lock | $(BIN)/uv
	@echo "Installing the locked dependencies into $(VENV)"
	@$(UV) sync --frozen --extra demo --inexact || { \
		echo "uv could not fetch the packages: trying pip, with its own settings" >&2; \
		$(UV) export --frozen --extra demo --no-emit-project --output-file $(VENV)/locked.txt > /dev/null && \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/locked.txt && \
		$(BIN)/python -m pip install --quiet --no-deps --editable .; }
	@touch $@

demo: setup
	@$(BIN)/handraise demo $(ARGS)

# One process and one summary. The folders are named in the order in which a failure is cheapest to learn of; one that
# does not exist yet is passed over.
TESTS := $(wildcard $(addprefix tests/,unit component ops integration chaos browser))

test: setup
	@$(BIN)/pytest $(or $(ARGS),$(TESTS))

chaos: setup
	@$(BIN)/python -m tests.chaos $(ARGS)

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

evaluate: setup
	@$(BIN)/handraise evaluate --each $(ARGS)

train: setup
	@$(UV) sync --frozen --extra demo --group train $(if $(findstring --reader,$(ARGS))$(findstring --further,$(ARGS))$(findstring --answers,$(ARGS)),--group reader) --inexact
	@$(BIN)/python -m handraise.training $(ARGS)

bench: setup
	@$(UV) sync --frozen --extra demo --group bench --inexact
	@$(BIN)/python -m tests.benchmarks.bench $(ARGS)

screenshots: setup
	@$(BIN)/python -m tests.browser.screenshots

docs: setup
	@$(BIN)/python -m handraise.reference
	@$(BIN)/python -m ops.capacity --write

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find $(wildcard workers tests schemas) -name __pycache__ -type d -prune -exec rm -rf {} +
