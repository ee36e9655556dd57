"""The identity record of a municipal card, as drivers/card/README.md, "The municipal card application, version 1".

Whoever reads a card sees its record: it is the card's form, and may be judged before the PIN.
"""

import base64
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KINDS = {b"\x01": "resident_register", b"\x02": "citizen"}
_TAGS = (0x80, 0x81, 0x82, 0x83, 0x84, 0x85)


@dataclass(frozen=True, slots=True)
class Record:
    user_id: str
    kind: str  # resident_register, citizen
    valid_until: date
    public_key: str  # SubjectPublicKeyInfo in base64, as the card register stores it


def read_record(credential: bytes) -> Record:
    """The record. ValueError if it is not one."""
    fields = _fields(_value(credential))
    if [tag for tag, _ in fields if tag in _TAGS] != list(_TAGS):
        raise ValueError("a field is missing, double or out of its place")
    values = dict(fields)
    user_id = values[0x82]
    if values[0x80] != b"\x01" or not _digits(values[0x81], 5, 5) or not _digits(user_id, 8, 20):
        raise ValueError("a field is malformed")
    if values[0x83] not in KINDS or not _digits(values[0x84], 8, 8):
        raise ValueError("a field is malformed")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), values[0x85])
    return Record(
        user_id.decode(),
        KINDS[values[0x83]],
        date.fromisoformat(values[0x84].decode()),
        base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(),
    )


def make_record(municipality: str, user_id: str, kind: str, valid_until: date, point: bytes) -> bytes:
    """The identity record of a new card. `municipality`: 5 digits; `point`: the card's own, uncompressed. ValueError if it is none."""
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    code = next(code for code, word in KINDS.items() if word == kind)
    values = (b"\x01", municipality.encode(), user_id.encode(), code, f"{valid_until:%Y%m%d}".encode(), point)
    content = b"".join(bytes([tag, len(value)]) + value for tag, value in zip(_TAGS, values, strict=True))
    head = bytes([len(content)]) if len(content) < 0x80 else bytes([0x81, len(content)])
    return b"\xe1" + head + content


def _value(credential: bytes) -> bytes:
    """The content of the one object of tag E1."""
    if len(credential) >= 2 and credential[0] == 0xE1:
        if credential[1] < 0x80 and len(credential) == 2 + credential[1]:
            return credential[2:]
        if credential[1] == 0x81 and len(credential) >= 3 + 0x80 and len(credential) == 3 + credential[2]:
            return credential[3:]
    raise ValueError("not an identity record")


def _fields(content: bytes) -> list[tuple[int, bytes]]:
    """Tag and value of each field; all of them are short."""
    fields: list[tuple[int, bytes]] = []
    while content:
        if len(content) < 2 or content[1] >= 0x80 or len(content) < 2 + content[1]:
            raise ValueError("a field ends early")
        fields.append((content[0], content[2 : 2 + content[1]]))
        content = content[2 + content[1] :]
    return fields


def _digits(value: bytes, shortest: int, longest: int) -> bool:
    return shortest <= len(value) <= longest and value.isdigit()
