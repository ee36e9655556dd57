"""The centre keeps the newest head that it was told, compares at every message, and returns it (invariant I14, faults J1, J2)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.line.centre import CentreLine
from drivers.vocabulary import HeartbeatTold
from host_sim.centre.memory import MemoryLine
from host_sim.centre.operating import witness
from host_sim.centre.tables import flags
from tests.unit.centre.town import MANIFEST_PUBLIC, SHOP, Town

A, B = "a" * 64, "b" * 64
RID = "0" * 32


def flagged(town: Town) -> list[str]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(flags.c.what).order_by(flags.c.id)))


def line(town: Town, head: witness.Head | None, opened_s: float | None = None) -> CentreLine:
    wire = town.transport(SHOP) if opened_s is None else MemoryLine(town.app, SHOP, opened_s)
    return CentreLine(wire, MANIFEST_PUBLIC, SHOP.name, 8.0, lambda: head)


def beat(town: Town, seq: int, head: str, opened_s: float | None = None) -> HeartbeatTold:
    facts: dict[str, Any] = {"journal_seq": seq, "journal_head": head, "state": "in_service"}
    told = line(town, None, opened_s).heartbeat(facts)
    assert told is not None
    return told


def test_a_heartbeat_is_answered_with_the_head_told_before_it() -> None:
    town = Town()
    assert [beat(town, 5, A).witnessed, beat(town, 7, B).witnessed] == [(0, ""), (5, A)]
    assert beat(town, 0, "").witnessed == (7, B), (
        "without a head of its own it is told, and the centre keeps what it has"
    )
    assert beat(town, 0, "").witnessed == (7, B)
    assert flagged(town) == []


@pytest.mark.parametrize(
    ("head", "flag"), [((6, A), "journal_ran_backwards"), ((7, B), "journal_forked"), ((7, A), ""), ((8, B), "")]
)
@pytest.mark.parametrize("call", ["status", "tables", "advise", "hold"])
def test_every_message_is_compared(call: str, head: witness.Head, flag: str) -> None:
    town = Town()
    beat(town, 7, A)
    machine = line(town, head)
    match call:
        case "status":
            machine.status(RID)
        case "tables":
            machine.site_tables()
        case "advise":
            machine.advise({"op": "void", "request_id": RID, "copy": 1, "reason": "x", "journal_head": head[1]})
        case _:
            machine.hold_claim(RID, 1, head[1])
    assert flagged(town) == [flag] * bool(flag)
    kept = flag or call in {"advise", "hold"}
    assert beat(town, 0, "").witnessed == (head if kept else (7, A))


def test_a_head_is_stored_by_what_ends_something_so_that_a_later_cut_is_seen() -> None:
    town = Town()
    beat(town, 7, A)
    line(town, (20, B)).advise({"op": "void", "request_id": RID, "copy": 1, "reason": "x", "journal_head": B})
    beat(town, 12, A)
    assert flagged(town) == ["journal_ran_backwards"]


def test_a_machine_that_was_never_heard_and_a_bench_are_not_compared() -> None:
    town = Town()
    line(town, (3, A)).status(RID)
    line(town, None).status(RID)
    beat(town, 0, "")
    line(town, (3, A)).status(RID)
    assert (flagged(town), beat(town, 1, A).witnessed) == ([], (0, ""))


@pytest.mark.parametrize(
    "header",
    ["", "1", f"0 {A}", f"-1 {A}", f"1 {A}0", f"1  {A}", f"{2**31} {A}", f"1 {A.upper()}", f"\u0661 {A}", f"1 {A}\n"],
)
def test_a_header_that_is_no_head_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="no head"):
        witness.read(header)
    status, _, _ = (
        Town()
        .transport(SHOP)
        .exchange(
            "GET", f"/v1/requests/{RID}", None, 8.0, {"Kofuki-Journal": header.encode("ascii", "replace").decode()}
        )
    )
    assert status == 400


FIRST, SECOND = 1000.0, 1005.0  # when two connections were opened, one after the other


@pytest.mark.parametrize("call", ["heartbeat", "status", "advise"])
def test_a_message_that_was_held_up_flags_nothing_and_takes_nothing_back(call: str) -> None:
    """The machine gave the first connection up, and told more on the second one."""
    town = Town()
    beat(town, 5, A, FIRST)
    beat(town, 9, B, SECOND)
    late = line(town, (6, A), FIRST)
    match call:
        case "heartbeat":
            beat(town, 6, A, FIRST)
        case "status":
            late.status(RID)
        case _:
            late.advise({"op": "void", "request_id": RID, "copy": 1, "reason": "x", "journal_head": A})
    assert flagged(town) == []
    assert beat(town, 10, A, SECOND).witnessed == (9, B)


def test_a_journal_that_ran_back_is_flagged_on_a_new_connection_and_on_the_same() -> None:
    for opened_s in (SECOND, SECOND + 1):
        town = Town()
        beat(town, 9, B, SECOND)
        beat(town, 5, A, opened_s)
        assert flagged(town) == ["journal_ran_backwards"]


@pytest.mark.parametrize("passed_s", [witness.LATE_S, -1])
def test_an_old_connection_is_no_excuse_for_long_nor_when_the_clock_was_set_back(passed_s: float) -> None:
    town = Town()
    beat(town, 9, B, SECOND)
    town.now += timedelta(seconds=passed_s)
    beat(town, 5, A, FIRST)
    assert flagged(town) == ["journal_ran_backwards"]
