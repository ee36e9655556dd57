"""Commands with a coin in the technician's hand: test coins, and whether the slot shuts and opens.

Coins that come here count in an account of their own, never as a fee.
"""

from collections.abc import Generator
from contextlib import suppress
from typing import Any

from drivers.vocabulary import CoinCredited, Key, KeyPressed
from firmware.book import records
from firmware.book.cases import Case
from firmware.config.unit import PulseTable
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Ask, BrokenOff, Hands, Job, Listen, Show, Step, Tell, done, must_take_coins
from firmware.console.wires import coin_wire, inhibit_wire, supply_wire
from firmware.desks import COIN
from firmware.service.availability import Reason
from firmware.session.effects import CheckCoins, CloseSlot, OpenSlot
from firmware.session.events import SlotClosed

CLOSING_S = 5.0
COINS_S = 20.0
LATER_S = 2.0  # the first pulse of a coin comes sooner

Waiting = Generator[Step, Any, int]
Checked = Generator[Step, Any, None]


def acceptor_coins(hands: Hands) -> Job:
    """Open the slot for test coins. Ctrl-C shuts it earlier."""
    must_take_coins(hands)
    yield from done(COIN, CheckCoins())
    before_yen = _counted_yen(hands)
    yield Tell(COIN, OpenSlot(frozenset(hands.hopper_values)))
    yield Show((f"Insert test coins; {COINS_S:.0f} s. Ctrl-C shuts the slot.",))
    with suppress(BrokenOff):
        yield from _taken(hands, hands.monotonic() + COINS_S, breaks=True)
    yield from _shut(hands)
    return Answer((f"{_counted_yen(hands) - before_yen} yen are in the cash box as test coins.",))


def test_slot(hands: Hands) -> Job:
    """Whether the shut slot gives a coin back and the open one keeps it: no device can tell that without a coin.

    Ctrl-C ends it; a coin that was kept is a case all the same, and the slot is shut first.
    """
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
    yield from _shut_gives_back(hands, pulse)
    taken_yen = yield from _open_takes(hands, pulse)
    return Answer(
        ("1 PASS shut slot: the coin came back", f"2 PASS open slot: {taken_yen} yen, in the cash box as test coins")
    )


def _shut_gives_back(hands: Hands, pulse: PulseTable | None) -> Checked:
    """Raises `Refused` unless the shut slot gives the coin back."""
    before_yen, broken = _counted_yen(hands), None
    yield Show(
        (f"1 The slot is shut. Insert a coin of 10 yen, then press ENTER; {COINS_S:.0f} s. Ctrl-C ends the test.",)
    )
    try:
        said = yield from _until_enter(hands, hands.monotonic() + COINS_S)
    except BrokenOff as by_hand:
        said, broken = False, by_hand
    yield from _taken(hands, hands.monotonic() + LATER_S)
    if kept_yen := _counted_yen(hands) - before_yen:
        hands.write(records.Flag(Case.PULSES_WRONG, f"1 coins, {kept_yen} yen, kept by the shut slot in a test"))
        why = f"The shut slot kept the coin. Check {inhibit_wire(pulse)}, and [coin.pulse] inhibit; then `resolve` the item."
        raise Refused("test", why)
    if broken is not None:
        raise broken
    if not said:
        raise Refused("test", "Nobody pressed ENTER, so nobody knows that the coin came back. Test again.")
    if not (yield from _came_back()):
        hands.write(records.Flag(Case.PULSES_WRONG, "1 coins, 10 yen, kept by the shut slot in a test, not counted"))
        both = f"{coin_wire(pulse)} and {inhibit_wire(pulse)}"
        raise Refused(
            "test", f"The shut slot kept the coin and nothing counted it. Look at {both}: swapped, or both cut."
        )


def _open_takes(hands: Hands, pulse: PulseTable | None) -> Waiting:
    """The yen that the open slot took. Raises `Refused` when it took none."""
    if pulse is not None and Reason.ACCEPTOR_BLOCKED in hands.state.reasons:
        both = f"{coin_wire(pulse)} touches {inhibit_wire(pulse)} or ground"
        raise Refused(
            "test",
            f"The coin wire rests low: {both}, the counter switch stands at NC, or a coin is stuck. Look at them; then test again.",
        )
    before_yen, broken = _counted_yen(hands), None
    yield Tell(COIN, OpenSlot(frozenset(hands.hopper_values)))
    yield Show((f"2 The slot is open. Insert the same coin; {COINS_S:.0f} s. Ctrl-C ends the test.",))
    try:
        yield from _taken(hands, hands.monotonic() + COINS_S, coins=1, breaks=True)
    except BrokenOff as by_hand:
        broken = by_hand
    yield from _shut(hands)
    if broken is not None:
        raise broken
    if taken_yen := _counted_yen(hands) - before_yen:
        return taken_yen
    raise Refused("test", (yield from _why_not_taken(hands, pulse)))


def _counted_yen(hands: Hands) -> int:
    """Test coins of this machine's life."""
    return hands.book.totals["test_coins_yen"]


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


def _shut(hands: Hands) -> Checked:
    """Close the slot and wait until no coin rolls any more."""
    yield Tell(COIN, CloseSlot())
    yield from _taken(hands, hands.monotonic() + CLOSING_S)


def _taken(hands: Hands, until_s: float, *, coins: int | None = None, breaks: bool = False) -> Checked:
    """Write a `TestCoin` for each coin until `until_s`, `SlotClosed` or so many `coins`. `breaks`: or Ctrl-C (`BrokenOff`)."""
    count = 0
    while count != coins:
        event = yield Listen(until_s, coins=True, breaks=breaks)
        if isinstance(event, CoinCredited):
            yield from _note(hands, event)
            count += 1
        elif event is None or isinstance(event, SlotClosed):
            break


def _until_enter(hands: Hands, until_s: float) -> Generator[Step, Any, bool]:
    """The same until ENTER is pressed; whether it was."""
    while (event := (yield Listen(until_s, coins=True, breaks=True))) is not None:
        if isinstance(event, KeyPressed) and event.key is Key.ENTER:
            return True
        if isinstance(event, CoinCredited):
            yield from _note(hands, event)
    return False


def _note(hands: Hands, coin: CoinCredited) -> Checked:
    hands.write(records.TestCoin(value_yen=coin.value_yen, event_counter=coin.event_counter))
    yield Show((f"{coin.value_yen} yen",))
