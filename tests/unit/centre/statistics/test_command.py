"""`report` as it is typed: tables, CSV, page; a sentence for each mistake."""

import re
import sys
from datetime import datetime
from pathlib import Path

import pytest

from host_sim.centre import books, sample
from host_sim.centre.__main__ import main
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.opening import database_url
from host_sim.centre.store import Store
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import JST, SHOP, TUESDAY


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def typed(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", "report", *map(str, words)])
        status = main()
        told = capsys.readouterr()
        return status, told.out + told.err

    return typed


def test_the_slides_in_the_terminal_in_both_languages(report) -> None:  # type: ignore[no-untyped-def]
    status, japanese = report("--slides", "miyazaki-2014h1", "--compare")
    assert status == 0
    for words in ("自動交付機", "-9,638", "負号が落ちている", "前年の四捨五入した割合の合計は100.1%", "178日稼働"):
        assert words in japanese
    assert "the minus sign is missing" in report("--slides", "miyazaki-2014h1", "--compare", "--language", "en")[1]


def test_the_page_needs_nothing_else_and_says_what_is_to_be_seen(report, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "report.html"
    assert report("--slides", "miyazaki-2014h1", "--html", page)[0] == 0
    html = page.read_text(encoding="utf-8")
    for words in ("コンビニ交付の44.3%は、窓口が閉まっている時間帯", "1通409円かかり、手数料300円を109円上回る"):
        assert words in html
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', html)
    named = re.findall(r'\bid="([^"]+)"', html)
    assert len(named) == len(set(named))
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', html)) <= set(named)


def test_each_table_is_a_csv_with_plain_numbers(report, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert report("--slides", "miyazaki-2014h1", "--csv", tmp_path / "out")[0] == 0
    lines = (tmp_path / "out" / "kind_juminhyo.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[2] == "自動交付機,14217,11.8,23855,20.7,-9638,-40.4,-8.8"
    costs = (tmp_path / "out" / "costs_store.csv").read_text(encoding="utf-8-sig")
    assert "1通あたりの経費,409.4\n" in costs


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Say which months: --from 2014-01 --to 2014-06."),
        (("--from", "2014-06", "--to", "2014-01"), "--to is 2014-01, which is before --from."),
        (("--from", "2014-01", "--compare"), "--compare needs --replay or --slides"),
        (("--from", "2014-01", "--papers", "nowhere.csv"), "nowhere.csv cannot be read: No such file or directory."),
        (("--from", "2014-01"), "The database has no city's file; apply one"),
        (("--from", "2014-01", "--database", "sqlite:///typo.db"), "There is no database typo.db"),
        (("--slides", "miyazaki-2014h1", "--from", "2014-01"), "counts 2014-01 to 2014-06 together"),
        (("--slides", "miyazaki-2014h1", "--html", "/nowhere/page.html"), "/nowhere/page.html cannot be written"),
    ],
)
def test_a_mistake_is_one_sentence(report, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "centre").mkdir()
    Store(database_url(tmp_path, None), create=True).close()
    status, told = report(*words, "--run", tmp_path)
    assert status == 1
    assert sentence in told
    assert "Traceback" not in told


def test_a_replay_never_enters_a_database_in_use(report, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "centre").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'centre' / 'centre.db'}", create=True)
    books.load(store, sample.residents())
    store.close()
    status, told = report("--replay", "miyazaki-2014h1", "--run", tmp_path)
    assert (status, told) == (1, "The database is not empty; a replay needs one of its own: --run DIRECTORY.\n")


@pytest.mark.parametrize("each", AT_HAND)
def test_papers_of_the_centre_and_of_others_in_one_report(report, each: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with database(each, tmp_path) as url:
        store = Store(url, create=True)
        books.load(store, sample.residents())
        CityBook(store).apply(sample.city(), SAMPLE, TUESDAY)
        with store.writing() as c:
            for day in (10, 11):
                at = datetime(2026, 11, day, 7, 0, tzinfo=JST)
                told = {"kind": "inkan", "fee_yen": 300, "requester": "self", "channel": "store", "method": "jpki"}
                store.note(c, at, SHOP, "issued", told)
        store.close()
        papers = tmp_path / "papers.csv"
        papers.write_text("from,to,kind,channel,copies\n2026-11,2026-11,inkan,post,6\n", encoding="utf-8")
        words = ("--from", "2026-11", "--papers", papers, "--database", url, "--run", tmp_path, "--language", "en")
        status, said = report(*words)
    assert status == 0
    assert re.search(r"Konbini +2 +25.0%", said)
    assert re.search(r"Post +6 +75.0%", said)
    assert re.search(r"JPKI +2", said)
