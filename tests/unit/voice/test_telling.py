"""What is said when: scene after scene, key after key, with and without an earphone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import Key
from firmware.session import scenes as show
from firmware.voice.telling import Teller, Utterance
from firmware.voice.tones import Tone
from tests.unit.screens.scenes_all import TITLES, every_scene

PIN = show.EnterPin(count=0, tries_left=3)
PAY = show.Pay(fee_yen=300, inserted_yen=0, accepts_yen=(10, 50, 100, 500))
IDLE = show.Idle(until=None)
OPTION = show.ChooseOption(
    kind_title=TITLES[0],
    title={"ja": "どなたの分ですか", "en": "Whose record?"},
    lines=(
        show.ChoiceLine(label={"ja": "世帯全員"}, chosen=True),
        show.ChoiceLine(label={"ja": "本人のみ"}, chosen=False),
    ),
    several=False,
    step=1,
    steps=2,
)


class Bench:
    def __init__(self, *, always: bool = False, earphone: bool = True) -> None:
        self.teller = Teller(always=always, volume=7)
        self.earphone = earphone

    def sees(self, scene: show.Scene, key: Key | None = None, *, pressed: bool = False) -> Utterance | None:
        return self.teller.see(scene, key, pressed=pressed or key is not None, earphone=self.earphone)

    def hears(self, scene: show.Scene, key: Key | None = None, *, pressed: bool = False) -> str:
        said = self.sees(scene, key, pressed=pressed)
        return "" if said is None else said.words


def test_every_digit_of_a_pin_has_the_same_tone_and_no_word() -> None:
    bench = Bench()
    bench.sees(PIN)
    assert {bench.hears(replace(PIN, count=count), pressed=True) for count in (1, 2, 3)} == {"[key]"}
    assert "四けた入りました" in bench.hears(replace(PIN, count=4), pressed=True)


def test_a_notice_without_a_recording_sends_nobody_to_the_staff() -> None:
    """It may be the flower of the day; what is closed is told by other words."""
    bench = Bench()
    bench.sees(show.Starting())
    heard = bench.hears(replace(IDLE, notice={"ja": "きょうの誕生花は、しろいきくです"}))
    assert "音声にはありませんが、証明書は取れます" in heard
    assert "係の人" not in heard


def test_after_a_coin_only_what_has_changed_is_said() -> None:
    bench = Bench()
    assert "硬貨を" in bench.hears(PAY)
    assert bench.hears(replace(PAY, inserted_yen=100)) == "入った金額、100円、残り、200円."


def test_the_next_question_is_said_whole() -> None:
    bench = Bench()
    bench.sees(OPTION)
    following = bench.hears(replace(OPTION, step=2), Key.D1)
    assert "世帯全員" in following
    assert "本人のみ" in following


def test_a_key_that_does_nothing_says_everything_again() -> None:
    bench = Bench()
    before = bench.hears(OPTION)
    assert bench.hears(OPTION, Key.D0) == f"[refused] {before}"


def test_the_arrows_are_the_volume_where_they_mean_nothing() -> None:
    bench = Bench()
    bench.sees(OPTION)
    bench.sees(OPTION, Key.PREVIOUS)
    assert bench.teller.volume == 8
    bench.sees(replace(OPTION, pages=2), Key.NEXT)
    bench.sees(replace(OPTION, pages=2), Key.NEXT)
    assert bench.teller.volume == 8, "at the end of a list they are no volume either"
    for _ in range(20):
        bench.sees(replace(OPTION, pages=1), Key.NEXT)
    assert bench.teller.volume == 1
    bench.sees(IDLE)
    assert bench.teller.volume == 7, "the next resident begins with the unit's own"


def test_the_seconds_left_do_not_end_a_sentence() -> None:
    bench = Bench()
    bench.sees(PAY)
    said = {left: bench.sees(replace(PAY, countdown_s=left)) for left in range(15, 0, -1)}
    assert [left for left, utterance in said.items() if utterance is not None] == [15, 10, 5]
    assert all(utterance.waits for utterance in said.values() if utterance is not None)


def test_without_an_earphone_only_tones() -> None:
    bench = Bench(earphone=False)
    assert bench.sees(PIN) is None
    assert bench.hears(replace(PIN, count=1), pressed=True) == "[key]"
    assert bench.hears(show.TakeCard(alarm=True)) == "[alarm]"


@pytest.mark.parametrize("earphone", [False, True])
def test_an_idle_machine_says_nothing_by_itself(earphone: bool) -> None:
    bench = Bench(always=True, earphone=earphone)
    bench.sees(show.Done(copies=1, fee_yen=300, change_yen=0))
    assert "証明書自動交付機" not in bench.hears(IDLE, Key.ENTER)
    assert bench.sees(replace(IDLE, exact_money_only=True)) is None
    assert "証明書自動交付機" in bench.hears(replace(IDLE, exact_money_only=True), Key.D5)


def test_who_waits_with_an_earphone_hears_that_the_machine_opens() -> None:
    bench = Bench()
    bench.sees(show.Starting())
    assert "証明書自動交付機" in bench.hears(IDLE)
    assert Bench(always=True, earphone=False).sees(show.Starting()) is None


def test_words_of_a_wait_run_on_into_the_next_wait_and_nowhere_else() -> None:
    bench = Bench()
    waits = []
    for scene in (
        show.Working(what="reading_card"),
        show.Working(what="calling_centre"),
        PIN,
        show.Working(what="authenticating"),
        show.MoneyBack(amount_yen=200, is_change=True),
        show.Working(what="settling"),
        show.TakePaper(copies=1, change_yen=200),
    ):
        said = bench.sees(scene)
        assert said is not None
        waits.append(said.waits)
    assert waits == [False, True, False, False, False, True, False]


def test_an_earphone_that_comes_hears_everything_and_one_that_goes_ends_it() -> None:
    bench = Bench(earphone=False)
    bench.sees(IDLE)
    assert "証明書自動交付機" in bench.teller.plug(earphone=True).words
    assert bench.teller.plug(earphone=False) == Utterance()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(every_scene("ja")[::17]), max_size=12), st.data())
def test_nothing_private_is_said_aloud(scenes: list[show.Scene], data: st.DataObject) -> None:
    teller = Teller(always=True, volume=7)
    for scene in scenes:
        key = data.draw(st.sampled_from([None, Key.D5, Key.NEXT]))
        said = teller.see(scene, key, pressed=key is not None, earphone=False)
        assert said is None or not any(sentence.private for sentence in said.sentences)
        again = teller.see(scene, Key.D9, pressed=True, earphone=False)
        assert again is not None
        assert again.tones == (Tone.REFUSED,)
