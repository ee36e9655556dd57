"""What follows the promise: documents, the end of each copy, debts and heartbeats.

A contradiction is never corrected silently: two ends for one copy, a journal that ran backwards, one debt told with
two amounts. The first statement stays, and a flag tells a person (fault N8, invariants I12, I14; incident 2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre import books, cards
from host_sim.centre.authentication import Refused, forget
from host_sim.centre.city.hours import JST
from host_sim.centre.claims import codes, debts
from host_sim.centre.database import Busy
from host_sim.centre.incidents import machine_cases
from host_sim.centre.issuing import MAKING_S, expire, request_of
from host_sim.centre.machines import owing
from host_sim.centre.operating import audit, fleet, line, witness
from host_sim.centre.operating.flags import ALARMS
from host_sim.centre.register import Seal, unpack
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import claims, copies, machines, requests, seals

TOMBSTONE_S = 86_400.0
UNDRAWN = "ask_at_counter"  # the reason of a `void`: a fetched document that the machine could not draw

# Written once: each call asks them, and building a statement costs more than the database's answer.
_THIS = (copies.c.request_id == sa.bindparam("of")) & (copies.c.copy == sa.bindparam("number"))
_COPY, _CHANGE = sa.select(copies).where(_THIS), copies.update().where(_THIS)
_PROMISED = (copies.c.request_id == sa.bindparam("of")) & (copies.c.kind == "inkan")
_SEALS = sa.select(seals.c.packed).where(seals.c.resident_id.in_(sa.select(copies.c.resident_id).where(_PROMISED)))


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes = field(repr=False)
    stamp: str


class Settler:
    def __init__(self, store: Store) -> None:
        self._store = store

    # --- the document ---------------------------------------------------------------------------

    def deliver(self, peer: Peer, request_id: str, copy: int, now: datetime) -> Document:
        """One copy's document. Raises `Refused` if it has ended, the books or the card changed, or the line is stopped."""
        with self._store.writing() as c:
            if line.stopped(self._store, c) is not None:
                raise Refused("stopped")
            request, row = self._copy(c, peer, request_id, copy)
            if row is None:
                raise Refused("expired" if request is not None and request.state == "dead" else "bad_request")
            if row.state not in {"reserved", "delivered"} or request.expires_at < now.timestamp():
                raise Refused("expired")
            stale = self._stale(c, request)
            if stale is not None:
                self._void_open(c, peer, request_id, stale, now)
            elif row.state == "reserved":
                self._set_state(c, request_id, copy, "delivered")
        if stale is not None:
            raise Refused(stale)
        return Document(row.document, row.stamp)

    def _stale(self, c: sa.Connection, request: Any) -> str | None:
        """The word for what has changed since the promise, if anything: a card may have been reported lost a minute ago."""
        refusal = cards.refusal_of(cards.find(c, request.card_fingerprint))
        if refusal is not None:
            return refusal
        if books.version_of(c, request.household_id) != request.books_version:
            return "expired"
        return "not_registered" if self._seal_stopped(c, request.request_id) else None

    def _seal_stopped(self, c: sa.Connection, request_id: str) -> bool:
        """Whether a seal certificate was promised and the card on which the registration hangs is no longer in use."""
        packed = c.scalars(_SEALS, {"of": request_id}).all()
        return any(cards.seal_stopped(c, unpack(Seal, each).registration_number) for each in packed)

    def _void_open(self, c: sa.Connection, peer: Peer, request_id: str, why: str, now: datetime) -> None:
        still_open = (copies.c.request_id == request_id) & copies.c.state.in_(("reserved", "delivered"))
        c.execute(copies.update().where(still_open).values(state="void", document=None))
        self._store.erases(c)
        act = "books_changed" if why == "expired" else "card_changed"
        self._store.note(c, now, peer, act, {"request_id": request_id})

    # --- what became of it ----------------------------------------------------------------------

    def settle(
        self, peer: Peer, request_id: str, copy: int, state: str, detail: Mapping[str, str], now: datetime
    ) -> str:
        """Record a copy as `issued` or `void`; returns its state. The first is final: the other one later changes nothing."""
        with self._store.writing() as c:
            request, row = self._copy(c, peer, request_id, copy)
            if row is None:
                return self._settle_unmade(c, peer, request, request_id, copy, state, now)
            about = {"request_id": request_id, "copy": copy, "issue_number": row.issue_number}
            stands = row.state
            if stands == "reserved" and request.expires_at < now.timestamp():
                stands = "void"  # nobody fetched it in time, so nobody can have printed it
                self._set_state(c, request_id, copy, stands)
            if stands in {"issued", "void"}:
                if stands != state:
                    told = about | {"stands": stands, "told": state}
                    self._store.flag(c, now, peer.name, "two_ends", told)
                return str(stands)
            if state == "void" and detail["reason"] == UNDRAWN:
                self._store.flag(c, now, peer.name, "document_unfit", about | {"faults": ["a printer cannot draw it"]})
            if (stands, state) == ("reserved", "issued"):
                self._store.flag(c, now, peer.name, "unfetched_paper", about)
            self._set_state(c, request_id, copy, state)
            facts = {"kind": row.kind, "fee_yen": row.fee_yen, "requester": row.requester}
            asked_at = datetime.fromtimestamp(request.began_at, JST).isoformat(timespec="seconds")
            facts |= {"channel": request.channel, "method": request.method, "asked_at": asked_at}
            if row.exemption:
                facts["exemption"] = row.exemption
            said = {key: audit.word(words) for key, words in detail.items() if key != "journal_head"}
            head = {"journal_head": detail["journal_head"]}
            self._store.note(c, now, peer, state, about | facts | said | head)
            return state

    def _settle_unmade(
        self, c: sa.Connection, peer: Peer, request: Any, request_id: str, copy: int, state: str, now: datetime
    ) -> str:
        """Settle a copy that was never made. `void`: it never will be. `issued`: flag a paper unknown to the centre."""
        if request is not None and request.state == "made":
            raise Refused("bad_request")
        if request is None:
            times = {"began_at": now.timestamp(), "expires_at": now.timestamp() + TOMBSTONE_S}
            c.execute(requests.insert().values(request_id=request_id, machine=peer.name, state="dead", **times))
        else:
            c.execute(requests.update().where(requests.c.request_id == request_id).values(state="dead"))
        if state == "void":
            return "void"
        self._store.flag(c, now, peer.name, "unknown_paper", {"request_id": request_id, "copy": copy})
        return "none"

    def states(self, peer: Peer, request_id: str, now: datetime) -> dict[str, str] | None:
        """Copy -> state; None when this machine made no such request or it was not promised.

        Raises `Busy` while the request is `making`: a machine that got None would not send its `void`.
        """
        with self._store.reading() as c:
            request = c.execute(sa.select(requests).where(requests.c.request_id == request_id)).first()
            if request is None or request.machine != peer.name:
                return None
            if request.state == "making" and request.began_at > now.timestamp() - MAKING_S:
                raise Busy
            if request.state != "made":
                return None
            rows = c.execute(sa.select(copies.c.copy, copies.c.state).where(copies.c.request_id == request_id)).all()
        late = request.expires_at < now.timestamp()
        return {str(row.copy): "void" if late and row.state == "reserved" else row.state for row in rows}

    # --- debts and the machine itself -----------------------------------------------------------

    def claim(self, peer: Peer, key: str, amount_yen: int, reason: str, now: datetime) -> str:
        """Record a debt to a resident; returns its code. A repeated call records nothing. Raises `Refused`."""
        code, recorded = codes.claim_code(key), True
        with self._store.writing() as c:
            standing = c.execute(sa.select(claims).where(claims.c.key == key)).first()
            if standing is None:
                doubt, recorded = owing.doubt_of(c, peer, key, amount_yen, now)
                if doubt:
                    self._store.flag(c, now, peer.name, doubt, {"key": key, "told_yen": amount_yen})
                if recorded:
                    row = {"key": key, "machine": peer.name, "claim_code": code, "amount_yen": amount_yen}
                    more = {"reason": reason, "told_at": now.isoformat(), "strange": bool(doubt)}
                    c.execute(claims.insert().values(**row, **more))
                    self._store.note(c, now, peer, "claim", {"key": key, "amount_yen": amount_yen})
                    if reason == debts.TAMPER:
                        self._store.flag(c, now, peer.name, debts.EXAMINED, {"key": key, "amount_yen": amount_yen})
            elif (standing.machine, standing.amount_yen) != (peer.name, amount_yen):
                told = {"key": key, "stands_yen": standing.amount_yen, "told_yen": amount_yen}
                self._store.flag(c, now, peer.name, "two_amounts", told)
        if not recorded:
            raise Refused("bad_request")
        return code

    def hold(self, peer: Peer, key: str, collection: int, now: datetime) -> int:
        """Reserve this machine's own claim for it to pay; returns the yen still owed. Raises `Refused` if it may not pay.

        A hold that arrives after its own collection is refused, because no later message would end it.
        """
        with self._store.writing() as c:
            claim = debts.of_machine(c, peer.name, key)
            if claim is None:
                raise Refused("bad_request")
            holder = debts.holder(c, key, now)
            taken = claim.left_yen == 0 or (holder is not None and holder.machine != peer.name)
            if taken or debts.is_told(c, key, peer.name, collection) or debts.examined(c, key):
                raise Refused("expired")
            debts.hold(c, key, peer.name)
            self._store.note(c, now, peer, "claim_held", {"key": key, "left_yen": claim.left_yen})
        return claim.left_yen

    def collected(self, peer: Peer, key: str, amount_yen: int, collection: int, now: datetime) -> int:
        """Record what the machine paid (may be 0) and end the hold; returns the yen left. A repeated call counts once."""
        with self._store.writing() as c:
            claim = debts.of_machine(c, peer.name, key)
            if claim is None:
                raise Refused("bad_request")
            if debts.is_told(c, key, peer.name, collection):
                return claim.left_yen
            if amount_yen > claim.left_yen:
                told = {"key": key, "left_yen": claim.left_yen, "told_yen": amount_yen}
                self._store.flag(c, now, peer.name, "paid_twice", told)
            # Recorded even when it is too much: the coins are gone.
            debts.pay(c, key, peer.name, collection, amount_yen)
            debts.let_go(c, key, peer.name)
            self._store.note(c, now, peer, "claim_collected", {"key": key, "amount_yen": amount_yen})
            return max(0, claim.left_yen - amount_yen)

    def heard(self, peer: Peer, key: str, amount_yen: int, now: datetime) -> int:
        """The machine has written that a desk paid so much of its claim; returns the yen left. Raises `Refused`."""
        with self._store.writing() as c:
            claim = debts.of_machine(c, peer.name, key)
            if claim is None or not debts.heard(c, key, amount_yen, now):
                raise Refused("bad_request")
        return claim.left_yen

    def claims_paid(self, peer: Peer) -> list[debts.Paid]:
        """What desks have paid of this machine's claims, and it has not told as written."""
        with self._store.reading() as c:
            return debts.unheard(c, peer.name)

    def cases(self, peer: Peer, told: Mapping[str, Any], now: datetime) -> None:
        """What waits for a person at a machine: each new case is a flag; one that was closed there is noted on it."""
        with self._store.writing() as c:
            machine_cases.record(c, peer.name, told, now)

    def heartbeat(self, peer: Peer, beat: Mapping[str, Any], now: datetime, opened_s: float | None = None) -> list[str]:
        """Record a heartbeat; returns the notices for the machine. Flags a journal that ran back or forked (invariant I14).

        Of one that was held up (`witness.late`) nothing is recorded: a later one has told more.
        """
        with self._store.writing() as c:
            forget(self._store, c, now)  # here, too: no resident may come for a night
            expire(self._store, c, now)
            before = c.execute(sa.select(machines).where(machines.c.name == peer.name)).first()
            notices = ["stopped"] if line.stopped(self._store, c) is not None else []
            if witness.late(before, opened_s, now):
                return notices
            if beat["journal_head"]:
                witness.compare(self._store, c, peer.name, (beat["journal_seq"], beat["journal_head"]), now)
            alarms = [reason for reason in beat["reasons"] if reason in ALARMS]
            self._hear_news(c, peer, [audit.word(event) for event in [*beat["events"], *alarms]], now)
            if fleet.record(c, peer.name, before, beat, now, opened_s or 0):
                self._store.note(c, now, peer, "program", {"program": fleet.version(beat["program"])})
            return notices

    def hear_head(self, peer: Peer, header: str, now: datetime, *, opened_s: float | None, keep: bool) -> None:
        """Compare the journal's head in a message's header; `keep`: and store it. Raises `ValueError` for no head."""
        witness.hear(self._store, peer.name, witness.read(header), now, opened_s=opened_s, keep=keep)

    def witnessed(self, peer: Peer) -> witness.Head:
        """The newest head of this machine's journal that the centre was told."""
        with self._store.reading() as c:
            return witness.newest(c, peer.name)

    def _hear_news(self, c: sa.Connection, peer: Peer, events: Sequence[str], now: datetime) -> None:
        """Flag each event that is new. A machine repeats an event in every heartbeat while it holds."""
        name = f"news of {peer.name}"
        known = self._store.fact(c, name) or []
        for event in events:
            if event not in known:
                self._store.flag(c, now, peer.name, "reported", {"event": event})
        if list(events) != known:
            self._store.set_fact(c, name, list(events) or None)

    # --- inside ---------------------------------------------------------------------------------

    def _copy(self, c: sa.Connection, peer: Peer, request_id: str, copy: int) -> tuple[Any, Any]:
        """The rows of the request and the copy, each None when there is none. `Refused` for another machine's request."""
        request = request_of(c, peer, request_id)
        return request, c.execute(_COPY, {"of": request_id, "number": copy}).first()

    def _set_state(self, c: sa.Connection, request_id: str, copy: int, state: str) -> None:
        values: dict[str, Any] = {"of": request_id, "number": copy, "state": state}
        if state in {"issued", "void"}:
            values["document"] = None
            self._store.erases(c)
        c.execute(_CHANGE, values)
