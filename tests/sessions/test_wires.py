"""Every wire swapped with its neighbours, cut, and touching them: a guided test of the console names it.

The keys, the door and the pulse acceptor are behind the real drivers of the board's pins; a technician does what the tests ask.
"""

import re

import pytest

from host_sim.models.key_matrix import CLERK_LAYOUT, LAYOUT
from host_sim.rig.console import ConsoleRig
from host_sim.rig.loom import COIN, DOOR, DOOR_GROUND, INHIBIT, Loom, LoomRig
from host_sim.rig.machine import COUNTER

# Header pin -> terminal, read from hardware/wiring/dev-pulse.svg by hand.
PINS = {
    29: "row 1",
    31: "row 2",
    33: "row 3",
    35: "row 4",
    32: "column 1",
    36: "column 2",
    38: "column 3",
    40: "column 4",
    37: DOOR,
    39: DOOR_GROUND,
    16: COIN,
    18: INHIBIT,
}
GROUNDS = {14, 20, 30, 34}


def neighbours() -> list[tuple[int, int]]:
    """Pins beside and across from each other on the header, with at least one of the machine's wires; never two grounds."""
    pins = sorted(set(PINS) | GROUNDS)
    pairs = [(one, other) for one in pins for other in pins if other == one + 2 or (other == one + 1 and one % 2)]
    return [pair for pair in pairs if not GROUNDS.issuperset(pair)]


TWO = [pair for pair in neighbours() if not GROUNDS.intersection(pair)]
SAME_SWITCH = (37, 39)  # the two wires of the door's contact may be swapped
FAULTS = [
    *[("swapped", pair) for pair in TWO if pair != SAME_SWITCH],
    *[("cut", (pin,)) for pin in PINS],
    *[("touching", pair) for pair in neighbours()],
]


def technician(monkeypatch: pytest.MonkeyPatch, fault: str, pins: tuple[int, ...], *, floats: bool) -> LoomRig:
    """A machine with this fault in its wires, in maintenance."""
    wires = dict(PINS)
    if fault == "swapped":
        one, other = pins
        wires[one], wires[other] = wires[other], wires[one]
    elif fault == "cut":
        del wires[pins[0]]
    loom = Loom(wires, [pins] if fault == "touching" else [], floats=floats)  # type: ignore[list-item]
    for name in ("drivers.gpio.Wire", "drivers.pin_pad.matrix.Wire"):
        monkeypatch.setattr(name, loom.wire)
    rig = LoomRig(loom, bounce_s=0.0)
    rig.enter_maintenance()
    return rig


def door_test(rig: ConsoleRig) -> str:
    now_s = rig.clock.monotonic()
    rig.clock.at(now_s + 3, lambda: rig.move_door(opened=True))
    rig.clock.at(now_s + 8, lambda: rig.move_door(opened=False))
    said = rig.say("test door")
    rig.wait(10)
    return said


def keypad_test(rig: ConsoleRig) -> str:
    """A finger that presses each key soon after it is asked for; at a counter terminal then the clerk's."""
    before = len(rig.terminal.shown)
    rig.type("test keypad")
    pads = [("", LAYOUT, rig.tap)]
    if rig.site is COUNTER:
        pads.append(("Now the clerk's keys.\n", CLERK_LAYOUT, rig.tap_clerk))
    for begins, layout, tap in pads:
        for key in (name for row in layout for name in row):
            rig.run_until(lambda words=(begins, key): _is_asked(rig, before, *words), 30)  # type: ignore[misc]
            if rig._asks(before):
                break
            tap(key, rig.clock.monotonic() + 0.4)
    rig.run_until(lambda: rig._asks(before), 30)
    return rig.shown_since(before)


def _is_asked(rig: ConsoleRig, before: int, begins: str, key: str) -> bool:
    """Whether this key is asked for after the line that begins its pad, or none any more."""
    _, found, said = rig.shown_since(before).partition(begins) if begins else ("", "-", rig.shown_since(before))
    return (bool(found) and f"press {key.upper()}\n" in said) or rig._asks(before)


def slot_test(rig: ConsoleRig) -> str:
    """A coin while the slot is shut, and the same again while it is open."""
    kept = rig.coins_in_yen()
    now_s = rig.clock.monotonic()
    rig.drop(10, now_s + 8)
    rig.tap("enter", now_s + 11)
    rig.drop(10, now_s + 18)
    said = rig.say("test slot")
    while said.endswith("): "):
        said += rig.say("n" if rig.coins_in_yen() > kept else "y")
    return said


@pytest.mark.parametrize(("fault", "pins"), FAULTS)
def test_w4_a_guided_test_names_the_wire(monkeypatch: pytest.MonkeyPatch, fault: str, pins: tuple[int, ...]) -> None:
    """`floats`: what a pin reads that nothing holds. It matters only where the inhibit wire, which has no pull, is off."""
    for floats in (False, True) if 18 in pins else (False,):
        rig = technician(monkeypatch, fault, pins, floats=floats)
        said = door_test(rig) + keypad_test(rig) + slot_test(rig)
        refused = re.sub(r"\s+", " ", " ".join(re.findall(r"ERR .*\n(?: .*\n)*", said)))
        named = {int(pin) for pin in re.findall(r"header pin (\d+)", refused)}
        if "its ground is cut" in refused:
            named.add(39)
        assert named & set(pins) & set(PINS), said


def test_whole_wires_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = technician(monkeypatch, "none", (), floats=False)
    for said in (door_test(rig), keypad_test(rig), slot_test(rig)):
        assert "PASS" in said
        assert "ERR" not in said
