# What one can do here. Every target sets up .venv from the lock file first; nothing else has to be installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DBT_PROFILES_DIR := profiles
# The lock names the version and hashes of every package, and uv holds what it installs against them.
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --constraint requirements.txt --requirement

.DEFAULT_GOAL := help
.PHONY: help build ingest contact-id spark-build query dagster dashboard docs metrics test nightly lint bench sample pages compact lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

build: $(VENV)/.installed ## run the main job: landing zone in, reports out; ends at once where nothing is new (ARGS="--help" shows its options)
	@$(BIN)/python -m orchestration.build $(ARGS)

spark-build: $(VENV)/.installed-spark ## build the same models on a Spark cluster (ARGS="--help" shows its options)
	@$(BIN)/python -m orchestration.spark $(ARGS)

ingest: $(VENV)/.installed-ingest ## turn a provider's raw tables, event log or API into landing files (ARGS="--help" shows how)
	@$(BIN)/python -m outreach.commands.ingest $(ARGS)

contact-id: $(VENV)/.installed ## print the normal form and the contact id of a number (NUMBER=+15550100001)
	@$(BIN)/python -m outreach.commands.contact_id "$(NUMBER)"

# As it was typed: neither make nor a shell reads what is in it.
query: export OUTREACH_QUERY = $(value SQL)
query: $(VENV)/.installed ## ask the published file (SQL="from marts.publication"), or, with ARGS=--warehouse, the warehouse
	@$(BIN)/python -m orchestration.query $(ARGS)

dagster: $(VENV)/.installed ## serve Dagster's UI: lineage, runs, checks, reruns
	@$(BIN)/python -m orchestration.serve

dashboard: $(VENV)/.installed ## serve the Reporting page (ARGS="--help" shows its options)
	@$(BIN)/python -m dashboard $(ARGS)

test: $(VENV)/.installed-test $(VENV)/.installed-ingest ## run the tests of the default tier (ARGS="-k name" picks some)
	@$(BIN)/python -m pytest $(ARGS)

nightly: $(VENV)/.installed-test $(VENV)/.installed-ingest $(VENV)/.installed-spark ## run every test: Spark, crashes, soaks and long fuzzing too, an hour and more
	@OUTREACH_NIGHTLY=1 $(BIN)/python -m pytest $(ARGS)

# Linting compiles the models, which needs a warehouse: an empty one of its own.
lint: $(VENV)/.installed-lint ## run every linter: ruff, the generated files, sqlfluff, dbt-bouncer
	@$(BIN)/ruff check .
	@$(BIN)/python -m outreach.kpis.pages --check
	@mkdir -p target/lint/landing
	@export OUTREACH_WAREHOUSE=target/lint/warehouse.duckdb OUTREACH_LANDING=target/lint/landing; \
		$(BIN)/dbt --quiet run --select time_spine && $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests
	@$(BIN)/dbt --quiet parse
	@$(BIN)/dbt-bouncer run --output-only-failures

bench: $(VENV)/.installed-test ## measure: builds, reports, readers, the page (ARGS="--help" shows its options)
	@$(BIN)/python -m orchestration.bench $(ARGS)

sample: $(VENV)/.installed ## write a sample landing zone of any size (ARGS="--help" shows its options)
	@$(BIN)/python -m orchestration.sample $(ARGS)

docs: $(VENV)/.installed ## write the documentation site and serve it (ARGS=--no-serve only writes it)
	@$(BIN)/python -m orchestration.docs $(ARGS)

metrics: $(VENV)/.installed ## ask the semantic layer over the published file (ARGS="--metrics reply_rate --group-by campaign"); ARGS=--help shows more
	@test -e "$${OUTREACH_PUBLISHED:-data/published/reporting.duckdb}" || { echo "Nothing is published yet; \`make build\` does." >&2; exit 1; }
	@$(BIN)/dbt --quiet parse
	@OUTREACH_TARGET=published $(BIN)/mf query $(ARGS)

pages: $(VENV)/.installed ## write what repeats the KPI entries and the rules: macro, columns, docs
	@$(BIN)/python -m outreach.kpis.pages $(ARGS)
	@$(BIN)/python -m orchestration.quality.listing

compact: $(VENV)/.installed ## write the warehouse anew, without the room and bytes of what was deleted
	@$(BIN)/python -m orchestration.compact $(ARGS)

lock: $(VENV)/.installed ## resolve requirements/*.in anew into the hashed lock file
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--output-file requirements.txt requirements/*.in

clean: ## remove what builds make, the landing zone aside
	rm -rf target logs data/warehouse.duckdb data/warehouse.duckdb.wal data/published data/dagster

$(VENV)/.installed: requirements.txt requirements/main.in
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(INSTALL) requirements/main.in
	@touch $@

# What some targets need besides, of the same lock.
$(VENV)/.installed-%: requirements/%.in $(VENV)/.installed
	@$(INSTALL) $<
	@touch $@
