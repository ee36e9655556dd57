"""The transport: one TLS 1.3 connection with certificates on both sides, kept open, and opened anew when it breaks.

Before anything is sent, the server's chain and its key (SPKI pin) are checked. One
deadline covers the whole exchange, connecting included, so a centre that sends a byte a second
times out. After any error the connection is closed, so that nobody reads a late answer.
No proxy, no redirect, no cookie, no setting from the environment.
"""

import contextlib
import hashlib
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.line.centre import NO_HEADERS, LineFailed
from drivers.line.messages import MAX_DOCUMENT_BYTES
from drivers.line.tls_files import client_context, pins_of
from drivers.ports import Clock
from drivers.vocabulary import LineTrouble

_CHUNK = 65536
_NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME; the ssl module has no name for it
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class _Connection:
    """A TLS connection whose reads and writes all end at `ends_at_s`.

    It has the three methods that `http.client` uses of a socket.
    """

    def __init__(self, secure: ssl.SSLSocket, clock: Clock) -> None:
        self._secure = secure
        self._clock = clock
        self.ends_at_s = 0.0
        self.heard = False  # whether any byte of the present answer has come

    def makefile(self, mode: str, buffering: int = -1) -> io.BufferedReader:  # noqa: ARG002  http.client's signature
        return io.BufferedReader(_Answer(self))

    def receive_into(self, buffer: Any) -> int:
        self._secure.settimeout(left_s(self._clock, self.ends_at_s))
        got = self._secure.recv_into(buffer)
        self.heard = self.heard or got > 0
        return got

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._secure.settimeout(left_s(self._clock, self.ends_at_s))
            rest = rest[self._secure.send(rest) :]

    def quiet(self) -> bool:
        """Whether no unasked bytes have come and the other side has not closed the connection."""
        self._secure.settimeout(0)
        try:
            self._secure.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Does nothing, because `http.client` calls it when it has read an answer's head; `shut` closes."""

    def shut(self) -> None:
        with contextlib.suppress(OSError):
            self._secure.close()


class _Answer(io.RawIOBase):
    """The bytes of one answer."""

    def __init__(self, connection: _Connection) -> None:
        super().__init__()
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)


def left_s(clock: Clock, ends_at_s: float) -> float:
    """Seconds left until the deadline. Raises `LineFailed` when it has passed."""
    left = ends_at_s - clock.monotonic()
    if left <= 0:
        raise LineFailed(LineTrouble.TIMED_OUT)
    return left


class TlsTransport:
    """Satisfies `drivers.line.centre.Transport`.

    `server_spki_sha256`: the SHA-256 of the server's SubjectPublicKeyInfo in hex, or several, separated by spaces or
    lines. `surely_past`: an instant that the true time is not before. While the system's clock is earlier than that it
    cannot judge a certificate ("not yet valid"); the server's must then not have expired at `surely_past` (security rule 18).
    Raises `WrongDevice` when the pins, the CA file, the machine's certificate or its key are missing or wrong.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        ca_file: Path,
        server_spki_sha256: str,
        client_certificate: Path,
        client_key: Path,
        clock: Clock,
        surely_past: Callable[[], datetime] = lambda: _NO_TIME,
    ) -> None:
        self._surely_past = surely_past
        self._host, self._port = host, port
        self._pins = pins_of(server_spki_sha256)
        self._clock = clock
        self._connection: _Connection | None = None
        self._context = client_context(ca_file, client_certificate, client_key)
        self._checks = self._context.verify_flags

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, Mapping[str, str], bytes]:
        """See `Transport`. When the centre has closed a kept connection, opens a new one and asks again, once.

        It does so only while no byte of an answer has come. Asking again is harmless: every call may be repeated
        (README.md).
        """
        ends_at_s = self._clock.monotonic() + deadline_s
        kept = self._connection
        if kept is not None and kept.quiet():
            try:
                return self._once(kept, method, path, body, headers, ends_at_s)
            except LineFailed as failed:
                if kept.heard or failed.trouble is not LineTrouble.UNREACHABLE:
                    raise
        self.close()
        return self._once(None, method, path, body, headers, ends_at_s)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.shut()
        self._connection = None

    def _once(
        self,
        kept: _Connection | None,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        ends_at_s: float,
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            connection = self._connection = kept or self._connect(ends_at_s)
            connection.ends_at_s, connection.heard = ends_at_s, False
            answer, reusable = _ask(connection, method, path, body, headers)
        except BaseException as error:
            self.close()
            trouble = _trouble(error)
            if trouble is None:
                raise
            raise LineFailed(trouble) from None
        if not reusable:
            self.close()
        return answer

    def _connect(self, ends_at_s: float) -> _Connection:
        """Open and check a connection. Raises `OSError`, and `LineFailed` for a server with another chain or key."""
        plain = self._reach(ends_at_s)
        past = self._surely_past()
        clock_behind = datetime.now(UTC) < past
        self._context.verify_flags = self._checks | _NO_CHECK_TIME if clock_behind else self._checks
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(left_s(self._clock, ends_at_s))
            secure = self._context.wrap_socket(plain, server_hostname=self._host)
        except ssl.SSLEOFError:
            plain.close()
            raise LineFailed(LineTrouble.UNREACHABLE) from None  # closed before its certificate could be checked
        except ssl.SSLError:
            plain.close()
            raise LineFailed(LineTrouble.SERVER_NOT_TRUSTED) from None
        except BaseException:
            plain.close()
            raise
        certificate = secure.getpeercert(binary_form=True)
        assert certificate is not None
        if _spki_sha256(certificate) not in self._pins or (clock_behind and _expired(certificate, past)):
            secure.close()
            raise LineFailed(LineTrouble.SERVER_NOT_TRUSTED)
        return _Connection(secure, self._clock)

    def _reach(self, ends_at_s: float) -> socket.socket:
        """A socket to the first address of the host that answers, within the one deadline."""
        trouble: OSError = ConnectionError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind, protocol)
            try:
                plain.settimeout(left_s(self._clock, ends_at_s))
                plain.connect(address)
            except OSError as error:
                plain.close()
                trouble = error
            except LineFailed:
                plain.close()
                raise
            else:
                return plain
        raise trouble


def _ask(
    connection: _Connection, method: str, path: str, body: bytes | None, more: Mapping[str, str]
) -> tuple[tuple[int, Mapping[str, str], bytes], bool]:
    """Send one request; return its whole answer, and whether the connection can be used again."""
    headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    headers |= more
    client = http.client.HTTPConnection("centre")
    client.sock = connection
    client.request(method, path, body=body, headers=headers)
    response = client.getresponse()
    if response.length is None and not response.chunked:
        raise LineFailed(LineTrouble.BAD_ANSWER)  # without a length a cut answer looks whole
    content = bytearray()
    while chunk := response.read1(_CHUNK):
        content += chunk
        if len(content) > MAX_DOCUMENT_BYTES:
            raise LineFailed(LineTrouble.BAD_ANSWER)
    if response.length:
        raise LineFailed(LineTrouble.UNREACHABLE)  # cut short
    names = {name.lower(): value for name, value in response.getheaders()}
    return (response.status, names, bytes(content)), not response.will_close


def _trouble(error: BaseException) -> LineTrouble | None:
    """The `LineTrouble` of an exception; None for one that is a programming error."""
    match error:
        case LineFailed():
            return error.trouble
        case TimeoutError():
            return LineTrouble.TIMED_OUT
        case OSError() | http.client.IncompleteRead():
            return LineTrouble.UNREACHABLE
        case http.client.HTTPException() | ValueError():
            return LineTrouble.BAD_ANSWER
        case _:
            return None


def valid_from(certificate: Path) -> datetime | None:
    """From when this certificate (PEM) is valid; None when it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_before_utc
    except (OSError, ValueError):
        return None


def _expired(certificate: bytes, at: datetime) -> bool:
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc < at


def _spki_sha256(certificate: bytes) -> str:
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
