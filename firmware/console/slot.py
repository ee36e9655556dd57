"""Commands with a coin in the technician's hand: test coins, and whether the slot shuts and opens.

Coins that come here count in an account of their own, never as a fee.
"""

from collections.abc import Generator
from typing import Any

from drivers.vocabulary import CoinCredited, Key, KeyPressed
from firmware.book import records
from firmware.book.cases import Case
from firmware.config.unit import PulseTable
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Ask, Hands, Job, Listen, Show, Step, Tell, done, must_take_coins
from firmware.console.wires import coin_wire, inhibit_wire, supply_wire
from firmware.desks import COIN
from firmware.service.availability import Reason
from firmware.session.effects import CheckCoins, CloseSlot, OpenSlot
from firmware.session.events import SlotClosed

CLOSING_S = 5.0
COINS_S = 20.0
LATER_S = 2.0  # the first pulse of a coin comes sooner

Waiting = Generator[Step, Any, int]


def acceptor_coins(hands: Hands) -> Job:
    """Open the slot for test coins."""
    must_take_coins(hands)
    yield from done(COIN, CheckCoins())
    yield Tell(COIN, OpenSlot(frozenset(hands.hopper_values)))
    yield Show((f"Insert test coins; {COINS_S:.0f} s.",))
    total_yen = yield from _taken(hands, hands.monotonic() + COINS_S)
    total_yen += yield from _shut(hands)
    return Answer((f"{total_yen} yen are in the cash box as test coins.",))


def test_slot(hands: Hands) -> Job:
    """Whether the shut slot gives a coin back and the open one keeps it: no device can tell that without a coin."""
    must_take_coins(hands)
    pulse = hands.unit.coin.pulse if hands.unit.coin is not None else None
    try:
        yield from done(COIN, CheckCoins())
    except Refused as refused:
        look = "`test acceptor` says more."
        if pulse is not None:
            supply = supply_wire(pulse)
            both = f"{coin_wire(pulse)} and {inhibit_wire(pulse)}" + (f", and at {supply}" if supply else "")
            look = f"Look at {both}: cut, on another pin, or touching another."
        raise Refused(refused.code, f"{refused.sentence} {look}") from None
    yield from _shut(hands)
    yield Show((f"1 The slot is shut. Insert a coin of 10 yen, then press ENTER; {COINS_S:.0f} s.",))
    kept_yen, said = yield from _until_enter(hands, hands.monotonic() + COINS_S)
    kept_yen += yield from _taken(hands, hands.monotonic() + LATER_S)
    if kept_yen:
        hands.write(records.Flag(Case.PULSES_WRONG, f"1 coins, {kept_yen} yen, kept by the shut slot in a test"))
        why = f"The shut slot kept the coin. Check {inhibit_wire(pulse)}, and [coin.pulse] inhibit; then `resolve` the item."
        raise Refused("test", why)
    if not said:
        raise Refused("test", "Nobody pressed ENTER, so nobody knows that the coin came back. Test again.")
    if not (yield from _came_back()):
        hands.write(records.Flag(Case.PULSES_WRONG, "1 coins, 10 yen, kept by the shut slot in a test, not counted"))
        both = f"{coin_wire(pulse)} and {inhibit_wire(pulse)}"
        raise Refused(
            "test", f"The shut slot kept the coin and nothing counted it. Look at {both}: swapped, or both cut."
        )
    if pulse is not None and Reason.ACCEPTOR_BLOCKED in hands.state.reasons:
        both = f"{coin_wire(pulse)} touches {inhibit_wire(pulse)} or ground"
        raise Refused(
            "test",
            f"The coin wire rests low: {both}, the counter switch stands at NC, or a coin is stuck. Look at them; then test again.",
        )
    yield Tell(COIN, OpenSlot(frozenset(hands.hopper_values)))
    yield Show((f"2 The slot is open. Insert the same coin; {COINS_S:.0f} s.",))
    taken_yen = yield from _taken(hands, hands.monotonic() + COINS_S, coins=1)
    taken_yen += yield from _shut(hands)
    if not taken_yen:
        raise Refused("test", (yield from _why_not_taken(hands, pulse)))
    return Answer(
        ("1 PASS shut slot: the coin came back", f"2 PASS open slot: {taken_yen} yen, in the cash box as test coins")
    )


def _came_back() -> Generator[Step, Any, bool]:
    answer = ""
    while answer not in {"y", "n"}:
        answer = (yield Ask("Did the coin come back? (y or n): ")).strip().lower()[:1]
    return answer == "y"


def _why_not_taken(hands: Hands, pulse: PulseTable | None) -> Generator[Step, Any, str]:
    if (yield from _came_back()):
        supply = f"at {wire}" if (wire := supply_wire(pulse)) else "its 12 V"
        return f"The open slot took no coin. Look at {inhibit_wire(pulse)}, {supply} and what it was taught."
    hands.write(records.Flag(Case.PULSES_WRONG, "1 coins, 10 yen, kept by the open slot in a test, not counted"))
    return f"The open slot kept the coin but nothing counted it. Look at {coin_wire(pulse)} and the speed switch."


def _shut(hands: Hands) -> Waiting:
    """Close the slot and wait until no coin rolls any more. Returns the yen of those that came."""
    yield Tell(COIN, CloseSlot())
    return (yield from _taken(hands, hands.monotonic() + CLOSING_S))


def _taken(hands: Hands, until_s: float, *, coins: int | None = None) -> Waiting:
    """Write a `TestCoin` for each coin until `until_s`, `SlotClosed` or so many `coins`. Returns their yen."""
    total_yen, count = 0, 0
    while count != coins:
        event = yield Listen(until_s, coins=True)
        if isinstance(event, CoinCredited):
            total_yen += yield from _note(hands, event)
            count += 1
        elif event is None or isinstance(event, SlotClosed):
            break
    return total_yen


def _until_enter(hands: Hands, until_s: float) -> Generator[Step, Any, tuple[int, bool]]:
    """The same until ENTER is pressed; also whether it was."""
    total_yen = 0
    while (event := (yield Listen(until_s, coins=True))) is not None:
        if isinstance(event, KeyPressed) and event.key is Key.ENTER:
            return total_yen, True
        if isinstance(event, CoinCredited):
            total_yen += yield from _note(hands, event)
    return total_yen, False


def _note(hands: Hands, coin: CoinCredited) -> Waiting:
    hands.write(records.TestCoin(value_yen=coin.value_yen, event_counter=coin.event_counter))
    yield Show((f"{coin.value_yen} yen",))
    return coin.value_yen
