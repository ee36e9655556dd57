# make sim       start the simulator with its front panel; installs what is missing
# make test      lint, types and tests
# make bench     measured times beside their targets
# make coverage  lines that no test ran; not in `make test`, because it doubles the time (Python 3.11)
# make mutants   faults put into the program one by one: which does no test notice? make mutants SHARE=3 (tests/README.md)
# make io-board  build build/io-board.uf2 and its .sha256, what a Pico is flashed with (firmware/io_board/README.md)
# make voices    record what the machine says, into build/voices; `make sim` does it once (firmware/voice/README.md)
# make image     build build/kofuki.img, what a machine's card is flashed with; as root (hardware/image/README.md)
# make image-test  start it in an emulated board, thirteen trials; not in `make test`, because each start takes a minute
# make lock      make requirements.lock from pyproject.toml, stubs.lock of the I/O board and voices.lock
.PHONY: setup sim test bench lint coverage mutants io-board voices image image-test lock clean

# Where a shell forbids them, each of the hundreds of processes that the tests start would compile the whole program again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml hardware/apt-packages.txt hardware/setup.sh firmware/io_board/stubs.lock host_sim/io_board/package-lock.json tests/golden/npos/package-lock.json host_sim/centre/public/verify/package-lock.json host_sim/panel/terminal/package-lock.json
	PYTHON=$(PYTHON) sh hardware/setup.sh
	touch $@

sim: setup
	@$(MAKE) --no-print-directory build/voices.made || echo "The simulator starts without a voice; \`make voices\` says what is wrong."
	$(BIN)/python -m host_sim up $(if $(UNIT),--unit $(UNIT) --directory .sim-$(basename $(notdir $(UNIT))))

# Make this after each change of requirements.lock; a test fails when it is old.
requirements-machine.lock: requirements.lock pyproject.toml hardware/machine_lock.py
	$(BIN)/python hardware/machine_lock.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/mypy --config-file firmware/io_board/mypy.ini

test: lint
	$(BIN)/pytest

# Programs that run as processes of their own (tests/process) are not measured.
coverage: setup
	$(BIN)/pytest tests/unit tests/contract tests/sessions -m "not pcsc" --cov --cov-report=term

bench: setup
	$(BIN)/python -m tests.bench

# One share of SHARES is a night's work. A share that was stopped goes on where it was; RESULTS keeps all of a commit.
SHARE ?= 1
SHARES ?= 10
RESULTS ?= $(HOME)/.local/state/kofuki/mutants
mutants: setup
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; "$$tool/bin/pip" install --quiet --disable-pip-version-check cosmic-ray==8.7.0; \
	"$$tool/bin/python" tests/faults.py "$(RESULTS)" $(SHARE) $(SHARES)

io-board:
	PYTHON=$(PYTHON) sh firmware/io_board/build.sh

voices: build/voices.made

build/voices.made: firmware/voice/voices.lock $(wildcard firmware/voice/texts/*.toml firmware/screens/texts/*.toml) | setup
	sh hardware/voices.sh build/voices
	touch $@

IMAGE ?= build/kofuki.img
image:
	sh hardware/image/build.sh $(IMAGE)

image-test: setup
	$(BIN)/python -m tests.image $(IMAGE)

# Versions stay as they are, except of the package in NEWER: make lock NEWER=pillow. uv is installed for this run only.
lock:
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; "$$tool/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9; \
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" $(if $(NEWER),--upgrade-package $(NEWER)) \
		--extra sim --extra postgresql --extra test pyproject.toml --output-file requirements.lock; \
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" $(if $(NEWER),--upgrade-package $(NEWER)) \
		firmware/io_board/stubs.in --output-file firmware/io_board/stubs.lock; \
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" $(if $(NEWER),--upgrade-package $(NEWER)) \
		firmware/voice/voices.in --output-file firmware/voice/voices.lock
	@echo "requirements.lock, stubs.lock and voices.lock are written. Now run make setup, then make requirements-machine.lock"

clean:
	rm -rf .venv .sim .sim-* build *.egg-info
