# Two commands for a fresh machine: `make demo` and `make test`. Both install only when needed.

PYTHON ?= python3
BIN := .venv/bin
# Two processes; the tests of one file share what they train, so they stay together.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-all test-browser lint format clean public-names

demo: .venv/.installed
	$(BIN)/seqapps run sentiment

test: lint
	$(PYTEST) -m "not long and not browser"

test-browser: .venv/.installed-for-tests
	$(BIN)/pytest -m "browser and not long"

test-all: lint
	$(PYTEST)

lint: .venv/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.installed-for-tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "seqapps needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	touch $@

.venv/.installed: .venv/.made setup.cfg pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/.installed-for-tests: .venv/.made setup.cfg pyproject.toml
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@ .venv/.installed

# What others rely on, after a change of it was announced in CHANGELOG.md.
public-names: .venv/.installed-for-tests
	$(BIN)/python tests/public_names.py
