"""Invented authorities and certificates, with the names and extensions of the real hierarchy (card source 6), O=JPKI-TEST.

Keys are made once and kept in one folder, because they take a while to make; two processes may do so at once.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

_AUTHENTICATION_POLICY = x509.ObjectIdentifier("1.2.392.200149.8.5.1.3.30")
_SIGNATURE_POLICY = x509.ObjectIdentifier("1.2.392.200149.8.5.1.0.20")  # the test hierarchy's
_NAME, _SEX, _BORN = (x509.ObjectIdentifier(f"1.2.392.200149.8.5.5.{number}") for number in (1, 3, 4))
_CPS = "http://www.jpki.go.jp/cps.html"
_OFFICE = "Japan Agency for Local Authority Information Systems"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its key, and the certificate a verifier holds of it."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


class KeyFolder:
    """Private keys by name, each made at its first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def rsa(self, name: str) -> rsa.RSAPrivateKey:
        """RSA-2048, e=65537."""
        key = self._kept(name, lambda: rsa.generate_private_key(65537, 2048))
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def ec(self, name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        key = self._kept(name, lambda: ec.generate_private_key(curve))
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _kept(self, name: str, make: Callable[[], PrivateKey]) -> object:
        path = self._folder / f"{name}.key"
        if not path.exists():
            secret = make().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            keep_once(path, secret, mode=0o600)
        return load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)


def keep_once(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all. A file that is there already stays: the first of several writers wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def authority(keys: KeyFolder, name: str, unit: str, today: date, *, p384: bool = False) -> Authority:
    """A self-signed CA of the generation of `today`. Valid for 20 years, not 10, so that one CA covers every card.

    `p384`: the CA of the next 個人番号カード (card source 12).
    """
    key: PrivateKey = keys.ec(name, ec.SECP384R1()) if p384 else keys.rsa(name)
    start = datetime(today.year - today.year % 5 - 5, 7, 16, tzinfo=UTC)
    subject = issuer_name(unit)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(start.year * 0x1000 + 6)
        .not_valid_before(start)
        .not_valid_after(start.replace(year=start.year + 20))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DirectoryName(_service())]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(key, builder.sign(key, _digest(key)))


def authentication_certificate(
    issuer: Authority, public_key: PublicKey, *, serial: int, number: str, not_before: datetime, not_after: datetime
) -> bytes:
    """利用者証明用 (DER): no name and no address in it. `number`: the 14 characters of the common name."""
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, f"{number}452010001")]
    )
    builder = _holder(issuer, public_key, subject, serial, not_before, not_after)
    builder = builder.add_extension(_usage("digital_signature"), critical=True)
    builder = builder.add_extension(_policy(_AUTHENTICATION_POLICY), critical=True)
    return builder.sign(issuer.key, _digest(issuer.key)).public_bytes(Encoding.DER)


def signature_certificate(
    issuer: Authority,
    public_key: PublicKey,
    *,
    serial: int,
    number: str,
    name: str,
    born: str,
    not_before: datetime,
    not_after: datetime,
) -> bytes:
    """署名用 (DER): name and birth in the subjectAltName, readable on the card with the password only."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Miyazaki-ken"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Miyazaki-shi"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{number}00001452010001"),
        ]
    )
    builder = _holder(issuer, public_key, subject, serial, not_before, not_after)
    builder = builder.add_extension(_usage("digital_signature", "content_commitment"), critical=True)
    builder = builder.add_extension(_policy(_SIGNATURE_POLICY), critical=True)
    who = [x509.OtherName(_NAME, _utf8(name)), x509.OtherName(_SEX, _utf8("3")), x509.OtherName(_BORN, _utf8(born))]
    builder = builder.add_extension(x509.SubjectAlternativeName(who), critical=False)
    return builder.sign(issuer.key, _digest(issuer.key)).public_bytes(Encoding.DER)


def end_of(day: date) -> datetime:
    """The last second of a day in Japan: certificates end then."""
    return datetime(day.year, day.month, day.day, 14, 59, 59, tzinfo=UTC)


def start_of(day: date) -> datetime:
    """The first second of a day in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=9)


def issuer_name(unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _OFFICE),
        ]
    )


# --- what a card does with its key ------------------------------------------------------------------


def sign_as_card(key: rsa.RSAPrivateKey, content: bytes) -> bytes:
    """RSA over PKCS#1 v1.5 type-1 padding around exactly the bytes sent to the card (card source 4)."""
    return key.sign(content, padding.PKCS1v15(), NoDigestInfo())


def sign_as_next_card(key: ec.EllipticCurvePrivateKey, content: bytes) -> bytes:
    """ECDSA over the SHA-384 hash that the command carries, in DER (card source 12)."""
    return key.sign(content, ec.ECDSA(Prehashed(hashes.SHA384())))


def sign_digest(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    """ECDSA signature over a SHA-256 digest, in DER."""
    return key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


# --- inside -----------------------------------------------------------------------------------------


def _digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    return hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else hashes.SHA384()


def _holder(
    issuer: Authority,
    public_key: PublicKey,
    subject: x509.Name,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.IssuerAlternativeName([x509.DirectoryName(_service())]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )


def _service() -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "公的個人認証サービス（模擬）"),
        ]
    )


def _policy(policy: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(policy, [_CPS])])


def _usage(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _utf8(text: str) -> bytes:
    """DER UTF8String of fewer than 128 bytes."""
    encoded = text.encode()
    assert len(encoded) < 0x80
    return bytes([0x0C, len(encoded)]) + encoded
