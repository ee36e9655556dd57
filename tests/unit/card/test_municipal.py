"""The municipal application by its specification, drivers/card/README.md; numbers in comments are its sections."""

from collections.abc import Mapping
from datetime import date

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.crypto import p256_signed
from drivers.card.municipal import Identity, parse_identity
from drivers.errors import CardTrouble
from drivers.vocabulary import CardKind, CardProof, CardRead, Challenge
from tests.unit.card.table import (
    PIN_KEY,
    SESSION_NONCE,
    Table,
    bound,
    challenge,
    municipal_card,
    pin_of,
    storage_of,
)

POINT = "04" + "11" * 32 + "22" * 32
# 3: the record of a 市民カード, written down by hand from the table.
RECORD = bytes.fromhex(
    "E164"
    "800101"
    "81053435323031"  # 45201
    "82083030303132333435"  # 00012345
    "830102"
    "84083230333031323331"  # 20301231
    "8541" + POINT
)


def test_the_record_as_specified() -> None:
    assert parse_identity(RECORD) == Identity(
        record=RECORD, kind=CardKind.CITIZEN, valid_until=date(2030, 12, 31), card_key=bytes.fromhex(POINT)
    )


def test_the_other_kind_and_an_unknown_tag() -> None:
    other = RECORD.replace(bytes.fromhex("830102"), bytes.fromhex("830101"))
    found = parse_identity(other)
    assert found is not None
    assert found.kind is CardKind.RESIDENT_REGISTER
    longer = b"\xe1\x69" + RECORD[2:] + bytes.fromhex("8703414243")
    assert parse_identity(longer) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("800101", "800102"),  # another version
        ("830102", "830103"),  # no such kind
        ("84083230333031323331", "84083230333031333331"),  # the 13th month
        ("84083230333031323331", "840832303330EF323331"),
        ("8541" + "04", "8541" + "02"),  # a compressed point
        ("8208", "8608"),  # the user ID is missing
        ("E164", "E163"),
        ("E164", "E064"),
    ],
)
def test_what_spoils_a_record(old: str, new: str) -> None:
    assert parse_identity(bytes.fromhex(RECORD.hex().upper().replace(old, new))) is None


FIELDS = {
    0x80: b"\x01",
    0x81: b"45201",
    0x82: b"00012345",
    0x83: b"\x02",
    0x84: b"20301231",
    0x85: bytes.fromhex(POINT),
}


def written(fields: Mapping[int, bytes]) -> bytes:
    content = b"".join(bytes([tag, len(value)]) + value for tag, value in fields.items())
    return b"\xe1" + (b"" if len(content) < 0x80 else b"\x81") + bytes([len(content)]) + content


@pytest.mark.parametrize("municipality", [b"", b"4520", b"452011", b"4520A", b"\xef\xbc\x94\x35\x32"])
def test_a_municipality_is_five_digits(municipality: bytes) -> None:
    assert parse_identity(written(FIELDS | {0x81: municipality})) is None


@pytest.mark.parametrize(("length", "good"), [(0, False), (3, False), (7, False), (8, True), (20, True), (21, False)])
def test_a_user_id_has_8_to_20_digits(length: int, good: bool) -> None:
    assert (parse_identity(written(FIELDS | {0x82: b"1" * length})) is not None) is good
    assert parse_identity(written(FIELDS | {0x82: b"A" * length})) is None


def test_the_fields_stand_in_their_order() -> None:
    assert parse_identity(written(FIELDS)) is not None
    assert parse_identity(written({0x87: b"new", **FIELDS})) is not None, "an unknown tag may stand anywhere"
    assert parse_identity(written(dict(reversed(FIELDS.items())))) is None
    swapped = {tag: FIELDS[tag] for tag in (0x80, 0x82, 0x81, 0x83, 0x84, 0x85)}
    assert parse_identity(written(swapped)) is None


def test_a_field_that_is_there_twice_spoils_it() -> None:
    assert parse_identity(b"\xe1\x67" + RECORD[2:] + bytes.fromhex("830101")) is None


@given(st.binary(max_size=200), st.integers(0, len(RECORD)))
def test_no_bytes_break_the_parser(noise: bytes, at: int) -> None:
    for spoilt in (
        noise,
        RECORD[:at] + noise,
        RECORD[:at] + noise + RECORD[at:],
        b"\xe1" + bytes([len(noise)]) + noise,
    ):
        found = parse_identity(spoilt)
        assert found is None or found.record == spoilt


def test_the_card_signs_the_proof_and_the_pin_is_encrypted_for_the_centre() -> None:
    """Sections 4 and 5; decrypted here independently (drivers/line/README.md, "What the municipal PIN is encrypted with")."""
    table = Table(municipal_card())
    card = table.read()
    assert isinstance(card, CardRead)
    pin = pin_of("8888")
    proof = table.driver.prove(pin, card, challenge(), bound())
    assert storage_of(pin) == bytes(16)
    assert isinstance(proof, CardProof)
    identity = parse_identity(card.credential)
    assert identity is not None
    assert p256_signed(identity.card_key, proof.signature, bound())
    assert not p256_signed(identity.card_key, proof.signature, bound() + b"x")

    assert proof.encrypted_pin is not None
    shared = X25519PrivateKey.from_private_bytes(bytes.fromhex(PIN_KEY)).exchange(
        X25519PublicKey.from_public_bytes(proof.encrypted_pin[:32])
    )
    key = HKDF(hashes.SHA256(), 32, SESSION_NONCE, b"kofuki-pin-1").derive(shared)
    assert ChaCha20Poly1305(key).decrypt(bytes(12), proof.encrypted_pin[32:], challenge().challenge) == b"8888"


def test_two_encryptions_share_no_bytes() -> None:
    table = Table(municipal_card())
    card = table.read()
    proofs = [table.driver.prove(pin_of("8888"), card, challenge(), bound()) for _ in range(2)]
    sealed = [proof.encrypted_pin or b"" for proof in proofs if isinstance(proof, CardProof)]
    assert sealed[0][:32] != sealed[1][:32]
    assert sealed[0][32:] != sealed[1][32:]


@pytest.mark.parametrize("pin_key", [bytes(32), b"short"])
def test_an_invalid_pin_key_is_refused(pin_key: bytes) -> None:
    table = Table(municipal_card())
    card = table.read()
    pin = pin_of("8888")
    false = Challenge(challenge_id="c", challenge=challenge().challenge, pin_key=pin_key)
    with pytest.raises(CardTrouble):
        table.driver.prove(pin, card, false, bound())
    assert storage_of(pin) == bytes(16)
