"""A centre for tests: the invented 宮崎市, a few cards whose keys are at hand, and a clock that a test sets.

All of it is the real code except the press, whose paper is plain text with the resident's data, so that a test sees
whose paper it got. `Town(press=Press())` typesets real pages.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from drivers.line.centre import CentreLine, Transport
from drivers.vocabulary import (
    Authenticated,
    AuthenticationMethod,
    CardKind,
    CardRead,
    Challenge,
    OrderItem,
    Reserved,
)
from host_sim.centre import books, pins, sample
from host_sim.centre.api import Centre, make_app
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.card_desk.writing import CardWriting
from host_sim.centre.cards import CardRegister, Told
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.city.city import City
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.generator import Generator, Press
from host_sim.centre.issuing import Issuer
from host_sim.centre.jpki.revocation import Revocation
from host_sim.centre.memory import MemoryLine
from host_sim.centre.operating import line as whole_line
from host_sim.centre.pins import PinKey
from host_sim.centre.settling import Settler
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.staff.vouching import Vouching
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import card_acts, cards
from host_sim.models.municipal_card import IdentityRecord
from tests.unit.centre.cards import PIN, Card, authority, certificate, ec_key, rsa_key
from tests.unit.centre.cities import sample_city
from tests.unit.centre.databases import FRESH

JST = timezone(timedelta(hours=9))
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=JST)
SHOP = Peer("miyazaki-store-01", "store")
COUNTER = Peer("miyazaki-counter-01", "counter")
HALL = Peer("miyazaki-office-01", "office")
MANIFEST_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STAFF_KEY = bytes(range(32, 64))
PIN_KEY = PinKey(bytes(range(32)))
CARD_MASTER = bytes(range(1, 33))
# The slow hash is quick here, because the tests are about what follows it; test_pins.py holds the real cost.
REAL_PIN_COST, pins.COST = pins.COST, 16
MANIFEST_PUBLIC = MANIFEST_KEY.public_key().public_bytes_raw()


@dataclass
class Session:
    """One authenticated resident at one machine: the line, the nonce, the card, the challenge and its answer."""

    line: CentreLine
    nonce: bytes
    card: Card
    challenge: Challenge
    who: Authenticated

    def item(self, kind: str = "inkan", copies: int = 1, **options: str) -> OrderItem:
        offer = next(offer for offer in self.who.offers if offer.kind == kind)
        answers: dict[str, tuple[str, ...]] = {}
        for group in offer.groups:
            if group.only_if is None or group.only_if[1] in answers.get(group.only_if[0], ()):
                answers[group.key] = (options.get(group.key, group.default[0]),)
        return OrderItem(kind=kind, options=answers, copies=copies, fee_yen=offer.fee_yen)

    def reserve(self, *items: OrderItem, request_id: str | None = None) -> Any:
        wanted = items or (self.item("juminhyo"),)
        rid = request_id or secrets.token_hex(16)
        return self.line.reserve(rid, self.nonce, self.who.authentication_id, wanted, self.card.read)

    def reserved(self, *items: OrderItem, request_id: str | None = None) -> Reserved:
        answer = self.reserve(*items, request_id=request_id)
        assert isinstance(answer, Reserved), answer
        return answer


class Town:
    def __init__(
        self,
        database: str | None = None,
        press: Press | None = None,
        generator: type[Generator] = Generator,
        revocation: Revocation | None = None,
        city: City | None = None,
    ) -> None:
        """`database`: a URL; a database of its own if left out, on SQLite or PostgreSQL as the test runs."""
        self.now = TUESDAY
        self._lines: dict[Peer, MemoryLine] = {}
        self.register = sample.residents()
        if database is None:
            self.store = FRESH.store()
        else:
            self.store = Store(database, create=True)
            books.load(self.store, self.register)
        self._lasts = not FRESH.lasts
        self.card_register = CardRegister(self.store, PIN_KEY)
        self.city = CityBook(self.store)
        self.city.apply(city or sample_city(), SAMPLE, self.now)
        vouching = Vouching(self.store, Accounts(self.store, self.city, STAFF_KEY))
        keys = {"vouching": vouching, "pin_hash_key": PIN_KEY, "revocation": revocation}
        pin_key = X25519PrivateKey.generate()
        doorkeeper = Doorkeeper(self.store, self.city, pin_key, [authority()], **keys)
        press = press or plain()
        issuing = generator(MANIFEST_KEY, press)
        self.settler = Settler(self.store)
        issuer = Issuer(self.store, self.city, doorkeeper, issuing, MANIFEST_KEY, press)
        tables = SiteTables(self.store, self.city, MANIFEST_KEY)
        writing = CardWriting(self.store, self.city, pin_key, PIN_KEY, CARD_MASTER)
        self._centre = Centre(doorkeeper, issuer, self.settler, tables, writing, lambda: self.now)

    @cached_property
    def app(self) -> FastAPI:
        """The line's calls; made when a test first makes one."""
        return make_app(self._centre) if self._lasts else FRESH.lines.of(self._centre)

    def transport(self, peer: Peer = SHOP) -> MemoryLine:
        return self._lines.get(peer) or self._lines.setdefault(peer, MemoryLine(self.app, peer))

    def line(self, peer: Peer = SHOP, transport: Transport | None = None) -> CentreLine:
        return CentreLine(transport or self.transport(peer), MANIFEST_PUBLIC, peer.name, 8.0)

    def session(self, holder: str | Card = "hanako", peer: Peer = SHOP, line: CentreLine | None = None) -> Session:
        """Start a session and authenticate, up to the menu of certificates."""
        card = self.card(holder) if isinstance(holder, str) else holder
        line = line or self.line(peer)
        nonce = secrets.token_bytes(16)
        challenge = line.challenge(nonce, card.read)
        assert isinstance(challenge, Challenge), challenge
        who = line.authenticate(nonce, challenge, card.prove(challenge, nonce, peer.name))
        assert isinstance(who, Authenticated), who
        return Session(line, nonce, card, challenge, who)

    def resident_id(self, holder: str) -> str:
        """The resident number of a name in the cast; any other text is returned unchanged."""
        return self.register.cast.get(holder, holder)

    def change(self, *records: books.Record) -> None:
        with self.store.writing() as c:
            books.change(self.store, c, *records)

    def stop(self, why: str) -> None:
        with self.store.writing() as c:
            whole_line.stop(self.store, c, why, "kuroki", self.now)

    def resume(self, by: tuple[str, str]) -> None:
        with self.store.writing() as c:
            whole_line.resume(self.store, c, by, self.now)

    # --- cards ----------------------------------------------------------------------------------

    def told(self, why: str = "a test") -> Told:
        return Told("desk-01", why, self.now)

    def act(self, act: str, card: Card, *more: Any) -> None:
        """An act of the desk on this card, now."""
        getattr(self.card_register, act)(hashlib.sha256(card.read.credential).hexdigest(), *more, self.told())

    def card(self, holder: str, der: bytes | None = None, **row: Any) -> Card:
        """A fresh 個人番号カード of this resident, known to the centre. `row` overrides what the centre knows."""
        der = der or certificate()
        self._enter(hashlib.sha256(der).hexdigest(), holder, row)
        read = CardRead(
            kind=CardKind.INDIVIDUAL_NUMBER,
            method=AuthenticationMethod.JPKI,
            credential=der,
            pin_tries_left=3,
            valid_until=None,
        )
        return Card(read, rsa_key("holder"))

    def municipal_card(self, holder: str, kind: str = "resident_register", **row: Any) -> Card:
        key = ec_key("municipal")
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        until = str(row.get("valid_until", "2030-01-01"))
        record = IdentityRecord(
            user_id=f"{secrets.randbelow(10**12):012d}",
            kind=kind,
            valid_until=until.replace("-", ""),
            card_key=key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        ).encoded()
        known = {"kind": kind, "method": "municipal", "public_key": base64.b64encode(public).decode()}
        known |= {"valid_until": until, "pin_failures": 0} | PIN_KEY.row(PIN)
        self._enter(hashlib.sha256(record).hexdigest(), holder, known | row)
        read = CardRead(
            kind=CardKind(kind),
            method=AuthenticationMethod.MUNICIPAL,
            credential=record,
            pin_tries_left=None,
            valid_until=None,
        )
        return Card(read, key)

    def _enter(self, fingerprint: str, holder: str, row: Mapping[str, Any]) -> None:
        plain = {"kind": "individual_number", "method": "jpki", "revoked": False, "reported_lost": False}
        named = {"credential_sha256": fingerprint, "resident_id": self.resident_id(holder)}
        with self.store.writing() as c:
            known = plain | named | dict(row)
            c.execute(cards.insert().values(**known))
            became = "revoked" if known["revoked"] else "lost" if known["reported_lost"] else "in_use"
            act = {"at": self.now.isoformat(), "credential_sha256": fingerprint, "act": "issue", "became": became}
            c.execute(card_acts.insert().values(**act, who="town", why="a test", detail={}))


class OpenDoors:
    """Every certificate may speak: for tests of what comes behind the door."""

    def admits(self, peer: Peer, spki: str) -> bool:
        return True

    def refused(self, machine: str) -> None:
        pass


# --- a press whose paper is plain text -------------------------------------


def typeset(
    kind: str, subject: Any, household: Sequence[Any], options: Mapping[str, Sequence[str]], issue: Any, register: Any
) -> bytes:
    words = {"kind": kind, "of": subject.resident_id, "with": [p.resident_id for p in household]}
    words |= {"names": [p.name for p in household], "number": issue.issue_number, "options": dict(options)}
    seal = register.seal_of(subject)
    return json.dumps(words | {"seal": None if seal is None else str(seal.state)}).encode()


def check(document: bytes, *told: Any) -> list[str]:
    return [] if document == typeset(*told) else ["other words"]


def page_count(document: bytes) -> int:
    return 1


def plain(typeset: Callable[..., bytes] = typeset) -> Press:
    """A press whose paper is plain text, for two kinds of certificate."""
    return Press(kinds=("juminhyo", "inkan"), typeset=typeset, check=check, page_count=page_count)


def paper_of(document: bytes) -> dict[str, Any]:
    words: dict[str, Any] = json.loads(document)
    return words
