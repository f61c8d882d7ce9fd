# Two commands on a fresh machine: make demo, make test. Each builds .venv first if it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= build/demo
# One test process more than the two cores of a small machine: some always wait for a browser or for git.
WORKERS ?= 3
ON_POSTGRESQL := tests/registry tests/curation tests/annotation
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Test processes share the cores already: threads of numpy and torch would only wait for each other.
check unit test-postgresql soak: export OMP_NUM_THREADS ?= 1

.PHONY: demo serve test check test-postgresql lint types unit soak benchmarks format clean help

help:
	@echo "make demo        the whole line on a generated cohort; prints where to look"
	@echo "make serve       the app on the demo registry"
	@echo "make test        lint, types, contracts, tests (under 15 minutes on two cores)"
	@echo "make check       lint, types, contracts and the fast tests of the rooms that differ from main"
	@echo "make test-postgresql  the registry's tests once more, on a private PostgreSQL server"
	@echo "make soak        the long tests"
	@echo "make benchmarks  measurements, as JSON below build/benchmarks"

# torch comes first and alone: this exact pin has a CPU build, an open range pulls gigabytes of CUDA packages.
$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[training,report,postgresql,test,benchmark]'
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/cohortium demo $(DEMO)

serve: $(STAMP)
	$(BIN)/cohortium --registry $(DEMO) serve

# Types are checked beside the tests: one core each would wait for the other.
test: lint
	$(MAKE) -j2 types unit

# Contracts are among the tests of the house, which always run.
check: lint types
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not (soak or slow or browser)" $$($(BIN)/python -m tests.architecture.changed_rooms)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not soak"

# Skips with a reason where no server is installed; tests that look into a SQLite file say so and skip too.
test-postgresql: $(STAMP)
	COHORTIUM_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not soak" -p tests.support.postgresql_server $(ON_POSTGRESQL)

soak: $(STAMP)
	$(BIN)/pytest -m soak --timeout=3600

benchmarks: $(STAMP)
	$(BIN)/python -m benchmarks

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	chmod -R u+w build 2>/dev/null || true
	rm -rf build
