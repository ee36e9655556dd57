"""Keys and certificates of the simulator's centre."""

import base64
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.identity import provide
from host_sim.centre.identity import RequestRefused, answer, ensure_identity, read_request
from host_sim.centre.machines import registry
from host_sim.centre.tls import peer_of, tls_context
from tests.unit.centre.town import HALL, SHOP


def test_what_is_made_is_kept_and_secret(tmp_path: Path) -> None:
    """Security rule 7: only the owner can read the keys; a second start makes only what is missing."""
    first = ensure_identity(tmp_path, [SHOP])
    before = {path: path.read_bytes() for path in (tmp_path / "tls").iterdir()}
    again = ensure_identity(tmp_path, [SHOP, HALL])
    assert all(path.read_bytes() == data for path, data in before.items())
    assert again.manifest_key.private_bytes_raw() == first.manifest_key.private_bytes_raw()
    added = {path.name for path in (tmp_path / "tls").iterdir()} - {path.name for path in before}
    assert added == {f"{HALL.name}.pem", f"{HALL.name}.key"}
    keys = list((tmp_path / "tls").glob("*.key"))
    assert len(keys) == 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_a_machines_certificate_says_who_it_is_and_what_for(tmp_path: Path) -> None:
    ensure_identity(tmp_path, [HALL])
    tls = tmp_path / "tls"
    certificate = x509.load_pem_x509_certificate((tls / f"{HALL.name}.pem").read_bytes())
    ca = x509.load_pem_x509_certificate((tls / "ca.pem").read_bytes())
    certificate.verify_directly_issued_by(ca)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.subject.rfc4514_string() == "CN=miyazaki-office-01,OU=office"
    subject = ((("organizationalUnitName", "office"),), (("commonName", "miyazaki-office-01"),))
    assert peer_of({"subject": subject}) == HALL
    assert peer_of({"subject": subject[1:]}) is None
    assert peer_of({}) is None


def test_the_centres_certificate_has_the_names_by_which_machines_call_it(tmp_path: Path) -> None:
    ensure_identity(tmp_path, [], ["centre.example.jp", "192.0.2.10"])
    server = x509.load_pem_x509_certificate((tmp_path / "tls" / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "centre", "centre.example.jp"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "192.0.2.10"]


def test_the_pin_is_the_servers_key(tmp_path: Path) -> None:
    ensure_identity(tmp_path, [])
    tls = tmp_path / "tls"
    server = x509.load_pem_x509_certificate((tls / "server.pem").read_bytes())
    digest = hashes.Hash(hashes.SHA256())
    digest.update(server.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert (tls / "server-spki.hex").read_text().strip() == digest.finalize().hex()
    context = tls_context(tls)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_answer_to_a_request_lets_the_machine_speak(tmp_path: Path) -> None:
    """What the machine made itself, answered: its driver takes the files, and the centre reads name and site from them."""
    ensure_identity(tmp_path, [])
    request = provide(SHOP.name, tmp_path / "card" / "machine.key")
    answer(tmp_path, read_request(request.read_bytes()), SHOP.site, tmp_path / "card")
    peer, spki = registry.read_certificate(tmp_path / "card" / "machine.pem")
    assert peer == SHOP
    ssl.create_default_context().load_cert_chain(tmp_path / "card" / "machine.pem", tmp_path / "card" / "machine.key")
    ca = x509.load_pem_x509_certificate((tmp_path / "card" / "ca.pem").read_bytes())
    made = x509.load_pem_x509_certificate((tmp_path / "card" / "machine.pem").read_bytes())
    made.verify_directly_issued_by(ca)
    assert registry.spki_of(made.public_bytes(Encoding.DER)) == spki
    assert sorted(path.name for path in (tmp_path / "card").iterdir()) == [
        *("ca.pem", "machine.csr", "machine.key", "machine.pem", "manifest-key.hex", "server-spki.hex")
    ]


def _request(key: CertificateIssuerPrivateKeyTypes, *names: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


def _changed(request: bytes) -> bytes:
    """The same request with another name over the old signature."""
    der = x509.load_pem_x509_csr(request).public_bytes(Encoding.DER)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n%s-----END CERTIFICATE REQUEST-----\n" % base64.encodebytes(
        der.replace(b"one", b"two")
    )


@pytest.mark.parametrize(
    "request_pem",
    [
        b"",
        _request(ec.generate_private_key(ec.SECP256R1()), "one")[:200],
        _request(ec.generate_private_key(ec.SECP256R1())),
        _request(ec.generate_private_key(ec.SECP256R1()), "one", "two"),
        _request(ec.generate_private_key(ec.SECP384R1()), "one"),
        _changed(_request(ec.generate_private_key(ec.SECP256R1()), "one")),
    ],
    ids=["nothing", "cut", "no name", "two names", "another key", "changed"],
)
def test_what_no_machine_asks_is_not_signed(request_pem: bytes) -> None:
    with pytest.raises(RequestRefused):
        read_request(request_pem)
