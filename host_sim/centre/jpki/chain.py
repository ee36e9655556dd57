"""Whether a card's certificate may be believed: path validation of RFC 5280, section 6, for one profile. Pure functions.

The profile is card source 6: a card's certificate, the appointed CA that signed it, and at a change of the CA's key a
certificate that links the new key to the old one. All CA certificates are at hand; a card brings only its own.

`cryptography.x509.verification` is not used: its list of algorithms cannot be narrowed to this profile's, it applies no
policy, and it has one error for everything, so that an ended certificate and a forged one would get the same sentence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

_Value = TypeVar("_Value", bound=x509.ExtensionType)

LOGIN_POLICIES = {"1.2.392.200149.8.5.1.3.30"}  # card source 6, user authentication
ANY_POLICY = "2.5.29.32.0"
RSA_BITS_MIN = 2048
LONGEST = 4  # certificates in a path; a card, its CA, and two links are more than JPKI has
# What RFC 5280 lets a damaged or hostile certificate raise out of the library, wherever it is first looked at.
UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
# Critical extensions that the functions below take into account (RFC 5280, 4.2).
_OF_A_CA = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.CERTIFICATE_POLICIES}
_OF_A_CARD = _OF_A_CA | {ExtensionOID.EXTENDED_KEY_USAGE}
# They would have to be applied to the whole path, critical or not. JPKI has none of them, so none is believed.
_NOT_APPLIED = {
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.INHIBIT_ANY_POLICY,
}


class NotBelieved(Exception):
    """`word`: `certificate_foreign`, or `certificate_expired` when only the time is wrong."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Believed:
    """A card's certificate and the CA certificate that signed it."""

    certificate: x509.Certificate
    issuer: x509.Certificate


def believe(der: bytes, authorities: Sequence[x509.Certificate], now: datetime, *, p384: bool = False) -> Believed:
    """The certificate of a card, for logging in. Raises `NotBelieved`, never anything else.

    `authorities`: the CA certificates this municipality accepts; the self-signed ones are its trust anchors.
    `p384`: whether ECDSA on P-384 with SHA-384 is taken beside RSA of 2048 bits and more with SHA-256.
    """
    instant = now.astimezone(UTC)
    try:
        certificate = x509.load_der_x509_certificate(der)
        issuer = next(_issuers(certificate, authorities, instant, p384), None)
        if issuer is None or not _for_login(certificate, p384) or not ends_in_whole_octets(der, certificate.signature):
            raise NotBelieved("certificate_foreign")
        valid = certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc
    except UNREADABLE:
        raise NotBelieved("certificate_foreign") from None
    if not valid:
        raise NotBelieved("certificate_expired")
    return Believed(certificate, issuer)


def ends_in_whole_octets(der: bytes, signature: bytes) -> bool:
    """Whether the octet before the signature says that none of its bits is unused (X.690, 8.6.2.2).

    The library takes another number too where the last bits are zero; then one signed content would have several forms.
    """
    return der[-len(signature) - 1] == 0


def signed_by(signed: x509.Certificate, issuer: x509.Certificate, *, p384: bool = False) -> bool:
    """Whether names chain, key identifiers agree, and an allowed algorithm's signature is right (RFC 5280, 6.1.3 a)."""
    if signed.issuer != issuer.subject or not _identifiers_agree(signed, issuer):
        return False
    if not algorithm_allowed(issuer.public_key(), signed.signature_algorithm_oid, p384=p384):
        return False
    try:
        signed.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def key_allowed(key: object, *, p384: bool = False) -> bool:
    if isinstance(key, RSAPublicKey):
        return key.key_size >= RSA_BITS_MIN
    return p384 and isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP384R1)


def algorithm_allowed(key: object, algorithm: x509.ObjectIdentifier, *, p384: bool = False) -> bool:
    """Whether a signature by this key with this algorithm is taken."""
    fitting = SignatureAlgorithmOID.RSA_WITH_SHA256
    if not isinstance(key, RSAPublicKey):
        fitting = SignatureAlgorithmOID.ECDSA_WITH_SHA384
    return key_allowed(key, p384=p384) and algorithm == fitting


def signature_good(key: object, signature: bytes, content: bytes) -> bool:
    """Whether a key signed this content: RSA (PKCS 1, v1.5) and P-256 with SHA-256, P-384 with SHA-384."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, EllipticCurvePublicKey):
            digest = hashes.SHA384() if isinstance(key.curve, SECP384R1) else hashes.SHA256()
            key.verify(signature, content, ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def extension(certificate: x509.Certificate, kind: type[_Value]) -> _Value | None:
    """An extension's value; None when the certificate has none of this kind."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


# --- the path --------------------------------------------------------------------------------------


def _issuers(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate], now: datetime, p384: bool
) -> Iterator[x509.Certificate]:
    """Each CA certificate that signed this one and leads to a trust anchor. Three generations share one name."""
    for path in _paths([certificate], authorities, now, p384):
        yield path[1]


def _paths(
    path: list[x509.Certificate], authorities: Sequence[x509.Certificate], now: datetime, p384: bool
) -> Iterator[list[x509.Certificate]]:
    """Every good path that begins so and ends at a self-signed CA. No certificate twice: self-issued ones may form loops."""
    if len(path) == LONGEST:
        return
    for authority in authorities:
        if authority in path or not _signs(path, authority, now, p384):
            continue
        if signed_by(authority, authority, p384=p384):
            yield [*path, authority]
        elif _policies(authority) & {*LOGIN_POLICIES, ANY_POLICY}:
            yield from _paths([*path, authority], authorities, now, p384)


def _signs(path: Sequence[x509.Certificate], authority: x509.Certificate, now: datetime, p384: bool) -> bool:
    try:
        return signed_by(path[-1], authority, p384=p384) and _may_sign(path, authority, now)
    except UNREADABLE:
        return False


def _may_sign(path: Sequence[x509.Certificate], authority: x509.Certificate, now: datetime) -> bool:
    """Whether a CA certificate may stand above this path (RFC 5280, 6.1.3 a 2 and 6.1.4 k to o)."""
    if not ends_in_whole_octets(authority.public_bytes(Encoding.DER), authority.signature):
        return False
    constraints = extension(authority, x509.BasicConstraints)
    usage = extension(authority, x509.KeyUsage)
    if constraints is None or not constraints.ca or usage is None or not usage.key_cert_sign:
        return False
    between = sum(ca.issuer != ca.subject for ca in path[1:])
    if constraints.path_length is not None and between > constraints.path_length:
        return False
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        return False
    return _form_good(authority, _OF_A_CA)


def _identifiers_agree(signed: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the signed certificate's authority key identifier, as far as it says something, names this issuer."""
    named = extension(signed, x509.AuthorityKeyIdentifier)
    if named is None:
        return True
    own = extension(issuer, x509.SubjectKeyIdentifier)
    if named.key_identifier is not None and own is not None and named.key_identifier != own.digest:
        return False
    return named.authority_cert_serial_number in (None, issuer.serial_number)


# --- one certificate -------------------------------------------------------------------------------


def _form_good(certificate: x509.Certificate, understood: set[x509.ObjectIdentifier]) -> bool:
    if certificate.version is not x509.Version.v3 or certificate.serial_number <= 0:
        return False
    return not any(
        found.oid in _NOT_APPLIED or (found.critical and found.oid not in understood)
        for found in certificate.extensions
    )


def _for_login(certificate: x509.Certificate, p384: bool) -> bool:
    """Whether it is the certificate of a card for logging in; the one for signing documents is not."""
    usage = extension(certificate, x509.KeyUsage)
    if usage is None or not usage.digital_signature or usage.content_commitment or usage.key_cert_sign:
        return False
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        return False
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        return False
    if not _policies(certificate) & LOGIN_POLICIES:
        return False
    return key_allowed(certificate.public_key(), p384=p384) and _form_good(certificate, _OF_A_CARD)


def _policies(certificate: x509.Certificate) -> set[str]:
    named = extension(certificate, x509.CertificatePolicies)
    return set() if named is None else {policy.policy_identifier.dotted_string for policy in named}
