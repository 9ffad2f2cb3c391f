# make demo    install into .venv, run the five seed articles through everything, and show what came out
# make test    install what the tests need, and run them
# make help    the other targets

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

demo: $(VENV)/installed ## run the seeds, and show what came out
	@rm -rf $(DEMO)
	$(BIN)/onrecord run -c seeds/onrecord.toml --warehouse $(DEMO)
	@$(BIN)/onrecord show --warehouse $(DEMO)

test: $(VENV)/installed-dev ## run the tests
	$(BIN)/python -m pytest

test-slow: $(VENV)/installed-dev ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/installed-dev ## ruff, mypy --strict on core, flows and plugins, and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## put the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/installed-dev ## write the generated parts of README.md and docs/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -P -r -I docs README.md docs/*.md

docs-check: $(VENV)/installed-dev ## fail if a generated part is not what the code says
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -P --check --diff -I docs README.md docs/*.md

bench: $(VENV)/installed-dev ## time the stages on a corpus, and ticks of a schedule: make bench ONRECORD_CORPORA=folder
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.schedule
	$(BIN)/python -m tests.bench.schedule --articles 100000 --light

quality: $(VENV)/installed-dev ## measure how well and how fast it reads: make quality ONRECORD_CORPORA=folder
	$(BIN)/python -m tests.quality

constraints: $(VENV)/installed-dev ## pin every version anew in constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --quiet \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o constraints.txt

clean: ## remove what was built; .venv stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
