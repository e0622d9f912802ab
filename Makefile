# Liveburst's commands. Each does the set-up that it needs, once. `make help` lists them.
#
# PYTHON=python3.13 uses another interpreter, in a virtual environment of its own.

PYTHON ?= python3
VENV := $(if $(filter python3 python,$(PYTHON)),.venv,.venv-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
UNIT := tests/wire tests/project tests/state tests/analysis tests/runs tests/web tests/docs tests/engine
MANAGE := $(BIN)/python manage.py
TOOLS := build/tools
COMPILE := $(TOOLS)/bin/uv pip compile --quiet --universal --fork-strategy requires-python \
    --no-emit-index-url --no-annotate --no-header --generate-hashes --no-strip-extras \
    --python-version 3.11
# Of the files with a timed test alone: reading the others would take as long as a few of these.
ALONE = $$(grep --recursive --files-with-matches --include='test_*.py' 'mark\.alone' tests | sort)
# What browsers are sent, built of static/ by esbuild.
BUNDLE := build/static/manifest.json

# Some container images set it. Then every process that is started compiles what it imports: a third
# of the CPU time of a burst.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check unit coverage bench pictures docs lock audit format system-deps
.PHONY: static check-python check-types check-js pytest

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/runtime $(BUNDLE) ## the dashboard at http://127.0.0.1:8000
	@$(MANAGE) lab

test: static pytest ## every check and every test

check: static unit ## what needs no server: static checks and unit tests, for the inner loop

# Each of them uses one core. What they need is installed before, once.
static: $(VENV)/development node_modules/development
	@$(MAKE) --no-print-directory --jobs=2 check-types check-python check-js

unit: $(VENV)/development
	$(BIN)/python -m pytest -p tests.no_processes --hypothesis-profile inner-loop --quiet \
	    -m "not alone and not servers and not browser and not processes and not thorough" \
	    --numprocesses 2 $(UNIT)

# It slows down what is measured: a test of times that fails here is no finding.
coverage: $(VENV)/development node_modules/development $(BUNDLE) ## both passes of the tests, with branch coverage
	$(BIN)/coverage erase
	-$(BIN)/pytest -m "not alone" --numprocesses 3 --dist loadscope --cov --cov-report=
	-$(BIN)/pytest -m alone $(ALONE) --cov --cov-append --cov-report=
	@# What ended after a pass had combined the data.
	-$(BIN)/coverage combine --append --quiet
	$(BIN)/coverage report --skip-covered

bench: $(VENV)/development bench/.venv/tools bench/node_modules/tools ## the comparison with other tools
	PATH="$$PWD/$(BIN):$$PATH" $(BIN)/python -m bench

pictures: $(VENV)/development node_modules/development $(BUNDLE) ## the pictures and samples of README and docs, from real runs
	$(BIN)/python -m tests.browser.pictures

docs: $(VENV)/development ## the documentation as a site, in build/docs
	$(BIN)/mkdocs build --strict --quiet
	@echo "build/docs/index.html"

check-python: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	$(BIN)/lint-imports

check-types: $(VENV)/development
	$(BIN)/mypy

check-js: $(VENV)/development node_modules/development
	PATH="$$PWD/$(BIN):$$PATH" npm run --silent check
	PATH="$$PWD/$(BIN):$$PATH" npm run --silent test

pytest: $(VENV)/development node_modules/development $(BUNDLE)
	@# Both passes run, whatever the first one found.
	@failed=0; \
	$(BIN)/pytest -m "not alone" --numprocesses 3 --dist loadscope || failed=1; \
	$(BIN)/pytest -m alone $(ALONE) || failed=1; \
	exit $$failed

# Tools of tests and benchmarks that are in neither pip nor npm. Only this target calls apt.
system-deps: ## install Chromium, Redis, PostgreSQL, nginx, wrk and others (Debian or Ubuntu, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium redis-server postgresql nginx
	-DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium-headless-shell
	-DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    wrk hey apache2-utils nghttp2-client

format: $(VENV)/development node_modules/development ## format Python, templates and scripts
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $$(git ls-files 'templates/*.html')
	npx biome check --write static tests/js

# Both lock files serve every supported Python: uv resolves for all of them at once.
lock: $(TOOLS)/installed ## resolve the lock files anew, with hashes
	$(COMPILE) --extra demo --extra servers pyproject.toml -o requirements.txt
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.txt
	$(COMPILE) requirements-npm.in -o requirements-npm.txt
	$(COMPILE) requirements-tools.in -o requirements-tools.txt
	$(COMPILE) bench/requirements.in -o bench/requirements.txt
	$(BIN)/python -m tests.docs.licences

# Known vulnerabilities are looked up in the network, so this is no part of `make test`.
audit: $(TOOLS)/installed ## look for insecure code and for packages with known vulnerabilities
	$(TOOLS)/bin/bandit --quiet --recursive --configfile pyproject.toml dashboard liveapp manage.py
	for file in requirements.txt requirements-dev.txt requirements-npm.txt requirements-tools.txt \
	    bench/requirements.txt; do \
	    $(TOOLS)/bin/pip-audit --disable-pip --require-hashes --requirement $$file || exit 1; \
	done
	npm audit

$(TOOLS)/installed: requirements-tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The tools to compare with are installed apart from Liveburst's own packages.
bench/.venv/tools: bench/requirements.txt $(VENV)/bin/python
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench/node_modules/tools: bench/package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent --prefix bench
	@touch $@

$(VENV)/runtime: requirements.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@# Where the machine has no npm, PyPI brings one along.
	@command -v npm > /dev/null || $(BIN)/python -m pip install --quiet \
	    --disable-pip-version-check --require-hashes -r requirements-npm.txt
	@touch $@

$(VENV)/development: requirements-dev.txt $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/runtime: package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent --omit=dev
	@touch $@

node_modules/development: package-lock.json $(VENV)/runtime
	PATH="$$PWD/$(BIN):$$PATH" npm ci --silent
	@touch node_modules/runtime $@

$(BUNDLE): node_modules/runtime package-lock.json dashboard/packaging/bundle.py $(shell find static -type f)
	$(BIN)/python -m dashboard.packaging.bundle
	@touch $@
