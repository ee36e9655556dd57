"""Protocol mistakes patched into the real objects: an invariant must report each, or the explorer could miss real ones.

A mutant is a patch of one object of the machine (session, desk, driver, recovery, journal). The crash explorer runs a
short script with it, one fault at each instant in turn, until an invariant fails; this must be one of the invariants
listed with the mistake. The same scripts without a mutant are explored in this file too, and no invariant fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from firmware.book import records as r
from firmware.session import effects as fx
from host_sim.rig.crash import CUTS, MENU, Explorer, Script
from host_sim.rig.scripts import scripts
from host_sim.wallet import WalletCard
from tests.sessions import mistakes
from tests.unit.journal import mistakes as journal_mistakes

Cards = Mapping[str, WalletCard]
Patch = pytest.MonkeyPatch
ONE, TWO, CLAIMS = "one copy, change", "two residents in a row", "one hopper"
AT_DESK = "claim paid at the city's desk"
NO_COUNTER = "acceptor without a counter"
POWER = frozenset({"dropped"})  # a cut that leaves only what is durable shows each of these mistakes
MEDIUM = frozenset(CUTS)
DEVICES = frozenset(fault for faults in MENU.values() for fault in faults)


@dataclass(frozen=True)
class Mutant:
    """`faults`: the faults that can make the mistake visible; the others are left out to save time."""

    apply: Callable[[Patch], None]
    invariants: tuple[str, ...]
    script: str = ONE
    faults: frozenset[str] = POWER
    depth: int = 1


MUTANTS: dict[str, Mutant] = {
    "request id not durable before it is sent": Mutant(mistakes.not_durable(r.Request), ("I7",)),
    "slot opening not durable": Mutant(mistakes.not_durable(r.SlotOpened), ("I2",)),
    "coin not durable": Mutant(mistakes.not_durable(r.Coin), ("I2",), NO_COUNTER),
    "print intent not durable": Mutant(mistakes.not_durable(r.PrintIntent), ("I8", "I9", "I12")),
    "pay intent not durable": Mutant(mistakes.not_durable(r.PayIntent), ("I1",)),
    "request written when it is answered": Mutant(mistakes.written_after(r.Request, r.Authorised), ("I7", "X2")),
    "print intent written after the page": Mutant(
        mistakes.written_after(r.PrintIntent, r.CopyPrinted, r.CopySpoiled, r.CopyUncertain), ("I12",)
    ),
    "pay intent written after the coins": Mutant(mistakes.written_after(r.PayIntent, r.PayDone), ("I1",)),
    "slot opening written after the first coin": Mutant(
        mistakes.written_after(r.SlotOpened, r.Coin, r.SlotClosed), ("I2",)
    ),
    "charged before the paper": Mutant(mistakes.charges_before_the_paper, ("I9", "X2"), faults=DEVICES),
    "printer's counter of another sheet": Mutant(
        mistakes.written_as(
            r.PrintIntent, lambda intent: replace(intent, printer_counter=intent.printer_counter + intent.pages)
        ),
        ("I12", "I8"),
    ),
    "more pages than the copy has": Mutant(
        mistakes.written_as(r.PrintIntent, lambda intent: replace(intent, pages=intent.pages + 1)), ("I12", "I8")
    ),
    "printed again when unsure": Mutant(mistakes.prints_again_when_unsure, ("I9", "I12", "X2"), faults=DEVICES),
    "written is taken for printed": Mutant(
        mistakes.outcome_becomes(mistakes.written_is_printed), ("I9",), faults=DEVICES
    ),
    "unsure is taken for not printed": Mutant(
        mistakes.outcome_becomes(mistakes.unsure_is_not_printed), ("I12",), faults=DEVICES
    ),
    "a printed page is taken for a jam": Mutant(mistakes.outcome_becomes(mistakes.printed_is_forgotten), ("I12",)),
    "spool of the last resident, unchecked": Mutant(mistakes.spool_of_the_last_one, ("I9", "I10"), TWO),
    "any document is printed": Mutant(mistakes.believes_any_document, ("I10",), faults=DEVICES),
    "asked is taken for paid": Mutant(
        mistakes.hopper_ends_as(lambda end: replace(end, paid=end.asked)), ("I1",), faults=DEVICES
    ),
    "nothing is taken for paid": Mutant(mistakes.hopper_ends_as(lambda end: replace(end, paid=0)), ("I1", "I4", "X2")),
    "paid again without an outcome": Mutant(mistakes.pays_twice, ("I1",)),
    "dispense sent again in full": Mutant(mistakes.resends_blindly, ("I1",), faults=DEVICES),
    "hopper's counters not read before": Mutant(mistakes.counters_not_read, ("I1",), TWO, DEVICES),
    "a coin's event is dropped": Mutant(mistakes.forgets_a_coin, ("I2", "I15", "X2")),
    "a coin is credited twice": Mutant(mistakes.credits_a_coin_twice, ("I2", "I3", "X2")),
    "forged credits are believed": Mutant(mistakes.believes_forged_credits, ("I16", "I2"), "credits without coins"),
    "coins are not written": Mutant(mistakes.never_written(r.Coin), ("I2", "X2")),
    "advice acknowledged unsent": Mutant(mistakes.acknowledged_unsent, ("I7", "I8")),
    "issued is told as void": Mutant(mistakes.told_otherwise, ("I8", "X2")),
    "issued told before the paper": Mutant(
        mistakes.told_early(r.PrintIntent, lambda i, _: {"op": "issued", "request_id": i.rid, "copy": i.copy}),
        ("I8",),
        faults=DEVICES,
    ),
    "claim sent before a hopper is asked": Mutant(
        mistakes.told_early(
            r.PayIntent, lambda _, s: {"op": "claim", "key": s.next_claim_key, "amount_yen": s.ledger.owed_yen}
        ),
        ("I4",),
    ),
    "claim told of another amount": Mutant(mistakes.claims_something_else, ("I4", "X2"), CLAIMS, DEVICES),
    "a payment at the desk is not written": Mutant(mistakes.pays_no_heed_to_the_desk, ("I4",), AT_DESK, DEVICES),
    "request sent before it is written": Mutant(mistakes.swapped_steps(fx.Reserve, fx.Write), ("I7", "X2")),
    "start pays": Mutant(mistakes.pays_at_boot, ("I13",)),
    "start prints": Mutant(mistakes.prints_at_boot, ("I13", "I9")),
    "start believes the print intent": Mutant(mistakes.print_outcome(mistakes.believed), ("I9",)),
    "start spoils without asking": Mutant(
        mistakes.print_outcome(lambda _, intent: r.CopySpoiled(intent.rid, intent.copy, "restart")), ("I12", "I8")
    ),
    "start guesses without a counter": Mutant(
        mistakes.guesses_without_a_counter, ("I12",), "printer without a counter"
    ),
    "start forgets what is owed": Mutant(mistakes.start_forgets(r.ClaimIntent, r.AdviceQueued), ("I4", "I15", "X2")),
    "start doubts nothing": Mutant(mistakes.settled_as(lambda intent: intent.coins), ("I1",)),
    "start takes nothing for paid": Mutant(mistakes.settled_as(lambda _: 0), ("I1",)),
    "start forgets to flag a missing coin": Mutant(mistakes.start_forgets(r.Flag), ("I2", "I12"), NO_COUNTER),
    "start claims and tells nobody": Mutant(mistakes.start_forgets(r.AdviceQueued), ("I4", "I7", "I15", "X2")),
    "start never closes": Mutant(mistakes.start_forgets(r.SessionClosed), ("I6", "I15", "X2")),
    "start assumes the request never arrived": Mutant(mistakes.asks_nobody_about_requests, ("I7",)),
    "start leaves everything open": Mutant(mistakes.never_recovers, ("I6", "I15", "X2")),
    "journal never syncs": Mutant(journal_mistakes.never_syncs, ("I14", "I7", "I15", "X2"), faults=MEDIUM),
    "journal writes into acknowledged sectors": Mutant(
        journal_mistakes.shares_sectors, ("I7", "I14", "I15", "X2"), faults=MEDIUM
    ),
    "journal leaves the torn tail": Mutant(journal_mistakes.leaves_the_torn_tail, ("I14", "I15", "X2"), faults=MEDIUM),
    "journal does not sync at a start": Mutant(
        journal_mistakes.does_not_sync_at_the_start, ("I14", "I15"), faults=frozenset({"killed", "dropped"}), depth=2
    ),
    "journal believes without checksums": Mutant(
        journal_mistakes.believes_without_checksums, ("I14", "I15", "X2"), faults=MEDIUM
    ),
    "journal tells a head it can lose": Mutant(journal_mistakes.tells_a_head_it_can_lose, ("I14",), faults=POWER),
    "journal leaves coins out": Mutant(mistakes.swallows_a_broken_medium, ("I2", "X2"), faults=MEDIUM),
}


@pytest.mark.parametrize(("name", "shares"), [(ONE, 1), (TWO, 7), (CLAIMS, 6), (NO_COUNTER, 6)])
def test_without_a_mistake_every_single_fault_is_survived(name: str, shares: int, wallet: Cards) -> None:
    """Every instant of the first script, every sixth or so of the others (`host_sim crash` runs them all)."""
    found = Explorer(scripts(dict(wallet))[name], depth=1, share=(0, shares)).explore()
    assert found.reds == []
    assert found.histories > 150 // shares


def a_red_history(mutant: Mutant, script: Script) -> str | None:
    """Try every 13th instant first, then the instants after these, so that late mistakes are found as fast as early ones."""
    for first in range(13):
        with pytest.MonkeyPatch.context() as patch:
            mutant.apply(patch)
            explorer = Explorer(script, mutant.depth, share=(first, 13), stop_at_red=True, only=mutant.faults)
            found = explorer.explore()
        if found.reds:
            return found.reds[0]
    return None


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mistake_is_seen_by_its_invariant(name: str, wallet: Cards) -> None:
    mutant = MUTANTS[name]
    red = a_red_history(mutant, scripts(dict(wallet))[mutant.script])
    assert red is not None, "no invariant failed"
    seen = red.splitlines()[1].strip()
    assert seen.split(":")[0] in mutant.invariants, red
