"""The centre: time of a whole issue with real pages, and of the same without typesetting."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from drivers.vocabulary import AdviceFate
from host_sim.centre.generator import Press
from tests.unit.centre.cards import Card
from tests.unit.centre.town import SHOP, Town

ISSUES = 60


def issue(town: Town, card: Card, kind: str) -> None:
    """Authenticate, order, typeset, check, sign, fetch, report: these calls together are one full issue."""
    session = town.session(card, SHOP)
    reserved = session.reserved(session.item(kind))
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    assert (
        session.line.advise({"op": "issued", "request_id": reserved.request_id, "copy": 1, "reason": "printed"})
        is AdviceFate.ACKNOWLEDGED
    )


def per_second(work: Callable[[], None], times: int) -> float:
    """Per second of processor time (one core), so that other programs on the computer do not count."""
    work()
    begun_s = time.process_time()
    for _ in range(times):
        work()
    return times / (time.process_time() - begun_s)


def rows() -> list[tuple[str, str, str]]:
    with TemporaryDirectory() as directory:
        real = Town(f"sqlite:///{Path(directory) / 'real.db'}", Press())
        plain = Town(f"sqlite:///{Path(directory) / 'plain.db'}")
        holder, other = real.card("hanako"), plain.card("hanako")
        table = [
            (
                f"centre, full issue, {kind}",
                f"{per_second(lambda k=kind: issue(real, holder, k), ISSUES):.0f} /s/core",
                ">= 40",
            )
            for kind in ("juminhyo", "inkan")
        ]
        alone = per_second(lambda: issue(plain, other, "inkan"), ISSUES)
        table.append(("centre, full issue without typesetting", f"{alone:.0f} /s/core", "-"))
        for town in (real, plain):
            town.store.close()
    return table
