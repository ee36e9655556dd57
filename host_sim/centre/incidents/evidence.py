"""An incident with its evidence: what this centre's books say, and beside it what the machine told, from its own journal.

An incident is an open flag. What it is about (a copy, a request, a claim, a machine) decides what belongs to it. Nothing here
names a resident: numbers of requests, copies and journals, states and times. Keys of claims are cut short, because whoever
has one can make the code, and so fetch the money.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from host_sim.centre.claims import debts
from host_sim.centre.operating import flags
from host_sim.centre.tables import audit, claims, copies, machine_cases, machine_words, machines, requests

ROWS_MAX = 60
_LONG_HEX = re.compile(r"\b([0-9a-f]{8})(?:[0-9a-f]{24}|[0-9a-f]{56})\b")
_COPY = re.compile(r"\b([0-9a-f]{32})\.([0-9]{1,2})\b")
_ID = re.compile(r"\b[0-9a-f]{32}\b")

# What a copy's state at the centre and the machine's case say of the sheet. The first that fits.
WHEREABOUTS = (
    ("copy_uncertain", None, "uncertain"),
    ("void_sheet_in_path", None, "in_path"),
    ("paper_stuck", None, "stuck"),
    ("paper_left", None, "left"),
    ("issued_without_paper", None, "without_paper"),
    (None, "issued", "handed_out"),
    (None, "void", "none"),
    (None, "delivered", "not_told"),
    (None, "reserved", "not_fetched"),
)
SENTENCES = {
    "uncertain": "Unknown: the sheet may be whole with the resident, in the tray, or half printed in the printer. Look for it.",
    "in_path": "Void: the remains may lie in the printer's path. Take them out and destroy them.",
    "stuck": "Printed whole: it hangs uncut in the printer. Take it out for its holder, or destroy it.",
    "left": "Printed: it was left behind; it lies in the tray, or in the bin where the printer takes papers back.",
    "without_paper": "Issued in this centre's books, and the machine cannot have printed it. There should be no sheet.",
    "handed_out": "Printed and handed out: the resident has it.",
    "none": "Void: there should be no sheet with this number.",
    "not_told": "Fetched by the machine, and no end was told: the sheet may exist. Ask the machine, then look for it.",
    "not_promised": "This centre never promised it: the sheet may exist. Ask the machine, then look for it.",
    "not_fetched": "Never fetched: there can be no sheet.",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One copy: `where` is a word of `SENTENCES`."""

    request_id: str
    copy: int
    kind: str
    issue_number: str
    state: str
    where: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """`centre`: rows of the audit record. `words`: records of the machine's journal. `cases`: open there, or closed again."""

    flag: Any
    sentence: str
    acts: Sequence[Any]
    sheets: Sequence[Sheet]
    requests: Sequence[Any]
    debts: Sequence[debts.Debt]
    centre: Sequence[Any]
    machine: Any  # its last heartbeat; None: never heard
    cases: Sequence[Any]
    words: Sequence[Any]


def listed(c: sa.Connection, *, closed: bool = False) -> list[tuple[Any, str]]:
    """The queue: each flag with its sentence, oldest first."""
    return [(row, flags.sentence_of(row.what, row.detail)) for row in flags.listed(c, closed=closed)]


def of(c: sa.Connection, number: int) -> Evidence:
    """Everything about one incident. Raises `flags.NotDone` when there is none with this number."""
    flag = flags.find(c, number)
    ids = set(_ID.findall(f"{flag.about} {flag.detail}"))
    asked = c.execute(sa.select(requests).where(requests.c.request_id.in_(ids))).all()
    cases = c.execute(_cases(flag)).all()
    codes = {case.code for case in cases if case.flag_id == flag.id}
    return Evidence(
        flag=flag,
        sentence=flags.sentence_of(flag.what, flag.detail),
        acts=flags.acts_of(c, number),
        sheets=_sheets(c, flag, [row.request_id for row in asked], codes),
        requests=asked,
        debts=_debts(c, ids),
        centre=_audit(c, flag, ids),
        machine=c.execute(sa.select(machines).where(machines.c.name == flag.machine)).first(),
        cases=cases,
        words=_words(c, flag, ids),
    )


def short(text: object) -> str:
    """A text with its long numbers cut short."""
    return _LONG_HEX.sub(r"\1~", str(text))


def _cases(flag: Any) -> sa.Select[Any]:
    mine = sa.select(machine_cases).where(machine_cases.c.machine == flag.machine)
    return mine.where((machine_cases.c.flag_id == flag.id) | (machine_cases.c.gone_at == "")).limit(ROWS_MAX)


def _sheets(c: sa.Connection, flag: Any, asked: Sequence[str], codes: set[str]) -> list[Sheet]:
    rows = c.execute(
        sa.select(copies).where(copies.c.request_id.in_(asked)).order_by(copies.c.request_id, copies.c.copy)
    )
    found = []
    for row in rows:
        concerned = not re.search(r"\.\d", flag.about) or f"{row.request_id}.{row.copy}" in flag.about
        where = _where(codes if concerned else set(), row.state)
        found.append(Sheet(row.request_id, row.copy, row.kind, row.issue_number, row.state, where))
    named = set(_COPY.findall(flag.about)) - {(sheet.request_id, str(sheet.copy)) for sheet in found}
    for request_id, number in sorted(named):  # the machine or a flag names it, and these books do not
        where = next((word for case, _, word in WHEREABOUTS if case in codes), "not_promised")
        found.append(Sheet(request_id, int(number), "", "", "none", where))
    return found


def _where(codes: set[str], state: str) -> str:
    fitting = (word for case, stands, word in WHEREABOUTS if (case in codes if case else stands == state))
    return next(fitting, "not_told")


def _debts(c: sa.Connection, ids: set[str]) -> list[debts.Debt]:
    keys = c.scalars(sa.select(claims.c.key).where(claims.c.key.in_(ids))).all()
    return [debt for key in keys if (debt := debts.of_key(c, key)) is not None]


def _audit(c: sa.Connection, flag: Any, ids: set[str]) -> Sequence[Any]:
    """The rows that name what the incident is about; without such a name, the machine's rows of about that time."""
    said = sa.cast(audit.c.detail, sa.String)
    about = sa.or_(*(said.contains(each) for each in ids)) if ids else audit.c.machine == flag.machine
    number = c.scalar(sa.select(sa.func.min(audit.c.id)).where(audit.c.act == "flag", audit.c.at == flag.at)) or 0
    near = sa.select(audit).where(about).order_by(sa.func.abs(audit.c.id - number)).limit(ROWS_MAX)
    return sorted(c.execute(near).all(), key=lambda row: int(row.id))


def _words(c: sa.Connection, flag: Any, ids: set[str]) -> Sequence[Any]:
    """The machine's records that name it, with those between them; without a name, none."""
    if not ids:
        return ()
    mine = machine_words.c.machine == flag.machine
    named = sa.or_(*(machine_words.c.line.contains(f"{each[:8]}~") for each in ids))
    ends = sa.select(sa.func.min(machine_words.c.seq), sa.func.max(machine_words.c.seq)).where(mine, named)
    first, last = c.execute(ends).one()
    if first is None:
        return ()
    between = machine_words.c.seq.between(first - 8, last + 8)
    return c.execute(sa.select(machine_words).where(mine, between).order_by(machine_words.c.seq).limit(ROWS_MAX)).all()


def told(found: Evidence) -> Iterator[str]:
    """The evidence in lines, for the terminal."""
    flag = found.flag
    yield f"Incident {flag.id}, {flag.state}: {found.sentence}"
    yield f"  {flag.machine}, {flag.at}, {flag.times} times; about {short(flag.about) or 'the machine'}"
    for sheet in found.sheets:
        yield f"  sheet {short(sheet.request_id)}.{sheet.copy} {sheet.issue_number}, {sheet.state}: {SENTENCES[sheet.where]}"
    yield "At the centre:"
    yield from (f"  request {short(row.request_id)}: {row.state}" for row in found.requests)
    yield from (f"  claim {short(debt.key)}: {debt.left_yen} of {debt.amount_yen} yen are owed" for debt in found.debts)
    for row in found.centre:
        said = " ".join(f"{key}={short(value)}" for key, value in row.detail.items())
        yield f"  {row.at[:19]} {row.act} {said}"
    yield "At the machine:"
    if found.machine is not None:
        seen = found.machine
        yield f"  heard {seen.seen_at[:19]}: {seen.state} {' '.join(seen.reasons)}".rstrip()
        yield f"  journal {seen.journal_seq} {short(seen.journal_head)}, program {seen.program}"
    for case in found.cases:
        yield f"  case {case.code} {short(case.detail)}{', closed there ' + case.gone_at[:19] if case.gone_at else ''}"
    yield from (f"  {word.line}" for word in found.words)
    yield "Done about it:"
    yield from (f"  {act.at[:19]} {act.by}: {act.act}, {act.words}" for act in found.acts)
