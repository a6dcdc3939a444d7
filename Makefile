# Every task of the project. `make help` lists them.
#
# Set-up is part of each target: it makes `.venv` from requirements-dev.lock once, and again when that changes.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3.11
UV_VERSION := 0.13.9
VENV := .venv
BOOTSTRAP := $(VENV)/bootstrap
STAMP := $(VENV)/.installed-$(shell cksum < requirements-dev.lock | tr ' ' '-')
BIN := $(CURDIR)/$(VENV)/bin

export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/ml$(if $(PYTHONPATH),:$(PYTHONPATH))
# Where bytecode is not kept, each of the many processes compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE
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
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP) ## Install everything into .venv (done by the other targets too)

$(STAMP): requirements-dev.lock
	@PYTHON=$(PYTHON) VENV=$(VENV) BOOTSTRAP=$(BOOTSTRAP) UV_VERSION=$(UV_VERSION) bash ml/redeye/stack/setup.sh
	@rm -f $(VENV)/.installed-*
	@touch $@

.PHONY: run
run: $(STAMP) ## Start the stack and make the first predictions; again: show them
	@$(REDEYE) $(if $(LIVE),live,run)

.PHONY: live
live: $(STAMP) ## Shift the data so that the schedule fires tonight, and leave it running
	@$(REDEYE) live

.PHONY: stop
stop: $(STAMP) ## Stop the stack; all data stays
	@$(REDEYE) stack down

.PHONY: status
status: $(STAMP) ## Show which servers run and how they are
	@$(REDEYE) stack status

.PHONY: logs
logs: $(STAMP) ## Show the end of every server's log
	@$(REDEYE) stack logs

.PHONY: reset
reset: $(STAMP) ## Delete all data, after asking (YES=1 does not ask)
	@$(REDEYE) stack reset $(if $(YES),--yes)

.PHONY: load-year
load-year: $(STAMP) ## Bring the warehouse to the end of the year
	@$(REDEYE) load-year

.PHONY: backfill
backfill: $(STAMP) ## Run nights that are not done yet: make backfill FROM=2013-04-04 TO=2013-04-10
	@$(REDEYE) backfill "$(FROM)" "$(TO)"

.PHONY: replay
replay: $(STAMP) ## Run nights that are built, trainings too, and report: make replay FROM=2013-04-04 TO=2013-12-29 [VIA=airflow]
	@$(REDEYE) replay "$(FROM)" "$(TO)" $(if $(VIA),--via $(VIA)) $(if $(MODEL),--model $(MODEL))

.PHONY: season
season: $(STAMP) ## Write the season report on nights that were scored: make season FROM=2013-04-01 TO=2013-12-29
	@$(REDEYE) season "$(FROM)" "$(TO)" $(if $(MODEL),--model $(MODEL))

.PHONY: rehearse
rehearse: $(STAMP) ## Put faults into the data of copies and write docs/results/rehearsals.md: who caught them, after how many nights
	@$(REDEYE) rehearse

.PHONY: airflow
airflow: $(STAMP) ## Run Airflow's own command line: make airflow ARGS='dags list'
	@$(REDEYE) airflow $(ARGS)

.PHONY: verdicts
verdicts: $(STAMP) ## Show the last verdicts on a model: make verdicts MODEL=flight_delay
	@$(REDEYE) verdicts $(MODEL)

.PHONY: rollback
rollback: $(STAMP) ## Return to the version last serving well: make rollback MODEL=flight_delay REASON='…' [TO=2]
	@$(REDEYE) rollback "$(MODEL)" --reason "$(REASON)" $(if $(TO),--to $(TO))

.PHONY: bar
bar: $(STAMP) ## Keep a version from becoming champion: make bar MODEL=flight_delay VERSION=3 REASON='…'
	@$(REDEYE) bar "$(MODEL)" "$(VERSION)" --reason "$(REASON)"

.PHONY: unbar
unbar: $(STAMP) ## Let a barred version come back: make unbar MODEL=flight_delay VERSION=3 REASON='…'
	@$(REDEYE) unbar "$(MODEL)" "$(VERSION)" --reason "$(REASON)"

.PHONY: reconcile
reconcile: $(STAMP) ## Make the registry show what the promotion ledger says, and compare the two
	@$(REDEYE) reconcile $(or $(MODEL),flight_delay)

.PHONY: dev
dev: $(STAMP) ## Make a sandbox at the last release: make dev [NAME=anna] [RELEASE=2013-04-03.r1]
	@$(REDEYE) dev make $(NAME) $(if $(RELEASE),--release $(RELEASE))

.PHONY: dev-build
dev-build: $(STAMP) ## Build in a sandbox what you changed in dbt/: make dev-build [NAME=anna] [SELECT=feat_carrier__delays+]
	@$(REDEYE) dev build $(NAME) $(if $(SELECT),--select '$(SELECT)') $(if $(BASE),--base $(BASE))

.PHONY: dev-sql
dev-sql: $(STAMP) ## Run SQL in a sandbox: make dev-sql [NAME=anna] SQL='from marts.fct_flights'
	@$(REDEYE) dev sql "$(SQL)" $(if $(NAME),--name $(NAME))

.PHONY: dev-list
dev-list: $(STAMP) ## List the sandboxes
	@$(REDEYE) dev list

.PHONY: dev-drop
dev-drop: $(STAMP) ## Remove a sandbox: make dev-drop [NAME=anna]
	@$(REDEYE) dev drop $(NAME)

.PHONY: impact
impact: $(STAMP) ## Show what your branch does to data, features and scores: make impact [BASE=main] [RETRAIN=1]
	@$(REDEYE) impact $(if $(BASE),--base $(BASE)) $(if $(RETRAIN),--retrain) $(if $(TO),--to $(TO))

.PHONY: explain
explain: $(STAMP) ## Show what one prediction rests on: make explain ID=flight_delay/live/2013-04-04_AA_1_JFK_LAX_0900
	@$(REDEYE) explain "$(ID)" $(if $(TO),--to "$(TO)")

# Settings of the models were chosen on nights before it.
SINCE ?= 2013-04-01
.PHONY: evidence
evidence: $(STAMP) ## Write docs/results/evidence.md: each month predicted by models trained before it
	@$(REDEYE) evidence $(or $(MODEL),flight_delay) --since $(SINCE)

.PHONY: experiment
experiment: $(STAMP) ## Write docs/results/freshness.md: what the length of the window and the age of a model are worth
	@$(REDEYE) experiment freshness $(or $(MODEL),flight_delay)

.PHONY: backtest
backtest: $(STAMP) ## Compare never, monthly, weekly and by verdict: make backtest MODEL=flight_delay [SINCE=2013-04-01]
	@$(REDEYE) backtest $(or $(MODEL),flight_delay) --since "$(SINCE)" $(if $(UNTIL),--until $(UNTIL)) \
		$(if $(ALGORITHM),--algorithm $(ALGORITHM)) $(if $(DOCS),--docs)

.PHONY: rehearse-gates
rehearse-gates: $(STAMP) ## Put harmful and good candidates before the gates, and write what came of it into docs/explanation/gates.md
	@$(REDEYE) rehearse-gates $(MODEL)

.PHONY: gap
gap: $(STAMP) ## Go on without a night: make gap NIGHT=2013-04-05 REASON='no delivery'
	@$(REDEYE) gap "$(NIGHT)" --reason "$(REASON)"

.PHONY: repair
repair: $(STAMP) ## Take in what was restated, from a night on: make repair FROM=2013-04-05 REASON='…'
	@$(REDEYE) repair "$(FROM)" --reason "$(REASON)"

.PHONY: rebuild
rebuild: $(STAMP) ## Build nights again by the dbt code of now: make rebuild FROM=2013-04-05 REASON='…'
	@$(REDEYE) rebuild "$(FROM)" --reason "$(REASON)"

.PHONY: restated
restated: $(STAMP) ## Show which predictions rest on data that was restated since [FROM=…] [TO=…]
	@$(REDEYE) restated $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)") $(if $(MODEL),--model $(MODEL))

.PHONY: reproduce
reproduce: $(STAMP) ## Score nights at random once more and compare [NIGHTS=30] [SEED=0]
	@$(REDEYE) reproduce --nights $(or $(NIGHTS),30) --seed $(or $(SEED),0) $(if $(MODEL),--model $(MODEL))

.PHONY: rescore
rescore: $(STAMP) ## Score past nights in the backtest lane: make rescore FROM=2013-04-04 TO=2013-04-10 [VERSION=2]
	@$(REDEYE) rescore "$(FROM)" "$(TO)" --lane backtest $(if $(VERSION),--version $(VERSION)) $(if $(MODEL),--model $(MODEL))

.PHONY: backup
backup: $(STAMP) ## Write databases and files into a new folder: make backup TO=/mnt/backup/2026-11-22
	@$(REDEYE) backup --to "$(TO)"

.PHONY: restore
restore: $(STAMP) ## Bring a backup back into an empty home: make restore FROM=/mnt/backup/2026-11-22
	@$(REDEYE) restore --from "$(FROM)"

.PHONY: verify
verify: $(STAMP) ## Compare every release with what was recorded of it (the stack must run)
	@$(REDEYE) verify

.PHONY: disk
disk: $(STAMP) ## Show what each part takes on disk, against the budget
	@$(REDEYE) disk

.PHONY: alerts
alerts: $(STAMP) ## Show what is wrong now; with REDEYE_ALERT_URLS the stack sends it
	@$(REDEYE) alerts now

.PHONY: costs
costs: $(STAMP) ## Show what nights took: make costs FROM=2013-04-04 TO=2013-04-10
	@$(REDEYE) costs "$(FROM)" "$(TO)"

.PHONY: docs
docs: $(STAMP) ## Write the generated pages (the stack must run)
	@$(REDEYE) docs

# Two fit any machine: a worker may have a whole stack to itself.
TEST_WORKERS ?= 2
.PHONY: test
test: $(STAMP) ## Run every test (ARGS=... goes to pytest)
	@# One test needs libfaketime; without it that test is skipped and says so.
	@if ! command -v faketime >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && apt-get install -y -qq faketime; } >/dev/null \
			|| echo 'make test: faketime could not be installed with apt-get; its test is skipped' >&2; fi
	@$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadscope $(ARGS)

.PHONY: bench
bench: $(STAMP) ## Measure against the plainest scripts (a table, and JSON)
	@$(BIN)/python tests/bench/run.py $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Check style, layers of imports, SQL, and the house rules of the dbt project
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
images: ## Build the container images and run commands in them (see docker/build.sh)
	@bash docker/build.sh

.PHONY: lock
# The CPU build of torch has a suffix, by which it is resolved: the other build would bring 3 GB of GPU libraries.
# It goes at the end: which build is installed is the machine's choice, its version is ours.
lock: ## Resolve requirements.in and requirements-dev.in into their locks
	@PYTHON=$(PYTHON) VENV=$(VENV) BOOTSTRAP=$(BOOTSTRAP) UV_VERSION=$(UV_VERSION) bash ml/redeye/stack/setup.sh --uv-only
	@sed -i 's/^\(torch==[0-9.]*\)$$/\1+cpu/' requirements.lock requirements-dev.lock
	@for part in requirements requirements-dev; do \
		$(BOOTSTRAP)/bin/uv pip compile --python-version 3.11 --custom-compile-command 'make lock' \
			--no-emit-index-url --no-emit-find-links --quiet --output-file $$part.lock $$part.in; \
	done
	@sed -i 's/^\(torch==[0-9.]*\)+cpu$$/\1/' requirements.lock requirements-dev.lock
	@! grep -q '^nvidia' requirements.lock requirements-dev.lock
