"""What must hold between the tables, checked row by row: `db fsck`, after each restore, and in the tests.

Each check yields one sentence for each contradiction, with numbers and words, no name and no address. `CHECKS` has all of them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from host_sim.centre import register as r
from host_sim.centre.cards import disagreements
from host_sim.centre.claims.codes import claim_code
from host_sim.centre.claims.debts import COUNTER
from host_sim.centre.operating.audit import faults
from host_sim.centre.pins import PIN_TRIES
from host_sim.centre.store import Store
from host_sim.centre.tables import (
    audit,
    cards,
    claim_payments,
    claims,
    collections,
    copies,
    facts,
    families,
    family_members,
    flags,
    holds,
    households,
    requests,
    residents,
    seals,
    serials,
    taxes,
)

Check = Callable[[sa.Connection], Iterator[str]]


def fsck(store: Store) -> list[str]:
    """Every contradiction in one snapshot of the database; none is the right answer."""
    with store.reading() as c:
        return [fault for check in CHECKS for fault in check(c)]


def _file(c: sa.Connection) -> Iterator[str]:
    if c.dialect.name == "sqlite":
        for told in c.scalars(sa.text("PRAGMA integrity_check")):
            if told != "ok":
                yield f"SQLite finds damage in the file: {told}."


# --- the books -----------------------------------------------------------------------------------


def _records(c: sa.Connection) -> Iterator[str]:
    """Each stored record can be read, and its row's keys are the record's."""
    kinds: Mapping[sa.Table, Any] = {
        residents: r.Resident,
        households: r.Household,
        seals: r.Seal,
        taxes: r.TaxYear,
        families: r.FamilyRegister,
    }
    for table, kind in kinds.items():
        keys = [column for column in table.c if column.name not in {"packed", "version"}]
        for packed, *key in c.execute(sa.select(table.c.packed, *keys)):
            try:
                record = r.unpack(kind, packed)
            except r.RowUnreadable as trouble:
                yield f"{table.name} {key[0]}: {trouble}."
                continue
            if [getattr(record, column.name) for column in keys] != key:
                yield f"{table.name} {key[0]}: the record is about somebody else."


def _homes(c: sa.Connection) -> Iterator[str]:
    """Who is named by a row of the books is in the books."""
    people = sa.select(residents.c.resident_id)
    for table, column, among in (
        (residents, residents.c.household_id, sa.select(households.c.household_id)),
        (seals, seals.c.resident_id, people),
        (taxes, taxes.c.resident_id, people),
        (cards, cards.c.resident_id, people),
        (copies, copies.c.resident_id, people),
        (family_members, family_members.c.register_id, sa.select(families.c.register_id)),
    ):
        for number in c.scalars(sa.select(column).where(column.not_in(among)).distinct()):
            yield f"{table.name} has a row of {column.name} {number}, which the books do not have."
    version = c.scalar(sa.select(facts.c.value).where(facts.c.name == "version"))
    newer = sa.select(households.c.household_id, households.c.version)
    for row in c.execute(newer.where(households.c.version > (version or 0))):
        yield f"household {row.household_id} has version {row.version}; the books have {version} only."


def _cards(c: sa.Connection) -> Iterator[str]:
    wrong = ~cards.c.pin_failures.between(0, PIN_TRIES)
    for row in c.execute(sa.select(cards.c.credential_sha256, cards.c.pin_failures).where(wrong)):
        yield f"card {row.credential_sha256[:12]} has {row.pin_failures} PIN failures; it is locked at {PIN_TRIES}."


def _acts(c: sa.Connection) -> Iterator[str]:
    yield from disagreements(c)


# --- requests and copies -------------------------------------------------------------------------


def _states(c: sa.Connection) -> Iterator[str]:
    for table, words in ((requests, ("making", "made", "dead")), (copies, ("reserved", "delivered", "issued", "void"))):
        strange = sa.select(table.c.request_id, table.c.state).where(table.c.state.not_in(words))
        for row in c.execute(strange):
            yield f"request {row.request_id}: {row.state} is no state of {table.name}."
    both = copies.outerjoin(requests, requests.c.request_id == copies.c.request_id)
    unpromised = sa.or_(requests.c.state.is_(None), requests.c.state != "made")
    for row in c.execute(sa.select(copies.c.request_id, copies.c.copy).select_from(both).where(unpromised)):
        yield f"copy {row.copy} of request {row.request_id} was never promised."
    ended = copies.c.state.in_(("issued", "void")) & copies.c.document.is_not(None)
    for row in c.execute(sa.select(copies.c.request_id, copies.c.copy).where(ended)):
        yield f"copy {row.copy} of request {row.request_id} has ended, and its document was left."


def _manifests(c: sa.Connection) -> Iterator[str]:
    """The copies of a request are those of its signed manifest, with the same kinds, numbers and fees."""
    rows = sa.select(copies.c.request_id, copies.c.copy, copies.c.kind, copies.c.issue_number, copies.c.fee_yen)
    kept: dict[str, list[tuple[Any, ...]]] = {}
    for request_id, *copy in c.execute(rows.order_by(copies.c.request_id, copies.c.copy)):
        kept.setdefault(request_id, []).append(tuple(copy))
    made = sa.select(requests.c.request_id, requests.c.manifest, requests.c.issue_numbers)
    for row in c.execute(made.where(requests.c.state == "made")):
        lines = json.loads(row.manifest)["copies"]
        promised = [(line["copy"], line["kind"], line["issue_number"], line["fee_yen"]) for line in lines]
        if kept.get(row.request_id) != promised:
            yield f"request {row.request_id}: its copies are not those of its manifest."
        if row.issue_numbers and row.issue_numbers != [line["issue_number"] for line in lines]:
            yield f"request {row.request_id}: it took other issue numbers than those of its manifest."


def _numbers(c: sa.Connection) -> Iterator[str]:
    """Each issue number was given once: to a copy, or to a request that was not made; each receipt's to a payment."""
    used = Counter(c.scalars(sa.select(copies.c.issue_number)))
    unmade: set[str] = set()
    for numbers in c.scalars(sa.select(requests.c.issue_numbers).where(requests.c.state != "made")):
        unmade.update(numbers)
    for detail in c.scalars(sa.select(audit.c.detail).where(audit.c.act == "not_made")):
        unmade.update(detail["issue_numbers"])
    for number in sorted(used.keys() & unmade):
        yield f"issue number {number} is on a copy and was noted as not made."
    given: dict[tuple[str, str], Counter[int]] = {}
    for number in [*used.elements(), *unmade]:
        words = number.split()
        given.setdefault((words[0], words[-2]), Counter())[int(words[-1])] += 1
    for receipt in c.scalars(sa.select(claim_payments.c.receipt)):  # counted like a terminal's (claims/desk.py)
        day, serial = receipt.split("-")
        given.setdefault((day, COUNTER), Counter())[int(serial)] += 1
    last = {(row.day.replace("-", ""), row.terminal): row.last for row in c.execute(sa.select(serials))}
    for terminal in sorted(given.keys() | last.keys()):
        counted, until = given.get(terminal, Counter()), last.get(terminal, 0)
        for serial in sorted(counted.keys() | set(range(1, until + 1))):
            if counted[serial] != 1 or serial > until:
                told = f"was given {counted[serial]} times; the terminal has counted to {until}"
                yield f"issue number {serial:04} of {terminal[1]} on {terminal[0]} {told}."


# --- what was noted ------------------------------------------------------------------------------


def _audit(c: sa.Connection) -> Iterator[str]:
    """Each promise and each issued copy was noted once; nothing else was noted as issued."""
    about = audit.c.detail["request_id"].as_string(), audit.c.detail["copy"].as_integer()
    noted = Counter(tuple(row) for row in c.execute(sa.select(*about).where(audit.c.act == "issued")))
    issued = Counter(
        tuple(row) for row in c.execute(sa.select(copies.c.request_id, copies.c.copy).where(copies.c.state == "issued"))
    )
    for request_id, copy in sorted((noted - issued) + (issued - noted)):
        here = noted[request_id, copy]
        stands = "issued" if issued[request_id, copy] else "not issued"
        yield f"copy {copy} of request {request_id} is {stands} and was noted as issued {here} times."
    promises = Counter(c.scalars(sa.select(about[0]).where(audit.c.act == "reserved")))
    made = Counter(c.scalars(sa.select(requests.c.request_id).where(requests.c.state == "made")))
    for request_id in sorted((promises - made) + (made - promises)):
        yield f"request {request_id} was noted as promised {promises[request_id]} times."


def _chain(c: sa.Connection) -> Iterator[str]:
    for fault in faults(c):
        yield f"audit record: {fault}"


# --- debts ---------------------------------------------------------------------------------------


def _claims(c: sa.Connection) -> Iterator[str]:
    owed = {row.key: row for row in c.execute(sa.select(claims))}
    flagged = set(c.scalars(sa.select(flags.c.detail["key"].as_string()).where(flags.c.what == "paid_twice")))
    paid: Counter[str] = Counter()
    for row in c.execute(sa.select(collections)):
        paid[row.key] += row.amount_yen
    for key, row in owed.items():
        if paid[key] > row.amount_yen and key not in flagged:
            yield f"claim {row.claim_code}: {paid[key]} yen were paid of {row.amount_yen}, and nobody was told."
        if row.claim_code != claim_code(key):
            yield f"claim {row.claim_code} has another code than its key gives."
    held = set(c.scalars(sa.select(holds.c.key)))
    for key in sorted((paid.keys() | held) - owed.keys()):
        yield f"claim {key}: it is held or was paid, and nobody has recorded the debt."


CHECKS: tuple[Check, ...] = (
    _file,
    _records,
    _homes,
    _cards,
    _acts,
    _states,
    _manifests,
    _numbers,
    _audit,
    _chain,
    _claims,
)
