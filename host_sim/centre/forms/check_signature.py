"""Reads a PDF's signature back: does it cover the whole file, did the certificate's key make it, is that the city's key?

Written from ISO 32000-1, 12.8 and RFC 5652 with other libraries than `signed.py` uses, so that a mistake of one shows. A
time stamp is seen, and not judged.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from host_sim.centre.forms import city_key
from host_sim.centre.register import Municipality

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
_DIGITS = re.compile(rb"<[0-9A-Fa-f]*>")
SHA256 = "sha256"


class NotWhole(Exception):
    """The file is not as it was signed, or its signature is none. The message goes on after "the signature"."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A right signature over a whole file. `beside`: the certificates that came with it."""

    certificate: x509.Certificate
    beside: Sequence[x509.Certificate]
    time_stamped: bool

    @property
    def name(self) -> str:
        return self.certificate.subject.rfc4514_string()

    def is_below(self, trusted: Sequence[x509.Certificate]) -> bool:
        """Whether the certificate is one of these, or was issued under one of them."""
        at, left = self.certificate, list(self.beside)
        while at not in trusted and not any(_issued(at, upper) for upper in trusted):
            above = next((upper for upper in left if _issued(at, upper)), None)
            if above is None:
                return False
            left.remove(above)
            at = above
        return True


def read(pdf: bytes) -> Signature | None:
    """The signature of a PDF; None when it has none. Raises `NotWhole`."""
    ranges = _RANGE.findall(pdf)
    if not ranges:
        return None
    if len(ranges) > 1:
        raise NotWhole("is not the only one")
    start, length, resumes, rest = map(int, ranges[0])
    if start != 0 or resumes + rest != len(pdf) or not _DIGITS.fullmatch(pdf[length:resumes]):
        raise NotWhole("does not cover the whole file")
    try:
        room = bytes.fromhex(pdf[length + 1 : resumes - 1].decode())
        told = cms.ContentInfo.load(room)
        if room[len(told.dump()) :].strip(b"\0"):
            raise NotWhole("has something beside it")
        return _right(told["content"], hashlib.sha256(pdf[:length] + pdf[resumes:]).digest())
    except (ValueError, TypeError, LookupError, AttributeError):
        raise NotWhole("cannot be read") from None


def _right(told: cms.SignedData, digest: bytes) -> Signature:
    (signer,) = told["signer_infos"]
    beside = [x509.load_der_x509_certificate(one.chosen.dump()) for one in told["certificates"]]
    said = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    if signer["digest_algorithm"]["algorithm"].native != SHA256:
        raise NotWhole("has another hash than SHA-256")
    if said["message_digest"][0].native != digest:
        raise NotWhole("is of another text: the file was changed")
    named = said["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    certificate = next((one for one in beside if one.fingerprint(hashes.SHA256()) == named), None)
    if certificate is None:
        raise NotWhole("has no certificate")
    attributes = signer["signed_attrs"].untag()
    assert isinstance(attributes, core.SetOf)
    try:
        _verify(certificate, signer["signature"].native, attributes.dump())
    except InvalidSignature:
        raise NotWhole("was not made by the key of its certificate") from None
    beside.remove(certificate)
    unsigned = {one["type"].native for one in signer["unsigned_attrs"]}
    return Signature(certificate, beside, "signature_time_stamp_token" in unsigned)


def _verify(certificate: x509.Certificate, signature: bytes, data: bytes) -> None:
    match certificate.public_key():
        case rsa.RSAPublicKey() as key:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        case ec.EllipticCurvePublicKey() as key:
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        case _:
            raise InvalidSignature


def _issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def faults(pdf: bytes, city: Municipality) -> list[str]:
    """What is wrong with the signature of a finished paper, or with its absence."""
    try:
        found = read(pdf)
        if city.signature is None:
            return [] if found is None else ["the document is signed, and the city's file says nothing of that"]
        due = city_key.read(city.signature)
    except NotWhole as trouble:
        return [f"the signature {trouble}"]
    except city_key.SignatureUnusable:
        return ["the city's key cannot be read any more"]
    if found is None:
        return ["the document is not signed"]
    if found.certificate.public_bytes(Encoding.DER) != due.chain[0].public_bytes(Encoding.DER):
        return ["the signature is not the city's"]
    return ["the time is not stamped"] if due.time_stamps and not found.time_stamped else []
