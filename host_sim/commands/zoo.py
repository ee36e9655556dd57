"""`zoo`: the devices of host_sim/models/zoo, what is special about each, and which runs use it."""

import argparse
import inspect
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from host_sim.commands import RUN, Commands
from host_sim.models.zoo import Device, Kind, load, load_all, settings_of
from host_sim.running import NotRunning

WIDTH = 80
SWARM = RUN / "swarm.json"  # written by `swarm`: its last run
TESTS = Path(__file__).parent.parent.parent / "tests"


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("zoo", help="the real devices that can stand in for the simulator's ordinary ones")
    parser.add_argument("name", nargs="?", help="everything about this one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    console = Console(width=WIDTH, highlight=False, soft_wrap=False)
    if options.name is None:
        _list(console)
        return 0
    try:
        _tell(console, load(options.name))
    except LookupError as trouble:
        raise NotRunning(str(trouble.args[0])) from None
    return 0


def used_in(device: Device) -> list[str]:
    """Which runs and tests use this device, read from what they do: never a list of its own."""
    if device.refused is not None:
        uses = ["tests/sessions/test_zoo.py: refused at the start by its sentence, no money touched"]
    else:
        sessions = _last_swarm().get("lived", {}).get(device.name, 0)
        last = f"the last one {sessions:,} sessions" if sessions else "the last one met it in none"
        uses = [
            f"swarm, with every row of the catalogue and all of host_sim/rig/INVARIANTS.md ({last})",
            f"crash --zoo {device.name}, with every power cut and all of host_sim/rig/INVARIANTS.md",
            "tests/sessions/test_zoo.py: one session and its checker",
        ]
    named = [
        path for path in sorted(TESTS.rglob("test_*.py")) if f'"{device.name}"' in path.read_text(encoding="utf-8")
    ]
    return uses + [path.relative_to(TESTS.parent).as_posix() for path in named]


def _last_swarm() -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(SWARM.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told


def _list(console: Console) -> None:
    for kind in Kind:
        devices = [device for device in load_all().values() if device.kind is kind]
        if not devices:
            continue
        table = Table(box=None, width=WIDTH, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column(kind.replace("_", " "), width=20, overflow="fold")
        table.add_column("what", width=22)
        table.add_column("differs in", ratio=1)
        for device in devices:
            differs = ", ".join(f"{key}={_word(value)}" for key, value in device.quirks.items()) or "nothing"
            state = "" if device.refused is None else "REFUSED. "
            table.add_row(device.name, device.called, state + differs)
        console.print(table)
        console.print()
    console.print("`python -m host_sim zoo NAME` says what each value rests on, and which runs use the device.")


def _tell(console: Console, device: Device) -> None:
    say = console.print
    say(f"{device.name}: {device.maker} {device.model_name}, {device.kind.replace('_', ' ')}", style="bold")
    say(device.about)
    state = "served" if device.refused is None else f"refused at the start: {device.refused}"
    say(f"\n{state}\n")
    ordinary = settings_of(device.kind)
    table = Table("setting", "value", "ordinary", "because", box=None, width=WIDTH, padding=(0, 2, 0, 0))
    for key, value in device.model.items():
        table.add_row(key, _word(value), _word(ordinary[key]), device.because[key])
    say(table)
    if device.unit:
        say("\nin the unit file")
        for name, keys in device.unit.items():
            say(f"  \\[{name}] " + ", ".join(f"{key} = {_word(value)}" for key, value in keys.items()))
    say("\nsources")
    for name, document in device.sources.items():
        say(_indented(f"{name}: {document}"))
    say("\nused in")
    for use in used_in(device):
        say(_indented(use))


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2))


def _word(value: object) -> str:
    if value is inspect.Parameter.empty:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "/".join(_word(one) for one in value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_word(one)}" for key, one in value.items()) + "}"
    return str(value)
