"""An OCSP responder for the tests: a real HTTP server, whose answer each test shapes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from host_sim.centre.jpki.ocsp import Responder
from host_sim.running import HANG_S
from tests.unit.centre.authorities import NOW, Key, Shape
from tests.unit.centre.cards import rsa_key, usage

Answer = Callable[[bytes], bytes]


def appointed(issuer: str, issuer_key: Key, **how: Any) -> Shape:
    """The certificate of a responder that a CA has appointed (RFC 6960, 4.2.2.2)."""
    extensions: dict[str, tuple[x509.ExtensionType, bool]] = {
        "usage": (usage("digital_signature"), True),
        "eku": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), True),
        "nocheck": (x509.OCSPNoCheck(), False),
    }
    return Shape("responder", rsa_key("responder"), issuer, issuer_key, extensions, **how)


@dataclass(frozen=True)
class Shaped:
    """How an answer is made. The defaults make a good one, signed by an appointed responder."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    responder: x509.Certificate
    key: Key = field(default_factory=lambda: rsa_key("responder"))
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: datetime = NOW - timedelta(minutes=10)
    next_update: datetime | None = NOW + timedelta(minutes=10)
    nonce: Callable[[bytes], bytes | None] = lambda asked: asked
    by_key: bool = False
    brings: bool = True
    last_bit_turned: bool = False  # of the signature, when no certificate comes after it
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def but(self, **change: Any) -> "Shaped":
        return replace(self, **change)

    def answer(self, asked: bytes) -> bytes:
        nonce = self.nonce(_nonce(asked))
        revoked = self.status is ocsp.OCSPCertStatus.REVOKED
        encoding = ocsp.OCSPResponderEncoding.HASH if self.by_key else ocsp.OCSPResponderEncoding.NAME
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.certificate,
            issuer=self.issuer,
            algorithm=hashes.SHA1(),  # noqa: S303  names the certificate
            cert_status=self.status,
            this_update=self.this_update,
            next_update=self.next_update,
            revocation_time=NOW - timedelta(days=1) if revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(encoding, self.responder)
        if self.brings:
            builder = builder.certificates([self.responder])
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        made = builder.sign(self.key, self.digest).public_bytes(Encoding.DER)
        return made[:-1] + bytes([made[-1] ^ self.last_bit_turned])


def _nonce(asked: bytes) -> bytes:
    return ocsp.load_der_ocsp_request(asked).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


class Served:
    """What the server does with a request: `how(handler, body)`; `answer` sends a whole answer."""

    def __init__(self) -> None:
        self.how: Callable[[BaseHTTPRequestHandler, bytes], None] = lambda handler, body: None
        self.asked = 0
        self.hanging = False
        self.over = threading.Event()  # a handler that hangs waits for it

    def answers(self, answer: Answer, status: int = 200, kind: str = "application/ocsp-response") -> None:
        def how(handler: BaseHTTPRequestHandler, body: bytes) -> None:
            told = answer(body)
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(told)))
            handler.end_headers()
            handler.wfile.write(told)

        self.how, self.hanging = how, False

    def hangs(self, first: bytes = b"", drip: bytes = b"") -> None:
        """Send `first`, then a byte of `drip` now and then, and never an end."""

        def how(handler: BaseHTTPRequestHandler, body: bytes) -> None:
            handler.wfile.write(first)
            while not self.over.wait(0.05 if drip else None):
                try:
                    handler.wfile.write(drip)
                except OSError:
                    return

        self.how, self.hanging = how, True


class Asker(Responder):
    """Asks the server of a test. Only where that hangs it gives up soon: an answer may take as long as a slow computer takes."""

    def __init__(self, url: str, served: Served, monotonic: Callable[[], float]) -> None:
        super().__init__(url, timedelta(hours=1), monotonic=monotonic)
        self._served = served

    def _exchange(self, asked: bytes) -> bytes:
        self._deadline_s = 0.5 if self._served.hanging else HANG_S
        return super()._exchange(asked)


@contextmanager
def responder() -> Iterator[tuple[str, Served]]:
    """The responder's URL, and what it serves, until the block ends."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            served.asked += 1
            assert self.headers["Content-Type"] == "application/ocsp-request"
            served.how(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/ocsp", served
        finally:
            served.over.set()
            server.shutdown()
            thread.join()
