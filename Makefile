# make demo    install into .venv, run the five seed articles through all stages, and show the results
# make test    install the test dependencies, and run the tests
# make help    list all targets

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   := build/demo

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format docs docs-check bench quality constraints clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | column -t -s '|'

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "onrecord needs Python 3.11 or later; name one with PYTHON=..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@touch $@

demo: $(VENV)/installed ## run the five seed articles, and show the results
	@rm -rf $(DEMO)
	$(BIN)/onrecord run -c seeds/onrecord.toml --warehouse $(DEMO)
	@$(BIN)/onrecord show --warehouse $(DEMO)

test: $(VENV)/installed-dev ## run the tests
	$(BIN)/python -m pytest

test-slow: $(VENV)/installed-dev ## run the tests that take minutes each
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/installed-dev ## check with ruff and mypy --strict, and that imports keep to the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/installed-dev ## write the generated parts of README.md and docs/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -P -r -I docs README.md docs/*.md

docs-check: $(VENV)/installed-dev ## fail if a generated part is out of date
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -P --check --diff -I docs README.md docs/*.md

bench: $(VENV)/installed-dev ## time the stages and a schedule on a corpus: make bench ONRECORD_CORPORA=folder
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.growth
	$(BIN)/python -m tests.bench.growth --light --articles 10000
	$(BIN)/python -m tests.bench.growth --light --articles 100000
	$(BIN)/python -m tests.bench.schedule
	$(BIN)/python -m tests.bench.schedule --articles 100000 --light
	$(BIN)/python -m tests.bench.startup
	$(BIN)/python -m tests.bench.memory

quality: $(VENV)/installed-dev ## measure quality and speed on public corpora: make quality ONRECORD_CORPORA=folder
	$(BIN)/python -m tests.quality

constraints: $(VENV)/installed-dev ## pin the newest versions in constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --quiet \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o constraints.txt

clean: ## remove build outputs, but not .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
