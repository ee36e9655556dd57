"""A test of the tests: each guided test fails when its device is broken on purpose, and passes when it is whole.

The wires of keys, door and slot are broken one by one in `test_wires.py`.
"""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.errors import LineLost
from firmware.session import scenes as show
from host_sim.models.hopper import HopperFault
from host_sim.rig.console import ConsoleRig
from host_sim.rig.eyes import Eyes, Pixels
from host_sim.rig.machine import COUNTER

Break = Callable[[ConsoleRig], object]


def _now(rig: ConsoleRig) -> float:
    return rig.clock.monotonic()


def _hoppers(fault: HopperFault) -> Break:
    return lambda rig: rig.hoppers[50].fault(fault, _now(rig))


# The command, how its device is broken, and words of the answer: which device, and what to do.
BROKEN: list[tuple[str, Break, str]] = [
    ("test card", lambda rig: rig.reader.unplug(), "card reader does not answer. Check its cable."),
    ("test acceptor", lambda rig: rig.acceptor.fault("mute", _now(rig)), "FAIL acceptor"),
    ("test acceptor", lambda rig: rig.acceptor.fault("self_check", _now(rig)), "FAIL acceptor"),
    ("test hopper", _hoppers(HopperFault.MUTE), "FAIL hopper 50: it does not answer; check its cable"),
    ("test hopper", _hoppers(HopperFault.PIN_LOCKED), "FAIL hopper: address 4 is locked with a PIN"),
    ("test hopper", _hoppers(HopperFault.NV_ERROR), "FAIL hopper 50: it reports a fault of its own; change it"),
    ("test printer", lambda rig: rig.printer.open_cover(_now(rig)), "FAIL printer"),
    ("test printer", lambda rig: rig.printer.paper_out(_now(rig)), "FAIL printer"),
    ("test printer", lambda rig: rig.printer.power_off(_now(rig)), "printer"),
    ("test receipt", lambda rig: rig.slips.open_cover(_now(rig)), "FAIL receipt printer"),
    ("test receipt", lambda rig: rig.slips.paper_out(_now(rig)), "FAIL receipt printer"),
    ("test receipt", lambda rig: rig.slips.power_off(_now(rig)), "receipt"),
    ("test line", lambda rig: setattr(rig.centre.faults, "down", True), "FAIL line"),
]


@pytest.mark.parametrize("command", sorted({command for command, *_ in BROKEN}))
def test_a_guided_test_passes_on_a_whole_machine(command: str) -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    said = rig.say(command)
    assert "PASS" in said, said
    assert "OK" in said.splitlines(), said


@pytest.mark.parametrize(("command", "break_", "words"), BROKEN)
def test_a_guided_test_fails_when_its_device_is_broken(command: str, break_: Break, words: str) -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    break_(rig)
    said = " ".join(rig.say(command).split())
    assert "ERR " in said, said
    assert words in said, said


# --- glasses ------------------------------------------------------------------------------------------


def _without(colour: int) -> Callable[[Pixels], Pixels]:
    def dark(pixels: Pixels) -> Pixels:
        seen = pixels.copy()
        seen[..., colour] = 0
        return seen

    return dark


def _covered(pixels: Pixels) -> Pixels:
    """The case covers the outermost 40 pixels."""
    seen = np.zeros_like(pixels)
    seen[40:-40, 40:-40] = pixels[40:-40, 40:-40]
    return seen


def _coarse(pixels: Pixels) -> Pixels:
    """Each colour is on or off."""
    return np.where(pixels < 128, 0, 255).astype(np.int16)


def _weak(pixels: Pixels) -> Pixels:
    return np.minimum(pixels, 190)


def look_at(rig: ConsoleRig, front: Eyes, clerk: Eyes | None = None) -> str:
    """Type `test screen`, and the number that is seen on the glass each question is about."""
    rig.watchers.append(lambda _, scene: front.show(scene))
    if clerk is not None:
        rig.clerk = lambda _, scene: clerk.show(scene)
    said = rig.say("test screen")
    while said.endswith("): "):
        asked = clerk if clerk is not None and "clerk's screen" in said else front
        said = rig.say(asked.number() or "bad")
    return " ".join(said.split())


def test_the_pictures_are_on_the_glass_until_the_number_on_each_is_typed() -> None:
    rig, front = ConsoleRig(), Eyes()
    rig.enter_maintenance()
    assert "1 PASS screen: colours, edges, letters, black, white" in look_at(rig, front)
    assert isinstance(rig.loop.scene, show.Maintenance)
    front.show(rig.loop.scene)
    before = front.glass.fingerprint()
    rig.say("test screen")
    rig.wait(20)  # the loop looks around once a second, and must leave the picture
    assert front.glass.fingerprint() != before
    rig.serial.hang_up()  # nobody answers any more
    rig.wait(5)
    assert not isinstance(rig.loop.scene, show.StaffPicture)


def test_a_counter_terminal_shows_the_pictures_on_both_glasses() -> None:
    rig = ConsoleRig(site=COUNTER)
    rig.enter_maintenance()
    assert "2 PASS clerk's screen" in look_at(rig, Eyes(), Eyes())
    assert "FAIL clerk's screen: `colours`" in look_at(rig, Eyes(), Eyes(_without(0)))


@pytest.mark.parametrize(
    ("fault", "picture"),
    [
        (lambda pixels: pixels * 0, "colours"),
        *[(_without(colour), "colours") for colour in range(3)],
        (_covered, "edges"),
        (_coarse, "black"),
        (_weak, "white"),
    ],
)
def test_a_glass_that_shows_too_little_fails(fault: Callable[[Pixels], Pixels], picture: str) -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    said = look_at(rig, Eyes(fault))
    assert f"FAIL screen: `{picture}` was not seen right" in said, said
    assert isinstance(rig.loop.scene, show.Maintenance)


def test_a_screen_that_takes_no_picture_fails() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()

    def lost(_: object, __: object) -> None:
        raise LineLost("screen", "its framebuffer is gone")

    rig.watchers.append(lost)
    said = rig.say("test screen")
    rig.wait(3)
    assert "FAIL screen: " in " ".join(rig.say("0000").split()), said
