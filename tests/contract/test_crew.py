"""`firmware.workers.Crew`: the crew of threads, and the two crews in virtual time."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from drivers.errors import DeviceError, NoReply
from firmware.desks import KEYPAD, OF_MACHINE, PAPER, Answer, DeskName, Health, OfSession, WipeDesk
from firmware.session.events import Fault
from firmware.workers import RESTART_FLOOR_S, Crew, ThreadCrew
from host_sim.clock import VirtualClock
from host_sim.rig.crew import InlineCrew
from host_sim.rig.late import LateCrew


@dataclass
class Counting:
    """A desk that answers each command with the number of commands so far; while `broken`, its device is silent."""

    name: str
    broken: bool = False
    reason_when_down: str | None = None
    is_vital: bool = True
    asked: int = 0
    stopped: int = 0
    _at_work: bool = field(default=False, repr=False)

    def start(self) -> Sequence[Answer]:
        return [Health(self.name, frozenset())]

    def handle(self, command: WipeDesk) -> Sequence[Answer]:
        assert not self._at_work, "one command at a time"
        self._at_work = True
        self.asked += 1
        self._at_work = False
        if self.broken:
            raise NoReply(self.name, "it is silent")
        return [Health(self.name, frozenset({str(self.asked)}))]

    def poll(self) -> Sequence[Answer]:
        return []

    def poll_every_s(self) -> float:
        return 3600.0

    def stop(self) -> None:
        self.stopped += 1

    def works_down(self, command: object) -> bool:
        return False

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        return [Health(self.name, frozenset({"silent"}))]


@dataclass
class Place:
    crew: Crew
    clock: VirtualClock
    desks: dict[DeskName[WipeDesk], Counting]

    def hear(self, count: int) -> list[Any]:
        """The next `count` answers."""
        heard = [self.crew.receive(20.0) for _ in range(count)]
        assert None not in heard
        return heard


def crew_of(kind: str, desks: list[Counting], clock: VirtualClock) -> ThreadCrew | InlineCrew:
    name, _, seed = kind.partition(" ")
    match name:
        case "threads":
            return ThreadCrew(desks, clock)
        case "inline":
            return InlineCrew(desks, clock, {}, {}, {})
        case _:
            return LateCrew(desks, clock, {}, {}, {}, random.Random(int(seed)))


@pytest.fixture(params=["threads", "inline", "late 0", "late 1", "late 2"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    desks, clock = [Counting(KEYPAD), Counting(PAPER)], VirtualClock()
    crew = crew_of(request.param, desks, clock)
    crew.start()
    yield Place(crew, clock, {desk.name: desk for desk in desks})
    crew.stop()


def test_every_desk_is_started_without_a_command(place: Place) -> None:
    heard = place.hear(2)
    assert {one.answer for one in heard} == {Health(name, frozenset()) for name in (KEYPAD, PAPER)}
    assert {one.whose for one in heard} == {OF_MACHINE}


def test_a_desk_takes_its_commands_in_order_and_answers_them_with_their_tickets(place: Place) -> None:
    place.hear(2)
    for ticket in range(1, 11):
        for name in place.desks:
            place.crew.send(name, WipeDesk(), OfSession(ticket))
    heard = place.hear(20)
    for name in place.desks:
        mine = [(one.whose, one.answer) for one in heard if one.desk == name]
        assert mine == [(OfSession(ticket), Health(name, frozenset({str(ticket)}))) for ticket in range(1, 11)]


def test_a_device_that_fails_stops_only_its_own_desk(place: Place) -> None:
    place.hear(2)
    place.desks[PAPER].broken = True
    for ticket in (1, 2):
        place.crew.send(PAPER, WipeDesk(), OfSession(ticket))
    place.crew.send(KEYPAD, WipeDesk(), OfSession(3))
    heard = place.hear(4)
    paper = [(one.whose, one.answer) for one in heard if one.desk == PAPER]
    assert [whose for whose, _ in paper] == [OfSession(1), OF_MACHINE, OfSession(2)], (
        "the fault, then the desk's Health; the second command gets its fault at once"
    )
    assert [type(answer) for _, answer in paper] == [Fault, Health, Fault]
    assert place.desks[PAPER].asked == 1, "a desk that is down gets no further command"
    assert [one.answer for one in heard if one.desk == KEYPAD] == [Health(KEYPAD, frozenset({"1"}))]


def test_commands_without_a_pause_do_not_keep_a_mended_desk_down(place: Place) -> None:
    """A technician typed a test again and again, and so kept down the desk that they tested."""
    place.hear(2)
    place.desks[PAPER].broken = True
    place.crew.send(PAPER, WipeDesk(), OfSession(1))
    place.hear(2)
    place.desks[PAPER].broken = False
    for ticket in (2, 3):
        place.clock.advance(RESTART_FLOOR_S)
        place.crew.send(PAPER, WipeDesk(), OfSession(ticket))
    heard = [(one.whose, one.answer) for one in place.hear(3)]
    assert heard[0] == (OF_MACHINE, Health(PAPER, frozenset()))
    assert heard[1:] == [(OfSession(ticket), Health(PAPER, frozenset({str(ticket)}))) for ticket in (2, 3)]


def test_a_wait_for_answers_ends_without_one_when_its_time_is_over(place: Place) -> None:
    place.hear(2)
    assert place.crew.receive(0.0) is None
    assert place.crew.receive(0.05) is None


def test_a_stop_lets_each_desk_leave_its_devices_in_order_unless_it_is_down(place: Place) -> None:
    place.hear(2)
    place.desks[PAPER].broken = True
    place.crew.send(PAPER, WipeDesk(), OfSession(1))
    place.hear(2)
    place.crew.stop()
    assert (place.desks[KEYPAD].stopped, place.desks[PAPER].stopped) == (1, 0)
