"""Flags: counted, not flooded; assigned, commented, closed by two different people; each act stays."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from firmware.service.availability import Reason
from host_sim.centre.operating import flags, fleet
from host_sim.centre.tables import audit
from tests.unit.centre.town import HALL, SHOP, TUESDAY, Town

CENTRE = Path(__file__).parent.parent.parent.parent / "host_sim" / "centre"


def raised(town: Town, times: int = 1, machine: str = SHOP.name, **detail: object) -> None:
    for _ in range(times):
        with town.store.writing() as c:
            town.store.flag(c, town.now, machine, "two_amounts", detail or {"key": "ab" * 16})
        town.now += timedelta(minutes=1)


def standing(town: Town, *, closed: bool = False) -> list[tuple[int, str, int]]:
    with town.store.reading() as c:
        return [(row.id, row.state, row.times) for row in flags.listed(c, closed=closed)]


def closed_by(town: Town, who: str, number: int = 1) -> bool:
    with town.store.writing() as c:
        return flags.close(c, town.now, number, who, "the slip was found")


def test_the_same_flag_again_is_counted() -> None:
    town = Town()
    raised(town, 5)
    raised(town, 2, HALL.name)
    raised(town, 1, key="cd" * 16)
    assert standing(town) == [(1, "open", 5), (2, "open", 2), (3, "open", 1)]
    with town.store.reading() as c:
        row = flags.find(c, 1)
    assert (row.at, row.last_at) == (TUESDAY.isoformat(), (TUESDAY + timedelta(minutes=4)).isoformat())


def test_one_machine_cannot_flood_the_list() -> None:
    town = Town()
    for number in range(flags.OF_ONE_KIND_MAX + 50):
        raised(town, key=f"{number:032x}")
    raised(town, 1, HALL.name)
    rows = standing(town)
    assert len(rows) == flags.OF_ONE_KIND_MAX + 1
    assert sum(times for _, _, times in rows) == flags.OF_ONE_KIND_MAX + 51


def test_two_different_people_close_a_flag() -> None:
    town = Town()
    raised(town)
    assert not closed_by(town, "aoshima")
    for same in ("aoshima", "Aoshima ", "AOSHIMA", "ａｏｓｈｉｍａ", "ao shima", "ao\u3000shima"):
        with pytest.raises(flags.NotDone, match="second person"):
            closed_by(town, same)
    assert standing(town) == [(1, "closing", 1)]
    assert closed_by(town, "hyuga")
    assert standing(town) == []
    with pytest.raises(flags.NotDone, match="is closed"):
        closed_by(town, "takachiho")
    raised(town)  # it happens again: a new one
    assert standing(town, closed=True) == [(1, "closed", 1), (2, "open", 1)]


def test_what_happens_again_needs_both_people_again() -> None:
    """The first of the two has not seen what happened since."""
    town = Town()
    raised(town)
    closed_by(town, "aoshima")
    raised(town)
    assert standing(town) == [(1, "open", 2)]
    assert not closed_by(town, "hyuga")
    assert closed_by(town, "aoshima")


def test_each_act_stays_with_who_when_and_why() -> None:
    town = Town()
    raised(town)
    with town.store.writing() as c:
        flags.assign(c, town.now, 1, "aoshima", "hyuga")
        flags.comment(c, town.now, 1, "hyuga", "asked the shop")
    closed_by(town, "hyuga")
    raised(town)
    with town.store.reading() as c:
        told = [(act.act, act.by, act.words) for act in flags.acts_of(c, 1)]
        acts = c.scalars(sa.select(audit.c.act).order_by(audit.c.id)).all()
        details = repr(c.scalars(sa.select(audit.c.detail)).all())
    assert told == [
        ("assigned", "aoshima", "to hyuga"),
        ("commented", "hyuga", "asked the shop"),
        ("closing", "hyuga", "the slip was found"),
        ("reopened", "-", "It happened again."),
    ]
    assert acts == ["flag", "flag_assigned", "flag_commented", "flag_closing", "flag_reopened", "flag"]
    assert "asked" not in details


@pytest.mark.parametrize("words", ["", "  ", "a\nb", "\x1b[2J", "x" * 501])
def test_who_and_why_are_one_line_of_letters(words: str) -> None:
    town = Town()
    raised(town)
    with town.store.writing() as c:
        for act in (flags.assign, flags.comment, flags.close):
            for told in (("aoshima", words), (words, "why")):
                with pytest.raises(flags.NotDone):
                    act(c, town.now, 1, *told)
        with pytest.raises(flags.NotDone, match="no flag 7"):
            flags.comment(c, town.now, 7, "aoshima", "x")


def test_every_flag_of_the_centre_has_its_sentence() -> None:
    """Read from the source: the word in each call of `flag`."""
    said = {
        call.args[3].value
        for path in CENTRE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "flag"
        if isinstance(call.args[3], ast.Constant)
    }
    assert said - set(flags.SENTENCES) == set()
    assert len(said) > 10


def test_every_reason_and_event_of_a_machine_has_its_sentence() -> None:
    assert {str(reason) for reason in Reason} - set(fleet.REASONS) == set()
    from firmware.service import heartbeat, lockout

    assert {heartbeat.LOCKED, lockout.PIN_ATTACK} <= set(flags.EVENTS)
    assert "does not know" in flags.sentence_of("reported", {"event": "x"})


def test_a_stopped_line_goes_on_only_by_two_people_however_they_are_typed() -> None:
    town = Town()
    town.stop("a test")
    for by in (
        ("aoshima", "Aoshima "),
        ("aoshima", "ａｏｓｈｉｍａ"),
        ("aoshima", "  "),
        ("青島\u3000太郎", "青島太郎"),
    ):
        with pytest.raises(flags.NotDone, match="different people"):
            town.resume(by)
    with town.store.reading() as c:
        assert town.store.fact(c, "stopped") == "a test"
