"""What a pulse acceptor's wire can have told, in yen: the bounds between its cash box and the records of its machine.

Such an acceptor counts no coins, so the checker compares yen. The box may hold more than was credited only where the machine
has told a person of pulses that it could not read, where it was dead while pulses came, or where the acceptor never sent them.
A wire that is held low hides pulses; the machine cannot count those, and tells a person that the acceptor is blocked.
What nobody is told of is what such a wire cannot tell: pulses never sent, and those of a shut slot when the program ends.
"""

from collections.abc import Collection, Iterable, Sequence

from firmware.book import records as r
from firmware.book.cases import Case
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.world import PULSES, VALUES

UNIT_YEN = PULSES[1]  # of one pulse
UNREAD_S = 2.0  # a pulse is read, and its credit durable, so soon after it; a late desk included
TELL = {
    Case.PULSES_WRONG,
    Case.CREDITS_LOST,
    Case.SUSPECT_COIN,
    Case.POWER_LOST_AT_SLOT,
    Case.ACCEPTOR_BLOCKED,
}


def unread_yen(acceptor: PulseAcceptorModel, end_s: float) -> int:
    """The worth of the coins whose pulses a machine that ends now may not have written down."""
    yen, since_s = 0, end_s - UNREAD_S
    for train in reversed([train for train in acceptor.trains if train.begins_s < end_s]):
        if train.ends_s < since_s:
            break
        since_s = min(since_s, train.begins_s - UNREAD_S)  # coins in one train are told at its end
        yen += VALUES[train.coin] if train.coin is not None else 0
    return yen


def why_wrong(
    acceptor: PulseAcceptorModel,
    history: Iterable[r.Record],
    ended_s: Sequence[float],
    open_s: Collection[float],
    forgotten: int,
) -> str | None:
    """What is wrong between box and records (invariant I2); None: nothing.

    `ended_s`: when a process of the machine ended, or the line to the wire was cut. `open_s`: those ends with the slot
    open, of which a person is told.
    `forgotten`: pulses that an I/O board had not told when it or the machine started anew; a person is told, too.
    """
    unread, unread_open = (sum(unread_yen(acceptor, at_s) for at_s in ends) for ends in (ended_s, open_s))
    known_yen, about_yen, told = 0, 0, False
    for record in history:
        match record:
            case r.Coin(value_yen=value) | r.StrayCoin(value_yen=value) | r.TestCoin(value_yen=value):
                known_yen += value
            case r.Flag(code=code, detail=detail) if code in TELL:
                told = True
                about_yen += _about_yen(detail)
            case _:
                pass
    missing_yen = sum(VALUES[coin] for coin in acceptor.cash_box) - known_yen
    ghost_yen = UNIT_YEN * sum(train.sent for train in acceptor.trains if train.coin is None)
    unsent_yen, hidden_yen = UNIT_YEN * acceptor.unsent, UNIT_YEN * acceptor.hidden
    forgotten_yen = UNIT_YEN * forgotten
    if not -ghost_yen <= missing_yen <= about_yen + unread + unsent_yen + hidden_yen + forgotten_yen:
        bounds = (
            f"{ghost_yen} came without a coin, {about_yen} are told, {unread} died unread, {unsent_yen} were never sent, "
            f"{hidden_yen} were hidden by a wire that was held, {forgotten_yen} a board forgot"
        )
        return f"{missing_yen} yen in the box are unexplained: {bounds}"
    if missing_yen > unsent_yen + unread - unread_open and not told:
        return f"{missing_yen} yen are missing and nobody is told"
    return None


def _about_yen(detail: str) -> int:
    words = [part for part in detail.split(", ") if part.startswith("about ")]
    return int(words[0].split()[1]) if words else 0
