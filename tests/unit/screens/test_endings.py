"""How a visit ends, rule by rule: whoever is sent somewhere is told where that is and when it is open, on the screen and by ear."""

import tomllib
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from textwrap import wrap

import pytest

from drivers.vocabulary import CentreRefusal, PrintTrouble
from firmware.screens import draw, pictures
from firmware.screens.places import place_lines, short_line
from firmware.screens.words import LANGUAGES, words
from firmware.session import scenes as show
from firmware.session.scenes import Look
from firmware.session.view import SENT
from firmware.voice.pieces import LANGUAGES as VOICES
from firmware.voice.scenes import words_of
from firmware.voice.words import spoken
from host_sim.centre import sample

from .scenes_all import CITY, NEXT, OPEN, REASONS, SESSION_REASONS, TITLES, ending

CITY_FILE = Path(sample.__file__).with_name("miyazaki.toml")
# What only another municipality can do; `no_more` is a line of the menu and no end.
NO_PLACE_HERE = {CentreRefusal.NOT_RESIDENT, CentreRefusal.HELD_ELSEWHERE, CentreRefusal.NO_RECORD, "no_more"}


def bare(text: str) -> str:
    return "".join(text.split())


def shown(scene: show.Scene) -> str:
    return bare("".join(note.text for note in draw(scene).placed))


def with_places(language: str) -> list[show.Scene]:
    """Ends that name a place, with the seconds left, which take room; in Japanese and English all of them, else every third."""
    scenes = [scene for scene in ending(language) if scene.elsewhere is not None and scene.countdown_s is not None]
    return scenes if language in VOICES else scenes[::3]


def test_every_reason_has_its_place_or_is_another_municipality_s() -> None:
    assert set(REASONS) - set(map(str, SENT)) == set(map(str, NO_PLACE_HERE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_end_names_the_place_and_its_hours(language: str) -> None:
    say = words(language)
    scenes = with_places(language)
    assert {type(scene) for scene in scenes} == {show.TakePaper, show.Sorry, show.Done}
    for scene in scenes:
        assert scene.elsewhere is not None
        assert bare(place_lines(say, scene.elsewhere)[0][0]) in shown(scene), scene


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_end_in_large_letters_names_the_place_and_its_hours(language: str) -> None:
    """Or the place's telephone number where the screen is full."""
    say = words(language)
    for scene in with_places(language)[::5]:
        if isinstance(scene, show.Sorry | show.Done) and scene.claim_yen:
            continue  # two pages: the next test
        if isinstance(scene, show.Sorry) and scene.issued_copies and scene.returned_yen:
            continue  # the same
        assert scene.elsewhere is not None
        large = shown(replace(scene, look=Look.LARGE, telephone=None))
        told = [short_line(say, scene.elsewhere), place_lines(say, scene.elsewhere)[0][0], scene.elsewhere.telephone]
        assert any(bare(text) in large for text in told), scene


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_claim_in_large_letters_has_a_page_for_what_is_owed_and_one_for_the_desk(language: str) -> None:
    """Nothing is left out of either: what happened, what to do, amount and code; the desk, its hours, the code again."""
    say = words(language)
    scenes = [
        scene
        for scene in with_places(language)
        if isinstance(scene, show.Sorry | show.Done) and scene.claim_yen and not getattr(scene, "card_in", False)
    ]
    assert {type(scene) for scene in scenes} == {show.Sorry, show.Done}
    for scene in scenes:
        assert scene.elsewhere is not None
        first, second = (
            shown(replace(scene, look=look, page=page, pages=2))
            for page, look in ((1, Look.LARGE), (2, Look.LARGE_DARK))
        )
        owed = say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.yen(scene.claim_yen))
        assert bare(owed) in first
        if isinstance(scene, show.Sorry):
            what, then = say.reason(scene.reason, scene.youngest_years)
            assert bare(what) in first
            assert bare(say("sorry", "void_paper") if scene.void_paper else then) in second, scene
        whole, short = bare(place_lines(say, scene.elsewhere)[0][0]), bare(short_line(say, scene.elsewhere))
        assert whole in second or short in second, scene
        if scene.claim_code is not None:
            code = "-".join(wrap(scene.claim_code, 3))
            assert code in first
            assert code in second


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_end_in_large_letters_says_what_was_paid_back_and_handed_over(language: str) -> None:
    """On its only page, or on the first of two."""
    say = words(language)
    returned, issued = {"returned_yen": 1500}, {"issued_copies": 2}
    told = {
        "returned_yen": say("money", "returned", yen=say.yen(1500)),
        "issued_copies": say("money", "issued", copies=say.copies(2)),
    }
    said = [(reason, False) for reason in REASONS] + [(str(reason), True) for reason in PrintTrouble]
    for (reason, void), money in product(said, ({}, returned, issued, {**returned, **issued})):
        if money and reason not in SESSION_REASONS and not void:
            continue  # before anything was paid
        scene = show.Sorry(
            language=language, look=Look.LARGE, reason=reason, void_paper=void, elsewhere=NEXT, pages=max(len(money), 1), **money
        )  # fmt: skip
        text = shown(scene)
        if not money and reason == "paper_stuck":
            continue  # it is paid
        for sentence in [told[what] for what in money] or [say("money", "none")]:
            assert bare(sentence) in text, scene


@pytest.mark.parametrize(("language", "alarm"), list(product(LANGUAGES, (False, True))))
def test_the_hand_over_in_large_letters_says_what_is_owed_and_whom_to_call(language: str, alarm: bool) -> None:
    say = words(language)
    for claim_slip, seconds in ((True, None), (False, None), (True, 15)):
        scene = show.TakePaper(
            language=language, look=Look.LARGE, copies=2, change_yen=360, claim_yen=40, claim_slip=claim_slip, alarm=alarm,
            unseen=True, countdown_s=seconds, telephone="0985-21-1752", elsewhere=NEXT,
        )  # fmt: skip
        owed = say("money", "claim" if claim_slip else "claim_no_slip", yen=say.yen(40))
        assert bare(owed) in shown(scene)
        assert "0985-21-1752" in shown(scene)


@pytest.mark.parametrize("language", VOICES)
def test_every_end_says_the_place_and_its_hours(language: str) -> None:
    numbers = spoken(language).numbers
    for scene in with_places(language):
        assert scene.elsewhere is not None
        said = [piece for sentence in words_of(scene) for piece in sentence.pieces]
        place = scene.elsewhere
        time = numbers.time(place.until if place.opens_at is None else place.opens_at.time())
        for piece in (*time, *numbers.digits(place.telephone)):
            assert piece in said, (scene, piece)


@pytest.mark.parametrize(("reason", "card_in"), [("pin_blocked", True), ("unreadable", False), ("card_removed", False)])
def test_a_matter_of_the_card_shows_how_it_goes(reason: str, card_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    for name in ("take_card", "insert_card"):
        real = getattr(pictures, name)
        monkeypatch.setattr(pictures, name, lambda width, name=name, real=real: drawn.append(name) or real(width))
    draw(show.Sorry(reason=reason, card_in=card_in))
    assert drawn == ["take_card" if card_in else "insert_card"]


@pytest.mark.parametrize(("language", "place"), list(product(LANGUAGES, (OPEN, NEXT))))
def test_whoever_leaves_papers_is_told_how_to_get_them(language: str, place: show.Elsewhere) -> None:
    scene = show.TakePaper(language=language, copies=1, change_yen=0, alarm=True, countdown_s=15, elsewhere=place)
    assert bare(words(language)("take_paper", "later")) in shown(scene)


SITES = [site for site in tomllib.loads(CITY_FILE.read_text(encoding="utf-8"))["sites"].values() if "way" in site]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_screen_names_both_places_whatever_they_lack(language: str) -> None:
    """Pairs of the sample city's places, in the order of its file and turned round, each with what a resident finds there."""
    say = words(language)
    pairs = [pair for one, two in pairwise(SITES[::2]) for pair in ((one, two), (two, one))]
    for pair, kinds, reason in product(pairs, ((), tuple(TITLES[:1]), tuple(TITLES[:4])), ("hours", "maintenance")):
        places = tuple(replace(NEXT, name=site["name"], way=site["way"], kinds=kinds) for site in pair)
        scene = show.Closed(language=language, reason=reason, opens_at=NEXT.opens_at, elsewhere=places, city=CITY)
        text = shown(scene)
        for place in places:
            assert bare(place_lines(say, place)[0][0]) in text or bare(short_line(say, place)) in text, place
            some = bare(say("places", "some"))
            had = bare(say("places", "kinds", kinds=say.listed(map(say.of, kinds))))
            assert not kinds or some in text or had in text, "nobody is sent there for what it has not"
