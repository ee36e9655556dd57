"""Commands with a hand at keys and door: each asks for one movement after the other and names the wire that fails."""

from collections.abc import Generator
from typing import Any

from drivers.vocabulary import Key, KeyPressed
from firmware.config.unit import KeypadTable
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands, Job, Listen, Show, Step, must_be_shut
from firmware.console.wires import Cell, door_wire, keypad_faults, label
from firmware.session.events import ClerkPressed

KEY_S = 5.0  # to find a key and press it
DOOR_S = 20.0
LOOK_S = 0.5


def test_keypad(hands: Hands) -> Job:
    """Ask for each key by name; at a counter terminal also for the clerk's, once the resident's are well.

    The door must be shut, because its wire lies beside those of the keys.
    """
    must_be_shut(hands)
    yield Show((f"Press each key when it is asked for, within {KEY_S:.0f} s. Ctrl-C ends the test.",))
    told, faults = yield from _keys(hands, hands.unit.keypad, KeyPressed)
    if faults:
        raise Refused("test", " ".join(faults))
    passed = [f"1 PASS keypad: {told}"]
    if hands.unit.clerk is not None:
        yield Show(("Now the clerk's keys.",))
        told, faults = yield from _keys(hands, hands.unit.clerk.keypad, ClerkPressed)
        if faults:
            raise Refused("test", f"Look at the clerk's side: {' '.join(faults)}")
        passed.append(f"2 PASS clerk's keys: {told}")
    return Answer(tuple(passed))


def _keys(
    hands: Hands, keypad: KeypadTable, kind: type[KeyPressed | ClerkPressed]
) -> Generator[Step, Any, tuple[str, list[str]]]:
    """How many keys there are, and what is wrong with them. A key of the other side counts as none."""
    cells = {Key(word): (row, column) for row, words in enumerate(keypad.keys) for column, word in enumerate(words)}
    seen: dict[Cell, Cell | None] = {}
    for key, cell in cells.items():
        yield Show((f"press {label(key)}",))
        event = yield Listen(hands.monotonic() + KEY_S, breaks=True)
        seen[cell] = cells[event.key] if isinstance(event, kind) else None
    return f"all {len(cells)} keys", keypad_faults(keypad, seen)


def test_door(hands: Hands) -> Job:
    """Shut, open and shut the door of the case by hand. In maintenance an open door is no break-in."""
    door = hands.unit.door
    if door is None:
        raise Refused(
            "test",
            "This machine has no door contact: its unit file has no [door]. `readiness` lists the tests that it has.",
        )
    name = door_wire(door)
    open_for_ever = f"The contact says open. If the door is shut: {name} or its ground is cut or on another pin."
    shut_for_ever = f"The contact never opened. {name} touches ground or a neighbour, or the switch is stuck."
    for number, (word, opened, why) in enumerate(
        (("Shut", False, open_for_ever), ("Open", True, shut_for_ever), ("Shut", False, open_for_ever)), start=1
    ):
        yield Show((f"{number} {word} the door; {DOOR_S:.0f} s. Ctrl-C ends the test.",))
        if not (yield from _moved(hands, opened=opened)):
            raise Refused("test", why)
    return Answer(("1 PASS door: shut, open, shut",))


def _moved(hands: Hands, *, opened: bool) -> Generator[Step, Any, bool]:
    """Wait until the contact says so; returns whether it did."""
    until_s = hands.monotonic() + DOOR_S
    while hands.door_open is not opened and hands.monotonic() < until_s:
        yield Listen(min(until_s, hands.monotonic() + LOOK_S), breaks=True)
    return hands.door_open is opened
