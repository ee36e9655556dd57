"""個人番号カード, 住基カード and cards of other issuers, as the documents describe them (card sources 1 to 5, 9, 10).

Written from the documents and not from our driver, and complete enough for OpenSC to read it. Sizes, fillers and serial
numbers are invented, because the real ones are not published.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from host_sim.models.chip import Application, ChipCard, Data, File, Key, Pin, Records, Sign
from host_sim.models.chip_faults import Fault, FaultName, Manners, Pulled, Silent

__all__ = ["ChipCard", "Face", "Fault", "FaultName", "JpkiCard", "Manners", "Pulled", "Silent", "stranger"]

JPKI_AID = bytes.fromhex("D392F000260100000001")
TEXT_AID = bytes.fromhex("D3921000310001010408")
SURFACE_AID = bytes.fromhex("D3921000310001010402")
JUKI_AID = bytes.fromhex("D3921000310001010401")
COMMON_AID = bytes.fromhex("D3921000310001010100")

ATRS = {
    "contact": bytes.fromhex("3BDA13FF8131FB468012392F31C173C601C03B"),
    "contact_2": bytes.fromhex("3BC5FF8131FB458073C6010000"),
    "contactless": bytes.fromhex("3B8880010000 05E0B381A1007F".replace(" ", "")),
    "contactless_2": bytes.fromhex("3B888001000041E0B381A1003B"),
    "resident_register": bytes.fromhex("3BE000FF8131FE4514"),
    "driving_licence": bytes.fromhex("3B8880010000000091 81C100D8".replace(" ", "")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What is printed on the card and stands in its other applications. All invented."""

    number: str  # 12 digits
    name: str
    address: str
    born: str  # YYYYMMDD
    sex: str  # ISO/IEC 5218: 1, 2
    expires: str  # YYYYMMDD
    serial: str  # 15 digits
    code: str  # 4 digits, the security code
    municipality: str = "45201"
    era_birth: str = "010101"  # YYMMDD in the Japanese era


class JpkiCard(ChipCard):
    """個人番号カード. `certificates`: file -> DER; `keys`: file -> signer of exactly what the command carries.

    With `label=JPKIAPICCTOKEN` and no file 000A it is the application of a 住基カード.
    """

    def __init__(
        self,
        *,
        certificates: Mapping[int, bytes],
        keys: Mapping[int, Sign],
        pin: str,
        password: str = "ABC123",  # noqa: S107  an invented card's
        label: str = "JPKIAPICCTOKEN2",
        face: Face | None = None,
        atr: bytes = ATRS["contactless"],
        beside: Iterable[Application] = (),
        manners: Manners | None = None,
    ) -> None:
        manners = manners or Manners()
        jpki = jpki_application(certificates, keys, pin, password, label, manners)
        self._files = dict(jpki.files)
        jpki = Application(jpki.name, jpki.aid, self._files)
        super().__init__(atr, (jpki, *(face_applications(face, pin) if face else ()), *beside), manners)
        self._jpki = jpki
        self._label = label

    def fail(
        self,
        name: str,
        at: int = 1,
        *,
        until: int | None = None,
        word: int = 0x6F00,
        seconds: float = 0.0,
        acts: bool = False,
    ) -> None:
        """Set a fault by its name; `label` also changes the token's label for good."""
        super().fail(name, at, until=until, word=word, seconds=seconds, acts=acts)
        if name == FaultName.LABEL:
            self._call_itself("SOMEBODYELSESTOKEN")

    def heal(self) -> None:
        super().heal()
        self._call_itself(self._label)

    def take_pin_away(self) -> None:
        """Make it a 顔認証マイナンバーカード: its holder is known by the face, and user authentication has no PIN."""
        del self._files[0x18]
        self.state = self.full_state()

    def _call_itself(self, label: str) -> None:
        token = self._jpki.files[0x06]
        assert isinstance(token, Data)
        token.content = _token_info(label)


def stranger(atr: bytes = ATRS["driving_licence"]) -> ChipCard:
    """A chip card with none of our applications."""
    return ChipCard(atr)


def jpki_application(
    certificates: Mapping[int, bytes],
    keys: Mapping[int, Sign],
    pin: str,
    password: str,
    label: str,
    manners: Manners,
) -> Application:
    """公的個人認証AP (card source 2). 000A is free to read, 0001 needs the password, each key its own PIN."""
    files: dict[int, File] = {0x06: Data(_token_info(label))}
    for number, certificate in certificates.items():
        guards = frozenset({0x1B}) if number == 0x01 else frozenset[int]()
        files[number] = Data(certificate + manners.filler, guards)
    files[0x08] = Data(bytes([0x8F if 0x0A in certificates else 0x80, 0x8F if 0x01 in certificates else 0x80, 0x00]))
    for number, guard in ((0x17, 0x18), (0x1A, 0x1B)):
        if number in keys:
            files[number] = Key(keys[number], frozenset({guard}))
    if 0x17 in keys:
        files[0x18] = Pin(pin.encode(), tries=3, shortest=4, longest=16)
    files[0x1B] = Pin(password.encode(), tries=5, shortest=6, longest=16)
    return Application("jpki", JPKI_AID, files)


def _token_info(label: str) -> bytes:
    """CK_TOKEN_INFO as fixed text fields and big-endian numbers, 160 bytes (card source 2)."""
    texts = label.encode().ljust(32) + b"KOFUKI SIMULATOR".ljust(32) + b"VIRTUAL".ljust(16) + b"0" * 16
    numbers = b"".join(value.to_bytes(4, "big") for value in (0x0401, 0, 0, 0, 0, 16, 4, 0, 0, 0, 0))
    return texts + numbers + b"\x01\x00\x01\x00" + b"0" * 16


def face_applications(face: Face, pin: str) -> tuple[Application, ...]:
    """The applications beside JPKI (card source 3), which a certificate machine has no business with."""
    number_a, number_b = Pin(face.number.encode(), 10, 12, 12), Pin(_number_b(face).encode(), 10, 14, 14)
    with_a, with_b = frozenset({0x11, 0x14}), frozenset({0x11, 0x15})
    attributes = (
        _tlv(0xDF22, face.name.encode())
        + _tlv(0xDF23, face.address.encode())
        + _tlv(0xDF24, face.born.encode())
        + _tlv(0xDF25, face.sex.encode())
    )
    offsets = _tlv(0xDF21, bytes(8))
    text: dict[int, File] = {
        0x01: Data(b"\xff\x10\x0c" + face.number.encode() + b"\xff\xff", with_a),
        0x02: Data(_tlv(0xFF20, offsets + attributes), with_b),
        0x05: Data(_tlv(0xFF40, bytes(13))),
        0x11: Pin(pin.encode()),
        0x14: number_a,
        0x15: number_b,
    }
    picture = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(500)
    front = _tlv(0xDF22, face.born.encode()) + _tlv(0xDF23, face.sex.encode()) + _tlv(0xDF27, picture)
    surface: dict[int, File] = {
        0x02: Data(_tlv(0xFF20, front + _tlv(0xDF29, face.expires.encode())), frozenset({0x12, 0x13})),
        0x11: Pin(face.era_birth.encode(), 10, 6, 6),
        0x12: number_b,
        0x13: number_a,
    }
    juki_pin = Pin(pin.encode())
    record = b"\x01\x1c" + face.serial.encode() + face.municipality.encode() + face.expires.encode()
    common: dict[int, File] = {0x01: Records((record,)), 0x1C: juki_pin}
    juki: dict[int, File] = {0x02: Records((bytes(16),)), 0x1C: juki_pin}
    return (
        Application("text", TEXT_AID, text),
        Application("surface", SURFACE_AID, surface),
        Application("common", COMMON_AID, common),
        Application("juki", JUKI_AID, juki),
    )


def _number_b(face: Face) -> str:
    """照合番号B: birth in the era, year of expiry, security code."""
    return face.era_birth + face.expires[:4] + face.code


def _tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    short = bytes([length]) if length < 0x80 else b"\x82" + length.to_bytes(2, "big")
    return tag.to_bytes(2, "big") + short + value
