"""Whose card it is: challenge, certificate chain and validity, signature, and the municipal PIN.

JPKI: the card has checked the PIN; the centre checks that the certificate comes from an appointed CA, is for logging
in, is valid now, is not revoked, and that the card signed this challenge for this machine and this session.
Municipal: the centre checks the PIN itself, slowly, and counts its failures, whatever machine they come from. The try
is counted before the PIN is compared, and taken off again if the PIN was right, so that a power cut gives no free guess.

A challenge takes one answer. The centre keeps the answer's hash and its outcome. A machine that lost the reply sends
the same answer again: it gets the same outcome, and no try is counted.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_der_public_key

from host_sim.centre import rules
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import InForce
from host_sim.centre.city.hours import JST
from host_sim.centre.city.place import Place
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import authentications, cards, challenges

CHALLENGE_S = 300.0
AUTHENTICATION_S = 900.0
PIN_TRIES = 3
PIN_DIGITS = 4
LOGIN_POLICIES = {"1.2.392.200149.8.5.1.3.30"}  # card source 6, user authentication


class Refused(Exception):
    """An expected refusal; carries the line's word for it."""

    def __init__(self, code: str, pin_tries_left: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.pin_tries_left = pin_tries_left


class Busy(Exception):
    """The centre is still working on the same question; ask again."""


@dataclass(frozen=True, slots=True)
class Given:
    """A fresh challenge."""

    challenge_id: str
    challenge: bytes
    expires_at: datetime
    pin_key: bytes | None
    pin_tries_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A machine's answer to a challenge."""

    challenge_id: str
    session_nonce: bytes
    signature: bytes
    encrypted_pin: bytes | None

    @property
    def sha256(self) -> str:
        parts = (self.challenge_id.encode(), self.session_nonce, self.signature, self.encrypted_pin or b"")
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """An authenticated resident: for this machine, this session and no other."""

    authentication_id: str
    resident_id: str
    card_fingerprint: str
    authenticated_at: datetime  # the fees of this instant are those of the session


class Doorkeeper:
    """Decides whose card it is. `authorities`: the CA certificates this municipality accepts."""

    def __init__(
        self, store: Store, city: CityBook, pin_key: X25519PrivateKey, authorities: Sequence[x509.Certificate]
    ) -> None:
        self._store = store
        self._city = city
        self._pin_key = pin_key
        self._authorities = tuple(authorities)

    def place(self, peer: Peer, now: datetime) -> Place:
        """Where this machine stands. Raises `Refused` for one that is not in the city's file."""
        with self._store.reading() as c:
            return place_of(self._city.at(c, now), peer)

    def challenge(self, peer: Peer, session_nonce: bytes, method: str, credential: bytes, now: datetime) -> Given:
        """A challenge for a card. Raises `Refused` for everything that can be refused before the PIN is known."""
        if method == "jpki":
            self._check_certificate(credential, now)
        with self._store.writing() as c:
            c.execute(challenges.delete().where(challenges.c.expires_at < now.timestamp() - CHALLENGE_S))
            place = place_of(self._city.at(c, now), peer)
            card = usable_card(c, place, method, hashlib.sha256(credential).hexdigest(), now.date())
            municipal = method == "municipal"
            given = Given(
                challenge_id=secrets.token_urlsafe(16),
                challenge=secrets.token_bytes(32),
                expires_at=now.astimezone(UTC) + timedelta(seconds=CHALLENGE_S),
                pin_key=self._pin_key.public_key().public_bytes_raw() if municipal else None,
                pin_tries_left=PIN_TRIES - card.pin_failures if municipal else None,
            )
            asked = {"machine": peer.name, "session_nonce": session_nonce, "method": method, "credential": credential}
            told = {"challenge_id": given.challenge_id, "challenge": given.challenge}
            c.execute(challenges.insert().values(**asked, **told, expires_at=given.expires_at.timestamp()))
        return given

    def authenticate(self, peer: Peer, answer: Answer, now: datetime) -> Known:
        """The resident behind an answered challenge. Raises `Refused`, or `Busy` while the same answer is being checked."""
        with self._store.writing() as c:
            row = self._asked(c, peer, answer)
            if row.answer_sha256 is not None:
                return self._told_before(c, row, answer)
            this = challenges.c.challenge_id == row.challenge_id
            c.execute(challenges.update().where(this).values(answer_sha256=answer.sha256))
            outcome, pin, card = self._weigh(c, peer, row, answer, now)
        if outcome is None:
            outcome = self._weigh_pin(peer, row, card, pin, now)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def who(self, c: sa.Connection, peer: Peer, authentication_id: str, session_nonce: bytes, now: datetime) -> Known:
        """The resident authenticated at this machine in this session. Raises `Refused` for any other, or one too long ago."""
        this = authentications.c.authentication_id == authentication_id
        row = c.execute(sa.select(authentications).where(this)).first()
        if row is None or row.machine != peer.name or row.session_nonce != session_nonce:
            raise Refused("bad_request")
        if row.expires_at < now.timestamp():
            raise Refused("expired")
        return _known_before(row)

    # --- inside ---------------------------------------------------------------------------------

    def _asked(self, c: sa.Connection, peer: Peer, answer: Answer) -> Any:
        row = c.execute(sa.select(challenges).where(challenges.c.challenge_id == answer.challenge_id)).first()
        if row is None or row.machine != peer.name or row.session_nonce != answer.session_nonce:
            raise Refused("bad_request")
        return row

    def _told_before(self, c: sa.Connection, row: Any, answer: Answer) -> Known:
        if row.answer_sha256 != answer.sha256:
            raise Refused("bad_request")
        if row.refusal is not None:
            raise Refused(row.refusal, row.pin_tries_left)
        this = authentications.c.authentication_id == row.authentication_id
        known = c.execute(sa.select(authentications).where(this)).first()
        if known is None:
            raise Busy
        return _known_before(known)

    def _weigh(
        self, c: sa.Connection, peer: Peer, row: Any, answer: Answer, now: datetime
    ) -> tuple[Known | Refused | None, bytearray, Any]:
        """Check everything but the PIN. None: only the PIN is left to check, and its try is counted already."""
        pin, card = bytearray(), None
        if row.expires_at < now.timestamp():
            return self._conclude(c, row, Refused("expired")), pin, card
        try:
            if row.method == "jpki":
                self._check_certificate(row.credential, now)
            fingerprint = hashlib.sha256(row.credential).hexdigest()
            place = place_of(self._city.at(c, now), peer)
            card = usable_card(c, place, row.method, fingerprint, now.date())
            bound = b"kofuki-auth-1" + row.challenge + row.session_nonce + peer.name.encode()
            if row.method == "jpki":
                _verify_jpki(row.credential, answer.signature, bound)
                return self._known(c, peer, row, card.resident_id, now), pin, card
            _verify_municipal(card.public_key, answer.signature, bound)
            pin = self._open_pin(answer.encrypted_pin, row)
        except Refused as refused:
            return self._conclude(c, row, refused), pin, card
        self._count(c, card, card.pin_failures + 1)
        return None, pin, card

    def _weigh_pin(self, peer: Peer, row: Any, card: Any, pin: bytearray, now: datetime) -> Known | Refused:
        right = hmac.compare_digest(hash_pin(pin, card.pin_salt), card.pin_hash)
        pin[:] = bytes(len(pin))
        with self._store.writing() as c:
            if right:
                self._count(c, card, 0)
                return self._known(c, peer, row, card.resident_id, now)
            left = PIN_TRIES - card.pin_failures - 1
            return self._conclude(c, row, Refused("wrong_pin", left) if left > 0 else Refused("pin_blocked", 0))

    def _count(self, c: sa.Connection, card: Any, failures: int) -> None:
        this = cards.c.credential_sha256 == card.credential_sha256
        c.execute(cards.update().where(this).values(pin_failures=failures))

    def _open_pin(self, encrypted: bytes | None, row: Any) -> bytearray:
        if encrypted is None or len(encrypted) != 32 + PIN_DIGITS + 16:
            raise Refused("bad_request")
        try:
            shared = self._pin_key.exchange(X25519PublicKey.from_public_bytes(encrypted[:32]))
            key = HKDF(hashes.SHA256(), 32, salt=row.session_nonce, info=b"kofuki-pin-1").derive(shared)
            return bytearray(ChaCha20Poly1305(key).decrypt(bytes(12), encrypted[32:], row.challenge))
        except (InvalidTag, ValueError):  # ValueError: a point of low order
            raise Refused("bad_request") from None

    def _known(self, c: sa.Connection, peer: Peer, row: Any, resident_id: str, now: datetime) -> Known:
        known = Known(secrets.token_urlsafe(24), resident_id, hashlib.sha256(row.credential).hexdigest(), now)
        c.execute(authentications.delete().where(authentications.c.expires_at < now.timestamp() - AUTHENTICATION_S))
        c.execute(
            authentications.insert().values(
                authentication_id=known.authentication_id,
                machine=peer.name,
                session_nonce=row.session_nonce,
                card_fingerprint=known.card_fingerprint,
                resident_id=resident_id,
                expires_at=now.timestamp() + AUTHENTICATION_S,
            )
        )
        this = challenges.c.challenge_id == row.challenge_id
        c.execute(challenges.update().where(this).values(authentication_id=known.authentication_id))
        return known

    def _conclude(self, c: sa.Connection, row: Any, refused: Refused) -> Refused:
        this = challenges.c.challenge_id == row.challenge_id
        outcome = {"refusal": refused.code, "pin_tries_left": refused.pin_tries_left}
        c.execute(challenges.update().where(this).values(**outcome))
        return refused

    def _check_certificate(self, credential: bytes, now: datetime) -> None:
        """Check chain, purpose and validity. The chain by signature: three CA generations share a name (card source 6)."""
        try:
            certificate = x509.load_der_x509_certificate(credential)
            usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
        except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
            raise Refused("certificate_foreign") from None
        instant = now.astimezone(UTC)
        if not any(_issued_by(certificate, authority, instant) for authority in self._authorities):
            raise Refused("certificate_foreign")
        named = {policy.policy_identifier.dotted_string for policy in policies}
        if not usage.digital_signature or usage.content_commitment or not named & LOGIN_POLICIES:
            raise Refused("certificate_foreign")  # the signing certificate is not for logging in
        if not certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc:
            raise Refused("certificate_expired")


def place_of(city: InForce, peer: Peer) -> Place:
    """Where this machine stands. Raises `Refused` for one that has a certificate and is not in the city's file."""
    place = city.place_of(peer.name)
    if place is None:
        raise Refused("not_registered")
    return place


def _known_before(row: Any) -> Known:
    at = datetime.fromtimestamp(row.expires_at - AUTHENTICATION_S, JST)
    return Known(row.authentication_id, row.resident_id, row.card_fingerprint, at)


def usable_card(c: sa.Connection, place: Place, method: str, fingerprint: str, today: date) -> Any:
    """The card's row. Raises `Refused` if the card may not be used at this place today."""
    card = c.execute(sa.select(cards).where(cards.c.credential_sha256 == fingerprint)).first()
    if card is None or card.method != method:
        raise Refused("not_resident")
    if card.revoked:
        raise Refused("certificate_revoked")
    if card.reported_lost:
        raise Refused("card_reported_lost")
    municipal = method == "municipal"
    until = date.fromisoformat(card.valid_until) if municipal and card.valid_until else None
    refusal = rules.card_refusal(place, card.kind, until, today)
    if refusal is not None:
        raise Refused(refusal)
    if municipal and card.pin_failures >= PIN_TRIES:
        raise Refused("pin_blocked", 0)
    return card


def hash_pin(pin: bytes | bytearray, salt: bytes) -> bytes:
    """A PIN's salted hash, slow on purpose: four digits have only ten thousand values."""
    return hashlib.scrypt(pin, salt=salt, n=2**14, r=8, p=1)


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _verify_jpki(credential: bytes, signature: bytes, bound: bytes) -> None:
    key = x509.load_der_x509_certificate(credential).public_key()
    if not isinstance(key, RSAPublicKey):
        raise Refused("certificate_foreign")
    try:
        key.verify(signature, bound, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Refused("signature_wrong") from None


def _verify_municipal(public_key: str | None, signature: bytes, bound: bytes) -> None:
    """Check that the card's own key signed `bound`, which a copied identity record cannot do (drivers/card/README.md)."""
    key = load_der_public_key(base64.b64decode(public_key or ""))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, bound, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("signature_wrong") from None
