"""The transport side: from an order to a signed promise.

A request is promised whole or not at all, in three steps:
(1) in one transaction, take the request id, the issue numbers and one snapshot of the books;
(2) outside any transaction, make and check every copy;
(3) in one transaction, promise. If the books of these people have changed, begin again; if the machine has given the
request up, refuse.
Between (1) and (3) the request is `making`. A `void` that comes before (3), even before (1), makes it `dead`, and a
dead request is never made.

States of a copy: reserved -> delivered -> issued | void. The last two are final, and the document is then erased.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre import books, forms, rules
from host_sim.centre.authentication import Doorkeeper, Known, Refused, must_be_open, place_of
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import InForce
from host_sim.centre.city.place import Place
from host_sim.centre.database import Busy
from host_sim.centre.exemptions import using
from host_sim.centre.exemptions.using import Reduction
from host_sim.centre.generator import Container, DocumentUnfit, DocumentWrong, Generator, Press, Subject
from host_sim.centre.register import Municipality
from host_sim.centre.registers import freshness
from host_sim.centre.registers.rows import RegisterName
from host_sim.centre.staff.vouching import ATTENDED
from host_sim.centre.store import HERE, Peer, Store
from host_sim.centre.tables import copies, requests

RESERVATION_S = 900.0
MAKING_S = 60.0  # seconds; a request that is `making` for longer was left by a process that ended
COPIES_MAX = 9
ATTEMPTS = 3
_END_OF_SIGNING = "end of the city's certificate that was told"

# Written once: each order asks them, and building a statement costs more than the database's answer.
_THIS = requests.c.request_id == sa.bindparam("of")
_REQUEST = sa.select(requests).where(_THIS)
_NEW, _CHANGE, _ADD_COPIES = requests.insert(), requests.update().where(_THIS), copies.insert()


def _expiry() -> sa.Update:
    late = (requests.c.request_id == copies.c.request_id) & (requests.c.expires_at < sa.bindparam("now"))
    kept = copies.c.document.is_not(None) & sa.exists().where(late)  # few: the index holds no other copies
    state = sa.case((copies.c.state == "reserved", "void"), else_=copies.c.state)
    return copies.update().where(kept).values(state=state, document=None)


_EXPIRY = _expiry()

Line = Mapping[str, Any]  # kind, options, fee_yen, requester: one copy


class BooksChanged(Exception):
    """The books have changed since the snapshot."""


@dataclass(frozen=True, slots=True)
class Promise:
    manifest: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Here:
    """The city and the machine's place now, and the place with the terms that the resident was shown.

    Hours are those of now. Fees are those of the authentication: a fee that changes while somebody is choosing must
    not differ from the one on the screen.
    """

    city: InForce
    place: Place
    terms: Place
    attended: bool  # nobody typed a PIN; two clerks vouch
    reduction: Reduction | None  # what the code of an exemption is worth

    def exemption_of(self, kind: str) -> str:
        """The exemption's word where it lowers this kind's fee here; else empty."""
        lower = self.reduction is not None and self.reduction.lowers(kind, self.terms.kinds[kind].fee_yen)
        return self.reduction.exemption if self.reduction is not None and lower else ""


@dataclass(frozen=True, slots=True)
class Begun:
    """Step 1: what the copies will be made from."""

    known: Known
    channel: str
    subject: Subject
    lines: Sequence[Line]
    numbers: Sequence[str]
    exemption: Reduction | None  # what lowered the fee of a line


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a machine may show to a resident. `takes_code`: a desk has given them a code that they have not typed."""

    masked_name: str
    offers: Sequence[dict[str, Any]]
    takes_code: bool


class Issuer:
    def __init__(
        self,
        store: Store,
        city: CityBook,
        doorkeeper: Doorkeeper,
        generator: Generator,
        key: Ed25519PrivateKey,
        press: Press | None = None,
        limits: Mapping[RegisterName, timedelta] = freshness.LIMITS,
    ) -> None:
        self._press = press or Press()
        self._limits = limits
        self._store = store
        self._city = city
        self._doorkeeper = doorkeeper
        self._generator = generator
        self._key = key

    # --- before the order -----------------------------------------------------------------------

    def exempt(self, peer: Peer, authentication_id: str, session_nonce: bytes, code: str, now: datetime) -> Known:
        """The resident as known after their code was taken; the same code again changes nothing. Raises `Refused`."""
        with self._store.writing() as c:
            must_be_open(self._city.at(c, now), peer, now)
            known = self._doorkeeper.who(c, peer, authentication_id, session_nonce, now)
            place = place_of(self._city.at(c, known.authenticated_at), peer)
            taken = using.take(c, authentication_id, known.resident_id, code, place, now)
            known = self._doorkeeper.who(c, peer, authentication_id, session_nonce, now)
        if not taken:
            raise Refused("code_wrong")
        return known

    def welcome(self, peer: Peer, known: Known, now: datetime) -> Welcome:
        """Raises `Refused` for a resident whom a machine may not serve.

        What keeps a certificate from being printed is flagged by its code points or its error, never by a name.
        """
        with self._store.reading() as c:
            self._not_stopped(c)
            here = self._here(c, peer, known, now)
            found = self._generator.look_up(c, known.card_fingerprint, here.city.municipality).books
            stale = freshness.stale_kinds(c, self._press.kinds, now, self._limits)
            waits = known.exemption_id is None and using.waits(c, known.resident_id, here.terms, now)
        self._tell_end_of_signing(here.city.municipality, now)
        refusal = rules.refusal_of(found.resident, found.register, now.date(), here.terms.youngest_years)
        if refusal is not None:
            raise Refused(refusal)
        offers: list[dict[str, Any]] = []
        unfit: dict[str, str] = {}
        for kind in self._kinds(here):
            try:
                offers.append(self._offer(kind, here, found, stale, now))
            except DocumentUnfit as trouble:
                offers.append(_refused_offer(kind, here, trouble.code))
                unfit["document_unfit"] = ", ".join(trouble.faults)
        lacking = self._press.lacking(found.resident, found.members, found.register)
        if lacking:
            unfit["letter_missing"] = ", ".join(lacking)
        if unfit:
            with self._store.writing() as c:
                for what, about in unfit.items():
                    self._store.flag(c, now, peer.name, what, {"key": about})
        return Welcome(rules.masked(found.resident.name), offers, waits)

    def _tell_end_of_signing(self, city: Municipality, now: datetime) -> None:
        """Flag, once for each end, that the city's certificate ends soon; after it every order is refused."""
        ends_at = forms.ends_soon(city, now)
        if ends_at is None:
            return
        told = f"{ends_at:%Y-%m-%d %H:%M}"
        with self._store.writing() as c:
            if self._store.fact(c, _END_OF_SIGNING) != told:
                self._store.set_fact(c, _END_OF_SIGNING, told)
                self._store.flag(c, now, HERE.name, "signing_ends", {"key": told})

    def _here(self, c: sa.Connection, peer: Peer, known: Known, now: datetime, request_id: str = "") -> Here:
        city = self._city.at(c, now)
        terms = place_of(self._city.at(c, known.authenticated_at), peer)
        reduction = None
        if known.exemption_id is not None:
            reduction = using.reduction(c, known.exemption_id, terms, now, request_id)
            if reduction is None:
                raise Refused("code_wrong")  # used in another session, or withdrawn, since it was typed
        return Here(city, place_of(city, peer), terms, known.method == ATTENDED, reduction)

    def _kinds(self, here: Here) -> list[str]:
        """What is issued there and can be printed, in the order of the city's file."""
        return [kind for kind in here.terms.kinds if kind in self._press.kinds]

    def _offer(
        self, kind: str, here: Here, found: books.Snapshot, stale: frozenset[str], now: datetime
    ) -> dict[str, Any]:
        """The offer of one kind. Raises `DocumentUnfit` where the resident's data cannot even be looked through."""
        told = (kind, found.resident, found.members, found.register, now.date(), here.terms)
        try:
            offer = self._press.offer(*told)
        except Exception as trouble:
            raise DocumentUnfit(kind, [f"offering it failed: {type(trouble).__name__}"]) from trouble
        if here.reduction is not None:
            offer = here.reduction.lowered(offer)
        if here.attended and kind not in here.terms.attended:
            return {**offer, "refusal": "pin_needed"}
        if kind in stale:  # whatever else an old register says
            return {**offer, "refusal": "books_stale"}
        if offer["refusal"] is None and not here.place.finishing_at(now, kind):
            return {**offer, "refusal": "outside_hours"}
        return offer

    def _not_stopped(self, c: sa.Connection) -> None:
        if self._store.fact(c, "stopped") is not None:
            raise Refused("stopped")

    # --- the order ------------------------------------------------------------------------------

    def reserve(self, peer: Peer, order: Mapping[str, Any], now: datetime) -> Promise:
        """Promise every copy of an order. The same order again gets the same promise; another order with its id is refused."""
        body_sha256 = hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
        with self._store.writing() as c:
            must_be_open(self._city.at(c, now), peer, now)
            standing = self._standing(c, peer, order, body_sha256, now)
            if standing is not None:
                return standing
            expire(self._store, c, now)
            begun = self._begin(c, peer, order, now)
            row = {"request_id": order["request_id"], "machine": peer.name, "body_sha256": body_sha256}
            row["session"] = base64.b64decode(order["session_nonce"]).hex()
            row |= {"method": begun.known.method, "channel": begun.channel}
            times = {"began_at": now.timestamp(), "expires_at": now.timestamp() + RESERVATION_S}
            if begun.known.clerks:
                told = {"request_id": order["request_id"], "clerks": begun.known.clerks.split(",")}
                self._store.note(c, now, peer, "vouched", told)
            c.execute(_NEW, {**row, **times, "state": "making", "issue_numbers": begun.numbers})
            if begun.exemption is not None:
                using.use(c, begun.exemption.number, order["request_id"])
                told = {"request_id": order["request_id"], "exemption": begun.exemption.exemption}
                self._store.note(c, now, peer, "exempted", told | {"grant": begun.exemption.number})
        for _ in range(ATTEMPTS):
            try:
                return self._promise(peer, order, begun, self._make(order, begun, now), now)
            except BooksChanged:
                begun = self._begin_again(peer, order, begun, now)
            except Exception as trouble:
                self._bury(peer, order["request_id"], begun, trouble, now)
                raise
        self._bury(peer, order["request_id"], begun, BooksChanged("the books do not stand still"), now)
        raise Refused("books_changed")

    def _begin_again(self, peer: Peer, order: Mapping[str, Any], begun: Begun, now: datetime) -> Begun:
        """Step 1 again, with the books as they are now; notes the issue numbers that were made and not promised."""
        with self._store.writing() as c:
            self._note_unmade(c, peer, order["request_id"], begun, "the books changed", now)
            try:
                again = self._begin(c, peer, order, now)
            except Refused as refused:
                self._kill(c, order["request_id"])
                outcome = refused
            else:
                c.execute(_CHANGE, {"of": order["request_id"], "issue_numbers": again.numbers})
                return again
        raise outcome

    def _standing(
        self, c: sa.Connection, peer: Peer, order: Mapping[str, Any], body_sha256: str, now: datetime
    ) -> Promise | None:
        """The earlier answer to this request id; None if there is none."""
        row = request_of(c, peer, order["request_id"])
        if row is None:
            return None
        if row.state == "dead" and not row.body_sha256:
            raise Refused("expired")  # its `void` arrived first
        if row.body_sha256 != body_sha256:
            raise Refused("bad_request")
        if row.state == "making" and row.began_at > now.timestamp() - MAKING_S:
            raise Busy
        if row.state != "made":
            raise Refused("expired")
        return Promise(row.manifest, row.signature)

    def _begin(self, c: sa.Connection, peer: Peer, order: Mapping[str, Any], now: datetime) -> Begun:
        """Step 1. Raises `Refused`, always before it takes issue numbers."""
        self._not_stopped(c)
        nonce = base64.b64decode(order["session_nonce"])
        known = self._doorkeeper.who(c, peer, order["authentication_id"], nonce, now)
        here = self._here(c, peer, known, now, order["request_id"])
        subject = self._generator.look_up(c, known.card_fingerprint, here.city.municipality)
        found = subject.books
        refusal = rules.refusal_of(found.resident, found.register, now.date(), here.terms.youngest_years)
        if refusal is not None:
            raise Refused(refusal)
        stale = freshness.stale_kinds(c, self._press.kinds, now, self._limits)
        lines = self._lines(here, found, order["items"], stale, now)
        city = found.register.municipality.city
        terminal = rules.terminal(peer.name)
        serials = self._store.next_serials(c, now.date(), terminal, len(lines))
        numbers = [f"{now:%Y%m%d} {city} {terminal} {serial:04d}" for serial in serials]
        used = here.reduction if any(line["exemption"] for line in lines) else None
        return Begun(known, here.place.channel, subject, lines, numbers, used)

    def _lines(
        self,
        here: Here,
        found: books.Snapshot,
        items: Sequence[Mapping[str, Any]],
        stale: frozenset[str],
        now: datetime,
    ) -> list[Line]:
        """The order, copy by copy, each item checked against what this resident is offered now."""
        lines: list[Line] = []
        for item in items:
            if item["kind"] not in self._kinds(here):
                raise Refused("not_offered")
            offer = self._offer(item["kind"], here, found, stale, now)
            if offer["refusal"] is not None:
                raise Refused(offer["refusal"])
            if not 1 <= item["copies"] <= offer["copies_max"] or not rules.options_allowed(offer, item["options"]):
                raise Refused("bad_request")
            line = {"kind": item["kind"], "options": item["options"], "fee_yen": offer["fee_yen"]}
            line["requester"] = rules.requester(offer, item["options"])
            line["exemption"] = here.exemption_of(item["kind"])
            lines += [line] * item["copies"]
            if sum(one["kind"] == item["kind"] for one in lines) > offer["copies_max"]:
                raise Refused("bad_request")
        if not 1 <= len(lines) <= COPIES_MAX:
            raise Refused("bad_request")
        return lines

    def _make(self, order: Mapping[str, Any], begun: Begun, now: datetime) -> list[Container]:
        """Step 2: make every copy, and check that it is for the resident who was authenticated."""
        made = [
            self._generator.make(
                begun.subject,
                kind=line["kind"],
                options=line["options"],
                request_id=order["request_id"],
                copy=number,
                issue_number=issue_number,
                now=now,
            )
            for number, (line, issue_number) in enumerate(zip(begun.lines, begun.numbers, strict=True), start=1)
        ]
        if any(container.resident_id != begun.known.resident_id for container in made):
            raise DocumentWrong("binding", ["another resident than the one who was authenticated"])
        return made

    def _promise(
        self, peer: Peer, order: Mapping[str, Any], begun: Begun, made: Sequence[Container], now: datetime
    ) -> Promise:
        """Step 3. Raises `Refused` when the machine has given the request up, `BooksChanged` when the books have changed."""
        request_id, home = order["request_id"], begun.subject.books.resident.household_id
        version = begun.subject.books.register.version
        manifest = _manifest(peer, order, begun, made, now)
        promise = Promise(manifest, self._key.sign(manifest.encode()))
        with self._store.writing() as c:
            row = request_of(c, peer, request_id)
            if row is None or row.state != "making":
                raise Refused("expired")
            if not self._generator.still_true(c, begun.subject):
                raise BooksChanged
            values = {
                "state": "made",
                "card_fingerprint": begun.known.card_fingerprint,
                "household_id": home,
                "books_version": version,
                "manifest": promise.manifest,
                "signature": promise.signature,
            }
            c.execute(_CHANGE, {"of": request_id, **values})
            c.execute(_ADD_COPIES, _copy_rows(request_id, begun, made))
            told = {"request_id": request_id, "copies": len(made), "books_version": version}
            self._store.note(c, now, peer, "reserved", told)
        return promise

    def _bury(self, peer: Peer, request_id: str, begun: Begun, why: Exception, now: datetime) -> None:
        """Make a failed request `dead` and note its issue numbers. A wrong document also stops the line; one that cannot
        be made of this resident's data is flagged.

        A request that was promised is not dead: the database had committed, and only its answer was lost.
        """
        with self._store.writing() as c:
            row = request_of(c, peer, request_id)
            if row is None or row.state == "made":
                return
            self._kill(c, request_id)
            self._note_unmade(c, peer, request_id, begun, type(why).__name__, now)
            if isinstance(why, DocumentWrong):
                self._store.set_fact(c, "stopped", str(why))
                told = {"request_id": request_id, "faults": list(why.faults)}
                self._store.flag(c, now, peer.name, "document_wrong", told)
            if isinstance(why, DocumentUnfit):
                told = {"request_id": request_id, "faults": list(why.faults)}
                self._store.flag(c, now, peer.name, "document_unfit", told)

    def _kill(self, c: sa.Connection, request_id: str) -> None:
        c.execute(_CHANGE, {"of": request_id, "state": "dead"})

    def _note_unmade(
        self, c: sa.Connection, peer: Peer, request_id: str, begun: Begun, why: str, now: datetime
    ) -> None:
        told = {"request_id": request_id, "issue_numbers": list(begun.numbers), "why": why}
        self._store.note(c, now, peer, "not_made", told)


def request_of(c: sa.Connection, peer: Peer, request_id: str) -> Any:
    """The request's row, or None. Raises `Refused` for a request of another machine."""
    row = c.execute(_REQUEST, {"of": request_id}).first()
    if row is not None and row.machine != peer.name:
        raise Refused("bad_request")
    return row


def _refused_offer(kind: str, here: Here, refusal: str) -> dict[str, Any]:
    """The offer of a kind about which nothing can be asked."""
    terms = here.terms.kinds[kind]
    told = {"title": dict(terms.title), "fee_yen": terms.fee_yen, "copies_max": terms.copies_max}
    return {"kind": kind, **told, "refusal": refusal, "groups": []}


def expire(store: Store, c: sa.Connection, now: datetime) -> None:
    """Make void each copy that was not fetched in time. A copy that was fetched stays: only the machine knows its end."""
    if c.execute(_EXPIRY, {"now": now.timestamp()}).rowcount:
        store.erases(c)


def _manifest(peer: Peer, order: Mapping[str, Any], begun: Begun, made: Sequence[Container], now: datetime) -> str:
    """The manifest as JSON: what the machine asked for, as the transport side has it, and what was made for it."""
    lines = zip(begun.lines, begun.numbers, made, strict=True)
    manifest = {
        "request_id": order["request_id"],
        "machine": peer.name,
        "session_nonce": order["session_nonce"],
        "card_fingerprint": begun.known.card_fingerprint,
        "reserved_at": now.astimezone(UTC).isoformat(),
        "expires_at": (now.astimezone(UTC) + timedelta(seconds=RESERVATION_S)).isoformat(),
        "copies": [
            {
                "copy": number,
                "kind": line["kind"],
                "options": {key: list(values) for key, values in line["options"].items()},
                "issue_number": issue_number,
                "document_sha256": container.sha256,
                "pages": container.pages,
                "size_bytes": len(container.document),
                "fee_yen": line["fee_yen"],
            }
            for number, (line, issue_number, container) in enumerate(lines, start=1)
        ],
    }
    return json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _copy_rows(request_id: str, begun: Begun, made: Sequence[Container]) -> list[dict[str, Any]]:
    lines = zip(begun.lines, begun.numbers, made, strict=True)
    return [
        {
            "request_id": request_id,
            "copy": number,
            "kind": line["kind"],
            "issue_number": issue_number,
            "resident_id": container.resident_id,
            "fee_yen": line["fee_yen"],
            "requester": line["requester"],
            "exemption": line["exemption"],
            "state": "reserved",
            "stamp": container.stamp,
            "signed_by": container.signed_by,
            "document": container.document,
        }
        for number, (line, issue_number, container) in enumerate(lines, start=1)
    ]
