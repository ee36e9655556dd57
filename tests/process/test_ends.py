"""SIGTERM to the real program in the middle of a session (faults E1, E2): what comes out, what the journal says, what the screen shows."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from host_sim.journal_tail import SESSION_CLOSED, JournalTail
from host_sim.resident import Errand, Resident
from host_sim.running import NotRunning
from host_sim.world import World

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

MORNING = "2026-11-24T10:00"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), patience_s=900.0)
    made.clock.set(MORNING)
    with made:
        yield made


def paying(told: Mapping[str, Any]) -> bool:
    return bool(told.get("scene") == "Pay" and told.get("inserted_yen"))


def printing(told: Mapping[str, Any]) -> bool:
    return told.get("scene") == "Printing"


def ended(world: World) -> Sequence[object]:
    """The last record `SessionClosed`: session, inserted, earned, paid out, claimed, outcome, reason."""
    return [line.fields for line in JournalTail(world.run / "journal").new() if line.number == SESSION_CLOSED][-1]


@pytest.mark.parametrize(
    ("there", "purse", "expected"),
    [(paying, (100,), (100, 0, 100, 0)), (printing, (500,), (500, 300, 200, 0))],
    ids=["paying", "printing"],
)
def test_the_session_is_ended_before_the_program_is(
    world: World, there: Any, purse: Sequence[int], expected: tuple[int, ...]
) -> None:
    world.wait_for_service()
    world.take_change()
    errand = Errand(card="hanako", pin="1234", certificate="juminhyo", purse=purse)

    def come() -> None:
        with contextlib.suppress(NotRunning, LookupError):
            Resident(world, errand).run(900.0)

    resident = threading.Thread(target=come, daemon=True)
    resident.start()
    world.wait_for(there)
    world.firmware.stop(900.0)
    assert tuple(ended(world)[1:5]) == expected
    assert not world.screen_path.read_bytes().strip(b"\0"), "no word stays on the screen"
    assert not world.slot_open()
    resident.join(900.0)
    with world._hand:
        world._power_on()
    world.wait_for_service()
    assert tuple(ended(world)[1:5]) == expected, "the next start finds nothing to settle"
