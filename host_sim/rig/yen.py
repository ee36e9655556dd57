"""What a pulse acceptor's wire can have told, in yen: the bounds between its cash box and the records of its machine.

Such an acceptor counts no coins, so the checker compares yen. The box may hold more than was credited only where the machine
has told a person of pulses that it could not read, where it was dead while pulses came, or where the acceptor never sent them.
"""

from collections.abc import Iterable

from firmware.book import records as r
from firmware.book.cases import Case
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.world import PULSES, VALUES

UNIT_YEN = PULSES[1]  # of one pulse
UNREAD_S = 1.0  # a pulse is read, and its credit durable, so soon after it
TELL = {Case.PULSES_WRONG, Case.CREDITS_LOST, Case.SUSPECT_COIN, Case.POWER_LOST_AT_SLOT}


def unread_yen(acceptor: PulseAcceptorModel, now_s: float) -> int:
    """The worth of the coins whose pulses a machine that dies now may not have written down."""
    under_way = [train for train in acceptor.trains if train.ends_s > now_s - UNREAD_S]
    return sum(VALUES[train.coin] for train in under_way if train.coin is not None)


def why_wrong(acceptor: PulseAcceptorModel, history: Iterable[r.Record], unread: int) -> str | None:
    """What is wrong between box and records (invariant I2); None: nothing. `unread`: yen, over all deaths of the machine."""
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
    unsent_yen = UNIT_YEN * acceptor.unsent
    if not -ghost_yen <= missing_yen <= about_yen + unread + unsent_yen:
        bounds = (
            f"{ghost_yen} came without a coin, {about_yen} are told, {unread} died unread, {unsent_yen} were never sent"
        )
        return f"{missing_yen} yen in the box are unexplained: {bounds}"
    if missing_yen > unsent_yen and not told:
        return f"{missing_yen} yen are missing and nobody is told"
    return None


def _about_yen(detail: str) -> int:
    words = [part for part in detail.split(", ") if part.startswith("about ")]
    return int(words[0].split()[1]) if words else 0
