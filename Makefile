# The project's habits. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM := .venv-sam/bin/sam
CHECKOV := .venv-checkov/bin/checkov
FASTIFY := $(if $(shell command -v npm),dev/bench/door/fastify/node_modules/.complete)
NODE_MODULES := $(if $(shell command -v npm),tests/node/node_modules/.complete)

# On Lambda a function cannot keep its bytecode, so without it every cold start compiles anew. Only the very version that
# runs there can make it: python3.13 on the path, or pyenv's. Without one the artefact works too, and starts slower.
LAMBDA_PYTHON ?= $(firstword $(foreach python,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python3),\
	$(shell $(python) -c 'import sys; print(sys.executable)' 2>/dev/null)))
LAMBDA_RUNTIME := $(if $(LAMBDA_PYTHON),.lambda-runtime/.complete)

# The local stack (`make run`) and the load against it (`make burst`).
export PORT ?= 8000
export AWS_PORT ?= 4566
export CONSOLE_PORT ?= 8080
export OPEN ?= 0
export WCU ?= 5
export BURST_SECONDS ?= 300
export COUNT ?= 50
export BYTES ?= 4096

.PHONY: help env run burst load report screenshot test check simulate ops plan bench bench-drain bench-drain-real format openapi build deploy lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1|/' | column -t -s '|'

env: $(VENV)/.complete ## the development environment (made by itself where it is needed)

run: env ## the whole system on this machine, with a console; WCU= BURST_SECONDS= PORT= AWS_PORT= CONSOLE_PORT= OPEN=1
	@exec $(BIN)/python -m dev.local

burst: ## the original pattern's burst against a running `make run`, with curl alone; COUNT= BYTES=
	@exec sh dev/local/burst.sh

load: env ## Locust against a running `make run`: records, arrays, lines; every 202 verified; USERS= RATE= SECONDS= WEB=1
	@exec $(BIN)/python -m dev.load

report: env ## a surge on a stack of its own, and one HTML page that tells its story; WCU= SECONDS=
	@exec $(BIN)/python -m dev.load.report

screenshot: env ## makes docs/console.png anew, from a running story
	@$(BIN)/python -m dev.console.screenshot docs/console.png

test: env $(SAM) $(NODE_MODULES) $(LAMBDA_RUNTIME) ## every test
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: env $(SAM) $(CHECKOV) ## format, lint, types, import contracts, OpenAPI drift, template
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m dev.openapi --check
	@SAM_CLI_TELEMETRY=0 $(SAM) validate --lint --region us-east-1
	@$(CHECKOV) --file template.yaml --framework cloudformation --compact --quiet --skip-download

ARGS ?= --help
ops: env ## the operator's commands, e.g. make ops ARGS="status --local"; docs/operating.md
	@exec $(BIN)/python -m ops $(ARGS)

plan: env ## backlog, time to drain, cost and settings for a load; ARGS=
	@exec $(BIN)/python -m ops plan $(ARGS)

SEEDS ?= 5000
simulate: env ## the drain in virtual time, thousands of worlds with everything that goes wrong; SEEDS= or SEED= for one
	@$(BIN)/python -m dev.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

bench: env $(FASTIFY) $(LAMBDA_RUNTIME) ## what a record costs at the door, beside others (seven minutes)
	@$(BIN)/python -m dev.bench.door

bench-drain: env ## the drain beside its alternatives, in virtual time; writes docs/measurements/drain.csv and drain.svg
	@$(BIN)/python -m dev.bench.drain.virtual
	@$(BIN)/python -m dev.bench.drain.picture
	@$(BIN)/python -m dev.bench.drain.cpu

bench-drain-real: env ## the same in real time, on local stacks side by side
	@$(BIN)/python -m dev.bench.drain.real

format: env ## formats the sources
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

openapi: env ## writes openapi/openapi.json anew
	@$(BIN)/python -m dev.openapi

build: $(SAM) ## both functions' artefacts, into .aws-sam/build
	@SAM_CLI_TELEMETRY=0 $(SAM) build

deploy: build ## builds, and deploys to AWS with questions
	@SAM_CLI_TELEMETRY=0 $(SAM) deploy --guided

clean: ## removes everything that these targets made
	rm -rf $(VENV) .venv-sam .venv-checkov .lambda-runtime tests/node/node_modules dev/bench/door/fastify/node_modules .aws-sam .local .test-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── environments ──────────────────────────────────────────────────────────────────────────────────────────────────────
$(VENV)/.complete: requirements/dev.txt
	@echo "making the environment in $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Forebay needs Python 3.11 or newer: make PYTHON=python3.x …")'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

$(SAM): requirements/sam.txt
	@echo "making the environment of AWS SAM CLI in .venv-sam …"
	@$(PYTHON) -m venv --clear .venv-sam
	@.venv-sam/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/sam.txt
	@touch $@

$(CHECKOV): requirements/checkov.txt
	@echo "making the environment of checkov in .venv-checkov …"
	@$(PYTHON) -m venv --clear .venv-checkov
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/checkov.txt
	@touch $@

# What Lambda's runtime brings along, for the very Python that runs there; without one the tests of the artefacts skip.
.lambda-runtime/.complete: requirements/lambda.txt $(VENV)/.complete
	@echo "installing what Lambda's runtime brings along in .lambda-runtime …"
	@rm -rf $(@D)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile \
		--implementation cp --python-version 3.13 --only-binary=:all: --target $(@D) -r $< && \
		$(LAMBDA_PYTHON) -m compileall -q -j 0 $(@D) && touch $@ || echo "awslambdaric cannot be had here"

# What the tests need of Node's world, where there is Node; without it those tests skip and say so.
tests/node/node_modules/.complete: tests/node/package-lock.json
	@echo "installing what the tests need of Node's world …"
	@cd tests/node && npm ci --silent --no-audit --no-fund
	@touch $@

# A peer of the benchmark, where there is Node; without it the benchmark runs without that peer.
dev/bench/door/fastify/node_modules/.complete: dev/bench/door/fastify/package-lock.json
	@echo "installing Fastify and the AWS SDK for JavaScript …"
	@cd dev/bench/door/fastify && npm ci --silent --no-audit --no-fund
	@touch $@

LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url \
	--no-annotate pyproject.toml
# What is tested is what is deployed: the functions' locks take their versions from the development lock. They have no
# markers, because both functions run on Linux under the template's Python; the others serve every supported system.
LOCK_FUNCTION = $(LOCK) --constraints requirements/dev.txt --python-version 3.13 --python-platform aarch64-manylinux_2_28
lock: env ## renews requirements/*.txt from pyproject.toml
	@$(LOCK) --group dev --universal --python-version 3.11 -o requirements/dev.txt
	@$(LOCK) --group sam --universal --python-version 3.11 -o requirements/sam.txt
	@$(LOCK_FUNCTION) --group api -o requirements/api.txt
	@$(LOCK) --group checkov --universal --python-version 3.11 -o requirements/checkov.txt
	@$(LOCK_FUNCTION) --group lambda -o requirements/lambda.txt
	@$(LOCK_FUNCTION) --group consumer -o requirements/consumer.txt

# ── what `sam build` calls for each function ──────────────────────────────────────────────────────────────────────────
# Wheels are chosen by platform, so neither Docker nor an arm64 host is needed. The locks are complete, hence --no-deps.
# Each artefact holds its own folder, records/, telemetry/ and its own dependencies.
ARCH ?= arm64
PLATFORM_arm64 := aarch64
PLATFORM_x86_64 := x86_64
BUILD_PYTHON = $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
define assemble
	$(BUILD_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile \
		--implementation cp --python-version 3.13 --only-binary=:all: \
		--platform manylinux_2_28_$(PLATFORM_$(ARCH)) --platform manylinux_2_17_$(PLATFORM_$(ARCH)) \
		--platform manylinux2014_$(PLATFORM_$(ARCH)) \
		--target $(ARTIFACTS_DIR) -r requirements/$(1).txt
	cp -R $(1) records telemetry $(ARTIFACTS_DIR)/
	rm -rf $(ARTIFACTS_DIR)/bin
	find $(ARTIFACTS_DIR) -name __pycache__ -type d -prune -exec rm -rf {} +
	$(if $(LAMBDA_PYTHON),$(LAMBDA_PYTHON) -m compileall -q -j 0 --invalidation-mode unchecked-hash -s $(ARTIFACTS_DIR) -p /var/task $(ARTIFACTS_DIR))
endef

.PHONY: build-ApiFunction build-ConsumerFunction
build-ApiFunction:
	@$(call assemble,api)

build-ConsumerFunction:
	@$(call assemble,consumer)
