# make sim    the machine, its world and its front panel, everything set up on the way
# make test   lint, types and tests
# make bench  the numbers of the README
# make coverage  what no test reached; not in `make test`, as each line then takes twice its time (Python 3.11)
# make lock   requirements.lock anew from pyproject.toml
.PHONY: setup sim test bench lint coverage lock clean

PYTHON ?= python3
BIN := .venv/bin

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml hardware/apt-packages.txt hardware/setup.sh tests/golden/npos/package-lock.json
	PYTHON=$(PYTHON) sh hardware/setup.sh
	touch $@

sim: setup
	$(BIN)/python -m host_sim up

# After each change of requirements.lock; a test says when it is stale.
requirements-machine.lock: requirements.lock pyproject.toml hardware/machine_lock.py
	$(BIN)/python hardware/machine_lock.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest

# Programs that run as processes of their own (tests/process) are not measured.
coverage: setup
	$(BIN)/pytest tests/unit tests/contract tests/sessions -m "not pcsc" --cov --cov-report=term

bench: setup
	$(BIN)/python -m tests.bench

# A pin stays as it is unless NEWER names its package: make lock NEWER=pillow. The tool is not installed anywhere.
lock:
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; "$$tool/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9; \
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" $(if $(NEWER),--upgrade-package $(NEWER)) \
		--extra sim --extra test pyproject.toml --output-file requirements.lock
	@echo "requirements.lock is new: make setup, then make requirements-machine.lock"

clean:
	rm -rf .venv .sim build *.egg-info
