"""The virtual card against its documents: what a real one does, command by command (card sources 2 to 5, 10)."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from host_sim.models.card import ChipCard, Face, JpkiCard, Manners, Pulled
from tests.unit.card.table import authorities, certificate, jpki_card, keys, municipal_card

SELECT = "00A4040C0AD392F000260100000001"
FACE = Face(
    number="123456789018",
    name="見本　太郎",
    address="宮崎県",
    born="19800229",
    sex="1",
    expires="20351231",
    serial="012345678901234",
    code="0420",
    era_birth="550229",
)


def say(card: ChipCard, *commands: str) -> str:
    """Send these commands; returns the last answer in hex."""
    answer = b""
    for command in commands:
        answer = card.transmit(bytes.fromhex(command))
    return answer.hex().upper()


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        # Card source 4; 10 for what OpenSC probes.
        (["00A40000"], "6A86"),
        ([SELECT, "00A40000"], "9000"),
        (["00A40000023F00"], "6A82"),
        (["00A4040C07A0000001510000"], "6A82"),
        (["00A4040C05D392F00026"], "9000"),
        ([SELECT, "00A4020C02FFFF"], "6A82"),
        (["00A4020C02000A"], "6A82"),
        ([SELECT, "00B0000000"], "6986"),
        ([SELECT, "00A4020C020018", "00B0000000"], "6981"),
        ([SELECT, "00A4020C020001", "00B0000004"], "6982"),
        ([SELECT, "00A4020C020017", "802A0080013000"], "6982"),
        ([SELECT, "00A4020C020018", "00200080"], "63C3"),
        ([SELECT, "00A4020C02001B", "00200080"], "63C5"),
        ([SELECT, "00A4020C020018", "00200080", "00200080", "00200080"], "63C3"),
        ([SELECT, "00A4020C020018", "002000800430303030"], "63C2"),
        ([SELECT, "00A4020C020018", "0020008004303030"], "6700"),
        ([SELECT, "00200098"], "63C3"),  # by short identifier
        ([SELECT, "00CA004200"], "6D00"),
        (["01A4040C0AD392F000260100000001"], "6881"),
        (["0CA4040C0AD392F000260100000001"], "6882"),
        (["FFA4040C0AD392F000260100000001"], "6E00"),
        ([SELECT, "00C0000010"], "6D00"),  # no GET RESPONSE on a T=1 card
        ([SELECT, "00A4020C020006", "00B0000020"], "4A504B494150494343544F4B454E32" + "20" * 17 + "9000"),
        ([SELECT, "00B0860020"], "4A504B494150494343544F4B454E32" + "20" * 17 + "9000"),
        ([SELECT, "00A4020C02000A", "00B07FFF04"], "6B00"),
    ],
)
def test_answers_of_a_real_card(commands: list[str], answer: str) -> None:
    assert say(jpki_card(replace={0x01: certificate()}), *commands) == answer


def test_four_certificates_and_a_token_of_160_bytes() -> None:
    card = jpki_card(replace={0x01: certificate()})
    say(card, SELECT, "00A4020C02001B", "0020008006414243313233")
    for number in ("01", "02", "0A", "0B"):
        assert say(card, f"00A4020C0200{number}", "00B0000004").startswith("3082")
    assert len(say(card, "00A4020C020006", "00B0000000")) == 2 * 160 + 4


def test_tries_survive_power_off_and_what_was_verified_does_not() -> None:
    card = jpki_card()
    say(card, SELECT, "00A4020C020018", "002000800430303030")
    say(card, "00A4020C02001B", "0020008006414243313233")
    card.power_off()
    card.power_on()
    assert say(card, SELECT, "00A4020C020018", "00200080") == "63C2"
    assert say(card, "00A4020C02001A", "802A0080013000") == "6982"


def test_another_application_ends_what_was_verified_and_the_same_one_does_not() -> None:
    key = keys().rsa("taro")
    card = JpkiCard(certificates={0x0A: certificate()}, keys={0x17: lambda _: bytes(256)}, pin="2580", face=FACE)
    assert key is not None
    assert say(card, SELECT, "00A4020C020018", "002000800432353830") == "9000"
    assert say(card, SELECT, "00A4020C020017", "802A0080013000").endswith("9000")
    assert say(card, "00A4040C0AD3921000310001010408", SELECT, "00A4020C020017", "802A0080013000") == "6982"


def test_it_signs_the_bytes_it_is_given() -> None:
    """Padding around exactly what was sent: with a SHA-256 DigestInfo that is PKCS#1 v1.5 (card source 4)."""
    card = jpki_card()
    say(card, SELECT, "00A4020C020018", "002000800432353830", "00A4020C020017")
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"words")
    info = "3031300D060960864801650304020105000420" + digest.finalize().hex()
    signature = bytes.fromhex(say(card, "802A008033" + info + "00"))[:-2]
    public = x509.load_der_x509_certificate(certificate()).public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(signature, b"words", padding.PKCS1v15(), hashes.SHA256())
    assert say(card, "802A008033" + info) == "6700"  # Le 00 is mandatory
    assert say(card, "802A010033" + info + "00") == "6A86"


def test_three_wrong_pins_block_it_for_good() -> None:
    card = jpki_card()
    say(card, SELECT, "00A4020C020018")
    assert [say(card, "002000800430303030") for _ in range(4)] == ["63C2", "63C1", "63C0", "6984"]
    assert say(card, "00200080") == "63C0"
    assert say(card, "002000800432353830") == "6984"


def test_a_try_is_spent_before_the_card_is_pulled() -> None:
    card = jpki_card()
    card.fail("pulled", at=3, acts=True)
    with pytest.raises(Pulled):
        say(card, SELECT, "00A4020C020018", "002000800430303030")
    assert card.state["jpki/0018"] == 2


def test_changing_the_pin_wants_the_old_one_first() -> None:
    card = jpki_card()
    say(card, SELECT, "00A4020C020018")
    assert say(card, "002401800431313131") == "6982"
    assert say(card, "002000800432353830", "002401800431313131") == "9000"
    card.reset()
    assert say(card, SELECT, "00A4020C020018", "002000800431313131") == "9000"


def test_t0_forms() -> None:
    """61xx with GET RESPONSE behind data in and out, 6Cxx for a wrong length (ISO/IEC 7816-3, 12.2)."""
    card = jpki_card(manners=Manners(t0=True, filler=b""))
    say(card, SELECT, "00A4020C020018", "002000800432353830", "00A4020C020017")
    assert say(card, "802A00800130") == "6100"
    assert len(say(card, "00C0000000")) == 2 * 258
    assert say(card, "00C0000000") == "6985"
    rest = len(certificate()) - 1000
    assert say(card, "00A4020C02000A", "00B003E800") == f"6C{rest:02X}"
    assert say(card, f"00B003E8{rest:02X}") == certificate()[1000:].hex().upper() + "9000"


def test_the_other_applications_are_there_and_locked() -> None:
    card = JpkiCard(certificates={0x0A: certificate(), 0x0B: authorities()[0].der}, keys={}, pin="2580", face=FACE)
    text = "00A4040C0AD3921000310001010408"
    assert say(card, text, "00A4020C020001", "00B0000011") == "6982"
    assert say(card, "00A4020C020011", "002000800432353830", "00A4020C020001", "00B0000011") == (
        "FF100C" + b"123456789018".hex() + "FFFF9000"
    )
    assert say(card, "00A4020C020014", "00200080") == "63CA"
    number_b = b"55022920350420"  # birth in the era, year of expiry, security code: 14 digits
    assert say(card, "00A4020C020015", "002000800E" + number_b.hex()) == "9000"
    common = "00A4040C0AD3921000310001010100"
    assert say(card, common, "00A4020C020001", "00B2010400") == (
        ("011C" + b"012345678901234".hex() + b"45201".hex() + b"20351231".hex() + "9000").upper()
    )
    assert say(card, "00A4040C0AD3921000310001010402", "00A4020C020002", "00B0000010") == "6982"


def test_faults_are_counted_from_power_on_and_healed() -> None:
    card = jpki_card()
    card.fail("status", at=2, word=0x6F00)
    for _ in range(2):
        card.power_on()
        assert [say(card, SELECT) for _ in range(3)] == ["9000", "6F00", "9000"]
    card.heal()
    card.power_on()
    assert [say(card, SELECT) for _ in range(3)] == ["9000", "9000", "9000"]


def test_the_log_holds_no_data() -> None:
    card = jpki_card(pin="739184")
    say(card, SELECT, "00A4020C020018", "0020008006" + b"739184".hex())
    assert all(len(head) == 4 for head in card.log)


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        # drivers/card/README.md, "The municipal card application, version 1", 1, 2, 4, 5, 6.
        (["00A4040C07F04B4F46554B49"], "9000"),
        (["00A4040C07F04B4F46554B49", "00200080"], "6D00"),
        (["00A4040C07F04B4F46554B49", "00B0000004"], "6986"),
        (["00A4040C07F04B4F46554B49", "00A4020C020001", "00B0000004"], "E16880019000"),
        (["00A4040C07F04B4F46554B49", "00A4020C020002", "00B0000004"], "6981"),
        (["00A4040C07F04B4F46554B49", "00A4020C020001", "0088000020" + "00" * 33], "6981"),
        (["00A4040C07F04B4F46554B49", "00A4020C020002", "008800001F" + "00" * 32], "6700"),
        (["00A4040C07F04B4F46554B49", "00A4020C020002", "0088000120" + "00" * 33], "6A86"),
        (["00A4040C07F04B4F46554B49", "00A4020C020003"], "6A82"),
    ],
)
def test_the_municipal_application_answers_by_its_specification(commands: list[str], answer: str) -> None:
    assert say(municipal_card(), *commands) == answer


def test_manners_change_no_content() -> None:
    """With any `Manners` the content of the card is the same."""
    plain = jpki_card()
    for manners in (Manners(read_max=16), Manners(end_warning=True), replace(Manners(), filler=b"\x00" * 9)):
        other = jpki_card(manners=manners)
        assert say(other, SELECT, "00A4020C02000A", "00B0000010") == say(plain, SELECT, "00A4020C02000A", "00B0000010")
