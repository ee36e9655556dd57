"""Whose card it is: challenge, certificate, signature, the municipal PIN, the card register, and revocation.

JPKI: the card has checked the PIN; the centre checks that the certificate comes from an appointed CA, is for logging
in, is valid now, that the card signed this challenge for this machine and this session, and that it is not revoked.
Municipal: the centre checks the PIN itself, slowly, and counts its failures, whatever machine they come from. The try
is counted before the PIN is compared, and taken off again if the PIN was right, so that a power cut gives no free guess.

A certificate is public and a card may have been found. So before the PIN is proved a refusal may speak of the form of
the card, which whoever holds it can read, and of the count of wrong PINs, which a chip tells everybody, too; never of
its holder, and not even of whether the register knows the card (security rule 17). The register is asked twice: before
what takes long (the slow hash, another centre's answer) and after it.

Attended (counter terminal): no PIN is asked for, because two clerks vouch for the resident (`staff/vouching.py`).

A challenge takes one answer. The centre keeps the answer's hash and its outcome. A machine that lost the reply sends
the same answer again: it gets the same outcome, and no try is counted.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from host_sim.centre import cards as card_register
from host_sim.centre import municipal, rules
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import InForce
from host_sim.centre.city.hours import JST
from host_sim.centre.city.place import Place
from host_sim.centre.database import Busy
from host_sim.centre.jpki import chain
from host_sim.centre.jpki.check import RevocationCheck
from host_sim.centre.jpki.revocation import Revocation, Unavailable
from host_sim.centre.pins import PIN_TRIES, PinKey, open_sealed
from host_sim.centre.staff.vouching import ATTENDED, Attendance, NotVouched, Vouching
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import authentications, cards, challenges

CHALLENGE_S = 300.0
AUTHENTICATION_S = 900.0

# Written once: each session asks them, and building a statement costs more than the database's answer.
_THIS = challenges.c.challenge_id == sa.bindparam("of")
_CHALLENGE, _ASK, _ANSWER = sa.select(challenges).where(_THIS), challenges.insert(), challenges.update().where(_THIS)
_KNOWN = sa.select(authentications).where(authentications.c.authentication_id == sa.bindparam("of"))
_ADD_KNOWN = authentications.insert()
_FORGET_CHALLENGES = challenges.delete().where(challenges.c.expires_at < sa.bindparam("before"))
_FORGET_KNOWN = authentications.delete().where(authentications.c.expires_at < sa.bindparam("before"))


class Refused(Exception):
    """An expected refusal; carries the line's word for it."""

    def __init__(self, code: str, pin_tries_left: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.pin_tries_left = pin_tries_left


@dataclass(frozen=True, slots=True)
class Given:
    """A fresh challenge."""

    challenge_id: str
    challenge: bytes
    expires_at: datetime
    pin_key: bytes | None
    pin_tries_left: int | None
    clerks: Sequence[tuple[str, str]] | None = None  # login and name of who may vouch; None: the PIN is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A machine's answer to a challenge."""

    challenge_id: str
    session_nonce: bytes
    signature: bytes
    encrypted_pin: bytes | None
    attended: Sequence[Attendance] = ()

    @property
    def sha256(self) -> str:
        clerks = "".join(f"{clerk.login}:{clerk.code};" for clerk in self.attended).encode()
        parts = (self.challenge_id.encode(), self.session_nonce, self.signature, self.encrypted_pin or b"", clerks)
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """An authenticated resident: for this machine, this session and no other."""

    authentication_id: str
    resident_id: str
    card_fingerprint: str
    method: str  # jpki, municipal, attended
    authenticated_at: datetime  # the fees of this instant are those of the session
    clerks: str = ""  # attended: who vouched
    exemption_id: int | None = None  # the grant whose code was taken


class Doorkeeper:
    """Decides whose card it is.

    `authorities`: the CA certificates this municipality accepts. `revocation`: where it asks whether a certificate is
    revoked; None where only the card register says so.
    `vouching`: None where nobody is served without a PIN.
    """

    def __init__(
        self,
        store: Store,
        city: CityBook,
        pin_key: X25519PrivateKey,
        authorities: Sequence[x509.Certificate],
        *,
        pin_hash_key: PinKey,
        revocation: Revocation | None = None,
        vouching: Vouching | None = None,
    ) -> None:
        self._store = store
        self._city = city
        self._pin_key = pin_key
        self._pin_hash_key = pin_hash_key
        self._authorities = tuple(authorities)
        self._revocation = RevocationCheck(store, revocation)
        self._vouching = vouching

    def challenge(
        self,
        peer: Peer,
        session_nonce: bytes,
        method: str,
        credential: bytes,
        now: datetime,
        *,
        attended: bool = False,
    ) -> Given:
        """A challenge for a card. Raises `Refused` outside the hours, while the line is stopped, and for what the form of
        the card says; for nothing about a person."""
        is_municipal = method == "municipal"
        with self._store.reading() as c:
            place = place_of(self._city.at(c, now), peer)
            stopped = self._store.fact(c, "stopped") is not None
        if not place.timetable.open_at(now):
            raise Refused("outside_hours")
        if stopped:
            raise Refused("stopped")
        if attended and (self._vouching is None or not place.attended):
            raise Refused("not_offered")
        by_pin = is_municipal and not attended
        if is_municipal:
            record = _read_record(credential)
            _check_taken(place, record.kind, record.valid_until, now.date())
        else:
            _check_taken(place, "individual_number", None, now.date())
            if not self._revocation.ready(self._believe(credential, place, now), now):
                raise Refused("revocation_unknown")
        with self._store.writing() as c:
            forget(self._store, c, now)
            left = _tries_left(c, credential) if by_pin else None
            if left == 0:
                raise Refused("pin_blocked", 0)
            given = Given(
                challenge_id=secrets.token_urlsafe(16),
                challenge=secrets.token_bytes(32),
                expires_at=now.astimezone(UTC) + timedelta(seconds=CHALLENGE_S),
                pin_key=self._pin_key.public_key().public_bytes_raw() if by_pin else None,
                pin_tries_left=left,
                clerks=self._clerks(c, now) if attended else None,
            )
            asked = {"machine": peer.name, "session_nonce": session_nonce, "method": method, "credential": credential}
            told = {"challenge_id": given.challenge_id, "challenge": given.challenge}
            until = given.expires_at.timestamp()
            c.execute(_ASK, {**asked, **told, "attended": attended, "expires_at": until})
        return given

    def authenticate(self, peer: Peer, answer: Answer, now: datetime) -> Known:
        """The resident behind an answered challenge. Raises `Refused`, or `Busy` while the same answer is being checked."""
        with self._store.writing() as c:
            must_be_open(self._city.at(c, now), peer, now)
            row = self._asked(c, peer, answer)
            if row.answer_sha256 is not None:
                return self._told_before(c, row, answer)
            c.execute(_ANSWER, {"of": row.challenge_id, "answer_sha256": answer.sha256})
            refused, proof = self._weigh(c, peer, row, answer, now)
        if refused is not None:
            raise refused
        outcome = self._weigh_slowly(peer, row, proof, now)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def who(self, c: sa.Connection, peer: Peer, authentication_id: str, session_nonce: bytes, now: datetime) -> Known:
        """The resident authenticated at this machine in this session. Raises `Refused` for any other, or one too long ago."""
        row = c.execute(_KNOWN, {"of": authentication_id}).first()
        if row is None or row.machine != peer.name or row.session_nonce != session_nonce:
            raise Refused("bad_request")
        if row.expires_at < now.timestamp():
            raise Refused("expired")
        return _known_before(row)

    # --- the answer -----------------------------------------------------------------------------

    def _asked(self, c: sa.Connection, peer: Peer, answer: Answer) -> Any:
        row = c.execute(_CHALLENGE, {"of": answer.challenge_id}).first()
        if row is None or row.machine != peer.name or row.session_nonce != answer.session_nonce:
            raise Refused("bad_request")
        return row

    def _told_before(self, c: sa.Connection, row: Any, answer: Answer) -> Known:
        if row.answer_sha256 != answer.sha256:
            raise Refused("bad_request")
        if row.refusal is not None:
            raise Refused(row.refusal, row.pin_tries_left)
        known = c.execute(_KNOWN, {"of": row.authentication_id}).first()
        if known is None:
            raise Busy
        return _known_before(known)

    def _weigh(
        self, c: sa.Connection, peer: Peer, row: Any, answer: Answer, now: datetime
    ) -> tuple[Refused | None, "Proof"]:
        """Check everything that is quick. What is left for `_weigh_slowly` is in the second value."""
        proof = Proof()
        if row.expires_at < now.timestamp():
            return self._conclude(c, row, Refused("expired")), proof
        if row.attended != bool(answer.attended):
            return self._conclude(c, row, Refused("bad_request")), proof
        try:
            bound = b"kofuki-auth-1" + row.challenge + row.session_nonce + peer.name.encode()
            if row.attended:
                self._weigh_attended(c, peer, row, answer, bound, proof, now)
            elif row.method == "jpki":
                proof.believed = self._believe(row.credential, place_of(self._city.at(c, now), peer), now)
                _check_signed(proof.believed.certificate.public_key(), answer.signature, bound)
                self._usable(c, peer, row, now)
            else:
                proof.card = self._prove_municipal(c, row, answer.signature, bound)
                proof.pin = self._open_pin(answer.encrypted_pin, row)
                _count(c, proof.card, proof.card.pin_failures + 1)
        except Refused as refused:
            return self._conclude(c, row, refused), proof
        return None, proof

    def _weigh_attended(
        self, c: sa.Connection, peer: Peer, row: Any, answer: Answer, bound: bytes, proof: "Proof", now: datetime
    ) -> None:
        """What the card shows without a PIN, then the clerks; only after them is the register asked about a person."""
        if self._vouching is None or answer.encrypted_pin is not None:
            raise Refused("bad_request")
        if row.method == "municipal":
            public_key = base64.b64decode(_read_record(row.credential).public_key)
            _check_signed(load_der_public_key(public_key), answer.signature, bound)
        else:
            proof.believed = self._believe(row.credential, place_of(self._city.at(c, now), peer), now)
        try:
            proof.clerks = self._vouching.vouched(c, peer, answer.attended, now)
        except NotVouched as refused:
            raise Refused(refused.code) from None
        self._usable(c, peer, row, now)

    def _clerks(self, c: sa.Connection, now: datetime) -> Sequence[tuple[str, str]]:
        """Raises `Refused` where there are no two."""
        clerks = self._vouching.clerks(c, now) if self._vouching is not None else []
        if len(clerks) < 2:
            raise Refused("not_offered")
        return clerks

    def _prove_municipal(self, c: sa.Connection, row: Any, signature: bytes, bound: bytes) -> Any:
        """The row of the card that signed, if a PIN may be tried with it. Only the right PIN opens what else it says."""
        card = card_register.find(c, hashlib.sha256(row.credential).hexdigest())
        known = card is not None and card.method == "municipal"
        # A record that nobody entered is checked with its own key, so that a copied one gets the answer of a known one.
        public_key = card.public_key if known else _read_record(row.credential).public_key
        _check_signed(load_der_public_key(base64.b64decode(public_key)), signature, bound)
        if not known:
            raise Refused("not_resident")
        if card.pin_failures >= PIN_TRIES:
            raise Refused("pin_blocked", 0)
        if card.pin_key_id != self._pin_hash_key.id:
            raise Refused("stopped")  # keyed with another file: no PIN can be judged, and none is counted
        return card

    def _weigh_slowly(self, peer: Peer, row: Any, proof: "Proof", now: datetime) -> Known | Refused:
        """Outside any transaction: the PIN's slow hash, or another centre's answer; then the register again."""
        told: bool | Unavailable = False
        right = True
        if proof.believed is not None:
            told = self._revocation.ask(proof.believed, now)
        elif proof.card is not None:
            right = self._pin_hash_key.fits(proof.pin, proof.card)
            proof.pin[:] = bytes(len(proof.pin))
        with self._store.writing() as c:
            if not right:
                left = PIN_TRIES - proof.card.pin_failures - 1
                return self._conclude(c, row, Refused("wrong_pin", left) if left else Refused("pin_blocked", 0))
            try:
                if proof.card is not None:
                    _forget_failures(c, proof.card)
                refusal = None if proof.believed is None else self._revocation.refusal(c, told, now)
                card = self._usable(c, peer, row, now)
            except Refused as refused:
                return self._conclude(c, row, refused)
            if refusal is not None:
                return self._conclude(c, row, Refused(refusal))
            return self._known(c, peer, row, card.resident_id, now, proof.clerks)

    def _usable(self, c: sa.Connection, peer: Peer, row: Any, now: datetime) -> Any:
        """The card's row. Raises `Refused` if the register says that it may not be used at this site today."""
        card = card_register.find(c, hashlib.sha256(row.credential).hexdigest())
        if card is None or card.method != row.method:
            raise Refused("not_resident")
        refusal = card_register.refusal_of(card)
        if refusal is not None:
            raise Refused(refusal)
        until = date.fromisoformat(card.valid_until) if row.method == "municipal" and card.valid_until else None
        _check_taken(place_of(self._city.at(c, now), peer), card.kind, until, now.date())
        return card

    # --- inside ---------------------------------------------------------------------------------

    def _believe(self, credential: bytes, place: Place, now: datetime) -> chain.Believed:
        try:
            return chain.believe(credential, self._authorities, now, p384=place.p384_cards)
        except chain.NotBelieved as not_believed:
            raise Refused(not_believed.word) from None

    def _open_pin(self, sealed: bytes | None, row: Any) -> bytearray:
        try:
            return open_sealed(self._pin_key, sealed, row.session_nonce, row.challenge)
        except ValueError:
            raise Refused("bad_request") from None

    def _known(self, c: sa.Connection, peer: Peer, row: Any, resident_id: str, now: datetime, clerks: str) -> Known:
        fingerprint = hashlib.sha256(row.credential).hexdigest()
        method = ATTENDED if clerks else row.method
        known = Known(secrets.token_urlsafe(24), resident_id, fingerprint, method, now, clerks)
        told = {"authentication_id": known.authentication_id, "machine": peer.name, "session_nonce": row.session_nonce}
        whose = {"card_fingerprint": fingerprint, "resident_id": resident_id, "method": method, "clerks": clerks}
        c.execute(_ADD_KNOWN, {**told, **whose, "expires_at": now.timestamp() + AUTHENTICATION_S})
        c.execute(_ANSWER, {"of": row.challenge_id, "authentication_id": known.authentication_id})
        return known

    def _conclude(self, c: sa.Connection, row: Any, refused: Refused) -> Refused:
        c.execute(_ANSWER, {"of": row.challenge_id, "refusal": refused.code, "pin_tries_left": refused.pin_tries_left})
        return refused


@dataclass(slots=True)
class Proof:
    """What an answer has proved so far: a believed certificate (JPKI), or a card's row and its PIN (municipal)."""

    believed: chain.Believed | None = None
    card: Any = None
    pin: bytearray = field(default_factory=bytearray, repr=False)
    clerks: str = ""  # who vouched, where no PIN is asked for


def must_be_open(city: InForce, peer: Peer, now: datetime) -> None:
    """Raises `Refused` when even a session that began within the hours must end."""
    if not place_of(city, peer).finishing_at(now):
        raise Refused("outside_hours")


def place_of(city: InForce, peer: Peer) -> Place:
    """Where this machine stands. Raises `Refused` for one that has a certificate and is not in the city's file."""
    place = city.place_of(peer.name)
    if place is None:
        raise Refused("not_registered")
    return place


def _known_before(row: Any) -> Known:
    at = datetime.fromtimestamp(row.expires_at - AUTHENTICATION_S, JST)
    who = (row.authentication_id, row.resident_id, row.card_fingerprint, row.method)
    return Known(*who, at, row.clerks, row.exemption_id)


def _check_taken(place: Place, kind: str, until: date | None, today: date) -> None:
    refusal = rules.card_refusal(place, kind, until, today)
    if refusal is not None:
        raise Refused(refusal)


def _read_record(credential: bytes) -> municipal.Record:
    try:
        return municipal.read_record(credential)
    except ValueError:
        raise Refused("certificate_foreign") from None


def _tries_left(c: sa.Connection, credential: bytes) -> int:
    """What a chip tells everybody, too. A card that nobody entered has all of its tries."""
    card = card_register.find(c, hashlib.sha256(credential).hexdigest())
    return PIN_TRIES if card is None else max(0, PIN_TRIES - card.pin_failures)


def _check_signed(key: object, signature: bytes, bound: bytes) -> None:
    """Check that the card's own key signed `bound`: who copied its certificate or record cannot."""
    if not chain.signature_good(key, signature, bound):
        raise Refused("signature_wrong")


def _forget_failures(c: sa.Connection, tried: Any) -> None:
    """After a right PIN. Raises `Refused` if the desk has set another one since it was tried."""
    this = cards.c.credential_sha256 == tried.credential_sha256
    if c.scalar(sa.select(cards.c.pin_hash).where(this)) != tried.pin_hash:
        raise Refused("expired")
    _count(c, tried, 0)


def _count(c: sa.Connection, card: Any, failures: int) -> None:
    this = cards.c.credential_sha256 == card.credential_sha256
    c.execute(cards.update().where(this).values(pin_failures=failures))


def forget(store: Store, c: sa.Connection, now: datetime) -> None:
    """Erase what has ended: each challenge with its card's certificate, and who was authenticated."""
    gone = c.execute(_FORGET_CHALLENGES, {"before": now.timestamp() - CHALLENGE_S}).rowcount
    if gone + c.execute(_FORGET_KNOWN, {"before": now.timestamp() - AUTHENTICATION_S}).rowcount:
        store.erases(c)
