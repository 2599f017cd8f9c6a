# make run    the report of studies/training_mechanics.toml, in report.html
# make test   everything that must hold before a change is accepted

PYTHON ?= python3
WORKERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CHROMIUM := command -v chromium || command -v chromium-browser || command -v google-chrome

# apt_install PACKAGE: fails quietly where there is no apt, or no right to use it.
define apt_install
command -v apt-get >/dev/null \
&& if [ "$$(id -u)" = 0 ]; then as=; else as="sudo -n"; $$as true 2>/dev/null; fi \
&& echo "Installing $(1) with apt." \
&& $$as apt-get -qq update && $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $(1) >/dev/null
endef

.PHONY: run test test-slow oracles bench browser clean

run: .venv/installed
	$(BIN)/gradiometer study run studies/training_mechanics.toml -o report.html

test: .venv/installed-dev browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n $(WORKERS)

test-slow: .venv/installed-dev browser
	$(BIN)/pytest -q -n $(WORKERS) -m slow tests

oracles: .venv/installed-dev
	$(PIP) --editable '.[flax,jax,keras,torch]'
	$(BIN)/pytest -q -m oracle tests

bench: .venv/installed-dev
	$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv build dist report.html .pytest_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "gradiometer needs Python 3.11 or later; try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call apt_install,python3-venv); } \
	  || { echo "python3-venv is missing; try: sudo apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(PIP) --editable .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/installed

# Pages are tested in a real browser where there is one.
browser:
	@{ $(CHROMIUM); } >/dev/null || { $(call apt_install,chromium); } \
	  || echo "Note: Chromium is missing and cannot be installed here; tests that open a page are skipped."
