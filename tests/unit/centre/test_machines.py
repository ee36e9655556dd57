"""Whose key may speak, by whose word; and what a machine may say that a session owes (fault G1, fault G2)."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.vocabulary import AdviceFate
from host_sim.centre.identity import ensure_identity
from host_sim.centre.machines import owing, registry
from host_sim.centre.machines.admission import TELL_AGAIN, Admission
from host_sim.centre.operating.flags import NotDone
from host_sim.centre.store import Peer
from host_sim.centre.tables import claims, flags
from tests.unit.centre.town import HALL, SHOP, Session, Town

KEY, NEW = "a" * 64, "b" * 64


def act(town: Town, what: Callable[..., bool], *told: object) -> bool:
    with town.store.writing() as c:
        return what(c, town.now, *told)


def register(town: Town, by: str, peer: Peer = SHOP, key: str = KEY) -> bool:
    return act(town, registry.register, peer, key, by, "new machine")


def revoke(town: Town, by: str) -> bool:
    return act(town, registry.revoke, SHOP.name, by, "stolen")


def refused(town: Town, peer: Peer = SHOP, key: str = KEY) -> str:
    with town.store.reading() as c:
        return registry.standing(c, peer, key).refused


def flagged(town: Town) -> list[str]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(flags.c.what).order_by(flags.c.id)))


def test_two_people_register_a_machine() -> None:
    town = Town()
    assert refused(town) == "machine_unknown"
    assert not register(town, "tanaka")
    assert refused(town) == "machine_unknown", "one person's word is not enough"
    with pytest.raises(NotDone, match="a second person"):
        register(town, "Ｔａｎａｋａ ")
    assert register(town, "kuroki")
    assert refused(town) == ""
    with pytest.raises(NotDone, match="registered with this key already"):
        register(town, "mori")


def test_a_key_speaks_for_its_own_name_and_site_only() -> None:
    town = Town()
    register(town, "tanaka")
    register(town, "kuroki")
    assert refused(town, Peer("renamed", SHOP.site)) == "machine_renamed"
    assert refused(town, Peer(SHOP.name, "office")) == "machine_moved"
    assert refused(town, SHOP, NEW) == "machine_unknown"
    for peer in (HALL, Peer(SHOP.name, "office")):
        with pytest.raises(NotDone, match="had this key"):
            register(town, "tanaka", peer)


def test_one_word_stops_a_stolen_machine_and_the_second_is_final() -> None:
    town = Town()
    register(town, "tanaka")
    register(town, "kuroki")
    assert not revoke(town, "mori")
    assert refused(town) == "machine_revoked"
    with pytest.raises(NotDone, match="a second person"):
        revoke(town, "mori")
    assert revoke(town, "tanaka")
    for who in ("tanaka", "kuroki"):
        with pytest.raises(NotDone, match="for good"):
            register(town, who)
    assert refused(town) == "machine_revoked"


def test_a_machine_that_one_person_stopped_goes_on_by_two() -> None:
    town = Town()
    register(town, "tanaka")
    register(town, "kuroki")
    revoke(town, "mori")
    assert not register(town, "tanaka")
    assert refused(town) != ""
    assert register(town, "kuroki")
    assert refused(town) == ""


def test_a_renewed_key_ends_the_old_one_when_it_is_used() -> None:
    town = Town()
    for key in (KEY, NEW):
        register(town, "tanaka", key=key)
        register(town, "kuroki", key=key)
    admission = Admission(town.store, lambda: town.now)
    assert admission.admits(SHOP, KEY), "the machine has the new key only when somebody has brought it"
    assert admission.admits(SHOP, NEW)
    assert not admission.admits(SHOP, KEY)
    assert flagged(town) == ["machine_revoked"]
    with pytest.raises(NotDone, match="had this key"):
        register(town, "tanaka", key=KEY)


def test_a_refused_certificate_is_flagged_and_counted_but_not_at_each_call() -> None:
    town = Town()
    admission = Admission(town.store, lambda: town.now)
    assert [admission.admits(SHOP, KEY) for _ in range(50)] == [False] * 50
    town.now += TELL_AGAIN
    admission.admits(SHOP, KEY)
    with town.store.reading() as c:
        (row,) = c.execute(sa.select(flags)).all()
    assert (row.what, row.machine, row.times) == ("machine_unknown", SHOP.name, 2)


def test_the_first_start_enters_what_it_made_and_later_two_people_do(tmp_path: Path) -> None:
    town = Town()
    ensure_identity(tmp_path, [SHOP, HALL])
    tls = tmp_path / "tls"
    assert registry.ask_for_new(town.store, tls, [SHOP], "tanaka", town.now) == []
    registry.enter_first(town.store, tls, [SHOP], town.now)
    registry.enter_first(town.store, tls, [SHOP, HALL], town.now)
    shop, hall = (registry.read_certificate(tls / f"{peer.name}.pem") for peer in (SHOP, HALL))
    assert [refused(town, *known) for known in (shop, hall)] == ["", "machine_unknown"]
    assert registry.ask_for_new(town.store, tls, [SHOP, HALL], "tanaka", town.now) == [HALL.name]
    assert refused(town, *hall) == "machine_unknown"
    assert register(town, "kuroki", *hall)
    assert refused(town, *hall) == ""


@pytest.mark.parametrize("words", [b"", b"no certificate"])
def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, words: bytes) -> None:
    (tmp_path / "x.pem").write_bytes(words)
    with pytest.raises(registry.Unreadable, match="is no certificate"):
        registry.read_certificate(tmp_path / "x.pem")


# --- claims --------------------------------------------------------------------------------------


def claim(town: Town, key: str, amount_yen: int, peer: Peer = SHOP) -> AdviceFate:
    return town.line(peer).advise({"op": "claim", "key": key, "amount_yen": amount_yen, "reason": "hopper_empty"})


def owed(town: Town) -> list[int]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(claims.c.amount_yen)))


def promised(town: Town) -> Session:
    session = town.session("hanako")
    session.reserved(session.item("inkan", 2))
    return session


def test_a_claim_of_a_session_is_taken_also_after_days() -> None:
    town = Town()
    session = promised(town)
    town.now = town.now.replace(month=12, day=9)
    assert claim(town, session.nonce.hex(), 600) is AdviceFate.ACKNOWLEDGED
    assert claim(town, owing.key_of(session.nonce.hex(), 2), 100) is AdviceFate.ACKNOWLEDGED
    assert flagged(town) == []


def test_all_claims_of_a_session_together_have_a_cap() -> None:
    town = Town()
    session = promised(town)
    cap_yen = 600 + owing.OVERPAID_YEN
    assert claim(town, session.nonce.hex(), cap_yen) is AdviceFate.ACKNOWLEDGED
    assert claim(town, owing.key_of(session.nonce.hex(), 2), 1) is AdviceFate.REFUSED
    assert owed(town) == [cap_yen]
    assert flagged(town) == ["claim_too_high"]


def test_a_session_with_a_promise_may_not_owe_more_than_it_can_have_taken() -> None:
    town = Town()
    assert claim(town, promised(town).nonce.hex(), 600 + owing.OVERPAID_YEN + 1) is AdviceFate.REFUSED
    assert owed(town) == []


def test_another_machines_session_is_no_session() -> None:
    town = Town()
    assert claim(town, promised(town).nonce.hex(), 100, HALL) is AdviceFate.ACKNOWLEDGED
    assert flagged(town) == ["claim_of_no_session"]


def test_claims_of_no_session_are_few_small_and_flagged() -> None:
    """A machine whose key was stolen: 51 claims of 100,000 yen were once accepted."""
    town = Town()
    fates = [claim(town, secrets.token_hex(16), 100_000) for _ in range(51)]
    assert set(fates) == {AdviceFate.REFUSED}
    fates = [claim(town, secrets.token_hex(16), 500) for _ in range(51)]
    assert fates.count(AdviceFate.ACKNOWLEDGED) == owing.STRANGE_A_DAY
    assert claim(town, secrets.token_hex(16), 500, HALL) is AdviceFate.ACKNOWLEDGED, "each machine has its own"
    town.now = town.now.replace(day=town.now.day + 2)
    assert claim(town, secrets.token_hex(16), 500) is AdviceFate.ACKNOWLEDGED
    assert set(flagged(town)) == {"claim_of_no_session"}
    assert sum(owed(town)) == 500 * (owing.STRANGE_A_DAY + 2)


def test_the_city_says_where_a_machine_stands() -> None:
    town = Town()
    with town.store.reading() as c:
        city = town.city.at(c, town.now)
    assert registry.site_of(city, HALL.name) == HALL.site
    with pytest.raises(NotDone, match="names no machine miyazaki-store-99"):
        registry.site_of(city, "miyazaki-store-99")
