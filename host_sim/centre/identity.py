"""The keys and certificates of the line: the centre's CA, server certificate, signing keys; the machines' certificates.

All are made once, below one directory. A real centre keeps its keys in hardware.
The files are named as in `hardware/units/*.toml`.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from host_sim.centre.pins import PinKey
from host_sim.centre.store import Peer

SIMULATORS = "Kofuki simulator CA"  # the authority that a simulated machine believes (firmware/config/simulated.py)
_OWN = "Kofuki centre CA"
SERVER_NAMES = ("localhost", "centre", "127.0.0.1")
_Key = ec.EllipticCurvePrivateKey
_Raw = TypeVar("_Raw", Ed25519PrivateKey, X25519PrivateKey)


@dataclass(frozen=True, slots=True)
class Identity:
    """The centre's own secrets. `directory` also holds the files that a machine is given."""

    directory: Path
    manifest_key: Ed25519PrivateKey
    pin_key: X25519PrivateKey
    card_master: bytes = field(repr=False)  # the writing keys of blank cards are made from it (card_desk/chips.py)
    pin_hash_key: PinKey  # without its file no municipal PIN can be judged: keep it with every backup of the database
    staff_key: bytes = field(repr=False)  # seals the staff's second factors; without its file all are enrolled anew


def ensure_identity(
    directory: Path, machines: Iterable[Peer], names: Sequence[str] = (), *, sample: bool = False
) -> Identity:
    """Make what is missing below `directory`/tls and read the rest. Keys are readable by their owner only.

    `names`: hosts and addresses by which machines call the centre, beside this computer's own, for a server certificate
    that is made now.
    `sample`: an authority that is made now is a simulator's; no other lets a simulated machine speak (security rule 19).
    A machine's certificate carries its name (CN) and site (OU); the centre takes both from the certificate only.
    """
    tls = directory / "tls"
    tls.mkdir(parents=True, exist_ok=True)
    ca_key, ca = _authority(tls, sample=sample)
    if not (tls / "server.pem").exists():
        key = _server_pair(tls / "server", "centre", ca_key, ca, names)
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        (tls / "server-spki.hex").write_text(hashlib.sha256(spki).hexdigest() + "\n")
    for machine in machines:
        if not (tls / f"{machine.name}.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name(machine.name, machine.site)
            certificate = _issue(ca_key, ca, key.public_key(), name, ExtendedKeyUsageOID.CLIENT_AUTH, [])
            _write_pair(tls / machine.name, key, certificate)
    manifest_key = _raw_key(tls / "manifest.key", Ed25519PrivateKey.generate, Ed25519PrivateKey.from_private_bytes)
    public = manifest_key.public_key().public_bytes_raw()
    (tls / "manifest-key.hex").write_text(public.hex() + "\n")
    if not (tls / "alarm.key").exists():  # what a webhook's receiver checks signatures with
        _write_secret(tls / "alarm.key", secrets.token_hex(32).encode() + b"\n")
    return Identity(
        directory,
        manifest_key,
        _raw_key(tls / "pin.key", X25519PrivateKey.generate, X25519PrivateKey.from_private_bytes),
        _secret(tls / "card-master.key"),
        PinKey(_secret(tls / "pin-hash.key")),
        _secret(tls / "staff.key"),
    )


class RequestRefused(Exception):
    """A file is no certificate request of a machine; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A machine's certificate request: its own name for itself, and the key that it has made."""

    name: str
    key: ec.EllipticCurvePublicKey


def read_request(request: bytes) -> Asked:
    """A certificate request in PEM, as a machine shows or prints it. Raises `RequestRefused`."""
    try:
        asked = x509.load_pem_x509_csr(request)
        key = asked.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise RequestRefused("This is no certificate request; take it from its first line to its last.") from None
    names = [str(one.value) for one in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(names) != 1 or not asked.is_signature_valid:
        raise RequestRefused("The request names no machine or was changed on its way; let the machine show it again.")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RequestRefused("The key of this request is not of the kind that a machine makes, P-256.")
    return Asked(names[0], key)


def answer(directory: Path, asked: Asked, site: str, folder: Path) -> None:
    """Put into `folder` what goes into kofuki/tls on the card of the machine that stands at this site.

    The certificate alone lets nobody speak: two people register its key (machines/registry.py).
    """
    tls = directory / "tls"
    ca_key, ca = _authority(tls)
    certificate = _issue(ca_key, ca, asked.key, _name(asked.name, site), ExtendedKeyUsageOID.CLIENT_AUTH, [])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ca.pem", "server-spki.hex", "manifest-key.hex"):
        (folder / name).write_bytes((tls / name).read_bytes())
    (folder / "machine.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def ensure_desk(directory: Path) -> None:
    """Make the certificate of the staff's desk below `directory`/tls if it is missing; browsers are given ca.pem."""
    tls = directory / "tls"
    if not (tls / "desk.pem").exists():
        _server_pair(tls / "desk", "desk", *_authority(tls))


def _server_pair(stem: Path, common_name: str, ca_key: _Key, ca: x509.Certificate, names: Sequence[str] = ()) -> _Key:
    key = ec.generate_private_key(ec.SECP256R1())
    known_as = [_general_name(name) for name in (*SERVER_NAMES, *names)]
    certificate = _issue(ca_key, ca, key.public_key(), _name(common_name), ExtendedKeyUsageOID.SERVER_AUTH, known_as)
    _write_pair(stem, key, certificate)
    return key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def is_simulators(directory: Path) -> bool:
    """Whether the authority below `directory`/tls was made for a simulator."""
    ca = x509.load_pem_x509_certificate((directory / "tls" / "ca.pem").read_bytes())
    return ca.subject == _name(SIMULATORS)


def _authority(tls: Path, *, sample: bool = False) -> tuple[_Key, x509.Certificate]:
    if (tls / "ca.pem").exists():
        key = load_pem_private_key((tls / "ca.key").read_bytes(), None)
        assert isinstance(key, _Key)
        return key, x509.load_pem_x509_certificate((tls / "ca.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(SIMULATORS if sample else _OWN)
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_pair(tls / "ca", key, certificate)
    return key, certificate


def _issue(
    ca_key: _Key,
    ca: x509.Certificate,
    key: ec.EllipticCurvePublicKey,
    name: x509.Name,
    purpose: x509.ObjectIdentifier,
    names: Sequence[x509.GeneralName],
) -> x509.Certificate:
    builder = (
        _builder(name, ca.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=825))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, unit: str | None = None) -> x509.Name:
    units = [] if unit is None else [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)]
    return x509.Name([*units, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_pair(stem: Path, key: _Key, certificate: x509.Certificate) -> None:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_secret(stem.with_name(stem.name + ".key"), secret)
    stem.with_name(stem.name + ".pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _raw_key(path: Path, generate: Callable[[], _Raw], read: Callable[[bytes], _Raw]) -> _Raw:
    if not path.exists():
        _write_secret(path, generate().private_bytes_raw())
    return read(path.read_bytes())


def _secret(path: Path) -> bytes:
    """32 random bytes, made once."""
    if not path.exists():
        _write_secret(path, secrets.token_bytes(32))
    return path.read_bytes()
