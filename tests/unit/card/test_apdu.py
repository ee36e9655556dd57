"""Commands to the byte, status words, lengths, and which bytes may be logged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import apdu
from drivers.card.apdu import StatusWord
from drivers.pin_pad.entry import PinWiped

# Card source 4, as OpenSC's card-jpki.c sends them (jpki_select_ap, jpki_pin_cmd,
# jpki_compute_signature); the DigestInfo is RFC 8017, 9.2, note 1.
GOLDEN = [
    (apdu.select_application(bytes.fromhex("D392F000260100000001")), "00A4040C0AD392F000260100000001"),
    (apdu.select_file(0x0018), "00A4020C020018"),
    (apdu.verify_query(), "00200080"),
    (apdu.verify(bytearray(b"1234")), "002000800431323334"),
    (apdu.read_binary(0, 0x20), "00B0000020"),
    (apdu.read_binary(0x0123, 256), "00B0012300"),
    (apdu.sign(bytes(51)), "802A008033" + "00" * 51 + "00"),
    (apdu.get_response(256), "00C0000000"),
    (apdu.internal_authenticate(bytes(32)), "0088000020" + "00" * 32 + "00"),
]


@pytest.mark.parametrize(("command", "golden"), GOLDEN)
def test_commands_to_the_byte(command: bytes, golden: str) -> None:
    assert command == bytes.fromhex(golden)


@pytest.mark.parametrize("digits", [b"", b"\x00\x00\x00\x00", b"12\x00\x00", b"12a4", b"1" * 17])
def test_an_empty_a_wiped_and_a_wrong_pin_are_never_built(digits: bytes) -> None:
    with pytest.raises(PinWiped):
        apdu.verify(bytearray(digits))


# Card source 4, the status words.
@pytest.mark.parametrize(
    ("value", "ok", "blocked", "left", "wrong"),
    [
        (0x9000, True, False, None, False),
        (0x63C3, False, False, 3, True),
        (0x63C1, False, False, 1, True),
        (0x63C0, False, True, 0, True),
        (0x6300, False, False, None, True),
        (0x6983, False, True, None, False),
        (0x6984, False, True, None, False),
        (0x6982, False, False, None, False),
        (0x6A82, False, False, None, False),
    ],
)
def test_status_words(value: int, ok: bool, blocked: bool, left: int | None, wrong: bool) -> None:
    word = StatusWord(value)
    assert (word.ok, word.blocked, word.tries_left, word.wrong) == (ok, blocked, left, wrong)


# ISO/IEC 8825-1, 8.1.3: short form, long form with one and two octets.
@pytest.mark.parametrize(
    ("head", "length"),
    [("3003020100", 5), ("307F", 129), ("308180", 131), ("30820400", 1028), ("3083010000", None), ("3080", None)],
)
def test_object_lengths(head: str, length: int | None) -> None:
    assert apdu.object_length(bytes.fromhex(head), 0x30) == length


def test_the_length_of_another_object_is_not_taken() -> None:
    assert apdu.object_length(bytes.fromhex("FFFFFFFF"), 0x30) is None
    assert apdu.object_length(b"0", 0x30) is None


@given(st.binary(min_size=1, max_size=200))
def test_the_form_of_a_command_gives_its_expected_length(data: bytes) -> None:
    header = bytes([0x80, 0x2A, 0x00, 0x80])
    assert apdu.expected_length(header) is None
    assert apdu.expected_length(header + b"\x00") == 256
    assert apdu.expected_length(header + bytes([len(data)]) + data) is None
    assert apdu.expected_length(header + bytes([len(data)]) + data + b"\x10") == 16


@given(st.binary(min_size=4, max_size=16), st.sampled_from([0x20, 0x24, 0x2C, 0x2A, 0x88]))
def test_secrets_are_not_logged(secret: bytes, instruction: int) -> None:
    command = bytes([0x00, instruction, 0x00, 0x80, len(secret)]) + secret
    assert apdu.redacted_command(command) == command[:5]
    assert apdu.redacted_reply(secret + b"\x90\x00") == b"\x90\x00"
