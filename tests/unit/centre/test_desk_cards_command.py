"""`python -m host_sim.centre card ...`, and the simulator's wallet, which never overwrites an act."""

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_sim.centre import books, sample
from host_sim.centre import cards as register
from host_sim.centre.__main__ import main
from host_sim.centre.identity import ensure_identity
from host_sim.centre.pins import OtherPinKey
from host_sim.centre.server import database_url, simulated_now
from host_sim.centre.store import Store
from host_sim.centre.wallet_cards import load_cards
from host_sim.wallet import Wallet
from tests.unit.centre.town import TUESDAY, Town

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory with a city and the wallet's cards, as `serve` leaves it."""
    Wallet.open(tmp_path / "wallet", TUESDAY.date(), keys=_keys(tmp_path))
    _serve(tmp_path)
    return tmp_path


def _keys(tmp_path: Path) -> Path:
    return tmp_path.parent / "wallet-keys"


def _serve(run: Path) -> None:
    identity = ensure_identity(run / "centre", [])
    store = Store(database_url(run, None), create=True)
    books.load(store, sample.residents())
    load_cards(store, run / "wallet", identity.pin_hash_key, TUESDAY)
    store.close()


@pytest.fixture
def say(run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    def said(act: str, *words: str, typed: str = "") -> tuple[int, str]:
        why = () if act in {"list", "check"} else ("--who", "miyazaki-07", "--why", "reported by telephone")
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", "card", act, "--run", str(run), *why, *words])
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
    assert "miyazaki-07 reported by telephone" in told
    assert say("revoke", taro) == (0, "Done.\n")
    for bad in ("12", "xyz" * 5, "f" * 64):
        status, told = say("lost", bad)
        assert status == 1
        assert told.endswith(".\n")


def test_a_card_is_issued_unlocked_and_replaced_at_the_command_line(run: Path, say: Say, tmp_path: Path) -> None:
    town = Town()
    cards = [town.municipal_card("hanako", kind="citizen").read.credential for _ in range(3)]
    files = [tmp_path / f"card-{number}" for number in range(3)]
    for file, content in zip(files, cards, strict=True):
        file.write_bytes(content)
    prints = [hashlib.sha256(content).hexdigest() for content in cards]
    resident = town.resident_id("hanako")
    describe = ("--kind", "citizen", "--credential")
    issue = ("issue", "--resident", resident, *describe, str(files[0]))
    assert say(*issue, typed="12\n") == (1, "A PIN is four digits.\n")
    assert say(*issue, "--seal", typed="1234\n") == (0, "Done.\n")
    assert say(*issue, typed="1234\n") == (1, "This card is in the register already.\n")
    assert say("unlock", prints[0]) == (1, "No wrong PIN is counted for this card.\n")
    assert say("unlock", prints[0], "--new-pin", typed="8080\n") == (0, "Done.\n")
    assert say("renew", prints[0], *describe, str(files[1])) == (0, "Done.\n")
    assert say("replace", prints[1], *describe, str(files[2]), typed="4649\n") == (0, "Done.\n")
    assert say("replace", prints[1], *describe, str(files[2]), typed="4649\n")[0] == 1
    told = say("list", "--resident", resident)[1]
    assert f"{prints[2]} citizen {resident} in_use 2030-01-01 seal" in told
    assert "8080" not in told
    bad = ("issue", "--resident", resident, "--kind", "resident_register", "--credential")
    assert say(*bad, str(files[0]), typed="1234\n")[1].startswith("The record is that of another kind")
    assert say(*bad, str(tmp_path / "nothing"), typed="1234\n")[0] == 1
    assert say(*bad, str(run / "wallet" / "registry.json"), typed="1234\n")[0] == 1
    assert say("check")[0] == 0


def test_the_key_file_of_another_city_is_refused_in_a_sentence(run: Path, say: Say) -> None:
    (run / "centre" / "tls" / "pin-hash.key").write_bytes(bytes(32))
    taro = card_of(run, "taro")["credential_sha256"]
    status, told = say("lost", taro)
    assert (status, told) == (1, f"{OtherPinKey()}\n")
    assert state(run, taro) == "in_use"


def test_the_simulators_clock_is_the_acts_clock(run: Path, say: Say) -> None:
    (run / "clock-offset").write_text("86400")
    taro = card_of(run, "taro")["credential_sha256"]
    assert say("lost", taro)[0] == 0
    day = simulated_now(run / "clock-offset").date().isoformat()
    assert f"{day}T" in say("list")[1]
