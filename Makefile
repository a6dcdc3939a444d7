# What a person types often. `make help` lists it; everything else is `./redeye --help`.
#
# Set-up is part of each target: it makes `.venv` from requirements-dev.lock once, and again when that changes.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3.11
VENV := .venv
BOOTSTRAP := $(VENV)/bootstrap
STAMP := $(VENV)/.installed-$(shell cksum < requirements-dev.lock | tr ' ' '-')
BIN := $(CURDIR)/$(VENV)/bin

export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/ml$(if $(PYTHONPATH),:$(PYTHONPATH))
# Where bytecode is not kept, each of the many processes compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE
# As the tasks of a stack have it, see ml/redeye/stack/environment.py.
export OMP_WAIT_POLICY := PASSIVE
export OPENBLAS_NUM_THREADS := 1
# uv does not read pip's variable; some indexes offer large CUDA builds where a local folder has small ones.
ifneq ($(PIP_FIND_LINKS),)
export UV_FIND_LINKS := $(PIP_FIND_LINKS)
else
export UV_TORCH_BACKEND ?= cpu
endif
export UV_LINK_MODE ?= copy
# Trust what the machine trusts, as pip does: some networks have an authority of their own.
export UV_SYSTEM_CERTS ?= true

REDEYE := $(BIN)/python -m redeye
SOURCES := $(wildcard ml plugins dags feature_repo tests)

.PHONY: help
help: ## List what there is, by who uses it
	@awk -F ':.*## ' '/^##@ /{printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
		/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2} /^#> /{print "  " substr($$0, 4)}' $(MAKEFILE_LIST)

##@ Run

.PHONY: setup
setup: $(STAMP) ## Install everything into .venv (the others do it too)

$(STAMP): requirements-dev.lock
	@PYTHON=$(PYTHON) VENV=$(VENV) BOOTSTRAP=$(BOOTSTRAP) bash ml/redeye/stack/setup.sh
	@rm -f $(VENV)/.installed-*
	@touch $@

.PHONY: run
run: $(STAMP) ## Start the stack, make the first predictions; again: show them
	@$(REDEYE) $(if $(LIVE),live,run)

.PHONY: stop
stop: $(STAMP) ## Stop the stack; all data stays
	@$(REDEYE) stop

.PHONY: status
status: $(STAMP) ## Show which servers run and how they are
	@$(REDEYE) status

.PHONY: reset
reset: $(STAMP) ## Delete all data, after asking (YES=1 does not ask)
	@$(REDEYE) reset $(if $(YES),--yes)

.PHONY: backfill
backfill: $(STAMP) ## Play nights: make backfill FROM=2013-04-04 TO=2013-04-10
	@$(REDEYE) backfill "$(FROM)" "$(TO)"

#> ./redeye       live, load-year, start, logs, logins

##@ Operate

#> ./redeye       gap, intake, repair, rebuild, rollback, block, unblock, reconcile,
#>                backup, restore, verify-backup, verify, disk, costs, prepare, airflow, alerts,
#>                serve, tokens

##@ Analyse

#> ./redeye       audit, verdicts, explain, verify-export, reproduce, rescore, restated,
#>                replay, season

##@ Model

#> ./redeye       evidence, backtest, freshness, interval-error, arrival-checks,
#>                rehearse-gates, rehearse

##@ Develop

.PHONY: impact
impact: $(STAMP) ## Show what your branch does to data, features and scores
	@$(REDEYE) impact $(if $(BASE),--base $(BASE)) $(if $(RETRAIN),--retrain) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(TO),--to $(TO)) $(if $(COMPARE),--compare $(COMPARE))

# Two fit any machine: a worker may have a whole stack to itself.
TEST_WORKERS ?= 2
# $(1): a command, and the package that has it. Tests that need it are skipped without it, and say so.
define install_for_tests
	@if ! command -v $(1) >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && apt-get install -y -qq $(1); } >/dev/null \
			|| echo 'make $@: $(1) could not be installed with apt-get; tests that need it are skipped' >&2; fi
endef
.PHONY: test
test: $(STAMP) ## Run the tests, but for the long ones (ARGS=... goes to pytest)
	$(call install_for_tests,chromium)
	@$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadscope --durations 20 $(ARGS)

.PHONY: test-long
test-long: $(STAMP) ## Run the tests that take long by nature, see docs/testing.md
	$(call install_for_tests,faketime)
	@$(BIN)/python -m pytest -m long --durations 0 --durations-min 1 $(ARGS)

.PHONY: bench
bench: $(STAMP) ## Measure against the plainest scripts
	@$(BIN)/python tests/bench/run.py $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Check style, imports, SQL and the dbt project's rules
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/lint-imports
	@cd dbt && $(BIN)/sqlfluff lint models
	@$(REDEYE) generate --check
	@$(REDEYE) rules

.PHONY: types
types: $(STAMP) ## Check types
	@$(BIN)/mypy

.PHONY: format
format: $(STAMP) ## Rewrite the code in the one style
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: images
images: ## Build the container images and try them
	@bash docker/build.sh

.PHONY: package
# From a copy: what setuptools leaves beside the code would be taken for an installed package.
package: $(STAMP) ## Build the engine as a wheel, with its lock, in dist/
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT \
		&& cp -r --parents dags docs/guides/runbook.md ml/redeye ml/specs plugins LICENSE README.md pyproject.toml \
			requirements.in requirements.lock setup.py "$$copy" \
		&& $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir dist "$$copy"
	@cp requirements.lock dist/
	@ls dist/redeye-*.whl

.PHONY: sbom
sbom: $(STAMP) ## List all packages that Redeye runs with, as CycloneDX, in dist/
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file dist/redeye.cdx.json requirements.lock
	@echo dist/redeye.cdx.json

.PHONY: lock
# The CPU build of torch has a suffix, by which it is resolved: the other build would bring 3 GB of GPU libraries.
# It goes at the end with its hash: which build is installed is the machine's choice, its version is ours.
lock: ## Resolve requirements*.in into their locks
	@PYTHON=$(PYTHON) VENV=$(VENV) BOOTSTRAP=$(BOOTSTRAP) bash ml/redeye/stack/setup.sh --uv-only
	@sed -i 's/^\(torch==[0-9.]*\)$$/\1+cpu/' requirements.lock requirements-dev.lock
	@for part in requirements-bootstrap requirements requirements-dev docker/sbom; do \
		$(BOOTSTRAP)/bin/uv pip compile --python-version 3.11 --generate-hashes --custom-compile-command 'make lock' \
			--no-emit-index-url --no-emit-find-links --quiet --output-file $$part.lock $$part.in; \
	done
	@sed -i '/^torch==/,/# via/{s/^\(torch==[0-9.]*\)+cpu.*/\1/;/--hash/d}' requirements.lock requirements-dev.lock
	@! grep -q '^nvidia' requirements.lock requirements-dev.lock

#> ./redeye       dev, new, check, describe, generate, upgrade, rules, docs,
#>                packages

##@ ./redeye COMMAND runs from this checkout; ./redeye --help explains each
