"""SIGTERM to the real program in the middle of a session (faults E1, E2): what comes out, what the journal says, what the screen shows."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from firmware.run import WIND_DOWN_S
from host_sim.journal_tail import JournalTail
from host_sim.resident import Errand, GaveUp, Resident
from host_sim.running import NotRunning
from host_sim.world import World
from tests.card_keys import with_keys

pytestmark = pytest.mark.pcsc

MORNING = "2026-11-24T10:00"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(with_keys(tmp_path_factory.mktemp("world")), patience_s=900.0)
    made.clock.set(MORNING)
    with made:
        yield made


class Customer(Resident):
    """Pays with every coin of the purse, waits then, and leaves when the machine has ended."""

    def __init__(self, hands: World, errand: Errand) -> None:
        super().__init__(hands, errand)
        self.machine_ended = threading.Event()

    def _look(self) -> str:
        if self.machine_ended.is_set():
            raise GaveUp("The machine has ended.")
        return super()._look()

    def _pay(self) -> None:
        while self._purse:
            self._wait_for_slot()
            self._hands.drop_coin(self._purse.pop(0))


class Ticking:
    """Whether this computer stood still for as long as a session under way may take to end."""

    def __init__(self) -> None:
        self.stood_still = False
        threading.Thread(target=self._tick, daemon=True).start()

    def _tick(self) -> None:
        pause = threading.Event()
        while not self.stood_still:
            before_s = time.monotonic()
            pause.wait(0.5)
            self.stood_still = time.monotonic() - before_s > WIND_DOWN_S / 3


def lines(world: World, name: str) -> Sequence[Sequence[Any]]:
    """The fields of each record of this name that the machine has written."""
    return [line.fields for line in JournalTail(world.run / "journal").new() if line.name == name]


@pytest.mark.parametrize(
    ("begun", "purse", "expected"),
    [("Coin", (100,), (100, 0, 100, 0)), ("PrintIntent", (500,), (500, 300, 200, 0))],
    ids=["paying", "printing"],
)
def test_the_session_is_ended_before_the_program_is(
    world: World, begun: str, purse: Sequence[int], expected: tuple[int, ...]
) -> None:
    """`expected`: of the session's end, the yen inserted, earned, paid out and claimed."""
    world.wait_for_service()
    world.take_change()
    before, ended = len(lines(world, begun)), len(lines(world, "SessionClosed"))
    customer = Customer(world, Errand(card="hanako", pin="1234", certificate="juminhyo", purse=tuple(purse)))

    def come() -> None:
        with contextlib.suppress(NotRunning, LookupError):
            customer.run(900.0)

    clock = Ticking()
    visit = threading.Thread(target=come, daemon=True)
    visit.start()
    world.wait_for(lambda _: len(lines(world, begun)) > before)
    asked_s = time.monotonic()
    world.firmware.stop(900.0)
    took_s = time.monotonic() - asked_s
    customer.machine_ended.set()
    in_time = len(lines(world, "SessionClosed")) > ended
    assert in_time or clock.stood_still, (
        f"the program ended before the session, {took_s:.0f} s after it was asked (it may take {WIND_DOWN_S:.0f}), and no "
        f"computer that stood still explains it; its last words: {world.firmware.last_words()}"
    )
    assert not world.screen_path.read_bytes().strip(b"\0"), "no word stays on the screen"
    assert not world.slot_open()
    visit.join(900.0)
    with world._hand:
        world._power_on()
    world.wait_for_service()
    (of_this_visit,) = lines(world, "SessionClosed")[ended:]
    if in_time:
        assert tuple(of_this_visit[1:5]) == expected
    else:
        inserted, earned, paid_out, claimed = of_this_visit[1:5]
        assert inserted == expected[0]
        assert inserted == earned + paid_out + claimed, "what a start cannot prove is a claim"
