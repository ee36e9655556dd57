"""The signed code on the paper: the centre makes it at issue, and anybody can check it offline.

The code holds what a checker compares by eye (kind, issue number, date, people, address) and the SHA-256 of every
character printed on the certificate, signed by the municipality: COSE_Sign1 (RFC 9052) with Ed25519, as base45 (RFC
9285) after the word `KOFUKI1:`, because alphanumeric QR codes survive every scanner. It proves that the municipality
issued a certificate with these words. The checker compares them with the sheet; nothing on paper can prove that the
sheet is the original one.

Payload, a CBOR map: 1 issue number, 2 kind, 3 date of issue (days since 1970-01-01), 4 municipality code, 5 SHA-256
of the text, 6 people as [name, birth as printed], at most four, 7 how many people, 8 address (first 24 characters), 9
pages.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from numpy.typing import NDArray
from PIL import Image, ImageFilter

PREFIX = "KOFUKI1:"
PEOPLE_MAX, ADDRESS_MAX = 4, 24
QUIET_MODULES = 4
_COSE_SIGN1, _EDDSA, _ALG, _KID = 18, -8, 1, 4
_EPOCH = date(1970, 1, 1)
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the code says about one certificate."""

    issue_number: str
    kind: str
    issued_on: date
    municipality: str  # 団体コード
    text_sha256: bytes
    people: tuple[tuple[str, str], ...] = field(repr=False)  # name and birth as printed, at most four
    people_count: int
    address: str = field(repr=False)  # shortened
    pages: int


class Finding(StrEnum):
    GENUINE = "genuine"  # signed by a municipality we know
    FORGED = "forged"  # names a known key, but that key did not sign it
    UNKNOWN_ISSUER = "unknown_issuer"
    NOT_OURS = "not_ours"  # some other code, or damaged beyond reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of checking a code. `claims` is None unless the code is genuine, so that no unsigned words are shown."""

    finding: Finding
    claims: Claims | None = None


class Signer:
    """A municipality's signing key and the eight bytes by which checkers know it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def key_id(public_key: bytes) -> bytes:
    """The first eight bytes of the SHA-256 of a raw Ed25519 public key."""
    return hashlib.sha256(public_key).digest()[:8]


@cache
def sample_signer() -> Signer:
    """The key of the sample municipality. Anybody can derive it, so it proves nothing outside a simulator."""
    secret = hashlib.sha256(b"kofuki: the sample municipality's code key, known to everybody").digest()
    return Signer(Ed25519PrivateKey.from_private_bytes(secret))


def sample_keys() -> Mapping[bytes, bytes]:
    """Key id -> raw public key: what a checker of the sample's papers trusts."""
    signer = sample_signer()
    return {signer.key_id: signer.public_key}


# --- the code -------------------------------------------------------------------------------------------


def make(claims: Claims, signer: Signer) -> str:
    """The text of the code."""
    payload = cbor2.dumps(
        {
            1: claims.issue_number,
            2: claims.kind,
            3: (claims.issued_on - _EPOCH).days,
            4: claims.municipality,
            5: claims.text_sha256,
            6: [list(person) for person in claims.people[:PEOPLE_MAX]],
            7: claims.people_count,
            8: claims.address[:ADDRESS_MAX],
            9: claims.pages,
        },
        canonical=True,
    )
    protected = cbor2.dumps({_ALG: _EDDSA, _KID: signer.key_id}, canonical=True)
    signature = signer.sign(_to_be_signed(protected, payload))
    return PREFIX + base45(_message(protected, payload, signature))


def verify_text(qr: str, keys: Mapping[bytes, bytes] | None = None) -> Verdict:
    """Judge the text of a code. `keys`: key id -> raw public key; without it, the sample's. Never raises."""
    known = sample_keys() if keys is None else keys
    if not qr.startswith(PREFIX):
        return Verdict(Finding.NOT_OURS)
    try:
        protected, payload, signature = _parts(unbase45(qr.removeprefix(PREFIX)))
        header = cbor2.loads(protected)
        if not isinstance(header, Mapping):
            return Verdict(Finding.NOT_OURS)
        claimed_key = header[_KID]
        if header[_ALG] != _EDDSA or not isinstance(claimed_key, bytes):
            return Verdict(Finding.NOT_OURS)
        public_key = known.get(claimed_key)
        if public_key is None:
            return Verdict(Finding.UNKNOWN_ISSUER)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _to_be_signed(protected, payload))
        return Verdict(Finding.GENUINE, _claims(cbor2.loads(payload)))
    except InvalidSignature:
        return Verdict(Finding.FORGED)
    except (cbor2.CBORDecodeError, LookupError, ValueError, TypeError, OverflowError, RecursionError):
        return Verdict(Finding.NOT_OURS)


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


def _claims(payload: Any) -> Claims:
    """Raises ValueError, TypeError or LookupError when a payload, though signed, is not of our shape."""
    shapes = {1: str, 2: str, 3: int, 4: str, 5: bytes, 6: list, 7: int, 8: str, 9: int}
    if not isinstance(payload, Mapping) or not all(isinstance(payload[key], shape) for key, shape in shapes.items()):
        raise ValueError("not the payload of a certificate")
    return Claims(
        issue_number=payload[1],
        kind=payload[2],
        issued_on=_EPOCH + timedelta(days=payload[3]),
        municipality=payload[4],
        text_sha256=payload[5],
        people=tuple((str(name), str(born)) for name, born in payload[6]),
        people_count=payload[7],
        address=payload[8],
        pages=payload[9],
    )


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """RFC 9052, 4.4: Sig_structure."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def text_sha256(printed: str) -> bytes:
    """The hash of everything printed on a certificate, in reading order, without any white space."""
    return hashlib.sha256("".join(printed.split()).encode()).digest()


# --- base45 (RFC 9285) ----------------------------------------------------------------------------------


def base45(data: bytes) -> str:
    out = []
    for at in range(0, len(data) - 1, 2):
        value = data[at] << 8 | data[at + 1]
        out += [_ALPHABET[value % 45], _ALPHABET[value // 45 % 45], _ALPHABET[value // 2025]]
    if len(data) % 2:
        out += [_ALPHABET[data[-1] % 45], _ALPHABET[data[-1] // 45]]
    return "".join(out)


def unbase45(text: str) -> bytes:
    """Raises ValueError for anything that `base45` does not give."""
    if len(text) % 3 == 1:
        raise ValueError("base45 of an impossible length")
    values = [_ALPHABET.index(letter) for letter in text]
    out = bytearray()
    for at in range(0, len(values), 3):
        group = values[at : at + 3]
        value = sum(digit * 45**power for power, digit in enumerate(group))
        width = len(group) - 1
        if value >= 256**width:
            raise ValueError("base45 beyond its range")
        out += value.to_bytes(width, "big")
    return bytes(out)


# --- pictures -------------------------------------------------------------------------------------------


def modules(text: str) -> NDArray[np.bool_]:
    """The QR code of a text (error correction M), True where black, without its quiet zone."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture = np.asarray(code.to_image(scale=1, add_quiet_zones=False))
    black: NDArray[np.bool_] = picture == 0
    return black


def read_codes(picture: Image.Image) -> list[str]:
    """The texts of all codes of ours in a picture: a clean page, or a photo taken at an angle in bad light."""
    grey = picture.convert("L")
    return _found(grey, thorough=False) or _found(grey, thorough=True) or _found(_soft(grey), thorough=True)


def _found(grey: Image.Image, *, thorough: bool) -> list[str]:
    codes = zxingcpp.read_barcodes(
        np.asarray(grey), formats=_QR, try_rotate=thorough, try_downscale=thorough, try_invert=False
    )
    return [code.text for code in codes if code.text.startswith(PREFIX)]


def _soft(grey: Image.Image) -> Image.Image:
    """The picture blurred and doubled in size, so that a noisy or turned code can be read (form rule 10)."""
    soft = grey.filter(ImageFilter.GaussianBlur(0.8))
    return soft.resize((soft.width * 2, soft.height * 2), Image.Resampling.BICUBIC)


def verify_photo(photo: Path | bytes, keys: Mapping[bytes, bytes] | None = None) -> list[Verdict]:
    """One verdict for each code of ours found in a photo (a path, or the bytes of a file); empty when there is none.

    Raises PIL.UnidentifiedImageError or OSError when it is no picture.
    """
    with Image.open(io.BytesIO(photo) if isinstance(photo, bytes) else photo) as picture:
        return [verify_text(text, keys) for text in read_codes(picture)]
