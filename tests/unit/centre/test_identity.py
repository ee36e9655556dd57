"""Keys and certificates of the simulator's centre."""

import ssl
import stat
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from host_sim.centre.identity import ensure_identity
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
