# Every target works from a bare clone with Python >= 3.11 and pip: the first run builds .venv, later runs reuse it.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
CORE   := $(VENV)/.core
DEV    := $(VENV)/.dev
DOCS   := $(VENV)/.docs
PAGES  := build/pages

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs format clean $(VENV)

help:
	@echo "make demo    the whole story on a made-up world, into ./idgraph-demo"
	@echo "make test    every test (those on Spark need Java 17 or newer)"
	@echo "make lint    ruff, mypy --strict, import-linter"
	@echo "make bench   the benchmarks of docs/benchmarks.md"
	@echo "make docs    the pages as a site, into build/site"
	@echo "make format  let ruff mend what it can"
	@echo "make .venv   only the environment"
	@echo "make clean   remove the environment and all caches"

demo: $(CORE)
	$(VENV)/bin/idgraph demo

test: $(DEV)
	$(PY) -m pytest --numprocesses=logical --dist=loadgroup $(ARGS)

lint: $(DEV)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

bench: $(DEV)
	$(PY) -m benches

# Pages, README and examples side by side, as in the repository: so links mean the same in both. See mkdocs.yml.
docs: $(DOCS)
	rm -rf $(PAGES)
	mkdir -p $(PAGES)
	cp -r README.md CHANGELOG.md CONTRIBUTING.md LICENSE docs examples $(PAGES)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet
	@echo "build/site/index.html"

format: $(DEV)
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format

$(VENV): $(DEV)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "idgraph needs Python 3.11 or newer; try: make PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The demo needs the core alone, so that a first look does not download Spark.
$(CORE): pyproject.toml | $(PY)
	$(PY) -m pip install --quiet --editable .
	@touch $@

$(DEV): pyproject.toml | $(PY)
	$(PY) -m pip install --quiet --editable '.[all,dev]'
	@touch $(CORE) $@

$(DOCS): pyproject.toml | $(PY)
	$(PY) -m pip install --quiet --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache build dist
