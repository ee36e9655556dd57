"""The voice desk in whole sessions: what a resident hears, and that nothing that happens to the loudspeaker stops a session."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.errors import LineLost
from drivers.ports import Clock
from drivers.speaker.sound import RATE_HZ, Sound
from firmware.assemble import Sounding
from firmware.screens import draw, render
from firmware.session import scenes as show
from firmware.voice.recordings import INDEX
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person
from host_sim.wallet import WalletCard
from tests.sessions.city import City, CityMachine

Cards = Mapping[str, WalletCard]


@dataclass
class Ear:
    """Satisfies `firmware.ports.Speaker` and `Plug`: what is heard, in virtual time. `gone`: the loudspeaker's plug is out."""

    clock: Clock | None = None
    earphone: bool = True
    gone: bool = False
    heard: list[str] = field(default_factory=list)
    until_s: float = 0.0

    def start(self) -> None:
        self._must_be_there()

    def play(self, sound: Sound, volume: int) -> None:
        self._must_be_there()
        assert self.clock is not None
        assert 1 <= volume <= 10
        self.heard.append(sound.words)
        self.until_s = self.clock.monotonic() + max(sound.lasts_s, 1.0)

    def playing(self) -> bool:
        self._must_be_there()
        assert self.clock is not None
        return self.clock.monotonic() < self.until_s

    def hush(self) -> None:
        self.until_s = 0.0

    def closed(self) -> bool:
        return self.earphone

    def _must_be_there(self) -> None:
        if self.gone:
            raise LineLost("speaker", "it does not play.")


class Speaking(CityMachine):
    """A machine with a loudspeaker, `over` its table of the unit file."""

    def __init__(self, city: City, ear: Ear, voices: Path, **over: object) -> None:
        self.ear, self.speaker = ear, {"device": "any", **over}
        self.sounding = Sounding(ear, ear, voices)
        super().__init__(city)

    def _over(self) -> dict[str, object]:
        self.ear.clock = self.clock
        return {**super()._over(), "speaker": self.speaker}


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """A folder with no recording in it."""
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / INDEX).write_text(json.dumps({"rate_hz": RATE_HZ, "by": {}, "files": {}}))
    return folder


def test_a_resident_with_an_earphone_hears_every_screen(wallet: Cards, wallet_folder: Path, voices: Path) -> None:
    machine = Speaking(City(wallet_folder), Ear(), voices)
    machine.serve(Person(wallet["hanako"], kind="1", copies=2, coins=(500, 500)), wallet["hanako"].chip)
    heard = " ".join(machine.ear.heard)
    for words in (
        "暗証番号、四けた",
        "証明書を、番号で",
        "質問",
        "何通",
        "ご注文",
        "硬貨を",
        "印刷して",
        "おつりが",
        "お取りください",
    ):
        assert words in heard, words
    assert machine.loop.troubles.keys() == {"speaker"}, "no piece is recorded, and that is told"


def test_who_listens_hears_the_page_before_paying_and_nothing_of_it_stays(
    wallet: Cards, wallet_folder: Path, voices: Path
) -> None:
    """By the key that the screen then offers; the same order without an earphone is offered no such key."""
    for earphone in (True, False):
        ear = Ear(earphone=earphone)
        machine = Speaking(City(wallet_folder), ear, voices, aloud=True)
        person = Person(wallet["hanako"], kind="1", coins=(500,), looks="11" if earphone else "55")
        machine.serve(person, wallet["hanako"].chip)
        pages = [scene for scene in person.seen if isinstance(scene, show.Preview)]
        assert {scene.reads for scene in pages} == {earphone}
        assert {scene.said for scene in pages} == ({0, 1, 2} if earphone else {0})
        assert all(bool(scene.items) is earphone for scene in pages)
        numbers = [words for words in ear.heard if "紙面の" in words and "個人番号" in words]
        assert len(numbers) == (2 if earphone else 0)
        assert machine.loop.context.viewing is None
        assert machine.memory.last_closed is not None
        assert machine.memory.last_closed.outcome == "issued"


def test_neither_name_nor_pin_is_heard(wallet: Cards, wallet_folder: Path, voices: Path) -> None:
    card = wallet["hanako"]
    for earphone in (False, True):
        ear = Ear(earphone=earphone)
        machine = Speaking(City(wallet_folder), ear, voices, aloud=True)
        machine.serve(Person(card, kind="1", coins=(500,)), card.chip)
        assert not any("花" in words or (card.pin and card.pin in words) for words in ear.heard)
        digits = [words for words in ear.heard if words == "[key]"]
        assert len(digits) >= 3, "each digit of the PIN has the same tone and no word"


@pytest.mark.parametrize("gone_at", range(0, 40, 7))
def test_a_loudspeaker_that_breaks_at_any_scene_stops_nothing(
    gone_at: int, wallet: Cards, wallet_folder: Path, voices: Path
) -> None:
    ear = Ear()
    machine = Speaking(City(wallet_folder), ear, voices)
    card = wallet["hanako"]
    person = Person(card, kind="1", coins=(500,))
    seen = 0

    def watch(at: RigMachine, scene: show.Scene) -> None:
        nonlocal seen
        seen += 1
        ear.gone = gone_at <= seen < gone_at + 15
        person(at, scene)

    machine.serve(watch, card.chip)
    assert machine.memory.last_closed is not None
    assert machine.memory.last_closed.outcome == "issued"
    ear.gone = False
    machine.wait(20)
    assert "does not play" not in machine.loop.troubles.get("speaker", ""), "it works again"
    assert isinstance(machine.loop.scene, show.Idle)


def test_a_machine_without_voices_tells_how_they_are_made(wallet_folder: Path, tmp_path: Path) -> None:
    machine = Speaking(City(wallet_folder), Ear(), tmp_path / "none")
    assert "hardware/voices.sh" in machine.loop.troubles["speaker"]
    assert isinstance(machine.loop.scene, show.Idle), "residents are served meanwhile"


def test_a_card_that_is_left_is_told_again_and_again(wallet: Cards, wallet_folder: Path, voices: Path) -> None:
    ear = Ear(earphone=False)
    machine = Speaking(City(wallet_folder), ear, voices)
    card = wallet["hanako"]
    person = Person(card, kind="1", coins=(500,))

    def forgets(at: RigMachine, scene: show.Scene) -> None:
        if not isinstance(scene, show.TakeCard):
            person(at, scene)

    machine.watchers[:] = [forgets]
    machine.reader.insert(card.chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.TakeCard) and machine.loop.scene.alarm)
    machine.wait(15)
    assert ear.heard.count("[alarm]") >= 3
    machine.reader.remove()
    machine.run_until(lambda: not isinstance(machine.loop.scene, show.TakeCard))
    before = ear.heard.count("[alarm]")
    machine.wait(10)
    assert ear.heard.count("[alarm]") == before


@pytest.mark.parametrize("ends_by", ["key", "unplugged", "left"])
def test_who_listens_can_hide_the_picture_until_it_is_wanted_again(
    ends_by: str, wallet_folder: Path, voices: Path
) -> None:
    machine = Speaking(City(wallet_folder), Ear(), voices)
    machine.wait(2)

    def press(*keys: str) -> show.Scene:
        for key in keys:
            machine.tap(key, machine.clock.monotonic() + 0.5)
            machine.wait(2)
        assert machine.loop.scene is not None
        return machine.loop.scene

    hidden = press("language", "enter")
    assert isinstance(hidden, show.Idle)
    assert render(hidden).getextrema() == ((0, 0),) * 3, "nobody reads along"
    if ends_by == "key":
        assert "enter" in (draw(press("language")).keys or {}), "the list of the key can be seen"
        press("enter")
    elif ends_by == "unplugged":
        machine.ear.earphone = False
        machine.wait(2)
    else:
        machine.wait(400)
    assert machine.loop.scene is not None
    assert not machine.loop.scene.dark


def test_without_an_earphone_the_picture_stays(wallet_folder: Path, voices: Path) -> None:
    machine = Speaking(City(wallet_folder), Ear(earphone=False), voices)
    machine.wait(2)
    for key in ("language", "enter"):
        machine.tap(key, machine.clock.monotonic() + 0.5)
        machine.wait(2)
    assert isinstance(machine.loop.scene, show.ChooseLook)
    assert "enter" not in (draw(machine.loop.scene).keys or {})


@pytest.mark.parametrize(("earphone", "times"), [(False, 1), (True, 3)])
def test_who_listens_has_three_times_as_long(
    earphone: bool, times: int, wallet: Cards, wallet_folder: Path, voices: Path
) -> None:
    machine = Speaking(City(wallet_folder), Ear(earphone=earphone), voices)
    machine.wait(1)
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.EnterPin))
    began_s = machine.clock.monotonic()
    machine.run_until(lambda: not isinstance(machine.loop.scene, show.EnterPin))
    assert machine.clock.monotonic() - began_s == pytest.approx(45 * times, abs=1.5)


def test_a_site_may_want_a_locating_tone(wallet_folder: Path, voices: Path) -> None:
    ear = Ear(earphone=False)
    machine = Speaking(City(wallet_folder), ear, voices, locating_s=5.0)
    machine.wait(60)
    assert 6 <= ear.heard.count("[here]") <= 13
    ear.earphone = True
    machine.wait(2)
    ear.heard.clear()
    machine.wait(60)
    assert "[here]" not in ear.heard
