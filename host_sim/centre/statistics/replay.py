"""A known half year again: each paper that the centre sees is ordered, promised, fetched and settled by the real functions.

What a paper passes: `Issuer.reserve` (hours, offers, fee, books, issue number, manifest and its signature),
`Settler.deliver` and `Settler.settle`, each in its transactions, with the audit record and its chain. What it does not:
a machine, the wire, challenge, signature and PIN (who comes is drawn), and the typeset page (its paper is plain words).
Papers of staffed desks and post do not pass the centre; they are written as a CSV, as a city would tell them.
"""

import base64
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre import books, forms, sample
from host_sim.centre.authentication import Doorkeeper, Known
from host_sim.centre.cards import CardRegister, NewCard, Told
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.generator import Generator, Press
from host_sim.centre.issuing import Issuer
from host_sim.centre.pins import PinKey
from host_sim.centre.settling import Settler
from host_sim.centre.statistics import elsewhere
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.papers import Counts, Months
from host_sim.centre.statistics.plan import Order, Plan, draw
from host_sim.centre.store import Peer, Store

PEOPLE = 12
_WORDS = ("from", "to", "kind", "channel", "band", "requester", "copies")


@dataclass(frozen=True)
class HalfYear:
    """A half year of which the totals are known. `papers` also has the same months a year before."""

    name: str
    months: Months

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.name.replace("-", "_")

    def read(self, calendar: Calendar) -> Counts:
        text = elsewhere.read_text(self.folder / "papers.csv")
        return elsewhere.read(text, ("juminhyo", "inkan"), calendar)


HALF_YEARS = {half.name: half for half in [HalfYear("miyazaki-2014h1", Months("2014-01", "2014-06"))]}


class Recognised(Doorkeeper):
    """Everybody who comes is who they were drawn to be: no card is asked."""

    def __init__(self) -> None:
        self.known: Known | None = None

    def who(self, c: sa.Connection, peer: Peer, authentication_id: str, session_nonce: bytes, now: datetime) -> Known:
        del c, peer, authentication_id, session_nonce, now
        assert self.known is not None
        return self.known


class Replay:
    """Fills an empty database. `seed`: equal ones give the same orders, residents and hours."""

    def __init__(self, store: Store, half: HalfYear, seed: int, share: float = 1.0) -> None:
        self._store, self._half, self._dice = store, half, random.Random(seed)
        city = sample.city()
        self.calendar = Calendar(city)
        self.told = half.read(self.calendar)
        totals = elsewhere.within(self.told, half.months)
        self.plan: Plan = draw(totals, half.months, self.calendar, seed, share)
        self._begins = datetime.combine(half.months.first_day, datetime.min.time(), self.plan.orders[0].at.tzinfo)
        books.load(store, sample.residents())
        book = CityBook(store)
        book.apply(city, SAMPLE, self._begins)
        machines = city.at(self._begins).machines
        self._machines: dict[str, list[str]] = {}
        for machine, place in machines.items():
            self._machines.setdefault(place.channel, []).append(machine)
        key, press = Ed25519PrivateKey.from_private_bytes(self._dice.randbytes(32)), _plain_press()
        self._door = Recognised()
        self._issuer = Issuer(store, book, self._door, Generator(key, press), key, press)
        self._settler = Settler(store)
        self._people = list(self._cards())

    def run(self, progress: Callable[[int], None]) -> None:
        """Every order of the plan, in the order of time. `progress` is told the papers that are done."""
        done = 0
        for order in self.plan.orders:
            self._issue(order)
            done += order.copies
            progress(done)

    def unseen_csv(self) -> str:
        """What the centre does not see: its staffed desks in these months, and all that is told of the year before."""
        before = elsewhere.within(self.told, self._half.months.a_year_before())
        rows = sorted({**before, **self.plan.unseen}.items())
        lines = [(p.first_month, p.last_month, p.kind, p.channel, p.band, p.requester, str(n)) for p, n in rows]
        return "\n".join(",".join(line) for line in (_WORDS, *lines)) + "\n"

    # --- one order ------------------------------------------------------------------------------

    def _issue(self, order: Order) -> None:
        peer = Peer(self._dice.choice(self._machines[order.channel]), order.channel)
        fingerprint, resident_id, options = self._dice.choice(self._people)
        self._door.known = Known("", resident_id, fingerprint, "municipal", order.at)
        request_id = self._dice.randbytes(16).hex()
        chosen = {key: [self._dice.choice(values)] for key, values in options[order.kind].items()}
        asked = {"request_id": request_id, "authentication_id": "", "session_nonce": _NONCE}
        item = {"kind": order.kind, "options": chosen, "copies": order.copies}
        self._issuer.reserve(peer, {**asked, "items": [item]}, order.at)
        now = order.at
        for copy in range(1, order.copies + 1):
            self._settler.deliver(peer, request_id, copy, now)
            now += timedelta(seconds=self._dice.randint(15, 40))
            told = {"evidence": "printed", "journal_head": ""}
            self._settler.settle(peer, request_id, copy, "issued", told, now)

    # --- who comes ------------------------------------------------------------------------------

    def _cards(self) -> list[tuple[str, str, dict[str, dict[str, list[str]]]]]:
        """Some residents with a 住基カード, to whom every kind is offered at every channel: fingerprint, number, choices."""
        pin_key, people = PinKey(self._dice.randbytes(32)), []
        keeper = CardRegister(self._store, pin_key)
        everybody = sorted(sample.residents().residents)
        self._dice.shuffle(everybody)
        for resident_id in everybody:
            choices = self._choices(resident_id)
            if choices is None:
                continue
            fingerprint = hashlib.sha256(resident_id.encode()).hexdigest()
            until, pin = self._begins.date().replace(year=self._begins.year + 5), bytearray(b"2580")
            card = NewCard(
                credential_sha256=fingerprint,
                kind="resident_register",
                resident_id=resident_id,
                valid_until=until,
                public_key="",
                pin=pin,
            )
            keeper.issue(card, Told("replay", "a half year again", self._begins))
            people.append((fingerprint, resident_id, choices))
            if len(people) == PEOPLE:
                break
        return people

    def _choices(self, resident_id: str) -> dict[str, dict[str, list[str]]] | None:
        """Kind -> question -> the answers that may be drawn; None for somebody to whom a machine refuses a kind."""
        register = sample.residents()
        resident = register.residents[resident_id]
        place = sample.city().at(self._begins).place_of(self._machines["store"][0])
        assert place is not None
        members = register.members(register.household_of(resident))
        offers = [
            forms.offer(kind, resident, members, register, self._begins.date(), place) for kind in ("juminhyo", "inkan")
        ]
        if any(offer["refusal"] is not None for offer in offers):
            return None
        return {offer["kind"]: _answers(offer["groups"]) for offer in offers}


def _answers(groups: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Every answer of a question that is always asked, but no choice of single members."""
    asked = [group for group in groups if group["only_if"] is None]
    return {g["key"]: [choice["value"] for choice in g["choices"] if choice["value"] != "part"] for g in asked}


_NONCE = base64.b64encode(bytes(16)).decode()


def _plain_press() -> Press:
    """Paper of plain words, made and read back as every paper is."""

    def typeset(
        kind: str, subject: Any, household: Any, options: Mapping[str, Any], issue: Any, register: Any
    ) -> bytes:
        del register
        words = (kind, subject.resident_id, [p.resident_id for p in household], dict(options), issue.issue_number)
        return json.dumps(words).encode()

    def check(document: bytes, *told: Any) -> list[str]:
        return [] if document == typeset(*told) else ["other words"]

    return Press(kinds=("juminhyo", "inkan"), typeset=typeset, check=check, page_count=lambda _: 1)


_WAITS_FOR_NO_DISK = {"sqlite": "PRAGMA synchronous=OFF", "postgresql": "SET synchronous_commit TO off"}


def unsafe_but_quick(store: Store) -> None:
    """No transaction waits for the disk: a power cut would lose the end of the replay, which can be made again.

    On PostgreSQL for these connections only; other databases of the server keep their word.
    """
    statement = _WAITS_FOR_NO_DISK[store.engine.dialect.name]

    @sa.event.listens_for(store.engine, "connect")
    def _quick(connection: Any, _: object) -> None:
        connection.execute(statement)

    store.engine.dispose()
