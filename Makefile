# The commands people type. `make dev` and `make test` need nothing but Python 3.11, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: dev test lint types unit quick generated soak stress bench bench-quick clean

dev: $(VENV)/.installed ## the simulator, the bots and a chat page; prints one address
	@$(BIN)/imbot dev bots/

test: lint types unit ## every check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/pytest --numprocesses 3 --dist worksteal # more than two cores need: many tests wait for sockets

quick: $(VENV)/.dev ## most tests in about a minute: none that needs a browser, another program or much time
	$(BIN)/pytest --numprocesses 3 --dist worksteal -m "not browser" --ignore=tests/flows --ignore=tests/soak \
	  --ignore=tests/check --ignore=tests/editor --ignore=tests/test_benchmarks.py
	$(BIN)/pytest --numprocesses 3 --dist worksteal tests/flows/test_reload.py

generated: $(VENV)/.installed ## the editors' schemas, docs/keys.md and docs/codes.md; says which of them changed
	@$(BIN)/python tools/generated.py

SEED := $(shell date +%j%H) # others each hour; `make soak SEED=7` does what that one decides
soak: $(VENV)/.dev ## what takes minutes: chaos, careless edits, a thousand reloads; says what was seen
	IMBOT_SOAK=$(strip $(SEED)) IMBOT_RELOADS=1000 $(BIN)/pytest --numprocesses 4 -rP --show-capture=stdout \
	  tests/soak tests/flows/test_leaks.py

stress: $(VENV)/.dev ## the tests on a machine that seems busy: which of them need a quick one?
	$(BIN)/pytest --numprocesses 3 --dist worksteal --stalls $(strip $(SEED))

bench: $(VENV)/.dev ## imbot measured beside what people would use instead; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/pacing.py
	$(BIN)/python benchmarks

bench-quick: $(VENV)/.dev ## a small version of it in about a minute; prints, writes nothing
	$(BIN)/python benchmarks --quick

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "imbot needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing imbot into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) .venv-* build dist .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov
