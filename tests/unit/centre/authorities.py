"""Certificates of any shape for the tests of chain and revocation: a good one, and exactly one thing changed."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.unit.centre.cards import LOGIN, rsa_key, usage

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Extensions = dict[str, tuple[x509.ExtensionType, bool]]


@cache
def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505  the weak key is the test


@cache
def p384_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@cache
def p256_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True)
class Shape:
    """A certificate to be made. `extensions`: name -> (value, critical)."""

    subject: str
    key: Key
    issuer: str
    issuer_key: Key
    extensions: Extensions = field(default_factory=dict)
    begins: datetime = NOW - timedelta(days=1000)
    ends: datetime = NOW + timedelta(days=1000)
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    serial: int = 0x0705D990

    def but(self, **change: Any) -> "Shape":
        return replace(self, **change)

    def with_extension(self, word: str, value: x509.ExtensionType | None, critical: bool = True) -> "Shape":
        """Another value of an extension; None leaves it out."""
        others = {key: known for key, known in self.extensions.items() if key != word}
        return replace(self, extensions=others if value is None else others | {word: (value, critical)})

    def made(self) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(self.subject))
            .issuer_name(name(self.issuer))
            .public_key(self.key.public_key())
            .serial_number(self.serial)
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
        )
        for value, critical in self.extensions.values():
            builder = builder.add_extension(value, critical=critical)
        return builder.sign(self.issuer_key, self.digest)

    def der(self) -> bytes:
        return self.made().public_bytes(Encoding.DER)


def ca(subject: str, key: Key, issuer: str | None = None, issuer_key: Key | None = None, **how: Any) -> Shape:
    """A CA, self-signed if no issuer is given."""
    signer = issuer_key or key
    extensions: Extensions = {
        "basic": (x509.BasicConstraints(ca=True, path_length=None), True),
        "usage": (usage("key_cert_sign", "crl_sign"), True),
        "ski": (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        "aki": (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
    }
    if issuer is not None:
        extensions["policies"] = (policies("2.5.29.32.0"), False)
    return Shape(subject, key, issuer or subject, signer, extensions, **{"serial": 6} | how)


def card(issuer: str, issuer_key: Key, key: Key | None = None, **how: Any) -> Shape:
    """A card's certificate for logging in, by card source 6."""
    extensions: Extensions = {
        "usage": (usage("digital_signature"), True),
        "policies": (policies(LOGIN), True),
        "aki": (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    }
    return Shape("holder", key or rsa_key("holder"), issuer, issuer_key, extensions, **how)


def policies(*named: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(one), None) for one in named])
