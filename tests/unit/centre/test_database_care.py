"""Backup, restore and fsck: a drill while machines are served, and each contradiction that fsck must find."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from drivers.vocabulary import AdviceFate, CopyState, Reserved
from host_sim.centre import backup as care
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.fsck import fsck
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import audit, cards, claims, copies, flags, households, requests, residents, serials
from tests.unit.centre.databases import AT_HAND, empty_database, unguard
from tests.unit.centre.town import SHOP, Town


def issue(town: Town, card: object, peer: Peer, op: str = "issued") -> Reserved:
    session = town.session(card, peer)  # type: ignore[arg-type]
    reserved = session.reserved(session.item("juminhyo"))
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    told = {"op": op, "request_id": reserved.request_id, "copy": 1, "reason": "printed"}
    assert session.line.advise(told) is AdviceFate.ACKNOWLEDGED
    return reserved


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_backup_under_load_is_restored_and_nothing_contradicts(kind: str, tmp_path: Path) -> None:
    """The restore drill: a paper promised before the backup is known after it, and its end can be told."""
    file, over = tmp_path / "backup", Event()
    with empty_database(kind, tmp_path) as url, empty_database(kind, tmp_path) as new:
        town = Town(url)
        card = town.card("kazuko")
        session = town.session("hanako")
        promised = session.reserved(session.item("inkan"))

        def serve(number: int) -> int:
            issued = 0
            while not over.is_set() or not issued:
                issue(town, card, Peer(f"machine-{number:02}", "store"))
                issued += 1
            return issued

        with ThreadPoolExecutor(3) as pool:
            serving = [pool.submit(serve, number) for number in range(3)]
            care.backup(Database(url), file)
            over.set()
            assert all(done.result() for done in serving)
        with pytest.raises(DatabaseTrouble, match="exists already"):
            care.backup(Database(url), file)
        assert file.stat().st_mode & 0o077 == 0, "everybody's name and address are in it"
        assert fsck(town.store) == []
        town.store.close()
        care.restore(Database(new), file)
        back = Town(new)
        assert fsck(back.store) == []
        assert back.line().status(promised.request_id) == {1: CopyState.RESERVED}
        assert isinstance(back.line().fetch(promised, 1), bytes)
        told = {"op": "issued", "request_id": promised.request_id, "copy": 1, "reason": "printed"}
        assert back.line().advise(told) is AdviceFate.ACKNOWLEDGED
        assert fsck(back.store) == []
        with pytest.raises(DatabaseTrouble, match="not empty"):
            care.restore(Database(new), file)
        back.store.close()


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_damaged_backup_leaves_the_database_empty(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with empty_database(kind, tmp_path) as url, empty_database(kind, tmp_path) as new:
        Town(url).store.close()
        care.backup(Database(url), file)
        whole = file.read_bytes()
        for damaged in (whole[: len(whole) // 2], b"", b"a letter" * 1000):
            file.write_bytes(damaged)
            with pytest.raises(DatabaseTrouble):
                care.restore(Database(new), file)
            with pytest.raises(DatabaseTrouble, match="is empty"):
                Store(new)


HANAKO = "4500015838"
DAMAGES = {
    "was never promised": requests.update().values(state="dead"),
    "is no state of copies": copies.update().values(state="lost"),
    "its document was left": copies.update().values(document=b"x"),
    "are not those of its manifest": copies.update().values(fee_yen=1),
    "took other issue numbers": requests.update().values(issue_numbers=["20261124 宮崎市 TXR3C2 0009"]),
    "was given 0 times": serials.update().values(last=3),
    "counted to 0": serials.delete(),
    "noted as issued 0 times": audit.delete().where(audit.c.act == "issued"),
    "noted as promised 0 times": audit.delete().where(audit.c.act == "reserved"),
    "is not issued and was noted as issued 1 times": copies.update().values(state="void"),
    "nobody was told": claims.update().values(amount_yen=100),
    "another code than its key": claims.update().values(claim_code="AAAAAAAA"),
    "nobody has recorded the debt": claims.delete(),
    "PIN failures": cards.update().values(pin_failures=4),
    "which the books do not have": residents.delete().where(residents.c.resident_id == HANAKO),
    "about somebody else": residents.update().where(residents.c.resident_id == HANAKO).values(household_id="0"),
    "cannot be read": residents.update().where(residents.c.resident_id == HANAKO).values(packed="{}"),
    "have 1 only": households.update().values(version=7),
}


def damaged_town() -> Town:
    town, key = Town(), "ab" * 16
    issue(town, "hanako", SHOP)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    town.line().advise({"op": "collected", "key": key, "amount_yen": 500, "collection": 1})
    return town


@pytest.mark.parametrize("told", DAMAGES)
def test_fsck_finds(told: str) -> None:
    town = damaged_town()
    assert fsck(town.store) == []
    with town.store.writing() as c:
        unguard(c)
        c.execute(DAMAGES[told])
    faults = fsck(town.store)
    assert any(told in fault for fault in faults), faults
    names = {p.name for p in town.register.residents.values()}
    assert not any(name in fault for fault in faults for name in names)


def test_a_number_twice_is_found() -> None:
    town = damaged_town()
    with town.store.writing() as c:
        number = c.scalars(sa.select(copies.c.issue_number)).one()
        detail = {"request_id": secrets.token_hex(16), "issue_numbers": [number], "why": "x"}
        town.store.note(c, town.now, SHOP, "not_made", detail)
    assert any("on a copy and was noted as not made" in fault for fault in fsck(town.store))


def test_what_was_paid_too_much_and_flagged_contradicts_nothing() -> None:
    town = damaged_town()
    town.line().advise({"op": "collected", "key": "ab" * 16, "amount_yen": 500, "collection": 2})
    with town.store.reading() as c:
        assert c.scalars(sa.select(flags.c.what)).all() == ["claim_of_no_session", "paid_twice"]
    assert fsck(town.store) == []
