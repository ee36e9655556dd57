"""What machines tell of their open cases (`POST /v1/cases`): a flag for each, and the machine's own words beside it.

A machine tells all that is open; a case that it tells no more was closed there. The flag stays: at the centre two people
close it. A machine cannot take back a word that it told: the first telling of a record stays, another one is a flag.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.operating import flags
from host_sim.centre.tables import flags as flag_rows
from host_sim.centre.tables import machine_cases, machine_words

CLOSED_THERE = "Closed at the machine."


def record(c: sa.Connection, machine: str, told: Mapping[str, Any], now: datetime) -> None:
    """Take in what a machine told. A repeated telling changes nothing."""
    _keep_words(c, machine, told["words"], now)
    mine = sa.select(machine_cases).where(machine_cases.c.machine == machine, machine_cases.c.gone_at == "")
    known = {(row.code, row.detail): row.flag_id for row in c.execute(mine)}
    open_ = {(case["code"], case["detail"]) for case in told["cases"]}
    for code, detail in sorted(open_ - known.keys()):
        _opened(c, machine, code, detail, now)
    for code, detail in sorted(known.keys() - open_):
        _gone(c, machine, code, detail, known[code, detail], now)


def _opened(c: sa.Connection, machine: str, code: str, detail: str, now: datetime) -> None:
    number = flags.raise_flag(c, now, machine, "case", {"case": code, "about": detail})
    c.execute(machine_cases.delete().where(_this(machine, code, detail)))
    row = {"machine": machine, "code": code, "detail": detail}
    c.execute(machine_cases.insert().values(**row, first_at=now.isoformat(), flag_id=number))


def _gone(c: sa.Connection, machine: str, code: str, detail: str, flag: int, now: datetime) -> None:
    c.execute(machine_cases.update().where(_this(machine, code, detail)).values(gone_at=now.isoformat()))
    if c.scalar(sa.select(flag_rows.c.state).where(flag_rows.c.id == flag)) != "closed":
        flags.comment(c, now, flag, machine, CLOSED_THERE)


def _this(machine: str, code: str, detail: str) -> sa.ColumnElement[bool]:
    return (machine_cases.c.machine == machine) & (machine_cases.c.code == code) & (machine_cases.c.detail == detail)


def _keep_words(c: sa.Connection, machine: str, words: Sequence[Mapping[str, Any]], now: datetime) -> None:
    for word in words:
        this = (machine_words.c.machine == machine) & (machine_words.c.seq == word["seq"])
        known = c.scalar(sa.select(machine_words.c.line).where(this))
        if known is None:
            c.execute(machine_words.insert().values(machine=machine, heard_at=now.isoformat(), **word))
        elif known != word["line"]:
            flags.raise_flag(c, now, machine, "journal_forked", {"seq": word["seq"], "seen_seq": word["seq"]})
