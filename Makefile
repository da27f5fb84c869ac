# What one can do here. Every target sets up .venv from the lock file first; nothing else has to be installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Superset has an environment of its own.
SUPERSET := .venv-superset
NODE := tests/node/node_modules
export DBT_PROFILES_DIR := profiles
# The lock names the version and hashes of every package, and uv holds what it installs against them.
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --constraint requirements.txt --requirement

.DEFAULT_GOAL := help
.PHONY: help build ingest contact-id spark-build query export mcp metabase superset dagster dashboard docs metrics test coverage nightly lint bench sample pages compact lock clean

help: ## show this list
	@echo 'make TARGET ARGS="--help" shows the options of a target.'
	@sed -nE 's/^##@ (.*)/\n\1/p; s/^([a-z-]+):[^=].*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

##@ Data in, reports out

build: $(VENV)/.installed ## run the main job: landing zone in, reports out; ends at once if nothing is new
	@$(BIN)/python -m orchestration.build $(ARGS)

ingest: $(VENV)/.installed-ingest ## turn a provider's raw tables, event log or API into landing files
	@$(BIN)/python -m outreach.commands.ingest $(ARGS)

contact-id: $(VENV)/.installed ## print the normal form and the contact id of a number (NUMBER=+15550100001)
	@$(BIN)/python -m outreach.commands.contact_id "$(NUMBER)"

sample: $(VENV)/.installed ## write a sample landing zone of any size (ARGS="folder")
	@$(BIN)/python -m outreach.commands.sample $(ARGS)

spark-build: $(VENV)/.installed-spark ## build the same models on a Spark cluster
	@$(BIN)/python -m outreach.commands.spark_build $(ARGS)

compact: $(VENV)/.installed ## rewrite the warehouse without the space and bytes of deleted rows
	@$(BIN)/python -m outreach.commands.compact $(ARGS)

##@ Ask and look

# As it was typed: neither make nor a shell reads what is in it.
query: export OUTREACH_QUERY = $(value SQL)
query: $(VENV)/.installed ## ask the published file (SQL="from marts.publication"); ARGS=--warehouse asks the warehouse
	@$(BIN)/python -m outreach.commands.query $(ARGS)

export: $(VENV)/.installed ## write the published tables as CSV or Parquet (ARGS="folder")
	@$(BIN)/python -m outreach.commands.export $(ARGS)

metrics: $(VENV)/.installed ## ask the semantic layer (ARGS="--metrics reply_rate --group-by campaign")
	@test -e "$${OUTREACH_PUBLISHED:-data/published/reporting.duckdb}" || { echo "Nothing is published yet; \`make build\` does." >&2; exit 1; }
	@$(BIN)/dbt --quiet parse
	@OUTREACH_TARGET=published $(BIN)/mf query $(ARGS)

mcp: $(VENV)/.installed-mcp ## serve the reports to AI clients over the Model Context Protocol (ARGS="--viewer acc_1")
	@$(BIN)/python -m outreach.commands.mcp $(ARGS)

dashboard: $(VENV)/.installed ## serve the Reporting page
	@$(BIN)/python -m dashboard $(ARGS)

metabase: $(VENV)/.installed ## write both views into a Metabase that is there (ARGS="--url http://…")
	@$(BIN)/python -m bi.metabase $(ARGS)

superset: $(VENV)/.installed $(SUPERSET)/.installed ## serve a Superset with both views, or write the bundle for another (ARGS="--bundle FILE")
	@$(BIN)/python -m bi.superset $(ARGS)

dagster: $(VENV)/.installed $(if $(OUTREACH_SOURCE),$(VENV)/.installed-ingest) ## serve Dagster's UI: lineage, runs, checks, reruns
	@$(BIN)/python -m orchestration.serve

docs: $(VENV)/.installed ## write the documentation site and serve it
	@$(BIN)/python -m orchestration.docs $(ARGS)

##@ Change the project

test: $(VENV)/.installed-test $(VENV)/.installed-ingest $(VENV)/.installed-mcp ## run the default tests (ARGS="-k name" selects some)
	@$(BIN)/python -m pytest $(ARGS)

coverage: $(VENV)/.installed-test $(VENV)/.installed-ingest $(VENV)/.installed-mcp ## run the default tests and print the branch coverage of each module
	@$(BIN)/python -m pytest --cov --cov-report term $(ARGS)

nightly: $(VENV)/.installed-test $(VENV)/.installed-ingest $(VENV)/.installed-mcp $(VENV)/.installed-spark $(SUPERSET)/.installed $(NODE)/.package-lock.json ## run every test, including Spark, crashes, soaks and long fuzzing; takes over an hour
	@OUTREACH_NIGHTLY=1 $(BIN)/python -m pytest $(ARGS)

# Linting compiles the models, which needs a warehouse: an empty one of its own.
lint: $(VENV)/.installed-lint $(VENV)/.installed-test $(VENV)/.installed-ingest $(VENV)/.installed-mcp ## run every linter: ruff, import-linter, mypy, sqlfluff, dbt-bouncer, generated files
	@mkdir -p target/lint/landing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-cache > target/lint-imports.txt || { cat target/lint-imports.txt; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m outreach.kpis.pages --check
	@$(BIN)/python -m outreach.quality.listing --check
	@export OUTREACH_WAREHOUSE=target/lint/warehouse.duckdb OUTREACH_LANDING=target/lint/landing; \
		$(BIN)/dbt --quiet run --select time_spine && $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests
	@$(BIN)/dbt --quiet parse
	@$(BIN)/dbt-bouncer run --output-only-failures

bench: $(VENV)/.installed-test ## measure builds, reports, readers and the page
	@$(BIN)/python -m benchmarks $(ARGS)

pages: $(VENV)/.installed ## regenerate what follows from the KPI entries and the checks: macro, columns, docs
	@$(BIN)/python -m outreach.kpis.pages $(ARGS)
	@$(BIN)/python -m outreach.quality.listing $(ARGS)

lock: $(VENV)/.installed ## resolve requirements/*.in into the hashed lock file
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--output-file requirements.txt requirements/*.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--output-file bi/superset/requirements.txt bi/superset/requirements.in

clean: ## remove what builds make, except the landing zone
	rm -rf target logs data/warehouse.duckdb data/warehouse.duckdb.wal data/published data/dagster

$(SUPERSET)/.installed: bi/superset/requirements.txt | $(VENV)/.installed
	@test -x $(SUPERSET)/bin/python || $(PYTHON) -m venv $(SUPERSET)
	@$(BIN)/uv pip install --quiet --python $(SUPERSET)/bin/python --require-hashes --requirement $<
	@touch $@

# Without npm, the test that needs it is skipped and says so.
$(NODE)/.package-lock.json: tests/node/package-lock.json
	@! command -v npm >/dev/null || npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent

$(VENV)/.installed: requirements.txt requirements/main.in
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(INSTALL) requirements/main.in
	@touch $@

# What some targets need besides, of the same lock.
$(VENV)/.installed-%: requirements/%.in $(VENV)/.installed
	@$(INSTALL) $<
	@touch $@
