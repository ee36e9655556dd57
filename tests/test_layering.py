"""Which folder may import which (README.md, "The house"), checked on the import statements of the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP = ("drivers", "firmware", "host_sim")
PURE = (
    "drivers/decode.py",
    "drivers/vocabulary.py",
    "drivers/card/apdu.py",
    "drivers/pin_pad/debounce.py",
    "drivers/io_board/frames.py",
    "drivers/io_board/edges.py",
    "drivers/coin/cctalk.py",
    "drivers/printer/escpos.py",
    "drivers/printer/raster.py",
    "drivers/printer/replies.py",
    "drivers/printer/status.py",
    "drivers/line/card_orders.py",
    "drivers/line/fields.py",
    "drivers/line/manifest.py",
    "drivers/line/messages.py",
    "drivers/line/site_table.py",
    "firmware/config/hours.py",
    "firmware/service/site.py",
    "firmware/service/site_tables.py",
    "firmware/console/access.py",
    "firmware/console/board.py",
    "firmware/console/command.py",
    "firmware/console/frames.py",
    "firmware/console/glass.py",
    "firmware/console/lockout.py",
    "firmware/console/readiness.py",
    "firmware/console/closing.py",
    "firmware/console/config.py",
    "firmware/console/console.py",
    "firmware/console/grammar.py",
    "firmware/console/looking.py",
    "firmware/console/messages.py",
    "firmware/console/money.py",
    "firmware/console/steps.py",
    "firmware/console/table.py",
    "firmware/console/talking.py",
    "firmware/console/touching.py",
    "firmware/console/unload.py",
    "firmware/console/system.py",
    "firmware/console/update.py",
    "firmware/console/wires.py",
    "firmware/console/working.py",
    "firmware/update/bundle.py",
    "firmware/update/slots.py",
    "firmware/update/system_bundle.py",
    "firmware/update/systems.py",
)
IMPURE = {"serial", "socket", "ssl", "time", "threading", "logging", "os", "subprocess", "asyncio"}
# Libraries that at most one file of drivers/, one of firmware/ and one of host_sim/ may import.
ONE_DOOR = (
    "smartcard",
    "serial",
    "gpiozero",
    "pypdfium2",
    "escpos",
    "holidays",
    "typst",
    "segno",
    "zxingcpp",
    "cbor2",
    "msgspec",
)

# Package -> its module, where the names differ.
MODULE_OF = {
    "pyserial": "serial",
    "pyscard": "smartcard",
    "pillow": "PIL",
    "python-escpos": "escpos",
    "zxing-cpp": "zxingcpp",
    "fonttools": "fontTools",
}


def sources() -> Iterator[Path]:
    for top in TOP:
        yield from sorted((ROOT / top).rglob("*.py"))


@cache
def imports(path: Path) -> frozenset[str]:
    """The dotted names of the modules that a file imports; `from a import b` gives `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def breaches(folder: str, forbidden: set[str], but: tuple[str, ...] = ()) -> list[str]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths, f"there is no {folder}"
    return [
        f"{relative(path)} imports {top}"
        for path in paths
        for top in sorted(tops(path) & forbidden)
        if not relative(path).startswith(but)
    ]


def test_drivers_know_neither_machine_nor_simulator() -> None:
    assert breaches("drivers", {"firmware", "host_sim", "tests"}) == []


def test_firmware_does_not_know_the_simulator() -> None:
    assert breaches("firmware", {"host_sim", "tests"}) == []


def test_the_simulator_imports_nothing_of_ours() -> None:
    """host_sim repeats the specifications instead of importing ours; only the rig and its commands join them."""
    joins = ("host_sim/rig/", "host_sim/commands/swarm.py", "host_sim/commands/crash.py")
    assert breaches("host_sim", {"firmware", "drivers", "tests"}, but=joins) == []


def test_only_its_commands_import_the_rig() -> None:
    allowed = ("host_sim/rig/", "host_sim/commands/", "host_sim/__main__.py")
    strays = [
        relative(path)
        for path in sources()
        if any(name.startswith("host_sim.rig") for name in imports(path)) and not relative(path).startswith(allowed)
    ]
    assert strays == []


@pytest.mark.parametrize("folder", ["firmware/session", "firmware/money"])
def test_deciding_parts_import_only_the_vocabulary_of_the_drivers(folder: str) -> None:
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
    """Security rule 14: the console starts no shell, evaluates no text and loads no module by its name."""
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
    """gpio.py and link.py only have locks: two desks may open their first pin at once, and several use one I/O board."""
    ours = [p for p in sources() if relative(p).startswith(("drivers", "firmware"))]
    strays = [relative(p) for p in ours if "threading" in tops(p)]
    assert strays == ["drivers/gpio.py", "drivers/io_board/link.py", "firmware/workers.py"]


def test_drivers_do_not_sleep() -> None:
    strays = [
        relative(path)
        for path in sorted((ROOT / "drivers").rglob("*.py"))
        if path.name != "__main__.py"  # the bench programs may sleep
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    ]
    assert strays == []


@pytest.mark.parametrize("vendor", ONE_DOOR)
def test_one_file_a_part_imports_a_vendor_library(vendor: str) -> None:
    doors = [[relative(p) for p in sorted((ROOT / top).rglob("*.py")) if vendor in tops(p)] for top in TOP]
    assert max(map(len, doors)) == 1, f"{vendor} is imported in {doors}"


@pytest.mark.parametrize(("table", "folders"), [("dependencies", ("drivers", "firmware")), ("sim", ("host_sim",))])
def test_the_comment_beside_each_dependency_says_where_it_is_imported(table: str, folders: tuple[str, ...]) -> None:
    """Exactly the paths in the comment import the library; "not imported" means that no file does."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.search(rf"^{table} = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert lines is not None
    for line in lines[1].splitlines():
        entry = re.fullmatch(r'    "([\w-]+)[^"]*", +# (.+)', line)
        assert entry is not None, f"no comment in {line}"
        vendor = MODULE_OF.get(entry[1], entry[1].replace("-", "_"))
        named = [] if entry[2].startswith("not imported") else entry[2].split(":")[0].split(" ")
        doors = [relative(p) for f in folders for p in sorted((ROOT / f).rglob("*.py")) if vendor in tops(p)]
        assert [door for door in doors if not any(is_in(door, path) for path in named)] == [], vendor
        assert [path for path in named if not any(is_in(door, path) for door in doors)] == [], vendor


def is_in(file: str, path: str) -> bool:
    return file == path or file.startswith(f"{path}/")


def test_concrete_drivers_are_named_in_the_parts_only() -> None:
    concrete = {
        "drivers.card.pcsc.PcscReader",
        "drivers.card.reader.CardReaderDriver",
        "drivers.coin.acceptor.Acceptor",
        "drivers.coin.bus.CcTalkBus",
        "drivers.coin.hopper.HopperBank",
        "drivers.coin.pulse.PulseAcceptor",
        "drivers.gpio.BreakContact",
        "drivers.gpio.GpioEdges",
        "drivers.gpio.OpenCollector",
        "drivers.gpio.PlugContact",
        "drivers.io_board.link.BoardLink",
        "drivers.io_board.wires.BoardCoins",
        "drivers.io_board.wires.BoardDoor",
        "drivers.io_board.wires.BoardKeys",
        "drivers.io_board.wires.BoardSlot",
        "drivers.line.centre.CentreLine",
        "drivers.line.tls.TlsTransport",
        "drivers.pin_pad.matrix.MatrixPins",
        "drivers.pin_pad.pin_pad.MatrixPinPad",
        "drivers.printer.printer.PrinterDriver",
        "drivers.screen.framebuffer.FramebufferScreen",
        "drivers.serial_stream.SerialStream",
        "drivers.speaker.alsa.AlsaSpeaker",
    }
    named = {
        relative(path): imports(path) & concrete
        for path in sorted((ROOT / "firmware").rglob("*.py"))
        if imports(path) & concrete
    }
    assert set(named) == {"firmware/parts.py", "firmware/sides.py"}
    assert frozenset().union(*named.values()) == concrete


def test_the_loop_and_the_workers_know_no_console() -> None:
    """Nor do the workers know the coin desk: each desk's own methods say what to do when it fails or ends."""
    loop, workers = imports(ROOT / "firmware/loop.py"), imports(ROOT / "firmware/workers.py")
    assert not any(name.startswith("firmware.console") for name in loop | workers)
    assert not any(name.startswith(("firmware.session.effects", "firmware.desks.coin")) for name in workers)
