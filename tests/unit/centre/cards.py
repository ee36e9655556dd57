"""Cards for the centre's tests: keys made once a process, certificates by the profile of card source 6."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from drivers.vocabulary import CardProof, CardRead, Challenge
from host_sim.pki import KeyFolder
from tests.card_keys import KEYS

LOGIN = "1.2.392.200149.8.5.1.3.30"
SIGNING = "1.2.392.200149.8.5.1.1.20"
PIN = b"1234"
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return KeyFolder(KEYS).rsa(f"test-{name}")


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Card:
    """A resident's card: what the driver reads from it, and its private key."""

    read: CardRead
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def prove(self, challenge: Challenge, nonce: bytes, machine: str, pin: bytes = PIN) -> CardProof:
        """The answer of card and machine to a challenge (drivers/line/README.md)."""
        bound = b"kofuki-auth-1" + challenge.challenge + nonce + machine.encode()
        if isinstance(self.key, rsa.RSAPrivateKey):
            return CardProof(signature=self.key.sign(bound, padding.PKCS1v15(), hashes.SHA256()))
        assert challenge.pin_key is not None
        ephemeral = X25519PrivateKey.generate()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(challenge.pin_key))
        key = HKDF(hashes.SHA256(), 32, salt=nonce, info=b"kofuki-pin-1").derive(shared)
        sealed = ChaCha20Poly1305(key).encrypt(bytes(12), pin, challenge.challenge)
        signature = self.key.sign(bound, ec.ECDSA(hashes.SHA256()))
        return CardProof(signature=signature, encrypted_pin=ephemeral.public_key().public_bytes_raw() + sealed)


def _issuer() -> x509.Name:
    """The one name of all CAs here, as three generations of the real CA share theirs: only signatures tell them apart."""
    units = ("JPKI for user authentication", "Japan Agency for Local Authority Information Systems")
    pairs = [(NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, "JPKI-TEST")]
    pairs += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def usage(*allowed: str) -> x509.KeyUsage:
    """A key usage with these bits and no others."""
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    bits += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{bit: bit in allowed for bit in bits})


@cache
def authority(name: str = "appointed", until: int = 2033) -> x509.Certificate:
    key = rsa_key(f"ca-{name}")
    return (
        x509.CertificateBuilder()
        .subject_name(_issuer())
        .issuer_name(_issuer())
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2023, 7, 16, tzinfo=UTC))
        .not_valid_after(datetime(until, 7, 15, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def certificate(
    issuer: str = "appointed",
    *,
    key: PublicKey | None = None,
    ends: datetime = datetime(2029, 11, 24, 14, 59, 59, tzinfo=UTC),
    policy: str | None = LOGIN,
    content_commitment: bool = False,
) -> bytes:
    """A holder's certificate, DER; defaults make a valid one."""
    ca_key = rsa_key(f"ca-{issuer}")
    allowed = ("digital_signature", "content_commitment") if content_commitment else ("digital_signature",)
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(_issuer())
        .public_key(key or rsa_key("holder").public_key())
        .serial_number(1 + secrets.randbelow(2**31))
        .not_valid_before(ends - timedelta(days=5 * 365))
        .not_valid_after(ends)
        .add_extension(usage(*allowed), critical=True)
    )
    if policy is not None:
        information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([information]), critical=True)
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.DER)
