"""The house's arrows (README.md, "The house"): who may import whom, read from the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP = ("drivers", "firmware", "host_sim")
PURE = (
    "drivers/vocabulary.py",
    "drivers/card/apdu.py",
    "drivers/pin_pad/debounce.py",
    "drivers/coin/cctalk.py",
    "drivers/printer/escpos.py",
    "drivers/printer/raster.py",
    "drivers/printer/replies.py",
    "drivers/printer/status.py",
    "drivers/line/messages.py",
    "firmware/console/access.py",
    "firmware/console/config.py",
    "firmware/console/console.py",
    "firmware/console/grammar.py",
    "firmware/console/looking.py",
    "firmware/console/messages.py",
    "firmware/console/money.py",
    "firmware/console/steps.py",
    "firmware/console/update.py",
    "firmware/console/working.py",
    "firmware/update/bundle.py",
    "firmware/update/slots.py",
)
IMPURE = {"serial", "socket", "ssl", "time", "threading", "logging", "os", "subprocess", "asyncio"}
# Each vendor library has one door into each part of the house.
ONE_DOOR = ("smartcard", "serial", "gpiozero", "pypdfium2", "escpos", "holidays", "typst", "segno", "zxingcpp", "cbor2")


def sources() -> Iterator[Path]:
    for top in TOP:
        yield from sorted((ROOT / top).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module a file names in an import statement, dotted."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def breaches(folder: str, forbidden: set[str], but: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{relative(path)} imports {top}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for top in sorted(tops(path) & forbidden)
        if not relative(path).startswith(but)
    ]


def test_drivers_know_neither_machine_nor_simulator() -> None:
    assert breaches("drivers", {"firmware", "host_sim", "tests"}) == []


def test_firmware_does_not_know_the_simulator() -> None:
    assert breaches("firmware", {"host_sim", "tests"}) == []


def test_the_simulator_is_a_second_reading() -> None:
    """host_sim repeats the specifications instead of importing ours; only the rig and its commands join them."""
    joins = ("host_sim/rig/", "host_sim/commands/swarm.py", "host_sim/commands/crash.py")
    assert breaches("host_sim", {"firmware", "drivers", "tests"}, but=joins) == []


def test_nothing_imports_the_rig_but_its_commands() -> None:
    allowed = ("host_sim/rig/", "host_sim/commands/", "host_sim/__main__.py")
    strays = [
        relative(path)
        for path in sources()
        if any(name.startswith("host_sim.rig") for name in imports(path)) and not relative(path).startswith(allowed)
    ]
    assert strays == []


@pytest.mark.parametrize("folder", ["firmware/session", "firmware/money"])
def test_deciding_parts_see_only_words_of_the_drivers(folder: str) -> None:
    strays = [
        f"{relative(path)} imports {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(path)
        if name.startswith("drivers.") and not name.startswith("drivers.vocabulary")
    ]
    assert strays == []


@pytest.mark.parametrize("folder", ["firmware/session", "firmware/money", "firmware/book"])
def test_deciding_parts_are_pure(folder: str) -> None:
    reads_its_own_tables = ("firmware/book/schema.py", "firmware/book/page.py")
    assert breaches(folder, IMPURE | {"random", "secrets"}) == []
    assert breaches(folder, {"pathlib"}, but=reads_its_own_tables) == []


@pytest.mark.parametrize("name", PURE)
def test_codecs_are_pure(name: str) -> None:
    assert sorted(tops(ROOT / name) & IMPURE) == []


def test_the_console_has_no_way_out_of_its_grammar() -> None:
    """Security rule 14: no shell, no evaluation, nothing loaded by name."""
    strays = [
        f"{relative(path)} has {node.id if isinstance(node, ast.Name) else node.attr}"
        for path in sorted((ROOT / "firmware" / "console").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id in {"eval", "exec", "compile", "__import__"})
        or (isinstance(node, ast.Attribute) and node.attr in {"system", "popen"})
    ]
    assert strays == []
    assert breaches("firmware/console", {"subprocess", "pickle", "importlib", "socket", "serial"}) == []


def test_only_the_workers_have_threads() -> None:
    ours = [p for p in sources() if relative(p).startswith(("drivers", "firmware"))]
    strays = [relative(p) for p in ours if "threading" in tops(p)]
    assert strays == ["firmware/workers.py"]


def test_drivers_do_not_sleep() -> None:
    strays = [
        relative(path)
        for path in sorted((ROOT / "drivers").rglob("*.py"))
        if path.name != "__main__.py"  # a bench is a program, not a driver
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    ]
    assert strays == []


@pytest.mark.parametrize("vendor", ONE_DOOR)
def test_a_vendor_library_has_one_door(vendor: str) -> None:
    for top in TOP:
        doors = [relative(p) for p in sorted((ROOT / top).rglob("*.py")) if vendor in tops(p)]
        assert len(doors) <= 1, f"{vendor} is imported in {doors}"


def test_concrete_drivers_are_named_in_the_composition_root_only() -> None:
    concrete = ("drivers.card.pcsc", "drivers.serial_stream", "drivers.pin_pad.matrix", "drivers.line.centre")
    strays = [
        f"{relative(path)} imports {name}"
        for path in sorted((ROOT / "firmware").rglob("*.py"))
        for name in imports(path)
        if name.startswith(concrete) and relative(path) != "firmware/parts.py"
    ]
    assert strays == []
