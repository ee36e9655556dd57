"""Servers for the line's tests: certificates with every fault, and a server that sends exactly the bytes a test names."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC)
DEADLINE_S = 120.0  # time limit of calls that are answered
MACHINE = "miyazaki-store-01"


class RealClock:
    def monotonic(self) -> float:
        return time.monotonic()


def spki_sha256(key: ec.EllipticCurvePrivateKey) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


class Authority:
    """A CA that issues any certificate it is asked for, in one directory."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = directory / f"{name}.pem"
        certificate = self._builder(self.name, self.key, NOW - timedelta(days=9), NOW + timedelta(days=9))
        certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file.write_bytes(certificate.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        host: str = "127.0.0.1",
        key: ec.EllipticCurvePrivateKey | None = None,
        begins: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=1),
        client: bool = False,
    ) -> tuple[Path, str]:
        """Make NAME.pem and NAME.key; returns their path without suffix, and the pin of the key."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        try:
            names: list[x509.GeneralName] = [x509.IPAddress(ip_address(host))]
        except ValueError:
            names = [x509.DNSName(host)]
        certificate = (
            self._builder(subject, key, NOW + begins, NOW + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        stem = self.directory / name
        stem.with_name(f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        stem.with_name(f"{name}.key").write_bytes(secret)
        return stem, spki_sha256(key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )


def server_context(stem: Path, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(stem.with_name(stem.name + ".pem"), stem.with_name(stem.name + ".key"))
    return context


class Scripted:
    """What a scripted server has received."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0
        self.heard = b""


@contextmanager
def scripted(context: ssl.SSLContext | None, talk: Callable[[Scripted, socket.socket], None]) -> Iterator[Scripted]:
    """Serve on a free port, one connection after the other; `talk` is called with each, after any TLS handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen = Scripted(listener.getsockname()[1])
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                if over.is_set():
                    plain.close()
                    return
                seen.connections += 1
                plain.settimeout(DEADLINE_S)
                try:
                    with plain if context is None else context.wrap_socket(plain, server_side=True) as secure:
                        talk(seen, secure)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            with socket.create_connection(("127.0.0.1", seen.port)):
                pass
            thread.join(DEADLINE_S)


def hear_request(seen: Scripted, line: socket.socket) -> None:
    """Read one request with its body, as far as it comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = line.recv(65536)
        if not chunk:
            break
        data += chunk
    seen.heard += data
