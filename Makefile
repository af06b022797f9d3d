# The commands of this project. `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := packaging/requirements.txt
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run test node check format bench screenshots lock clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the private environment with the pinned dependencies

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) packaging/python_version.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## start the app; without a display, the demo in the terminal
	@sh packaging/linux/run.sh $(BIN)/trunkline

test: $(READY) node ## run every test, the real-desktop journey included
	@sh packaging/linux/system_packages.sh test
	$(BIN)/python -m pytest tests/unit tests/server --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest tests/desktop tests/journeys

node: ## fetch what the tests start from npm: the conformance suite, the inspector, AI apps
	@sh packaging/node/install.sh tools
	@sh packaging/node/install.sh clients

check: $(READY) ## format, lint, types, import contracts and the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit tests/desktop

format: $(READY) ## put every file into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure speed and memory; nothing here can fail a test
	@sh packaging/linux/system_packages.sh test
	@sh packaging/node/install.sh tools
	@sh packaging/node/install.sh peers
	$(BIN)/python -m tests.benchmarks

screenshots: $(READY) ## render every page, light and dark, into packaging/screenshots
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.desktop.screenshots

lock: ## pin every dependency again, with hashes (needs uv)
	uv export --quiet --all-extras --all-groups --no-emit-project --no-header --no-annotate --output-file $(LOCK)
	rm -f uv.lock

clean: ## remove what the other commands made
	rm -rf $(VENV) .node build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
