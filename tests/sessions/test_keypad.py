"""Fault P5, the keypad's pins stop working in a PIN: the session ends, no digit becomes a key, the next resident is served."""

from collections.abc import Mapping

import pytest

from drivers.errors import LineLost
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import KeyPressed
from firmware.desks.keypad import KeypadDesk
from firmware.session import scenes as show
from firmware.session.effects import SetKeypad
from firmware.session.states import KeypadMode
from host_sim.models.key_matrix import ScannedKeys
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard


def test_wires_that_fail_in_a_pin_end_the_session_without_a_digit_leaving_the_buffer(
    wallet: Mapping[str, WalletCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = RigMachine()
    dead_until_s = 0.0
    scan, poll = ScannedKeys.closed, KeypadDesk.poll
    posted: list[object] = []

    def closed(keys: ScannedKeys) -> frozenset[tuple[int, int]]:
        if machine.clock.monotonic() < dead_until_s:
            raise LineLost("keypad", "GPIO pin 5 does not work.")
        return scan(keys)

    def polled(desk: KeypadDesk) -> list[object]:
        found = poll(desk)
        if isinstance(machine.loop.scene, show.EnterPin):
            posted.extend(found)
        return list(found)

    monkeypatch.setattr(ScannedKeys, "closed", closed)
    monkeypatch.setattr(KeypadDesk, "poll", polled)
    before = dict(wallet["hanako"].chip.state)
    person = Person(wallet["hanako"])

    def break_at_two_digits(scene: show.Scene) -> None:
        nonlocal dead_until_s
        if isinstance(scene, show.EnterPin) and scene.count == 2 and not dead_until_s:
            dead_until_s = machine.clock.monotonic() + 3.0

    person.on_scene = break_at_two_digits
    serve(machine, person)
    closed_record = machine.memory.last_closed
    assert closed_record is not None
    assert (closed_record.outcome, closed_record.reason) == ("not_issued", "machine")
    assert not [one for one in posted if isinstance(one, KeyPressed) and one.key.isdigit()]
    assert wallet["hanako"].chip.state == before, "no try was spent"
    machine.wait(5)
    serve(machine, Person(wallet["hanako"]))
    assert machine.memory.last_closed is not None
    assert machine.memory.last_closed.outcome == "issued"


class Pad:
    """Records the modes that the desk asks for."""

    active = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str):
        return lambda *_: self.asked.append(name) or []


@pytest.mark.parametrize(
    ("mode", "then"),
    [
        (KeypadMode.PIN, ["start", "expect_pin"]),
        (KeypadMode.KEYS, ["start", "expect_keys"]),
        (KeypadMode.DEAD, ["start"]),
    ],
)
def test_after_a_failure_the_mode_is_the_one_last_asked_for(mode: KeypadMode, then: list[str]) -> None:
    """Also one asked for while the keypad was down; a dead pad is not told again, so that a PIN being checked stays."""
    pad = Pad()
    desk = KeypadDesk(pad, PinBuffer())
    command = SetKeypad(mode)
    assert desk.works_down(command)
    desk.handle(command)
    pad.asked.clear()
    desk.start()
    assert pad.asked == then
