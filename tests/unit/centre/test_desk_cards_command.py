"""`python -m host_sim.centre desk cards ...`, and the simulator's wallet, which never overwrites an act."""

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from host_sim.centre import books, sample
from host_sim.centre import cards as register
from host_sim.centre.__main__ import main
from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import database_url, simulated_now
from host_sim.centre.store import Store
from host_sim.centre.tables import audit
from host_sim.centre.wallet_cards import load_cards
from host_sim.wallet import Wallet
from tests.card_keys import KEYS
from tests.unit.centre.cards import certificate
from tests.unit.centre.town import TUESDAY, Town

LISTS = {"list", "check", "counts", "ending", "open"}
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory with a city and the wallet's cards, as `serve` leaves it."""
    Wallet.open(tmp_path / "wallet", TUESDAY.date(), keys=KEYS)
    _serve(tmp_path)
    return tmp_path


def _serve(run: Path) -> None:
    identity = ensure_identity(run / "centre", [])
    store = Store(database_url(run, None), create=True)
    books.load(store, sample.residents())
    load_cards(store, run / "wallet", identity.pin_hash_key, TUESDAY)
    store.close()


@pytest.fixture
def say(run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    def said(act: str, *words: str, typed: str = "") -> tuple[int, str]:
        why = () if act in LISTS else ("--by", "hidaka", "--why", "reported by telephone")
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", "desk", "cards", act, "--run", str(run), *why, *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        status = main()
        told = capsys.readouterr()
        return status, told.out + told.err

    return said


def card_of(run: Path, name: str) -> dict[str, Any]:
    entries = json.loads((run / "wallet" / "registry.json").read_text(encoding="utf-8"))
    return next(entry for entry in entries if entry["card"] == name)


def state(run: Path, fingerprint: str) -> str:
    store = Store(database_url(run, None), create=True)
    with store.reading() as c:
        found = register.state_of(register.find(c, fingerprint))
    store.close()
    return found


def test_the_wallet_enters_cards_and_overwrites_no_act(run: Path, say: Say) -> None:
    hanako, lost = (card_of(run, name)["credential_sha256"] for name in ("hanako", "lost-my-number"))
    revoked = card_of(run, "revoked")["credential_sha256"]
    assert [state(run, card) for card in (hanako, lost, revoked)] == ["in_use", "lost", "revoked"]
    assert say("lost", hanako) == (0, "Done.\n")
    assert say("found", lost) == (0, "Done.\n")
    _serve(run)  # the next start loads the same wallet
    assert [state(run, card) for card in (hanako, lost, revoked)] == ["lost", "in_use", "revoked"]
    assert say("check") == (0, "Every card is what its acts have made of it.\n")


def test_acts_at_the_command_line(run: Path, say: Say, tmp_path: Path) -> None:
    taro = card_of(run, "taro")["credential_sha256"]
    status, told = say("found", taro)
    assert (status, told) == (1, "This card is in use.\n")
    assert say("lost", taro[:10])[0] == 0
    assert say("lost", taro[:10])[0] == 1
    status, told = say("list")
    assert status == 0
    assert f"{taro} individual_number" in told
    assert "hidaka reported by telephone" in told
    assert say("revoke", taro) == (0, "Done.\n")
    for bad in ("12", "xyz" * 5, "f" * 64):
        status, told = say("lost", bad)
        assert status == 1
        assert told.endswith(".\n")


def test_orders_letters_and_lists_at_the_command_line(run: Path, say: Say, tmp_path: Path) -> None:
    resident = Town().resident_id("kazuko")
    status, told = say("issue", "--resident", resident, "--photo-id")
    assert (status, told.split(",")[1]) == (
        0,
        " citizen. Type this code at the desk's reader within an hour: " + told.strip()[-11:] + "\n",
    )
    order = told.split()[1].rstrip(",")
    assert say("issue", "--resident", resident, "--photo-id")[0] == 1
    assert "Nothing has been done to a card yet" in say("open")[1]
    assert say("code", order)[0] == 0
    assert say("discard", order)[0] == 0
    assert say("code", order)[0] == 1
    status, told = say("switch", "--resident", resident, "--photo-id")
    assert (status, told) == (
        1,
        "The free switch of plastic cards ended on 2012-03-31: issue a card in the usual way, with its fee.\n",
    )
    status, told = say("enquire", "--resident", resident, "--out", str(tmp_path))
    assert status == 0
    (page,) = tmp_path.glob("*.pdf")
    assert page.name in told
    enquiry = told.split()[1].rstrip(",")
    refused = (1, "The letter was sent today: a reply counts from tomorrow on.\n")  # a script sees it by the status
    assert say("answer", enquiry, typed="1\n") == refused
    assert say("issue", "--resident", resident, "--enquiry", enquiry, "--second", "hidaka")[0] == 1
    status, told = say("counts")
    assert status == 0
    assert "ends on 2010-07-31: the two do not agree" in told
    assert say("ending", "--days", "4000")[0] == 0
    assert say("ending", "--days", "4001") == (1, "The number of days is a whole number from 1 to 4000.\n")
    assert say("check")[0] == 0


def test_only_the_card_desks_staff_may_act(run: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    taro = card_of(run, "taro")["credential_sha256"]
    for nobody in ("tanaka", "someone"):  # a clerk without the role; nobody in the city's file
        status, _ = say("lost", taro, "--by", nobody)
        assert status == 1
    assert state(run, taro) == "in_use"


@pytest.mark.parametrize("why", ["", " ", "x" * 501, "a\0b", "a\u202eb", "\udcff"])
def test_a_reason_is_one_line_that_can_be_read(run: Path, say: Say, why: str) -> None:
    taro = card_of(run, "taro")["credential_sha256"]
    status, told = say("lost", taro, "--why", why)
    assert (status, told[:8], told.count("\n")) == (1, "Say why,", 1)
    assert state(run, taro) == "in_use"


def test_a_certificate_is_entered_and_renewed(run: Path, say: Say, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first.der", "second.der"))
    first.write_bytes(certificate())
    second.write_bytes(certificate())
    resident = Town().resident_id("hanako")
    assert say("enter", "--resident", resident, "--certificate", str(first)) == (0, "Done.\n")
    assert say("enter", "--resident", resident, "--certificate", str(first))[0] == 1
    old = hashlib.sha256(first.read_bytes()).hexdigest()
    assert say("enter", "--instead-of", old, "--certificate", str(second)) == (0, "Done.\n")
    assert state(run, old) == "revoked"
    assert say("enter", "--resident", resident, "--certificate", str(tmp_path / "nothing"))[0] == 1
    assert say("enter", "--resident", resident, "--certificate", str(run / "wallet" / "registry.json"))[0] == 1


def test_the_simulators_clock_is_the_acts_clock(run: Path, say: Say) -> None:
    (run / "clock-offset").write_text("86400")
    taro = card_of(run, "taro")["credential_sha256"]
    assert say("lost", taro)[0] == 0
    day = simulated_now(run / "clock-offset").date().isoformat()
    assert f"{day}T" in say("list")[1]


def test_a_resident_is_found_as_on_the_page_and_nobody_is_told_by_the_status(run: Path, say: Say) -> None:
    person = sample.residents().by_key("kazuko")
    for words in ("わたなべ　かず", person.resident_id, " ４５０００３９５９５ "):
        status, told = say("find", typed=f"{words}\n")
        assert (status, person.resident_id in told, person.name in told) == (0, True, True), words
    assert say("find", typed="むじな\n") == (1, "Nobody in the register matches.\n")
    assert say("find", typed="昭和56年2月30日\n")[0] == 1
    store = Store(database_url(run, None), create=True)
    with store.reading() as c:
        rows = c.scalars(sa.select(audit.c.detail).where(audit.c.act == "resident_searched")).all()
    store.close()
    assert [row["found"] for row in rows] == [1, 1, 1, 0]
    assert {row["who"] for row in rows} == {"hidaka"}
