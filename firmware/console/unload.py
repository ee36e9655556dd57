"""`hopper unload`: a hopper pays out all its coins and counts them, each command as a payout of staff."""

from collections.abc import Generator
from typing import Any

from drivers.vocabulary import COMMAND_MAX
from firmware.book import records
from firmware.console.grammar import Refused
from firmware.console.money import must_be_here, pay_once
from firmware.console.steps import Answer, Ask, Hands, Job, Plan, Step, done
from firmware.desks import COIN, LookAgain

UNLOAD = "unload"
_PROBE = 5  # coins asked for when the book knows of none


def hopper_unload(hands: Hands, value: int) -> Plan:
    """A hopper that stops before the book's count is empty or jammed, so the person says which."""
    must_be_here(hands, value)
    before = hands.book.tubes.get(value, 0)

    def carry_out(_: str) -> Job:
        if hands.book.tubes.get(value, 0) != before:
            raise Refused("changed", "The count changed after the dry run; give the command again.")
        paid = yield from _emptied(hands, value, before)
        if paid < before and not (yield from _is_empty(paid, before)):
            raise Refused(
                "short", f"{paid} coins came out; left in the book: {before - paid}. Clear the hopper, try again."
            )
        hands.write(records.FloatSet(value_yen=value, coins=0))
        yield from done(COIN, LookAgain(), health=True)
        told = f"hopper {value} is empty: {paid} coins, {paid * value} yen came out"
        return Answer((f"{told}; the book had {before} ({paid - before:+d}).",))

    hold = "Hold a bag under the payout cup: every coin comes out there."
    return Plan((f"hopper {value}: {before} coins in the book, {before * value} yen, then 0", hold), carry_out)


def _emptied(hands: Hands, value: int, known: int) -> Generator[Step, Any, int]:
    """Pay the coins that the book knows of, then a few at a time, until a command falls short.

    So an unknown outcome is never about many more coins than there are. Raises `Refused` on one.
    """
    total = 0
    while True:
        asked = min(COMMAND_MAX, known - total) if total < known else _PROBE
        paid = yield from pay_once(hands, value, asked, UNLOAD)
        if paid is None:
            raise Refused(
                "unknown", f"It is unknown how many coins came out after {total}. Count them; then `uncertain`."
            )
        total += paid
        if paid < asked:
            return total


def _is_empty(paid: int, before: int) -> Generator[Step, Any, bool]:
    answer = ""
    while answer not in {"y", "n"}:
        answer = (yield Ask(f"It stopped after {paid} of {before} coins. Is it empty? (y or n): ")).strip().lower()[:1]
    return answer == "y"
