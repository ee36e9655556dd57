"""The signed codes on the paper: the centre makes them at issue, and anybody can check them, offline too.

A code holds what a checker compares by eye (kind, issue number, date, people, address) and a hash of every character
printed on the certificate, signed by the municipality. It proves that the municipality issued a certificate with
these words. The checker compares them with the sheet; nothing on paper can prove that the sheet is the original one.

**Text**: the address of the city's check page, `#`, and the message as one decimal number, whose first byte is 1. A
browser never sends what follows `#`; digits pass every camera unharmed, and a QR code stores three in ten bits.
**Message**: COSE_Sign1 (RFC 9052) with ES256, because the browsers of telephones many years old verify P-256 and only
those since 2025 all verify Ed25519. **Payload**: a CBOR map, deflated (RFC 1951) before it is signed, so that nothing
unsigned is ever unpacked: 1 issue number, 2 kind, 3 date of issue (days since 1970-01-01), 4 municipality code, 5 the
first 16 bytes of the SHA-256 of the text, 6 people as [name, birth as printed], 7 how many people stand on the paper,
8 address, 9 pages, 10 [this code, of how many]. What does not fit into one code goes on in the next.
"""

import hashlib
import io
import re
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CODE_BITS = 3320  # of QR version 15 at level M (ISO/IEC 18004, table 7)
_SPARE_BITS = 64
_PIECE = 30  # letters of an address that stay together in one code
_FIRST = b"\1"
_COSE_SIGN1, _ES256, _ALG, _KID = 18, -7, 1, 4
_EPOCH = date(1970, 1, 1)
_TEXT = re.compile(r"[^#\s]*#([1-9][0-9]{100,4000})")
CODES_MAX = 99  # of one certificate
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # general categories that no register and no form has
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)  # equal facts give equal papers (RFC 6979)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a code says about one certificate."""

    issue_number: str
    kind: str
    issued_on: date
    municipality: str  # 団体コード
    text_hash: bytes
    people: tuple[tuple[str, str], ...] = field(repr=False)  # in this code: name and birth as printed
    people_count: int  # on the certificate
    address: str = field(repr=False)  # in this code: all of it, a part, or nothing
    pages: int
    code: int = 1
    codes: int = 1


class Finding(StrEnum):
    GENUINE = "genuine"  # signed by a municipality we know
    SAMPLE = "sample"  # signed with the key that everybody knows
    FORGED = "forged"  # names a known key, but that key did not sign it, or not on that day
    UNKNOWN_ISSUER = "unknown_issuer"
    NOT_OURS = "not_ours"  # some other code, or damaged beyond reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of checking a code. `claims` is None unless it is rightly signed, so that no unsigned words are shown."""

    finding: Finding
    claims: Claims | None = None


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key (X9.62, uncompressed) and the first and last day of issue for which it counts."""

    public: bytes
    first_day: date = date.min
    last_day: date = date.max
    sample: bool = False


class Signer:
    """A municipality's signing key and the eight bytes by which checkers know it."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, *, sample: bool = False) -> None:
        self._key, self.sample = key, sample
        self.public_key = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.key_id = key_id(self.public_key)

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)


def public_key(point: bytes) -> bytes:
    """The point itself. Raises ValueError when it is none of P-256, uncompressed."""
    if len(point) != 65:
        raise ValueError("not an uncompressed point of P-256")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return point


def key_id(public_key: bytes) -> bytes:
    """The first eight bytes of the SHA-256 of a public key."""
    return hashlib.sha256(public_key).digest()[:8]


@cache
def sample_signer() -> Signer:
    """The key of the sample municipality. Anybody can derive it, so what it signs is called a sample."""
    secret = hashlib.sha256(b"kofuki: the sample municipality's code key, known to everybody").digest()
    return Signer(ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, ec.SECP256R1()), sample=True)


def sample_keys() -> Mapping[bytes, TrustedKey]:
    """Key id -> key: what a checker of the sample's papers trusts."""
    signer = sample_signer()
    return {signer.key_id: TrustedKey(signer.public_key, sample=True)}


# --- making ---------------------------------------------------------------------------------------------


def parts(whole: Claims, signer: Signer, page: str) -> list[Claims]:
    """What stands in each code of a certificate: its address, then its people, as many to a code as it holds.

    `whole.text_hash` may still be the hash of another text: a little room is left for how well either packs.
    """
    address = whole.address
    pieces = [replace(whole, people=(), address=address[at : at + _PIECE]) for at in range(0, len(address), _PIECE)]
    pieces += [replace(whole, people=(person,), address="") for person in whole.people]
    codes: list[Claims] = []
    for piece in pieces or [whole]:
        if codes:
            last = codes[-1]
            both = replace(last, people=last.people + piece.people, address=last.address + piece.address)
            if _bits(_written(page, _protected(signer), _packed(both), bytes(64))) <= CODE_BITS - _SPARE_BITS:
                codes[-1] = both
                continue
        codes.append(piece)
    return [replace(one, code=number, codes=len(codes)) for number, one in enumerate(codes, start=1)]


def make(claims: Claims, signer: Signer, page: str = "") -> str:
    """The text of one code. `page`: the address of the city's check page."""
    payload, protected = _packed(claims), _protected(signer)
    return _written(page, protected, payload, signer.sign(_to_be_signed(protected, payload)))


def _protected(signer: Signer) -> bytes:
    return cbor2.dumps({_ALG: _ES256, _KID: signer.key_id}, canonical=True)


def _packed(claims: Claims) -> bytes:
    told = {
        1: claims.issue_number,
        2: claims.kind,
        3: (claims.issued_on - _EPOCH).days,
        4: claims.municipality,
        5: claims.text_hash,
        6: [list(person) for person in claims.people],
        7: claims.people_count,
        8: claims.address,
        9: claims.pages,
        10: [claims.code, claims.codes],
    }
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return packer.compress(cbor2.dumps(told, canonical=True)) + packer.flush()


def _written(page: str, protected: bytes, payload: bytes, signature: bytes) -> str:
    number = int.from_bytes(_FIRST + _message(protected, payload, signature))
    return f"{page}#{number}"


def _bits(text: str) -> int:
    """What a text takes in a code: a byte segment up to the `#`, then a numeric one (ISO/IEC 18004, 7.4)."""
    digits = text.index("#") + 1
    return 20 + 8 * digits + 16 + -(-10 * (len(text) - digits) // 3)


def text_hash(printed: str) -> bytes:
    """The hash of everything printed on a certificate, in reading order, without any white space."""
    return hashlib.sha256("".join(printed.split()).encode()).digest()[:16]


# --- checking -------------------------------------------------------------------------------------------


def is_ours(text: str) -> bool:
    """Whether this may be the text of one of our codes."""
    return _TEXT.fullmatch(text) is not None


def verify_text(text: str, keys: Mapping[bytes, TrustedKey] | None = None) -> Verdict:
    """Judge the text of a code. `keys`: by key id; without it, the sample's. Never raises."""
    known = sample_keys() if keys is None else keys
    try:
        protected, payload, signature = _parts(_unwritten(text))
        header = cbor2.loads(protected)
        if not isinstance(header, Mapping) or header[_ALG] != _ES256 or not isinstance(header[_KID], bytes):
            return Verdict(Finding.NOT_OURS)
        trusted = known.get(header[_KID])
        if trusted is None:
            return Verdict(Finding.UNKNOWN_ISSUER)
        _check(trusted.public, signature, _to_be_signed(protected, payload))
        claims = _claims(_unpacked(payload))
    except InvalidSignature:
        return Verdict(Finding.FORGED)
    except (cbor2.CBORDecodeError, zlib.error, LookupError, ValueError, TypeError, OverflowError, RecursionError):
        return Verdict(Finding.NOT_OURS)
    if not trusted.first_day <= claims.issued_on <= trusted.last_day:
        return Verdict(Finding.FORGED)
    return Verdict(Finding.SAMPLE if trusted.sample else Finding.GENUINE, claims)


def _unwritten(text: str) -> bytes:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("not the text of a code")
    number = int(found[1])
    data = number.to_bytes(-(-number.bit_length() // 8))
    if not data.startswith(_FIRST):
        raise ValueError("not the number of a message")
    return data[1:]


def _check(public: bytes, signature: bytes, data: bytes) -> None:
    """Raises InvalidSignature."""
    if len(signature) != 64:
        raise InvalidSignature
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key.verify(der, data, ec.ECDSA(hashes.SHA256()))


def _parts(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, payload and signature. Takes only the encoding that `make` gives, so that a paper has one code."""
    tagged = cbor2.loads(message)
    if not isinstance(tagged, cbor2.CBORTag) or tagged.tag != _COSE_SIGN1:
        raise ValueError("not a COSE_Sign1")
    protected, _, payload, signature = tagged.value
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise ValueError("a part is not a byte string")
    if _message(protected, payload, signature) != message:
        raise ValueError("not in the one encoding")
    return protected, payload, signature


def _message(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(_COSE_SIGN1, [protected, {}, payload, signature]), canonical=True)


def _unpacked(payload: bytes) -> Any:
    unpacker = zlib.decompressobj(-15)
    plain = unpacker.decompress(payload, 1 << 16)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("not one deflated map")
    return cbor2.load(io.BytesIO(plain))


def _claims(payload: Any) -> Claims:
    """Raises ValueError, TypeError or LookupError when a payload, though signed, is not of our shape.

    Anybody can sign with the sample's key, so what is rightly signed is still no more than somebody's words.
    """
    shapes = {1: str, 2: str, 3: int, 4: str, 5: bytes, 6: list, 7: int, 8: str, 9: int, 10: list}
    if not isinstance(payload, Mapping) or not all(type(payload[key]) is shape for key, shape in shapes.items()):
        raise ValueError("not the payload of a certificate")
    people = tuple((name, born) for name, born in payload[6])
    code, codes = payload[10]
    words = [payload[1], payload[2], payload[4], payload[8], *(each for person in people for each in person)]
    if not all(type(each) is str and _seen(each) for each in words):
        raise ValueError("a text has what no certificate prints")
    if not (type(code) is type(codes) is int and 1 <= code <= codes <= CODES_MAX):
        raise ValueError("no code of so many")
    if payload[9] < 1 or payload[7] < len(people):
        raise ValueError("not so many pages or people")
    return Claims(
        issue_number=payload[1],
        kind=payload[2],
        issued_on=_EPOCH + timedelta(days=payload[3]),
        municipality=payload[4],
        text_hash=payload[5],
        people=people,
        people_count=payload[7],
        address=payload[8],
        pages=payload[9],
        code=code,
        codes=codes,
    )


def _seen(words: str) -> bool:
    """Whether a text is only letters to be seen, on one line: no control of a terminal, no change of direction."""
    return not any(unicodedata.category(letter) in _UNSEEN for letter in words)


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """RFC 9052, 4.4: Sig_structure."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
