# `make demo` and `make test` are the two commands a newcomer needs; each sets up what it needs by itself.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal --durations=10
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := $(shell node --version 2>/dev/null | sed -E "s/^v([0-9]+).*/\1/")
export CDK_DISABLE_CLI_TELEMETRY := true
# Without it each process compiles CDK's and AWS's libraries anew: of `make test` that is most of the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow conformance check format synth deploy asff schema cli-docs first-rule samples lock clean faults chaos bench bench-small bench-check laws mutants audit release release-check

help: ## show these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hubtriage needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "setting up Python packages in .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/ready: package.json package-lock.json
	@echo "setting up the CDK command line in node_modules"
	@npm ci --silent --no-progress
	@touch $@

setup: .venv/ready node_modules/ready ## install everything into .venv and node_modules

demo: setup ## deploy to a local AWS, triage 2,500 findings, show what happened (under a minute)
	$(BIN)/hubtriage demo

test: setup ## run the tests, the laws of planning among them
	$(PYTEST) -m "not slow"

slow: setup ## run the tests that take minutes: sweeps over thousands of findings, faults, on the local AWS
	$(BIN)/python -m pytest -m slow

conformance: setup ## JsonLogic against json-logic-js on 210,000 cases, patterns and the index against naive ones
	$(BIN)/python -m tests.conformance.fuzz_logic --cases 210000
	$(BIN)/python -m tests.conformance.fuzz_pattern --cases 40000
	$(BIN)/python -m tests.conformance.fuzz_index --rulesets 150

EFFORT ?= 100
laws: setup ## search for what breaks a law: EFFORT=100 times the examples of `make test`, others each time or of SEED=N
	HUBTRIAGE_LAWS=$(EFFORT) $(PYTEST) -m hypothesis $(if $(filter command line environment,$(origin SEED)),--hypothesis-seed=$(SEED)) tests

mutants: setup ## plant bugs in planning, batches, sweeps, the ledger and proofs one by one: the tests find them all
	$(BIN)/python -m tests.mutants

faults: setup ## break each thing between the queue and Security Hub by itself: each event ends as documented
	$(BIN)/python -m tests.faults

SEED ?= 1
FINDINGS ?= 20000
HUB ?= cspm
chaos: setup ## break everything at once under the load of FINDINGS=20000, drawn from SEED=1, in HUB=cspm or both, with TICKETS=1 or without; account for every event
	$(BIN)/python -m tests.chaos --seed $(SEED) --findings $(FINDINGS) --hub $(HUB) $(if $(TICKETS),--tickets)

bench: setup ## measure matching, batches, loading, cold start, peers beside them, lint, and a large backtest
	$(BIN)/python -m benchmarks.run

bench-small: setup ## run every measurement with small sizes, in seconds: fails where one cannot run
	$(BIN)/python -m benchmarks.run --small

bench-check: ## hold the last measurements against the numbers to reach
	$(BIN)/python -m benchmarks.run --check

check: setup ## what CI runs beside the tests: lint, format, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

build/audit/ready: .ci/audit.txt .venv/ready
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/audit
	@$(BIN)/uv pip sync --quiet --require-hashes --python build/audit/bin/python .ci/audit.txt
	@touch $@

audit: build/audit/ready ## ask PyPI and npm for known vulnerabilities (AUDIT=--require: fail where they cannot be asked)
	@build/audit/bin/python .ci/audit.py $(AUDIT)

build/sbom/ready: .ci/sbom.txt .venv/ready
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/sbom
	@$(BIN)/uv pip sync --quiet --require-hashes --python build/sbom/bin/python .ci/sbom.txt
	@touch $@

release-check: setup ## write the notes of a release, unless TAG=v1.2.3, the version or CHANGELOG.md are wrong
	@$(BIN)/python .ci/release.py check

release: setup build/sbom/ready ## make all that a release consists of, in build/release (publishes nothing)
	@$(BIN)/python .ci/release.py build
	@$(BIN)/python .ci/release.py sbom
	@$(BIN)/python .ci/release.py starter
	@$(BIN)/python .ci/release.py sums

format: setup ## format the code and fix what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

synth: setup ## write what would be deployed into cdk.out (CDK_ARGS="-c hubtriage:NAME=VALUE ...")
	npx cdk synth --quiet $(CDK_ARGS)

deploy: setup ## deploy to the account and Region of the AWS credentials, or those of cdk.json (CDK_ARGS as for synth)
	npx cdk deploy --all $(CDK_ARGS)

asff: setup ## derive what lint knows of a finding's fields from the AWS client library again
	$(BIN)/python -m hubtriage.asff.table

schema: setup ## write the schemas of rule files, directory, policy and decision events
	$(BIN)/hubtriage schema --output schema/rules.schema.json
	$(BIN)/hubtriage schema --accounts --output schema/accounts.schema.json
	$(BIN)/hubtriage schema --policy --output schema/policy.schema.json
	$(BIN)/hubtriage schema --events --output schema/decision-event.schema.json

cli-docs: setup ## write the page about all commands, and the golden files of help texts and errors
	$(BIN)/python -m hubtriage.cli.reference
	$(BIN)/python -m tests.cli.goldens

first-rule: setup ## write the page about a first rule with eight mistakes
	$(BIN)/python -m tests.docs.first_rule

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url

lock: .venv/ready ## pin requirements.in again into requirements.txt, the functions, `make audit` and `make release`
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) --constraints requirements.txt lambdas/requirements.txt lambdas/requirements-regex.txt -o lambdas/lock.txt
	$(LOCK) .ci/audit.in -o .ci/audit.txt
	$(LOCK) .ci/sbom.in -o .ci/sbom.txt

samples: setup ## write by which a deployment knows the sample rules again
	$(BIN)/python -m hubtriage.settings.samples

clean: ## remove what was built and installed
	rm -rf .venv node_modules build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis
