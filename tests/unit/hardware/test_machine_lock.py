"""The packages a machine installs: a part of the whole lock, everything it imports, and nothing that it does not need."""

import ast
import sys
from importlib.metadata import packages_distributions
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[3]
PACKAGES = ROOT / "hardware" / "machine-packages.txt"
BUILD_AND_TEST_ONLY = {
    "gcc",
    "swig",
    "chromium",
    "nodejs",
    "npm",
    "python3-dev",
    "libpcsclite-dev",
    "vsmartcard-vpcd",
    "opensc",
}


def _machine_lock() -> ModuleType:
    spec = spec_from_file_location("machine_lock", ROOT / "hardware" / "machine_lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


machine_lock = _machine_lock()


def imported(folder: str) -> set[str]:
    """The top-level modules that a folder's files import."""
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        if path.is_relative_to(ROOT / "firmware" / "io_board" / "board"):
            continue  # MicroPython, on a chip of its own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.split(".")[0])
    return names


def test_the_file_is_what_the_script_makes() -> None:
    written = machine_lock.MACHINE_LOCK.read_text(encoding="utf-8")
    assert written == machine_lock.machine_lock(), "run `make requirements-machine.lock`"


def test_each_of_its_lines_is_one_of_the_whole_lock() -> None:
    whole = set(machine_lock.blocks(machine_lock.LOCK.read_text(encoding="utf-8")))
    machine = list(machine_lock.blocks(machine_lock.MACHINE_LOCK.read_text(encoding="utf-8")))
    assert machine
    assert set(machine) < whole
    assert all("--hash=sha256:" in block for _, block in machine)


def test_it_holds_every_library_that_the_machine_imports() -> None:
    ours = {"drivers", "firmware"}
    libraries = (imported("drivers") | imported("firmware")) - set(sys.stdlib_module_names) - ours
    assert "PIL" in libraries
    distributions = packages_distributions()
    locked = {name for name, _ in machine_lock.blocks(machine_lock.MACHINE_LOCK.read_text(encoding="utf-8"))}
    for library in sorted(libraries):
        assert locked & {machine_lock.normal(name) for name in distributions[library]}, f"{library} is not in it"


def test_it_holds_what_needs_the_library_on_a_pi() -> None:
    """gpiozero needs lgpio for the pins, but no file of ours imports it."""
    locked = dict(machine_lock.blocks(machine_lock.MACHINE_LOCK.read_text(encoding="utf-8")))
    assert "platform_machine == 'aarch64'" in locked["lgpio"]


def test_the_simulators_and_the_tests_libraries_are_not_in_it() -> None:
    locked = {name for name, _ in machine_lock.blocks(machine_lock.MACHINE_LOCK.read_text(encoding="utf-8"))}
    assert locked.isdisjoint(
        {"fastapi", "uvicorn", "sqlalchemy", "typst", "playwright", "pytest", "hypothesis", "mypy", "ruff"}
    )


def test_a_machine_gets_no_compiler_browser_or_simulator() -> None:
    names = {line.split("#")[0].strip() for line in PACKAGES.read_text(encoding="utf-8").splitlines()} - {""}
    assert {"pcscd", "libfribidi0"} <= names
    assert names.isdisjoint(BUILD_AND_TEST_ONLY)
