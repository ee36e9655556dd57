"""The machines' list: who runs what since when, who is silent, and why a machine is closed, in words."""

from datetime import timedelta
from typing import Any

import pytest

from host_sim.centre.memory import MemoryLine
from host_sim.centre.operating import fleet
from tests.unit.centre.town import HALL, SHOP, Town, json

BEAT: dict[str, Any] = {"journal_seq": 1, "journal_head": "a" * 64, "state": "in_service", "reasons": [], "events": []}


def beat(town: Town, line: MemoryLine | None = None, **more: Any) -> int:
    body = json.dumps(BEAT | {"program": "1.0.0", "site_table": 7, "devices": {"printer": "a4-300"}} | more)
    return (line or town.transport()).exchange("POST", "/v1/heartbeats", body.encode(), 8.0)[0]


def machines(town: Town) -> list[fleet.Machine]:
    with town.store.reading() as c:
        return fleet.listed(c, town.now)


def test_a_machine_tells_what_it_runs_and_since_when() -> None:
    town, began = Town(), Town().now
    assert beat(town) == 200
    town.now += timedelta(minutes=1)
    assert beat(town, state="suspended", reasons=["printer_paper_out", "line"]) == 200
    (machine,) = machines(town)
    assert (machine.name, machine.program, machine.site_table) == (SHOP.name, "1.0.0", 7)
    assert machine.devices == {"printer": "a4-300"}
    assert machine.program_since == began.isoformat()
    assert (machine.state, machine.state_since) == ("suspended", town.now.isoformat())
    assert list(machine.reasons) == ["certificate paper is out", "the centre did not answer it"]
    town.now += timedelta(minutes=1)
    beat(town, program="1.0.1", state="suspended")
    (machine,) = machines(town)
    assert (machine.program, machine.program_since) == ("1.0.1", town.now.isoformat())
    assert machine.state_since < machine.program_since


def test_a_machine_is_silent_after_half_an_hour() -> None:
    town = Town()
    beat(town)
    beat(town, town.transport(HALL))
    town.now += fleet.SILENT_AFTER
    assert [machine.silent for machine in machines(town)] == [False, False]
    beat(town)
    town.now += timedelta(seconds=1)
    assert [(machine.name, machine.silent) for machine in machines(town)] == [(HALL.name, True), (SHOP.name, False)]


def test_a_machine_of_the_release_before_is_heard() -> None:
    town = Town()
    assert town.transport().exchange("POST", "/v1/heartbeats", json.dumps(BEAT).encode(), 8.0)[0] == 200
    (machine,) = machines(town)
    assert (machine.program, machine.site_table, machine.devices) == ("unknown", 0, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"program": "x" * 65},
        {"program": "1.0\n"},
        {"site_table": -1},
        {"site_table": 2**63},
        {"journal_seq": 2**31},
        {"devices": {str(n): "x" for n in range(21)}},
        {"devices": {"printer": "\x1b[2J"}},
        {"devices": {"x" * 65: "y"}},
        {"state": "a\x00b"},
        {"reasons": ["a\x7f"]},
    ],
)
def test_what_is_too_long_or_no_text_is_refused(wrong: dict[str, Any]) -> None:
    assert beat(Town(), **wrong) == 422
