"""The audit record: rows are only added, and each is chained by its hash to the row before it.

`audit_head` says how many rows there are and the last row's hash, so that a row cut off the end is missed as well. The
database itself refuses to change or delete a row (`tables.py`). Who owns the database can take that away and write
the whole chain anew; only a head that was printed or stored elsewhere shows that (`audit head`, `audit verify --witness`).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from host_sim.centre.tables import audit, audit_head

START = hashlib.sha256(b"kofuki-audit-1").hexdigest()  # what the first row follows
# Written once: a row is added in nearly every call, and building a statement costs more than the database's answer.
_HEAD_ROW = sa.select(audit_head.c.number, audit_head.c.sha256)
_ADD, _BEGIN, _GO_ON = audit.insert(), audit_head.insert(), audit_head.update()
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HEAD = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")


class NoHead(ValueError):
    """A witness does not say a head; the message is a sentence."""


def word(text: str) -> str:
    """A machine's word as it may be recorded: small letters, digits and `_`. Anything else is recorded as `other`.

    A name, an address, a PIN or a credential is no word, so none is recorded, whatever a machine sends.
    """
    return text if _WORD.fullmatch(text) else "other"


def append(c: sa.Connection, *, at: str, machine: str, site: str, act: str, detail: Mapping[str, Any]) -> None:
    """Add a row. To be called inside a writing transaction, of which only one runs at a time."""
    number, previous = head(c)
    told = {"at": at, "machine": machine, "site": site, "act": act, "detail": json.loads(json.dumps(dict(detail)))}
    row = told | {"id": number + 1, "previous": previous}
    row["sha256"] = _sha256(row)
    c.execute(_ADD, row)
    c.execute(_BEGIN if number == 0 else _GO_ON, {"number": row["id"], "sha256": row["sha256"]})


def head(c: sa.Connection) -> tuple[int, str]:
    """Number and hash of the last row; 0 and `START` before the first."""
    row = c.execute(_HEAD_ROW).first()
    return (0, START) if row is None else (int(row.number), str(row.sha256))


def read_witness(text: str) -> tuple[int, str]:
    """The head that `audit head` printed. Raises `NoHead`."""
    found = _HEAD.search(text)
    if found is None:
        raise NoHead("The witness holds no head: a number, a space and 64 hex digits, as `audit head` prints them.")
    return int(found[1]), found[2]


def faults(c: sa.Connection, witness: tuple[int, str] | None = None) -> Iterator[str]:
    """A sentence for each place where the record was changed, cut or added to. None: it is whole."""
    last, hashes = (0, START), {0: START}
    for row in c.execute(sa.select(audit).order_by(audit.c.id).execution_options(yield_per=1000)).mappings():
        yield from _faults_of(dict(row), last)
        last = (row["id"], row["sha256"])
        if witness is not None and row["id"] == witness[0]:
            hashes[row["id"]] = row["sha256"]
    yield from _faults_of_end(last, head(c))
    if witness is not None and hashes.get(witness[0]) != witness[1]:
        yield f"Row {witness[0]} is not the one whose hash the witness holds: the record was written anew."


def _faults_of(row: Mapping[str, Any], last: tuple[int, str]) -> Iterator[str]:
    number, missing = row["id"], row["id"] - last[0] - 1
    if row["previous"] != last[1]:
        if missing:
            yield f"{_rows(last[0] + 1, number - 1)} missing: row {number} does not follow row {last[0]}."
        else:
            yield f"Row {number} does not follow row {last[0]}: one of them was inserted, replaced or moved."
    if _sha256(row) != row["sha256"]:
        yield f"Row {number} was changed: its hash is that of other words."


def _faults_of_end(last: tuple[int, str], told: tuple[int, str]) -> Iterator[str]:
    if last[0] < told[0]:
        yield f"{_rows(last[0] + 1, told[0])} missing at the end: the head counts {told[0]}."
    elif last[0] > told[0]:
        yield f"Row {told[0] + 1} and what follows it were inserted past the head."
    elif last != told:
        yield f"Row {last[0]} is not the one that the head names: it was replaced."


def _rows(first: int, last: int) -> str:
    return f"Row {first} is" if first == last else f"Rows {first} to {last} are"


def _sha256(row: Mapping[str, Any]) -> str:
    told = {key: row[key] for key in ("id", "at", "machine", "site", "act", "detail", "previous")}
    return hashlib.sha256(
        json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
