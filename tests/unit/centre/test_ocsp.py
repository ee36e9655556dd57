"""What an OCSP responder's answer must be before it is believed (RFC 6960; RFC 9654), over a real connection."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.centre.jpki.ocsp import LONGEST_ANSWER_BYTES, PAUSE_S, Responder, judge, question
from host_sim.centre.jpki.revocation import Unavailable
from tests.unit.centre.authorities import NOW, Shape, ca, card, weak_key
from tests.unit.centre.cards import rsa_key, usage
from tests.unit.centre.responder import Asker, Served, Shaped, appointed, responder

LIMIT = timedelta(hours=1)
HOUR = timedelta(hours=1)
CA_KEY = rsa_key("jpki")
CA = ca("jpki", CA_KEY).made()
CARD = card("jpki", CA_KEY).made()
APPOINTED = appointed("jpki", CA_KEY)
GOOD = Shaped(CARD, CA, APPOINTED.made())
OTHER_CA = ca("jpki", rsa_key("someone")).made()  # the same name, another generation


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def served() -> Iterator[tuple[Responder, Served, Clock]]:
    with responder() as (url, what):
        clock = Clock()
        yield Asker(url, what, clock), what, clock


def asked(served: tuple[Responder, Served, Clock]) -> bool | str:
    """Whether the certificate is revoked, or the word for why nobody can say."""
    try:
        return served[0].is_revoked(CARD, CA, NOW)
    except Unavailable as unavailable:
        return unavailable.why


BELIEVED = {
    "by an appointed responder": GOOD,
    "named by its key": GOOD.but(by_key=True),
    "by the CA itself": GOOD.but(responder=CA, key=CA_KEY, brings=False),
    "made in advance, without a nonce": GOOD.but(nonce=lambda _: None),
    "without a next update": GOOD.but(next_update=None),
    "nearly too old": GOOD.but(this_update=NOW - LIMIT + timedelta(seconds=1)),
}


@pytest.mark.parametrize("how", BELIEVED)
def test_a_good_answer_is_believed(served: tuple[Responder, Served, Clock], how: str) -> None:
    for status, revoked in ((ocsp.OCSPCertStatus.GOOD, False), (ocsp.OCSPCertStatus.REVOKED, True)):
        served[1].answers(BELIEVED[how].but(status=status).answer)
        assert asked(served) is revoked


def _answered_by(shape: Shape) -> Shaped:
    return GOOD.but(responder=shape.made(), key=shape.key)


REFUSED: dict[str, tuple[Shaped, str]] = {
    "the certificate is unknown there": (GOOD.but(status=ocsp.OCSPCertStatus.UNKNOWN), "ocsp_unknown_certificate"),
    "about another serial": (GOOD.but(certificate=card("jpki", CA_KEY, serial=77).made()), "ocsp_other_certificate"),
    "about another CA's certificate": (GOOD.but(issuer=OTHER_CA), "ocsp_other_certificate"),
    "another nonce": (GOOD.but(nonce=lambda asked: bytes(len(asked))), "ocsp_nonce"),
    "too old by the limit": (GOOD.but(this_update=NOW - 2 * HOUR, nonce=lambda _: None), "ocsp_stale"),
    "too old with our nonce": (GOOD.but(this_update=NOW - 2 * HOUR), "ocsp_stale"),
    "over": (GOOD.but(next_update=NOW - timedelta(minutes=1)), "ocsp_stale"),
    "from the future": (GOOD.but(this_update=NOW + HOUR, next_update=NOW + 2 * HOUR), "ocsp_from_the_future"),
    "another signature": (
        GOOD.but(responder=CA, key=CA_KEY, brings=False, last_bit_turned=True),
        "ocsp_signature",
    ),
    "the responder's certificate is not brought": (GOOD.but(brings=False), "ocsp_signature"),
    "SHA-512": (GOOD.but(digest=hashes.SHA512()), "ocsp_signature"),
    "a responder of another CA": (_answered_by(appointed("jpki", rsa_key("someone"))), "ocsp_signature"),
    "a responder by its own word": (_answered_by(appointed("responder", rsa_key("responder"))), "ocsp_signature"),
    "not for OCSP": (
        _answered_by(APPOINTED.with_extension("eku", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))),
        "ocsp_signature",
    ),
    "for no purpose": (_answered_by(APPOINTED.with_extension("eku", None)), "ocsp_signature"),
    "without nocheck": (_answered_by(APPOINTED.with_extension("nocheck", None)), "ocsp_signature"),
    "may not sign": (_answered_by(APPOINTED.with_extension("usage", usage("key_agreement"))), "ocsp_signature"),
    "the responder's time is over": (_answered_by(APPOINTED.but(ends=NOW - HOUR)), "ocsp_signature"),
    "a short key": (_answered_by(APPOINTED.but(key=weak_key())), "ocsp_signature"),
    "a critical extension": (
        _answered_by(
            APPOINTED.with_extension(
                "x", x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.392.99.1"), b"\x05\x00")
            )
        ),
        "ocsp_signature",
    ),
    "a card answers": (GOOD.but(responder=card("jpki", CA_KEY).made(), key=rsa_key("holder")), "ocsp_signature"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_an_answer_with_one_thing_wrong_is_not_believed(served: tuple[Responder, Served, Clock], how: str) -> None:
    shaped, why = REFUSED[how]
    served[1].answers(shaped.answer)
    assert asked(served) == why


@pytest.mark.parametrize(
    "status",
    [s for s in ocsp.OCSPResponseStatus if s is not ocsp.OCSPResponseStatus.SUCCESSFUL],
)
def test_a_responder_that_declines(served: tuple[Responder, Served, Clock], status: ocsp.OCSPResponseStatus) -> None:
    served[1].answers(lambda _: ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER))
    assert asked(served) == f"ocsp_{status.name.lower()}"


def test_what_is_no_answer(served: tuple[Responder, Served, Clock]) -> None:
    _, what, clock = served
    for answer, status, kind, why in (
        (lambda _: bytes(LONGEST_ANSWER_BYTES + 1), 200, "application/ocsp-response", "ocsp_too_long"),
        (lambda _: b"", 200, "application/ocsp-response", "ocsp_unreadable"),
        (lambda _: b"<html>", 200, "application/ocsp-response", "ocsp_unreadable"),
        (GOOD.answer, 200, "text/html", "ocsp_no_answer"),
        (GOOD.answer, 500, "application/ocsp-response", "ocsp_no_answer"),
        (GOOD.answer, 302, "application/ocsp-response", "ocsp_no_answer"),
    ):
        what.answers(answer, status, kind)
        assert asked(served) == why
        clock.now_s += PAUSE_S


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 2000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n", b"x"),
    ],
    ids=["nothing", "half a head", "a head without an end", "half a body", "a body without an end"],
)
def test_a_slow_answer_ends_at_the_deadline(served: tuple[Responder, Served, Clock], first: bytes, drip: bytes) -> None:
    """Also when a byte comes now and then: the test ends, and would not if each byte gave more time."""
    served[1].hangs(first, drip)
    assert asked(served) in {"ocsp_unreachable", "ocsp_unreadable", "ocsp_no_answer"}


def test_nobody_is_asked_for_a_while_after_a_failure(served: tuple[Responder, Served, Clock]) -> None:
    _, what, clock = served
    what.hangs()
    assert asked(served) == "ocsp_unreachable"
    what.answers(GOOD.answer)
    assert asked(served) == "ocsp_unreachable"
    assert what.asked == 1
    clock.now_s += PAUSE_S
    assert asked(served) is False
    what.answers(GOOD.but(status=ocsp.OCSPCertStatus.UNKNOWN).answer)
    assert asked(served) == "ocsp_unknown_certificate"
    what.answers(GOOD.answer)
    assert asked(served) is False, "one unknown card does not stop the others"


def test_a_responder_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        gone = Responder(address, LIMIT, deadline_s=0.5)
        with pytest.raises(Unavailable):
            gone.is_revoked(CARD, CA, NOW)


@pytest.mark.parametrize("address", ["https://127.0.0.1/", "ftp://127.0.0.1", "127.0.0.1", ""])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="begins with http"):
        Responder(address, LIMIT)


NONCE = bytes(32)
WHOLE = GOOD.but(nonce=lambda _: None).answer(question(CARD, CA, NONCE))


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), value=st.integers(1, 255))
def test_a_byte_changed_is_never_more_than_a_word(at: int, value: int) -> None:
    """A change of the certificate that the answer brings may still leave an answer that the CA's responder signed."""
    spoilt = bytearray(WHOLE)
    spoilt[at] ^= value
    with suppress(Unavailable):
        assert judge(bytes(spoilt), CARD, CA, NONCE, NOW, LIMIT) is False


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    with pytest.raises(Unavailable):
        judge(noise, CARD, CA, NONCE, NOW, LIMIT)
