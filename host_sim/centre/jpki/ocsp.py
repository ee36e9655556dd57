"""Asks an OCSP responder whether a certificate has been revoked (RFC 6960), and believes only what it may believe.

The answer must be signed by the certificate's own CA, or by a responder that this CA itself has appointed
(id-kp-OCSPSigning), about this very certificate, and fresh: with our nonce (RFC 9654), or young.

`Responder` waits no longer than its deadline, whatever the other side does, and asks nobody for a while after a failure,
so that a responder that hangs does not take the centre's threads. Give it as an address or in `/etc/hosts`: the
deadline does not cover a name server that hangs. Answers are signed, so the connection is plain HTTP (RFC 6960, A.1).
"""

import contextlib
import http.client
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from host_sim.centre.jpki import chain
from host_sim.centre.jpki.revocation import SKEW, Unavailable

LONGEST_ANSWER_BYTES = 20_000
ASKING_AT_ONCE = 8
PAUSE_S = 10.0  # after a failure
NONCE_BYTES = 32  # RFC 9654, 2.1
_UNDERSTOOD_OF_A_RESPONDER = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.OCSP_NO_CHECK,
}


class Responder:
    """One OCSP responder. `age_limit`: an answer made longer ago is not believed, whatever its nextUpdate says."""

    def __init__(
        self,
        url: str,
        age_limit: timedelta,
        *,
        deadline_s: float = 3.0,
        p384: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError("the address of an OCSP responder begins with http://")
        self._host, self._port, self._path = parts.hostname, parts.port or 80, parts.path or "/"
        self._age_limit = age_limit
        self._deadline_s = deadline_s
        self._p384 = p384
        self._monotonic = monotonic
        self._askers = threading.BoundedSemaphore(ASKING_AT_ONCE)
        self._silent_until = 0.0
        self._silence = ""

    def ready(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
        del certificate, issuer, now
        if self._monotonic() < self._silent_until:
            raise Unavailable(self._silence)

    def is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        self.ready(certificate, issuer, now)
        if not self._askers.acquire(blocking=False):
            raise Unavailable("ocsp_busy")
        try:
            nonce = secrets.token_bytes(NONCE_BYTES)
            answer = self._exchange(question(certificate, issuer, nonce))
        except (OSError, http.client.HTTPException):
            raise self._pause("ocsp_unreachable") from None
        finally:
            self._askers.release()
        try:
            return judge(answer, certificate, issuer, nonce, now, self._age_limit, p384=self._p384)
        except Unavailable as unavailable:
            if unavailable.why != "ocsp_unknown_certificate":  # that is about one card, not about the responder
                self._pause(unavailable.why)
            raise

    def _pause(self, why: str) -> Unavailable:
        self._silence, self._silent_until = why, self._monotonic() + PAUSE_S
        return Unavailable(why)

    def _exchange(self, asked: bytes) -> bytes:
        """One exchange within the deadline, also with a peer that sends a byte now and then: a timer shuts the socket."""
        ends = time.monotonic() + self._deadline_s
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._deadline_s)
        connection.connect()
        shut = threading.Timer(max(0.0, ends - time.monotonic()), _shut, [connection.sock])
        shut.daemon = True
        shut.start()
        try:
            headers = {"Content-Type": "application/ocsp-request", "Connection": "close"}
            connection.request("POST", self._path, asked, headers)
            response = connection.getresponse()
            body = response.read(LONGEST_ANSWER_BYTES + 1)
        finally:
            shut.cancel()
            connection.close()
        if response.status != 200 or response.headers.get_content_type() != "application/ocsp-response":
            raise self._pause("ocsp_no_answer")
        if len(body) > LONGEST_ANSWER_BYTES:
            raise self._pause("ocsp_too_long")
        return body


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def question(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """An OCSP request, DER. SHA-1 only names the certificate here, and every responder knows it (RFC 5019, 2.1.1)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def judge(
    answer: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    nonce: bytes,
    now: datetime,
    age_limit: timedelta,
    *,
    p384: bool = False,
) -> bool:
    """Whether an answer says that the certificate is revoked. Raises `Unavailable` for one that may not be believed."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unavailable(f"ocsp_{response.response_status.name.lower()}")  # ocsp_try_later ...
        told = _about(response, certificate, issuer)
        if not any(_signed(response, who, p384) for who in _responders(response, issuer, now, p384)):
            raise Unavailable("ocsp_signature")
        _check_fresh(response, told, nonce, now.astimezone(UTC), age_limit)
        status = told.certificate_status
    except chain.UNREADABLE:
        raise Unavailable("ocsp_unreadable") from None
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        raise Unavailable("ocsp_unknown_certificate")
    return status is ocsp.OCSPCertStatus.REVOKED


def _about(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """The one statement of the answer, if it is about this certificate of this CA (RFC 6960, 3.2, 1 and 2)."""
    told = list(response.responses)
    if len(told) != 1 or told[0].serial_number != certificate.serial_number:
        raise Unavailable("ocsp_other_certificate")
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, told[0].hash_algorithm)
    asked = builder.build()
    if (told[0].issuer_name_hash, told[0].issuer_key_hash) != (asked.issuer_name_hash, asked.issuer_key_hash):
        raise Unavailable("ocsp_other_certificate")
    if any(found.critical for found in (*response.extensions, *response.single_extensions)):
        raise Unavailable("ocsp_critical_extension")
    return told[0]


def _check_fresh(
    response: ocsp.OCSPResponse, told: ocsp.OCSPSingleResponse, nonce: bytes, now: datetime, age_limit: timedelta
) -> None:
    """RFC 6960, 3.2, 5 and 6. An answer made in advance has no nonce (RFC 5019); then only its age counts."""
    found = [e.value.nonce for e in response.extensions if isinstance(e.value, x509.OCSPNonce)]
    if found and found != [nonce]:
        raise Unavailable("ocsp_nonce")
    if told.this_update_utc > now + SKEW:
        raise Unavailable("ocsp_from_the_future")
    ends = told.next_update_utc
    if told.this_update_utc < now - age_limit or (ends is not None and ends < now):
        raise Unavailable("ocsp_stale")


# --- who signed it ---------------------------------------------------------------------------------


def _responders(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime, p384: bool
) -> list[x509.Certificate]:
    """The CA itself, and the responders that the answer brings and the CA has appointed (RFC 6960, 4.2.2.2)."""
    appointed = [found for found in response.certificates[:3] if _appointed(found, issuer, now, p384)]
    return [who for who in (issuer, *appointed) if _is_named(response, who)]


def _is_named(response: ocsp.OCSPResponse, who: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == who.subject
    key_hash = x509.SubjectKeyIdentifier.from_public_key(who.public_key()).digest  # SHA-1 of the key's bit string
    return response.responder_key_hash == key_hash


def _appointed(who: x509.Certificate, issuer: x509.Certificate, now: datetime, p384: bool) -> bool:
    """Whether the CA itself appointed this responder. It must be marked nocheck: nobody tells whether it is revoked."""
    purposes, usage = chain.extension(who, x509.ExtendedKeyUsage), chain.extension(who, x509.KeyUsage)
    if purposes is None or ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        return False
    if chain.extension(who, x509.OCSPNoCheck) is None or (usage is not None and not usage.digital_signature):
        return False
    if any(found.critical and found.oid not in _UNDERSTOOD_OF_A_RESPONDER for found in who.extensions):
        return False
    in_time = who.not_valid_before_utc <= now.astimezone(UTC) <= who.not_valid_after_utc
    return in_time and chain.signed_by(who, issuer, p384=p384)


def _signed(response: ocsp.OCSPResponse, who: x509.Certificate, p384: bool) -> bool:
    key = who.public_key()
    if not chain.algorithm_allowed(key, response.signature_algorithm_oid, p384=p384):
        return False
    return chain.signature_good(key, response.signature, response.tbs_response_bytes)
