# make sim    the machine, its world and its front panel, everything set up on the way
# make test   lint, types and tests
# make bench  the numbers of the README
.PHONY: setup sim test bench lint clean

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
	$(BIN)/mypy

test: lint
	$(BIN)/pytest

bench: setup
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv .sim build *.egg-info
