"""The coin desk of a counter terminal, which has no coin devices: the clerk takes the fee at the till.

The session never asks it anything; a technician who does gets a sentence.
"""

from collections.abc import Sequence

from firmware.desks import COIN, Answer, CoinCommand, Desk, Health
from firmware.session.events import Fault

NO_COINS = "this machine has no coin devices: the fee is taken at the till"


class TillDesk(Desk[CoinCommand]):
    name = COIN

    def start(self) -> Sequence[Answer]:
        return [Health(COIN, frozenset())]

    def handle(self, command: CoinCommand) -> Sequence[Answer]:  # noqa: ARG002  every one has the same answer
        return [Fault(COIN, NO_COINS)]

    def poll(self) -> Sequence[Answer]:
        return []

    def poll_every_s(self) -> float:
        return 3600.0
