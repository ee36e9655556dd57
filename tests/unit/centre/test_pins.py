"""The municipal PIN in the database: a copy of it alone gives nobody's PIN (city rule 5, security rule 7)."""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import Authenticated, CentreRefusal, CentreRefused
from host_sim.centre import cards as register
from host_sim.centre import pins
from host_sim.centre.identity import ensure_identity
from host_sim.centre.pins import OtherPinKey, PinKey
from host_sim.centre.tables import cards
from tests.unit.centre.cards import PIN, Card
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.test_cards import outcome
from tests.unit.centre.town import PIN_KEY, REAL_PIN_COST, Town


@pytest.fixture(params=AT_HAND)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    with database(request.param, tmp_path) as url:
        town = Town(url)
        yield town
        town.store.close()


def row(town: Town, card: Card) -> Any:
    with town.store.reading() as c:
        return register.find(c, hashlib.sha256(card.read.credential).hexdigest())


def old_row(town: Town) -> Card:
    """A card as a database of before has it: the slow hash, without a key."""
    salt = secrets.token_bytes(16)
    old = {"pin_salt": salt, "pin_hash": pins.slow_hash(PIN, salt), "pin_key_id": None}
    return town.municipal_card("yoshiko", **old)


def test_all_ten_thousand_values_with_the_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fast hash in the slow one's place, so that all of them can be tried here: the key alone has to resist."""
    monkeypatch.setattr(pins, "slow_hash", lambda pin, salt: hashlib.sha256(bytes(pin) + salt).digest())
    town = Town()
    stolen = row(town, town.municipal_card("yoshiko"))
    everything = [value for value in stolen if isinstance(value, bytes)] + [
        str(value).encode() for value in stolen if value is not None
    ]

    def found(keys: list[bytes]) -> int:
        """How many PINs fit, with what a thief has tried as the key, and without a key."""
        tried = [b"%04d" % number for number in range(10_000)]
        plain = sum(pins.slow_hash(pin, stolen.pin_salt) == stolen.pin_hash for pin in tried)
        return plain + sum(PinKey(key).fits(pin, stolen) for key in keys for pin in tried)

    assert found([*everything, b"", bytes(32)]) == 0
    assert found([bytes(range(32))]) == 1, "with the key's file beside it, it is found: the test can fail"


def test_two_cards_with_one_pin_look_different(town: Town) -> None:
    one, two = row(town, town.municipal_card("yoshiko")), row(town, town.municipal_card("saburo"))
    assert one.pin_hash != two.pin_hash
    assert one.pin_key_id == two.pin_key_id == PIN_KEY.id


def test_rows_of_an_older_database_are_keyed_at_once_and_keep_their_pin(town: Town) -> None:
    old, new = old_row(town), town.municipal_card("saburo")
    before = row(town, new)
    PIN_KEY.take_over(town.store)
    assert row(town, new) == before
    assert row(town, old).pin_key_id == PIN_KEY.id
    assert row(town, old).pin_hash != pins.slow_hash(PIN, row(town, old).pin_salt)
    assert isinstance(outcome(town, old), Authenticated)
    PIN_KEY.take_over(town.store)
    assert isinstance(outcome(town, old), Authenticated), "keyed once"


def test_a_row_that_is_not_keyed_yet_judges_no_pin(town: Town) -> None:
    old = old_row(town)
    assert outcome(town, old) == CentreRefused(CentreRefusal.STOPPED)
    assert row(town, old).pin_failures == 0, "a right PIN must not count as wrong"


def test_another_key_file_is_refused_at_start_and_counts_nothing(town: Town) -> None:
    card = town.municipal_card("yoshiko")
    with town.store.writing() as c:
        c.execute(cards.update().values(pin_key_id=PinKey(bytes(32)).id))
    with pytest.raises(OtherPinKey, match=r"pin-hash\.key"):
        PIN_KEY.take_over(town.store)
    assert outcome(town, card) == CentreRefused(CentreRefusal.STOPPED)
    assert row(town, card).pin_failures == 0


def test_the_key_is_made_once_and_its_id_does_not_tell_it(tmp_path: Path) -> None:
    key = ensure_identity(tmp_path, []).pin_hash_key
    assert ensure_identity(tmp_path, []).pin_hash_key.id == key.id
    secret = (tmp_path / "tls" / "pin-hash.key").read_bytes()
    assert len(secret) == 32
    assert key.id not in {secret.hex()[:16], hashlib.sha256(secret).hexdigest()[:16]}


@pytest.mark.parametrize("pin", [b"", b"123", b"12345", b"12a4", "１".encode() + b"2", bytes(4)])
def test_a_pin_is_four_digits(pin: bytes) -> None:
    with pytest.raises(ValueError, match="four digits"):
        PIN_KEY.row(pin)


def test_no_digit_of_a_pin_is_in_the_database(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        town = Town(url)
        outcome(town, town.municipal_card("yoshiko"), b"7351")
        with town.store.reading() as c:
            everything = str([c.execute(sa.select(table)).all() for table in cards.metadata.sorted_tables])
        town.store.close()
    assert "'7351'" not in everything
    assert "b'7351'" not in everything


def test_the_hash_costs_what_a_guesser_must_pay() -> None:
    """With 2^14 and r = 8 each guess takes 16 MiB (RFC 7914, section 2)."""
    assert REAL_PIN_COST == 2**14
