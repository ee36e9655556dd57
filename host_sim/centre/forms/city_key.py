"""The key with which a city signs its PDFs, and the certificates above it: read, and judged before anything is signed.

The city's file names two files in `[signature]`: `key`, a private key (PEM, without a password, its owner's alone), and
`chain`, certificates (PEM), the key's own first, each signed by the next. The first one names the city, in an
attribute of its subject or of the directory name beside it: 宮崎市, 宮崎県宮崎市 or the 団体コード. So no city signs with another's key.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from host_sim.centre.register import CitySignature, Municipality

RSA_BITS_LEAST = 2048
TOLD_BEFORE = timedelta(days=30)  # a renewed certificate takes an office weeks
CURVES = ("secp256r1", "secp384r1", "secp521r1")
JST = ZoneInfo("Asia/Tokyo")
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_Public = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class SignatureUnusable(Exception):
    """The city's papers cannot be signed. The message is a sentence for the office; it names files, never a person."""


@dataclass(frozen=True, slots=True, eq=False)
class CityKey:
    """A key that belongs to the first of `chain`. `time_stamps`: address of the authority that stamps the time (RFC 3161)."""

    private: _Key = field(repr=False)
    chain: Sequence[x509.Certificate]
    time_stamps: str | None

    @property
    def ends_at(self) -> datetime:
        """The last second on which all certificates of the chain are valid, in Japan."""
        return min(one.not_valid_after_utc for one in self.chain).astimezone(JST)


def usable(city: Municipality, at: datetime) -> CityKey | None:
    """The city's key, good at this instant; None where the city does not sign. Raises `SignatureUnusable`."""
    if city.signature is None:
        return None
    found = read(city.signature)
    _names(found.chain[0], city)
    for one in found.chain:
        begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
        if not begins <= at <= ends:
            when = f"ended at {ends.astimezone(JST)}" if at > ends else f"begins at {begins.astimezone(JST)}"
            raise SignatureUnusable(
                f"{city.signature.chain}: the certificate of {one.subject.rfc4514_string()} {when:.35}; "
                "put the renewed chain and its key there, and no paper is issued without them"
            )
    return found


def ends_soon(city: Municipality, at: datetime) -> datetime | None:
    """When the city's papers can no longer be signed, told `TOLD_BEFORE` it; None before, and for a key unusable already."""
    try:
        key = usable(city, at)
    except SignatureUnusable:
        return None  # the order is refused, and says why
    return key.ends_at if key is not None and key.ends_at - at <= TOLD_BEFORE else None


def read(rule: CitySignature) -> CityKey:
    """The key of a rule, read anew when a file has changed. Raises `SignatureUnusable`."""
    try:
        changed = tuple(Path(name).stat().st_mtime_ns for name in (rule.key, rule.chain))
    except OSError as trouble:
        raise SignatureUnusable(f"{trouble.filename} cannot be read: {trouble.strerror}") from None
    return _read(rule, changed)


@lru_cache(maxsize=8)
def _read(rule: CitySignature, changed: tuple[int, ...]) -> CityKey:
    del changed  # it is part of the key of this cache only
    private, chain = _private(Path(rule.key)), _chain(Path(rule.chain))
    if _spki(private.public_key()) != _spki(chain[0].public_key()):
        raise SignatureUnusable(f"{rule.key} is not the key of the first certificate in {rule.chain}")
    return CityKey(private, chain, rule.time_stamps)


def _private(path: Path) -> _Key:
    try:
        if path.stat().st_mode & 0o077:
            raise SignatureUnusable(f"{path} may be read by others; type: chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as trouble:
        raise SignatureUnusable(f"{path} cannot be read: {trouble.strerror}") from None
    except (ValueError, TypeError):  # the second: it has a password
        raise SignatureUnusable(f"{path} is no private key in PEM without a password") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or not _strong(key.public_key()):
        raise SignatureUnusable(
            f"{path} is neither an RSA key of {RSA_BITS_LEAST} bits nor one on P-256, P-384 or P-521"
        )
    return key


def _strong(key: _Public) -> bool:
    return key.key_size >= RSA_BITS_LEAST if isinstance(key, rsa.RSAPublicKey) else key.curve.name in CURVES


def _chain(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        found = tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except OSError as trouble:
        raise SignatureUnusable(f"{path} cannot be read: {trouble.strerror}") from None
    except ValueError:
        raise SignatureUnusable(f"{path} holds no certificates in PEM") from None
    for lower, upper in itertools.pairwise(found):
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, ValueError, TypeError):
            raise SignatureUnusable(
                f"{path}: {lower.subject.rfc4514_string()} was not issued by the next one, {upper.subject.rfc4514_string()}"
            ) from None
    if not _signs(found[0]):
        raise SignatureUnusable(
            f"{path}: the certificate of {found[0].subject.rfc4514_string()} is not made for signatures (keyUsage)"
        )
    return found


def _signs(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.digital_signature or usage.content_commitment


def _names(certificate: x509.Certificate, city: Municipality) -> None:
    due = {city.city, f"{city.prefecture}{city.city}", city.code}
    if due.isdisjoint(_named(certificate)):
        assert city.signature is not None
        raise SignatureUnusable(
            f"{city.signature.chain}: the certificate of {certificate.subject.rfc4514_string()} "
            f"does not name {city.city} or {city.code}; it is not this city's"
        )


def _named(certificate: x509.Certificate) -> Iterator[str]:
    names = [certificate.subject]
    try:
        beside = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += beside.get_values_for_type(x509.DirectoryName)
    except (x509.ExtensionNotFound, ValueError):
        pass
    for name in names:
        yield from (str(attribute.value) for attribute in name)


def _spki(key: object) -> bytes:
    assert hasattr(key, "public_bytes")
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
