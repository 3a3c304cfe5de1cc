# The project's commands. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What works on a local stack needs a third of that. Where the whole environment exists, it serves for all.
RUN_VENV := $(if $(wildcard $(VENV)/.complete),$(VENV),.venv-run)
RUN_BIN := $(RUN_VENV)/bin
SAM := .venv-sam/bin/sam
CHECKOV := .venv-checkov/bin/checkov
FASTIFY := $(if $(shell command -v npm),dev/bench/door/fastify/node_modules/.complete)
NODE_MODULES := $(if $(shell command -v npm),tests/node/node_modules/.complete)

# On Lambda a function cannot keep its bytecode, so without it every cold start compiles the sources. Only the Python
# version that runs there can make it: python3.13 on the path, or pyenv's. Without it the artefact works, but starts slower.
LAMBDA_PYTHON ?= $(firstword $(foreach python,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python3),\
	$(shell $(python) -c 'import sys; print(sys.executable)' 2>/dev/null)))
LAMBDA_RUNTIME := $(if $(LAMBDA_PYTHON),.lambda-runtime/.complete)

# The local stack (`make run`) and the load on it (`make burst`).
export PORT ?= 8000
export AWS_PORT ?= 4566
export CONSOLE_PORT ?= 8080
export OPEN ?= 0
export WCU ?= 10
export BURST_SECONDS ?= 10
export BACKLOG_HOURS_MAX ?= 0
export COUNT ?= 50
export BYTES ?= 4096

.PHONY: help env run dev burst load report screenshot test check simulate simulate-reached ops plan bench bench-drain bench-drain-goals bench-drain-real format openapi build deploy lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1|/' | column -t -s '|'

env: $(VENV)/.complete ## the development environment (other targets make what they need)

run: run-env ## the whole system on this machine, with a console; WCU= BURST_SECONDS= BACKLOG_HOURS_MAX= PORT= AWS_PORT= CONSOLE_PORT= OPEN=1
	@exec $(RUN_BIN)/python -m dev.local

dev: run-env ## as `make run`, for changing the code: the API restarts when a file in api/, records/ or telemetry/ changes
	@exec $(RUN_BIN)/python -m dev.local --reload

burst: ## the original pattern's burst against a running `make run`, with curl alone; COUNT= BYTES=
	@exec sh dev/local/burst.sh

load: run-env ## Locust against a running `make run`: records, arrays, lines; every 202 verified; USERS= RATE= SECONDS= WEB=1
	@exec $(RUN_BIN)/python -m dev.load

report: run-env ## a surge on a local stack of its own, and one HTML page about it; WCU= SECONDS=
	@exec $(RUN_BIN)/python -m dev.load.report

screenshot: env ## takes docs/console.png again, from a local stack of its own
	@$(BIN)/python -m dev.console.screenshot docs/console.png

test: env .venv-sam/.complete $(NODE_MODULES) $(LAMBDA_RUNTIME) ## every test
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: env .venv-sam/.complete .venv-checkov/.complete ## format, lint, types, import contracts, OpenAPI drift, template
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m dev.openapi --check
	@SAM_CLI_TELEMETRY=0 $(SAM) validate --lint --region us-east-1
	@$(CHECKOV) --file template.yaml --framework cloudformation --compact --quiet --skip-download

ARGS ?= --help
ops: run-env ## the operator's commands, e.g. make ops ARGS="status --local"; docs/operating.md
	@exec $(RUN_BIN)/python -m ops $(ARGS)

plan: run-env ## for a load: does its backlog drain, what to set, what it costs; ARGS= (examples without)
	@exec $(RUN_BIN)/python -m ops plan $(ARGS)

SEEDS ?= 10000
simulate: env ## the whole path in virtual time, in thousands of random worlds with every fault; SEEDS= or SEED= for one, BUG=
	@$(BIN)/python -m dev.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(if $(BUG),--bug "$(BUG)")

simulate-reached: env ## which faults, and which branches of the policy, the simulated worlds reach
	@$(BIN)/python -m dev.simulation.reached

bench: env $(FASTIFY) $(LAMBDA_RUNTIME) ## what a record costs at the API, compared with other servers (seven minutes)
	@$(BIN)/python -m dev.bench.door

bench-drain: env ## the drain compared with other policies, in virtual time; writes docs/measurements/drain.csv and drain.svg
	@$(BIN)/python -m dev.bench.drain.virtual
	@$(BIN)/python -m dev.bench.drain.picture
	@$(BIN)/python -m dev.bench.drain.cpu

bench-drain-goals: env ## what the drain shall cost and reach, and whether it does, in virtual time
	@$(BIN)/python -m dev.bench.drain.goals

bench-drain-real: env ## the drain in real time beside one whose workers sleep, on local stacks (20 minutes)
	@$(BIN)/python -m dev.bench.drain.real

format: env ## formats the sources
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

openapi: env ## generates openapi/openapi.json
	@$(BIN)/python -m dev.openapi

build: .venv-sam/.complete ## both functions' artefacts, into .aws-sam/build
	@SAM_CLI_TELEMETRY=0 $(SAM) build

deploy: build ## builds, and deploys to AWS: make deploy PARAMETERS="TableWriteCapacityUnits=20 AlarmEmail=…"
	@SAM_CLI_TELEMETRY=0 $(SAM) deploy $(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))

clean: ## removes everything that these targets made
	rm -rf $(VENV) .venv-run .venv-sam .venv-checkov .lambda-runtime tests/node/node_modules dev/bench/door/fastify/node_modules .aws-sam .local .test-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── environments ──────────────────────────────────────────────────────────────────────────────────────────────────────
# Each is built under a lock, and marked complete only when it is: two makes at once, or a killed one, leave none broken.
ONCE = $(PYTHON) dev/build_once.py $@ --from $<
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
comma := ,
# $(1): what it takes
define virtual_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Forebay needs Python 3.11 or newer: make PYTHON=python3.x …")'
	@$(ONCE) --says "making the environment $(@D) ($(1)) …" -- sh -ec \
		'$(PYTHON) -m venv --clear $(@D); $(@D)/bin/python $(PIP_INSTALL) -r $<'
endef

.PHONY: run-env
run-env: $(RUN_VENV)/.complete

# For a local stack, and what works on one.
.venv-run/.complete: requirements/run.txt
	$(call virtual_environment,250 MB$(comma) half a minute and the download)

# For everything.
$(VENV)/.complete: requirements/dev.txt
	$(call virtual_environment,800 MB$(comma) more than a minute and the download)

# AWS SAM CLI's.
.venv-sam/.complete: requirements/sam.txt
	$(call virtual_environment,AWS SAM CLI$(comma) half a minute and the download)

.venv-checkov/.complete: requirements/checkov.txt
	$(call virtual_environment,checkov$(comma) half a minute and the download)

# What Lambda's runtime provides, for the Python version that runs there; without it the tests of the artefacts skip.
.lambda-runtime/.complete: requirements/lambda.txt | $(VENV)/.complete
	@$(ONCE) --says "installing what Lambda's runtime provides in $(@D) …" -- sh -ec 'rm -rf $(@D); \
		$(BIN)/python $(PIP_INSTALL) --no-compile --implementation cp --python-version 3.13 --only-binary=:all: \
			--target $(@D) -r $<; \
		$(LAMBDA_PYTHON) -m compileall -q -j 0 $(@D)' || echo "awslambdaric cannot be installed here"

# The packages from npm that the tests use, where there is Node; without it those tests skip and say so.
tests/node/node_modules/.complete: tests/node/package-lock.json
	@$(ONCE) --says "installing the tests' packages from npm …" -- sh -ec 'cd tests/node; npm ci --silent --no-audit --no-fund'

# A peer of the benchmark, where there is Node; without it the benchmark runs without that peer.
dev/bench/door/fastify/node_modules/.complete: dev/bench/door/fastify/package-lock.json
	@$(ONCE) --says "installing Fastify and the AWS SDK for JavaScript …" -- sh -ec \
		'cd dev/bench/door/fastify; npm ci --silent --no-audit --no-fund'

LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url \
	--no-annotate pyproject.toml
# What is tested is what is deployed: the functions' locks take their versions from the development lock. They have no
# markers, because both functions run on Linux under the template's Python; the others serve every supported system.
LOCK_FUNCTION = $(LOCK) --constraints requirements/dev.txt --python-version 3.13 --python-platform aarch64-manylinux_2_28
lock: env ## renews requirements/*.txt from pyproject.toml
	@$(LOCK) --group dev --universal --python-version 3.11 -o requirements/dev.txt
	@$(LOCK) --group run --universal --python-version 3.11 --constraints requirements/dev.txt -o requirements/run.txt
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
BUILD_PYTHON = $(firstword $(wildcard $(BIN)/python .venv-run/bin/python) $(PYTHON))
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
