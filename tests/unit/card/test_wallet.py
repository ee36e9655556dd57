"""The wallet: each case has a card, the registry agrees with the cards, and cards keep their state between runs."""

import base64
import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from drivers.card.municipal import parse_identity
from drivers.vocabulary import CardNotUsable, CardRead
from host_sim.models.chip import Data
from host_sim.wallet import Wallet, cards_of, list_lines
from tests.unit.card.table import ALL, TODAY, Table, wallet

KEYS_OF_A_ROW = {
    "card",
    "kind",
    "holder",
    "method",
    "credential_sha256",
    "certificate_serial",
    "user_id",
    "pin",
    "card_public_key",
    "valid_until",
    "trouble",
}
# What the machine can tell of a card without the centre; all other cards are good as far as it knows.
KNOWN_AT_THE_MACHINE = {"pin_blocked", "certificate_expired", "key_not_supported", "not_our_card"}
KNOWN_AT_THE_MACHINE |= {"unreadable", "no_pin", "unknown_label", "phone"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Wallet]:
    directory = tmp_path_factory.mktemp("wallet")
    return directory, wallet(directory)


def rows(directory: Path) -> dict[str, dict[str, object]]:
    return {row["card"]: row for row in json.loads((directory / "registry.json").read_text())}


def read(chip: object, today: date = TODAY) -> CardRead | CardNotUsable:
    table = Table(chip)  # type: ignore[arg-type]
    table.now = datetime(today.year, today.month, today.day, 3, tzinfo=UTC)
    return table.driver.read(ALL)


def test_every_card_reads_as_its_trouble_says(opened: tuple[Path, Wallet]) -> None:
    directory, cards = opened
    assert len(cards.cards) >= 12
    for name, card in cards.cards.items():
        result, row = read(card.chip), rows(directory)[name]
        if card.trouble in KNOWN_AT_THE_MACHINE:
            assert isinstance(result, CardNotUsable), name
            continue
        assert isinstance(result, CardRead), name
        assert (result.kind, result.method) == (row["kind"], row["method"])
        assert hashlib.sha256(result.credential).hexdigest() == row["credential_sha256"]
        assert str(result.valid_until) == row["valid_until"]
        assert (
            result.pin_tries_left
            == {"jpki": 1 if card.trouble == "one_try_left" else 3, "municipal": None}[str(row["method"])]
        )


def test_the_registry_has_the_shape_that_the_centre_loads(opened: tuple[Path, Wallet]) -> None:
    directory, cards = opened
    for name, row in rows(directory).items():
        assert set(row) == KEYS_OF_A_ROW
        result = read(cards.cards[name].chip)
        if row["method"] == "jpki" and isinstance(result, CardRead):
            assert x509.load_der_x509_certificate(result.credential).serial_number == row["certificate_serial"]
        if row["method"] == "municipal":
            key = load_der_public_key(base64.b64decode(str(row["card_public_key"])))
            assert isinstance(key, ec.EllipticCurvePublicKey)
            if isinstance(result, CardRead):
                identity = parse_identity(result.credential)
                assert identity is not None
                assert key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == identity.card_key
            assert row["pin"] == cards.cards[name].pin
        else:
            assert row["pin"] is None, "the city does not know the PIN of a 個人番号カード"


def test_an_accepted_authority_issued_all_but_the_foreign_card(opened: tuple[Path, Wallet]) -> None:
    directory, cards = opened
    accepted = {
        path.stem: x509.load_pem_x509_certificate(path.read_bytes()) for path in (directory / "ca").glob("*.pem")
    }
    for name, card in cards.cards.items():
        file = card.chip.applications[0].files.get(0x0A) if card.chip.applications else None
        if not isinstance(file, Data):
            continue
        length = 4 + int.from_bytes(file.content[2:4], "big")
        certificate = x509.load_der_x509_certificate(file.content[:length])
        issuer = accepted["next-auth-ca" if name == "ec-key" else "auth-ca"]
        assert certificate.issuer == issuer.subject  # the foreign CA has the same name
        if name == "foreign-ca":
            with pytest.raises(InvalidSignature):
                certificate.verify_directly_issued_by(issuer)
        else:
            certificate.verify_directly_issued_by(issuer)


def test_certificates_follow_the_profile(opened: tuple[Path, Wallet]) -> None:
    """Card source 6: no name in the certificate, one key usage, policy, the last second of a day in Japan."""
    result = read(opened[1].cards["taro"].chip)
    assert isinstance(result, CardRead)
    certificate = x509.load_der_x509_certificate(result.credential)
    assert certificate.issuer.rfc4514_string() == (
        "OU=Japan Agency for Local Authority Information Systems,OU=JPKI for user authentication,O=JPKI-TEST,C=JP"
    )
    assert [attribute.rfc4514_attribute_name for attribute in certificate.subject] == ["C", "CN"]
    assert len(certificate.subject.rfc4514_string()) == len("CN=,C=JP") + 14 + 9
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.content_commitment
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    assert policies.critical
    assert policies.value[0].policy_identifier.dotted_string == "1.2.392.200149.8.5.1.3.30"
    assert (certificate.not_valid_after_utc.hour, certificate.not_valid_after_utc.minute) == (14, 59)
    assert certificate.not_valid_after_utc.second == 59


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    wallet(tmp_path)
    first = (tmp_path / "registry.json").read_text()
    wallet(tmp_path, date(2027, 3, 1))
    assert (tmp_path / "registry.json").read_text() == first


@pytest.mark.parametrize("today", [date(2036, 2, 29), date(2019, 12, 31)])
def test_expired_cards_are_made_anew(tmp_path: Path, today: date) -> None:
    wallet(tmp_path)
    before = rows(tmp_path)
    cards = wallet(tmp_path, today)
    for name in ("taro", "resident-card"):
        assert isinstance(read(cards.cards[name].chip, today), CardRead)
    assert isinstance(read(cards.cards["expired"].chip, today), CardNotUsable)
    assert date.fromisoformat(str(rows(tmp_path)["resident-card-expired"]["valid_until"])) < today
    assert rows(tmp_path)["taro"]["credential_sha256"] != before["taro"]["credential_sha256"]
    assert rows(tmp_path)["taro"]["certificate_serial"] != before["taro"]["certificate_serial"]


def test_used_tries_are_kept_between_runs(tmp_path: Path) -> None:
    chip = wallet(tmp_path).cards["taro"].chip
    chip.transmit(bytes.fromhex("00A4040C0AD392F000260100000001"))
    chip.transmit(bytes.fromhex("00A4020C020018"))
    chip.transmit(bytes.fromhex("002000800430303030"))
    again = wallet(tmp_path)
    assert again.cards["taro"].chip.state["jpki/0018"] == 2
    again.renew()
    renewed = wallet(tmp_path)
    assert [renewed.cards[name].chip.state["jpki/0018"] for name in ("taro", "last-try", "blocked")] == [3, 1, 0]


def test_in_memory_nothing_is_written_down(tmp_path: Path) -> None:
    chip = wallet(tmp_path, keep=False).cards["taro"].chip
    chip.transmit(bytes.fromhex("00A4040C0AD392F000260100000001"))
    chip.transmit(bytes.fromhex("00A4020C020018"))
    chip.transmit(bytes.fromhex("002000800430303030"))
    assert not (tmp_path / "state.json").exists()


def test_the_list_has_one_line_for_each_card() -> None:
    lines = list_lines({"hanako": "4500015838"})
    assert len(lines) == len(cards_of())
    assert all(name in line for name, line in zip(cards_of(), lines, strict=True))
    assert "4500015838" in lines[0]
