"""A test of the tests: each guided test fails when its device is broken on purpose, and passes when it is whole.

The wires of keys, door and slot are broken one by one in `test_wires.py`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import LineLost
from drivers.speaker.sound import RATE_HZ, Sound
from firmware.assemble import Sounding
from firmware.console.table import COMMANDS
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.voice.pieces import JA
from firmware.voice.recordings import INDEX, file_name
from firmware.voice.words import spoken
from host_sim.models.hopper import HopperFault
from host_sim.rig.console import ConsoleRig
from host_sim.rig.eyes import Eyes, Pixels
from host_sim.rig.machine import COUNTER

Break = Callable[[ConsoleRig], object]


def _now(rig: ConsoleRig) -> float:
    return rig.clock.monotonic()


def _hoppers(fault: HopperFault) -> Break:
    return lambda rig: rig.hoppers[50].fault(fault, _now(rig))


def _stick(rig: ConsoleRig) -> None:
    rig.keys.jam("5", _now(rig))
    rig.nudge("keypad")
    rig.run_until(lambda: Reason.KEYPAD in rig.loop.reception.state.reasons, 120)


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
    ("test all", lambda rig: rig.reader.unplug(), "Not well: card reader."),
    ("test all", _stick, "Not well: keypad."),
    ("test all", lambda rig: rig.acceptor.fault("mute", _now(rig)), "Not well: acceptor, hopper."),
    ("test all", lambda rig: rig.printer.open_cover(_now(rig)), "Not well: printer."),
    ("test all", lambda rig: rig.slips.paper_out(_now(rig)), "Not well: receipt printer."),
    ("test all", lambda rig: setattr(rig.centre.faults, "down", True), "Not well: line."),
    ("test all", lambda rig: rig.move_door(opened=True), "Not well: door."),
]
WITH_HANDS = {  # command -> the file whose tests break its device
    "test keypad": "test_wires.py",
    "test door": "test_wires.py",
    "test slot": "test_wires.py",
    "test board": "test_board_console.py",
    "test screen": "test_guided_tests.py",
    "test sound": "test_guided_tests.py",
}


def test_the_device_of_every_guided_test_is_broken_by_a_test() -> None:
    tests = {command.spoken for command in COMMANDS if command.words[0] == "test"}
    assert tests == {command for command, *_ in BROKEN} | WITH_HANDS.keys()
    for command, file in WITH_HANDS.items():
        assert re.search(rf'(say|type)\("{command}"\)', Path(__file__).with_name(file).read_text(encoding="utf-8"))


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


@pytest.mark.parametrize(("command", "break_"), [row[:2] for row in BROKEN])
def test_what_a_test_found_is_what_status_says_from_then_on(command: str, break_: Break) -> None:
    """Not only when the desk looks at its device the next time, some seconds later."""
    rig = ConsoleRig()
    rig.enter_maintenance()
    whole = _unwell(rig)
    assert not whole, "nothing is wrong yet"
    break_(rig)
    rig.say(command)
    assert _unwell(rig), rig.say("status")


def _unwell(rig: ConsoleRig) -> set[str]:
    """What `status` names as not well: desks, hoppers, an open door."""
    found = set(re.findall(r"\b([a-z]+) (?!well)[\w ]{3,30} since ", said := rig.say("status")))
    return found | set(re.findall(r"hoppers that do not pay|door open", said))


@pytest.mark.parametrize("command", ["test acceptor", "test hopper", "test all", "exit"])
@pytest.mark.parametrize(
    ("break_", "broken", "other"),
    [
        (lambda rig: rig.acceptor.fault("self_check", _now(rig)), "acceptor", "hopper"),
        (lambda rig: rig.acceptor.fault("mute", _now(rig)), "acceptor", "hopper"),
        (_hoppers(HopperFault.PIN_LOCKED), "hopper", "acceptor"),
    ],
)
def test_what_is_wrong_with_the_coins_is_told_of_the_device_that_is_broken(
    command: str, break_: Break, broken: str, other: str
) -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    break_(rig)
    said = " ".join(rig.say(command).split())
    assert (f"FAIL {other}: not asked" in said) == (command != f"test {broken}"), said
    assert f"FAIL {broken}: " in said, said
    assert f"FAIL {broken}: not asked" not in said, said


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


# --- what is heard ------------------------------------------------------------------------------------

DIGITS = spoken(JA).numbers.digits("0123456789")


@dataclass
class Ear:
    """Satisfies `firmware.ports.Speaker`: somebody in front of the loudspeaker, who hears it if its wires are whole."""

    wired: bool = True
    plugged: bool = True
    heard: str = ""

    def start(self) -> None:
        if not self.plugged:
            raise LineLost("speaker", "it does not play; push its plug in.")

    def play(self, sound: Sound, volume: int) -> None:
        self.start()
        self.heard = sound.words if self.wired else ""

    def playing(self) -> bool:
        return False

    def hush(self) -> None:
        self.heard = ""

    def number(self) -> str:
        """The digits of what was heard; empty when nothing was."""
        signs = {piece.text: str(number) for number, piece in enumerate(DIGITS)}
        return "".join(signs[sign] for sign in re.findall("|".join(signs), self.heard.partition("、")[2]))


class SpeakingRig(ConsoleRig):
    def __init__(self, ear: Ear, voices: Path) -> None:
        self.ear, self.sounding = ear, Sounding(ear, None, voices)
        super().__init__()

    def _over(self) -> dict[str, object]:
        return {**super()._over(), "speaker": {"device": "any"}}


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """A folder with a moment of silence for each piece of the sentence with a number."""
    sentence = spoken(JA)("common", "staff", digits=DIGITS)
    content = bytes(200)
    for piece in sentence.pieces:
        (tmp_path / file_name(piece)).write_bytes(content)
    files = {file_name(piece): sha256(content).hexdigest() for piece in sentence.pieces}
    (tmp_path / INDEX).write_text(json.dumps({"rate_hz": RATE_HZ, "by": {}, "files": files}))
    return tmp_path


def listened_to(rig: SpeakingRig) -> str:
    said = rig.say("test sound")
    if said.endswith("): "):
        said += rig.say(rig.ear.number() or "bad")
    return " ".join(said.split())


def test_the_number_that_the_loudspeaker_says_is_asked_for(voices: Path) -> None:
    rig = SpeakingRig(Ear(), voices)
    rig.enter_maintenance()
    assert "1 PASS loudspeaker: its number was heard OK" in listened_to(rig)
    said = rig.say("test sound")
    assert rig.ear.number() not in said
    assert "ERR test FAIL loudspeaker" in rig.say(f"{(int(rig.ear.number()) + 1) % 10000:04}")


@pytest.mark.parametrize(
    ("ear", "recorded", "words"),
    [
        (Ear(wired=False), True, "FAIL loudspeaker: another number was said. Look at its plug"),
        (Ear(plugged=False), True, "push its plug in."),
        (Ear(), False, "FAIL speaker: the voices are not made yet"),
    ],
)
def test_a_loudspeaker_that_is_not_heard_fails(ear: Ear, recorded: bool, words: str, voices: Path) -> None:
    rig = SpeakingRig(ear, voices if recorded else voices / "none")
    rig.enter_maintenance()
    said = listened_to(rig)
    assert "ERR test FAIL " in said, said
    assert words in said, said


def test_all_tests_see_whether_the_loudspeaker_plays(voices: Path) -> None:
    rig = SpeakingRig(Ear(), voices)
    rig.enter_maintenance()
    assert "PASS loudspeaker: its device plays" in rig.say("test all")
    rig.ear.plugged = False
    said = " ".join(rig.say("test all").split())
    assert "FAIL loudspeaker: it does not play; push its plug in." in said
    assert "Not well: loudspeaker." in said
    assert "push its plug in" in rig.say("reasons")
    rig.ear.plugged = True
    assert "PASS loudspeaker" in rig.say("test all"), "it is tried at once, not when the desk tries it next"


def test_a_machine_without_voices_is_told_apart_from_one_without_a_loudspeaker(voices: Path) -> None:
    rig = SpeakingRig(Ear(), voices / "none")
    rig.enter_maintenance()
    assert "PASS loudspeaker: its device plays" in rig.say("test all")
    assert "the voices are not made yet" in " ".join(rig.say("reasons").split())
    rig.ear.plugged = False
    assert "FAIL loudspeaker: it does not play" in rig.say("test all")
    assert "OK" in rig.say("exit").splitlines(), "service goes on without"


def test_a_voice_with_a_damaged_recording_fails(voices: Path) -> None:
    (voices / file_name(DIGITS[0])).write_bytes(b"x")
    rig = SpeakingRig(Ear(), voices)
    rig.loop._console.hands.fresh_number = lambda: "1230"
    rig.enter_maintenance()
    assert "FAIL speaker: some words are not recorded" in listened_to(rig)


def test_a_machine_without_a_loudspeaker_says_so() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    assert "ERR sound This machine has no loudspeaker" in rig.say("test sound")
    assert "test sound" not in rig.say("readiness")


# --- when they were last run --------------------------------------------------------------------------


def test_readiness_tells_the_last_result_of_each_test_also_after_a_restart() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    rig.say("test receipt")
    rig.hoppers[50].fault(HopperFault.MUTE, _now(rig))
    rig.say("test hopper")
    rig.say("test screen")  # and nobody answers
    rig.serial.hang_up()
    rig.wait(5)
    rig.restart()
    said = rig.say_as("tanaka", "readiness")
    row = {" ".join(words[:2]): words[2:] for line in said.splitlines() if (words := line.split())[:1] == ["test"]}
    assert row["test receipt"][0] == "PASS"
    assert row["test receipt"][-1] == "tanaka"
    assert row["test hopper"][:2] == ["FAIL", "(test)"]
    assert row["test screen"][:2] == ["not", "finished"]
    assert row["test card"] == ["never"]
    assert "test receipt" not in said[said.index("To be done:") :]
    at_counter = ConsoleRig(site=COUNTER).say_as("tanaka", "readiness")
    assert "test hopper" not in at_counter
    assert "test card" in at_counter
