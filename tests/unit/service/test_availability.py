"""Availability: when a session may begin, which reasons stay until a person clears them, and one owner of the devices."""

import re
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firmware.console.desk import ConsoleDesk
from firmware.desks.card import CardDesk
from firmware.desks.coin import CoinDesk
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import KeypadDesk
from firmware.desks.line import LineDesk
from firmware.desks.paper import PaperDesk
from firmware.service.availability import Availability, Mode, Reason, number_of

DEVICES = [reason for reason in Reason if not reason.needs_person]
PERSONS = [reason for reason in Reason if reason.needs_person]


class Machine(RuleBasedStateMachine):
    """Random calls to `Availability`, compared with a model of plain booleans."""

    def __init__(self) -> None:
        super().__init__()
        self.real = Availability()
        self.serving = False
        self.technician_waits = False
        self.technician_has_it = False
        self.sticky: set[Reason] = set()

    @rule()
    def ready(self) -> None:
        self.real = self.real.ready()
        if self.technician_waits and not self.serving:
            self.technician_waits, self.technician_has_it = False, True

    @rule(seen=st.sets(st.sampled_from(list(Reason)), max_size=3))
    def devices_say(self, seen: set[Reason]) -> None:
        self.real = self.real.seen(seen)
        self.sticky |= {reason for reason in seen if reason.needs_person}
        assert self.real.reasons == seen | self.sticky

    @precondition(lambda self: self.sticky)
    @rule(data=st.data())
    def person_clears(self, data: st.DataObject) -> None:
        reason = data.draw(st.sampled_from(sorted(self.sticky)))
        self.real = self.real.cleared(reason)
        self.sticky.discard(reason)
        assert reason not in self.real.reasons

    @precondition(lambda self: self.real.admits)
    @rule()
    def session_begins(self) -> None:
        self.real = self.real.session_began()
        self.serving = True

    @precondition(lambda self: self.serving)
    @rule()
    def session_ends(self) -> None:
        self.real = self.real.session_ended()
        self.serving = False
        if self.technician_waits:
            self.technician_waits, self.technician_has_it = False, True

    @precondition(lambda self: not self.technician_has_it)
    @rule()
    def technician_asks(self) -> None:
        """Also of a machine that is starting."""
        self.real = self.real.maintenance_requested()
        self.technician_has_it = self.real.started and not self.serving
        self.technician_waits = not self.technician_has_it

    @precondition(lambda self: self.technician_has_it)
    @rule(passed=st.booleans())
    def technician_leaves(self, passed: bool) -> None:
        self.real = self.real.maintenance_left(self_test_passed=passed)
        self.technician_has_it = not passed

    @invariant()
    def one_owner(self) -> None:
        assert (self.real.mode is Mode.MAINTENANCE) == self.technician_has_it
        assert not (self.serving and self.technician_has_it)
        if self.serving or self.technician_waits or self.technician_has_it or self.real.reasons:
            assert not self.real.admits


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_session_cannot_begin_where_none_is_admitted() -> None:
    for state in (Availability(), Availability(started=True, reasons=frozenset({Reason.DOOR}))):
        with pytest.raises(AssertionError):
            state.session_began()


def test_uncertain_money_and_paper_need_a_person() -> None:
    assert {Reason.UNCERTAIN, Reason.TAMPER_MONEY, Reason.LINE_STOPPED, Reason.JOURNAL_CORRUPT} <= set(PERSONS)
    assert {Reason.PRINTER_PAPER_OUT, Reason.LINE, Reason.COIN} <= set(DEVICES)


def test_every_reason_has_a_number_of_its_own_and_a_sentence() -> None:
    numbers = [reason.number for reason in Reason]
    assert len(set(numbers)) == len(numbers)
    assert all(
        100 <= number <= 999 and reason.sentence.endswith(".") for number, reason in zip(numbers, Reason, strict=True)
    )
    state = Availability(started=True).seen({Reason.LINE, Reason.DOOR, Reason.CLOCK})
    assert state.numbers == ("110", "501", "601")
    assert number_of("line") == "501"


def test_every_reason_word_a_desk_reports_is_known() -> None:
    """Otherwise a typo in a desk's Health would first fail in service."""
    root = Path(__file__).parents[3] / "firmware"
    words: set[str] = set()
    others = [root / "workers.py", root / "loop.py", root / "service" / "reception.py"]
    for path in [*(root / "desks").glob("*.py"), *others]:
        for literal in re.findall(r"frozenset\(\{([^}]*)\}", path.read_text(encoding="utf-8")):
            words |= set(re.findall(r'(?<![f\w])"(\w+)"', literal))
    assert words
    assert words <= {str(reason) for reason in Reason}


def test_every_reason_that_a_desk_is_down_for_is_known() -> None:
    desks = (CardDesk, KeypadDesk, LineDesk, CoinDesk, PaperDesk, DoorDesk)
    words = {desk.reason_when_down for desk in desks}
    assert len(words) == len(desks)
    assert words <= {str(reason) for reason in Reason}
    assert ConsoleDesk.reason_when_down is None, "a console without its terminal must not close the machine"
