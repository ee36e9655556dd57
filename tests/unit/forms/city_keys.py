"""A city's key with its certificates, as an authority gives them, and openssl as a time-stamping authority."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from host_sim.centre.register import CitySignature
from tests.unit.centre.town import JST

BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=JST), datetime(2126, 1, 1, tzinfo=JST)
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "weak": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - it is refused
}
_STAMPING = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/stamps.pem
signer_key = {folder}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def certificate(
    folder: Path,
    *,
    city: str = "宮崎市",
    beside: str = "",
    algorithm: str = "P-256",
    signs: bool = True,
    ends: datetime = ENDS,
) -> CitySignature:
    """A key with its certificate, below an authority of its own. `beside`: the city as the alternative name has it."""
    folder.mkdir(exist_ok=True)
    above, key = KEYS["P-256"](), KEYS[algorithm]()
    authority = _named("LGPKI-TEST", "Test authority")
    root = _certificate(authority, authority, above, above, authority=True, signs=False, beside="", ends=ENDS)
    leaf = _certificate(
        _named(city, f"{city}長"), authority, key, above, authority=False, signs=signs, beside=beside, ends=ends
    )
    rule = CitySignature(key=str(folder / "seal.key"), chain=str(folder / "chain.pem"))
    Path(rule.key).touch(mode=0o600)
    Path(rule.key).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path(rule.chain).write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, root)))
    return rule


def _named(organisation: str, name: str) -> x509.Name:
    told = ((NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(kind, words) for kind, words in told])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    by: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    *,
    authority: bool,
    signs: bool,
    beside: str,
    ends: datetime,
) -> x509.Certificate:
    usage = {"key_encipherment": not (authority or signs), "data_encipherment": False, "key_agreement": False}
    usage |= {
        "digital_signature": signs,
        "content_commitment": signs,
        "key_cert_sign": authority,
        "crl_sign": authority,
    }
    made = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), BEGINS, ends)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage, encipher_only=False, decipher_only=False), critical=True)
    )
    if beside:
        names = x509.SubjectAlternativeName([x509.DirectoryName(_named(beside, beside))])
        made = made.add_extension(names, critical=False)
    return made.sign(by, hashes.SHA256())


@contextlib.contextmanager
def stamping(folder: Path) -> Iterator[str]:
    """openssl's time-stamping authority (RFC 3161) behind an address on this computer."""
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", "stamps.key", "-out", "stamps.pem", "-subj", "/O=Test/CN=Time"]
    _openssl(folder, "req", "-x509", *made, "-addext", "extendedKeyUsage=critical,timeStamping")
    (folder / "tsa.cnf").write_text(_STAMPING.format(folder=folder), encoding="ascii")
    (folder / "serial").write_text("01\n", encoding="ascii")

    class Stamper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["content-length"])))
            _openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Stamper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
