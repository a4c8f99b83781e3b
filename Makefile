# gridcase: `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: help setup demo browser test unit check bench bench-peers publish up down clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install everything into .venv (pip alone)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

demo: setup ## July 2022 in Hanyin, in a few minutes; no Java, no Docker
	$(BIN)/gridcase demo

browser: ## Chromium and Chinese fonts, for the page's tests and PDFs, where apt-get may install them
	@command -v chromium >/dev/null && fc-list :lang=zh | grep -q . || \
	(apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk) || \
	echo "no Chromium: the tests of pages and PDFs will be skipped"

test: setup browser ## All tests; on a real Kafka where Java 17 and Maven are present
	$(BIN)/python -m pytest

unit: setup ## The fast tests alone: no broker, no database
	$(BIN)/python -m pytest tests/unit

check: setup ## Types, style, and the published contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m schemas.publish --check

publish: setup ## Generate schemas/published from schemas/
	$(BIN)/python -m schemas.publish

bench: setup ## Messages/s, lifecycles/s and latency, each beside a raw pass-through
	$(BIN)/python -m benchmarks

bench-peers: setup ## Our step beside other engines on the same task; writes docs/performance.md
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks.peers --write

up: setup ## Broker, database and the four services, until Ctrl-C
	$(BIN)/gridcase up

down: ## Stop what `make up` started in another terminal
	@pkill -INT -f 'gridcase up' || echo "nothing is up"

clean: ## Forget what was run and installed
	rm -rf run .venv
