"""The bill of materials and the list of acceptance: everything that a drawing connects can be bought, every guided test is done."""

import re

import pytest

from firmware.console.table import COMMANDS
from tests.unit.hardware.test_wiring import HARDWARE, wiring

# What a drawing names -> how its row in hardware/PARTS.md begins.
PARTS = {
    "resident's keys": "keys 4 × 4",
    "clerk's keys": "keys 4 × 4",
    "door contact": "door switch",
    "earphone socket": "earphone socket",
    "pulse acceptor": "or a pulse acceptor",
    "serial adapter, 3.3 V": "serial adapter",
    "relay for the acceptor's 12 V": "relay 12 V",
    "lamps": "lamps at slot and paper",
    "buzzer": "buzzer 12 V",
    "service contact": "service contact",
    "card.reader": "card reader",
    "coin.port": "ccTalk to USB adapter",
    "io_board.port": "I/O board",
    "printer.port": "certificate printer",
    "receipt_printer.port": "receipt printer",
    "screen.path": "panel",
    "clerk.screen.path": "clerk's glass",
    "speaker.device": "USB sound adapter",
    "centre.host": "network cable",
    "console.port": "serial adapter",
}


def drawn() -> set[str]:
    """Every device at the end of a wire, and every plug."""
    wires = wiring.WIRING["wires"] + wiring.WIRING["board"]
    return {each["device"] for each in wires} | set(wiring.WIRING["plugs"])


def rows(name: str) -> list[list[str]]:
    """The cells of the tables of a page."""
    lines = (HARDWARE.parent / name).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_every_drawn_device_is_known_here() -> None:
    assert drawn() == PARTS.keys()


@pytest.mark.parametrize("device", sorted(PARTS))
def test_whatever_a_drawing_connects_has_one_row_in_the_bill_of_materials(device: str) -> None:
    found = [row for row in rows("hardware/PARTS.md") if row[0].startswith(PARTS[device])]
    assert len(found) == 1
    assert found[0][1], "how many"
    assert found[0][2], "what it must do"


def test_every_guided_test_is_a_step_of_acceptance() -> None:
    said = set(re.findall(r"`(test \w+)`", " ".join(row[2] for row in rows("hardware/SITE.md") if len(row) == 4)))
    assert said == {command.spoken for command in COMMANDS if command.words[0] == "test"}


def test_the_machines_key_is_noted_at_acceptance() -> None:
    """A laptop that reads an export later must compare its key with one that did not come from the machine that day."""
    assert "`journal verify`" in " ".join(row[2] for row in rows("hardware/SITE.md") if len(row) == 4)
