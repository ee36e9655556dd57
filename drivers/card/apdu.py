"""APDUs, status words and lengths, in the specification's words. Pure.

Sources: ISO/IEC 7816-4 (short APDUs of case 1 to 4, status words), ISO/IEC 8825-1 (lengths); card source 4 (what
the card answers).
"""

from dataclasses import dataclass, field

from drivers.pin_pad.entry import PinWiped, must_be_whole

SELECT, READ_BINARY, UPDATE_BINARY, GET_RESPONSE, EXTERNAL_AUTHENTICATE = 0xA4, 0xB0, 0xD6, 0xC0, 0x82
CHANGE_REFERENCE_DATA, VERIFY, RESET_RETRY_COUNTER = 0x24, 0x20, 0x2C
SIGN, INTERNAL_AUTHENTICATE = 0x2A, 0x88
_CHANGES_NOTHING = frozenset({SELECT, READ_BINARY, SIGN, INTERNAL_AUTHENTICATE})
_SECRET = frozenset({VERIFY, CHANGE_REFERENCE_DATA, RESET_RETRY_COUNTER})
_PIN_BLOCKED = frozenset({0x63C0, 0x6983, 0x6984})  # no try left; ISO's word; JICSAP's word
_BROKEN = frozenset({0x64, 0x65, 0x66, 0x6F})  # execution, memory, security-module and unnamed errors


@dataclass(frozen=True, slots=True)
class StatusWord:
    """SW1 SW2; the properties say what it means."""

    value: int

    @property
    def ok(self) -> bool:
        return self.value == 0x9000

    @property
    def blocked(self) -> bool:
        """The reference (a PIN) is blocked."""
        return self.value in _PIN_BLOCKED

    @property
    def tries_left(self) -> int | None:
        """63Cx: x tries left. None for every other word."""
        return self.value & 0x0F if self.value & 0xFFF0 == 0x63C0 else None

    @property
    def wrong(self) -> bool:
        """The PIN was wrong: 63Cx, or 6300 from a card that does not tell the tries left."""
        return self.value >> 8 == 0x63

    @property
    def end_of_file(self) -> bool:
        """6282: the file ended before the asked length; the data holds what there was."""
        return self.value == 0x6282

    @property
    def broken(self) -> bool:
        """The card reports an error of its own, not of the command."""
        return self.value >> 8 in _BROKEN

    def __str__(self) -> str:
        return f"{self.value:04X}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A card's whole answer to one command. The data may be personal, so `repr` leaves it out."""

    data: bytes = field(repr=False)
    word: StatusWord


# --- commands -----------------------------------------------------------------------------------


def select_application(aid: bytes) -> bytes:
    """SELECT by name, first occurrence, no answer wanted (P2 0C, no Le)."""
    return bytes([0x00, 0xA4, 0x04, 0x0C, len(aid)]) + aid


def select_file(identifier: int) -> bytes:
    """SELECT an elementary file under the current application."""
    return bytes([0x00, 0xA4, 0x02, 0x0C, 0x02]) + identifier.to_bytes(2, "big")


def read_binary(offset: int, length: int) -> bytes:
    """READ BINARY; offset below 32768 (15 bits), length 1 to 256 (sent as Le, 256 as 00)."""
    assert 0 <= offset < 0x8000
    assert 1 <= length <= 256
    return bytes([0x00, 0xB0, offset >> 8, offset & 0xFF, length & 0xFF])


def verify_query() -> bytes:
    """VERIFY without data (four bytes): asks for the tries left and uses up none."""
    return bytes([0x00, VERIFY, 0x00, 0x80])


def verify(digits: memoryview | bytearray) -> bytearray:
    """VERIFY the current reference. Raises `PinWiped` for an empty PIN (that command is the query) or a wiped one.

    The result holds the digits: the caller wipes it as soon as it has been sent. It is allocated at its full size,
    because growing it would leave digits in freed memory.
    """
    command = bytearray(5 + len(digits))
    command[:5] = bytes([0x00, VERIFY, 0x00, 0x80, len(digits)])
    for index, digit in enumerate(digits, start=5):
        command[index] = digit
    try:
        must_be_whole(memoryview(command)[5:])
    except PinWiped:
        command[:] = bytes(len(command))
        raise
    return command


def sign(digest_info: bytes) -> bytes:
    """COMPUTE DIGITAL SIGNATURE with the current key over a DigestInfo or a hash (CLA 80, P2 80 and Le 00 are mandatory)."""
    return bytes([0x80, SIGN, 0x00, 0x80, len(digest_info)]) + digest_info + b"\x00"


def internal_authenticate(digest: bytes) -> bytes:
    """INTERNAL AUTHENTICATE with the current key (the municipal application, README.md)."""
    return bytes([0x00, INTERNAL_AUTHENTICATE, 0x00, 0x00, len(digest)]) + digest + b"\x00"


def get_challenge(length: int) -> bytes:
    """GET CHALLENGE: `length` random bytes."""
    return bytes([0x00, 0x84, 0x00, 0x00, length])


def external_authenticate(proof: bytes) -> bytes:
    """EXTERNAL AUTHENTICATE with what the other side answers to the challenge."""
    return bytes([0x00, 0x82, 0x00, 0x00, len(proof)]) + proof


def generate_key_pair() -> bytes:
    """GENERATE ASYMMETRIC KEY PAIR for the current key file; its answer holds the public point."""
    return bytes([0x00, 0x47, 0x80, 0x00, 0x00])


def update_binary(offset: int, piece: bytes) -> bytes:
    """UPDATE BINARY in the current file."""
    assert 0 <= offset < 0x8000
    assert 1 <= len(piece) <= 255
    return bytes([0x00, 0xD6, offset >> 8, offset & 0xFF, len(piece)]) + piece


def activate() -> bytes:
    """ACTIVATE FILE (ISO/IEC 7816-9): the application becomes operational."""
    return bytes([0x00, 0x44, 0x00, 0x00])


def get_response(length: int) -> bytes:
    """GET RESPONSE, for a card that answered 61xx."""
    return bytes([0x00, 0xC0, 0x00, 0x00, length & 0xFF])


# --- the forms of a short command -----------------------------------------------------------------


def expected_length(command: bytes | bytearray) -> int | None:
    """Le as a number of bytes (00 means 256), or None for a command that has none (case 1 and 3)."""
    if len(command) == 5 or (len(command) > 5 and len(command) == 6 + command[4]):
        return command[-1] or 256
    return None


def with_expected_length(command: bytes | bytearray, length: int) -> bytes:
    """The same command with another Le, as 6Cxx asks."""
    return bytes(command[:-1]) + bytes([length & 0xFF])


def signs(command: bytes | bytearray) -> bool:
    """Whether the card makes a signature: its answer has a time bound of its own."""
    return len(command) > 5 and command[1] in {SIGN, INTERNAL_AUTHENTICATE}


def repeatable(command: bytes | bytearray) -> bool:
    """Whether sending it twice is the same as once, also when the first one was carried out: never a PIN, never a write."""
    question = len(command) == 4 and command[1] == VERIFY  # of the tries left
    return question or (len(command) > 4 and command[1] in _CHANGES_NOTHING)


# --- objects --------------------------------------------------------------------------------------


def object_length(head: bytes | bytearray, tag: int) -> int | None:
    """The whole length of the BER object with this one-byte tag that begins with `head`; None if it is not one.

    Four bytes of head are enough, because every file of this card is below 32768 bytes.
    """
    if len(head) < 2 or head[0] != tag:
        return None
    first = head[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    if count not in {1, 2} or len(head) < 2 + count:
        return None
    return 2 + count + int.from_bytes(head[2 : 2 + count], "big")


# --- what may be written down -----------------------------------------------------------------------


def redacted_command(command: bytes | bytearray) -> bytes:
    """The command for a trace: without its data where that is a PIN (VERIFY and the like), a hash to sign, a token or a record."""
    instruction = command[1] if len(command) > 1 else 0
    return (
        bytes(command[:5])
        if instruction in _SECRET | {SIGN, INTERNAL_AUTHENTICATE, EXTERNAL_AUTHENTICATE, UPDATE_BINARY}
        else bytes(command)
    )


def redacted_reply(reply: bytes | bytearray) -> bytes:
    """The reply for a trace: the status word alone, because the data may be a certificate, a record or a signature."""
    return bytes(reply[-2:])
