"""The machines as their heartbeats tell them: which program and site table each runs, its state, and who is silent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.operating import audit
from host_sim.centre.tables import machines

# A machine tells one at most every 600 seconds (its unit file's `heartbeat_s`), and none during a session.
SILENT_AFTER = timedelta(seconds=1800)
_VERSION = re.compile(r"\d{1,4}\.\d{1,4}[A-Za-z0-9.+_-]{0,50}")

REASONS = {
    "journal_corrupt": "its journal is damaged, or the medium is another one",
    "journal_broken": "writing its journal failed",
    "journal_full": "its journal's medium is full",
    "journal_copy": "the second copy of its journal is behind",
    "journal_seal": "the key that signs its journal is damaged or readable by others",
    "journal_rolled_back": "its journal lacks a record that it told here; an old or another medium is in it",
    "journal_forged": "a checkpoint of its journal is not signed by its key",
    "clock": "its clock is not confirmed",
    "clock_behind": "its clock is earlier than a time that is surely past",
    "site_table": "it has no valid site table; the city's file must list it",
    "unit": "its unit file cannot be used",
    "updates": "its release key or the folder of its releases cannot be used",
    "letters": "letters for its screen or papers are missing",
    "screen": "its screen cannot be used",
    "line_files": "its certificate or key for the line is missing or wrong",
    "door_contact": "its door contact cannot be used",
    "hardening": "a PIN could leave its memory",
    "release": "its program is older than a release that was good there",
    "settings": "settings made there do not fit its unit file",
    "card_reader": "the card reader does not answer",
    "lockout": "too many wrong PINs with different cards; it ends by itself",
    "keypad": "the keypad does not answer or a key is stuck",
    "io_board": "the I/O board with its keys, door or coin wires does not answer",
    "coin": "the coin acceptor or a hopper does not answer",
    "change": "a hopper does not pay or change is short; it takes exact money",
    "tamper_money": "coins moved while nobody was served",
    "tamper_coins": "credits came without coins",
    "coins_unreliable": "coins were lost in two sessions; the acceptor must be checked",
    "coin_wire": "coins or pulses came that cannot be credited; the acceptor must be checked",
    "uncertain": "too many papers or payouts are not accounted for",
    "unbalanced": "money, papers and journal do not match",
    "acceptor_unpaired": "the coin acceptor is not the paired one",
    "acceptor_blocked": "a coin is stuck in the acceptor",
    "printer": "the certificate printer does not answer, is open or jammed",
    "printer_paper_out": "certificate paper is out",
    "paper_waiting": "a sheet lies in the mouth of the certificate printer",
    "receipt_printer": "the receipt printer does not answer or is open",
    "receipt_printer_paper_out": "receipt paper is out",
    "line": "the centre did not answer it",
    "line_stopped": "an answer of the centre failed its check; two people must clear it there",
    "advices": "too many of its messages wait for the centre",
    "door": "its door was opened outside maintenance",
    "operator": "staff took it out of service",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine, as a clerk sees it. `program_since` and the like: RFC 3339, as the centre's clock said."""

    name: str
    program: str
    program_since: str
    site_table: int
    devices: Mapping[str, str]
    state: str
    state_since: str
    reasons: Sequence[str]  # sentences
    heard_at: datetime
    silent: bool


def record(c: sa.Connection, name: str, before: Any, beat: Mapping[str, Any], now: datetime, opened_s: float) -> bool:
    """Store a heartbeat; returns whether the machine runs another program than before. `before`: its row until now;
    `opened_s`: when the connection on which it came was opened."""
    at = now.isoformat()
    row = {"name": name, "seen_at": at, "journal_seq": beat["journal_seq"], "journal_head": beat["journal_head"]}
    row |= {key: beat[key] for key in ("state", "reasons", "program", "site_table", "devices")}
    row |= {"state_since": at, "program_since": at, "heard_on": opened_s, "heard_at": now.timestamp()}
    if before is not None:
        if not beat["journal_head"]:  # a halted machine cannot read its journal
            row |= {"journal_seq": before.journal_seq, "journal_head": before.journal_head}
        for what in ("state", "program"):
            if getattr(before, what) == beat[what]:
                row[f"{what}_since"] = getattr(before, f"{what}_since")
    c.execute(machines.delete().where(machines.c.name == name))
    c.execute(machines.insert().values(**row))
    return before is None or before.program != beat["program"]


def version(text: str) -> str:
    """A program's version as it may be recorded; `other` for what is none, and `unknown` for a bench, which tells none."""
    return (text if _VERSION.fullmatch(text) else "other") if text else "unknown"


def listed(c: sa.Connection, now: datetime) -> list[Machine]:
    """Every machine that was ever heard, by name."""
    return [_seen(row, now) for row in c.execute(sa.select(machines).order_by(machines.c.name))]


def _seen(row: Any, now: datetime) -> Machine:
    heard_at = datetime.fromisoformat(row.seen_at)
    return Machine(
        name=row.name,
        program=version(row.program),
        program_since=row.program_since,
        site_table=row.site_table,
        devices=row.devices or {},
        state=audit.word(row.state.lower()),
        state_since=row.state_since,
        reasons=[sentence_of(reason) for reason in row.reasons],
        heard_at=heard_at,
        silent=now - heard_at > SILENT_AFTER,
    )


def sentence_of(reason: str) -> str:
    known = REASONS.get(reason)
    return known if known is not None else f"`{audit.word(reason)}`, a word that this centre does not know"
