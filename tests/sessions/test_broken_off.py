"""Ctrl-C while a command runs: what waits for a person ends at once, and leaves nothing open; what a desk does goes on to its end."""

import re

import pytest

from firmware.book import records
from firmware.book.cases import Case
from host_sim.models.acceptor import Fate, Insertion
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import COUNTER, STORE, Site

CTRL_C = b"\x03"
ENDED = "ERR cancelled Broken off with Ctrl-C; nothing more was done."


def broken_off(rig: ConsoleRig, command: str, when: str, typed: bytes = CTRL_C) -> str:
    """Type the command, and these bytes when the line shows `when`. Returns all that is shown up to the next prompt."""
    before = len(rig.terminal.shown)
    rig.type(command)
    rig.run_until(lambda: when in rig.shown_since(before), 60)
    rig.terminal.type(typed)
    rig.run_until(lambda: rig._asks(before), 60)
    return rig.shown_since(before)


def is_shut(rig: ConsoleRig) -> bool:
    return not rig.acceptor.open_coins and not rig.acceptor.rolling


@pytest.mark.parametrize("site", [STORE, COUNTER], ids=["store", "counter"])
@pytest.mark.parametrize(
    ("command", "when"),
    [("test keypad", "press 5"), ("test door", "1 Shut the door"), ("test slot", "1 The slot is shut")],
)
def test_a_test_that_waits_for_a_person_ends_at_once(command: str, when: str, site: Site) -> None:
    if site is COUNTER and command == "test slot":
        return  # it has none
    rig = ConsoleRig(site=site)
    rig.enter_maintenance()
    said = " ".join(broken_off(rig, command, when).split())
    assert ENDED in said, said
    assert "OK" in rig.say("who").splitlines(), "the line serves the next command"


def test_a_test_that_was_broken_off_counts_as_not_finished() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    broken_off(rig, "test keypad", "press 5")
    assert re.search(r"^test keypad +not finished ", rig.say("readiness"), re.MULTILINE)
    assert rig.records(records.ConsoleAct)[-1].outcome == "cancelled"


def test_an_open_slot_is_shut_first_and_a_coin_that_came_meanwhile_is_counted() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    rig.drop(500, rig.clock.monotonic() + 2)
    said = broken_off(rig, "acceptor coins", "500 yen")
    assert "500 yen are in the cash box as test coins.\nOK" in said
    assert is_shut(rig)
    assert rig.loop.book.queue == []


def test_the_slot_that_a_test_opened_is_shut_first() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    rig.tap("enter", rig.clock.monotonic() + 8)
    assert rig.say("test slot").endswith("(y or n): ")
    said = broken_off(rig, "y", "2 The slot is open")
    assert ENDED in said
    assert is_shut(rig)
    assert rig.loop.book.queue == []


def test_a_coin_that_the_shut_slot_keeps_is_a_case_although_the_test_was_broken_off() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    coin_s = rig.clock.monotonic() + 8
    rig.acceptor._rolling.append((coin_s, Insertion("JP010A", coin_s, Fate.ROLLING)))
    said = broken_off(rig, "test slot", "\n10 yen\n")
    assert "ERR test The shut slot kept the coin" in said
    assert [code for code, _ in rig.loop.book.queue] == [Case.PULSES_WRONG]


def test_what_must_come_to_its_end_does_and_what_was_typed_before_ctrl_c_is_dropped() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    rig.centre.faults.down = True
    rig.say("test line")
    said = broken_off(rig, "exit", "tested ", b"oos on robbed\r" + CTRL_C)
    assert "Wait: `exit` still runs." in said
    assert "Maintenance has ended" in said
    rig.wait(2)
    assert not rig.loop.book.console.out_of_service


@pytest.mark.parametrize("ahead", [b"paper load 7\r", b"pa"])
def test_a_keypad_test_is_ended_whatever_was_typed_before(ahead: bytes) -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    assert ENDED in " ".join(broken_off(rig, "test keypad", "press 5", ahead + CTRL_C + b"who\r").split())
    rig.wait(2)
    assert "tanaka, technician" in rig.shown_since(0)[-400:], "what is typed behind it is read"
    assert rig.loop.book.sheets is None


def test_an_export_ends_between_two_lots_and_says_how_to_go_on() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    rig.say("logout")
    rig.log_in("goto")
    for number in range(300):
        rig.loop.write(records.PaperSet(sheets=number))
    said = " ".join(broken_off(rig, "journal export 1", "kofuki-export").split())
    went_on = re.search(r"ERR cancelled Broken off\. Give the rest with: journal export (\d+)", said)
    assert went_on is not None, said[-300:]
    assert "OK" in rig.say(f"journal export {went_on[1]}").splitlines()
