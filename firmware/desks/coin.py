"""The coin desk: acceptor and hoppers. They share one bus, so one desk uses both."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from drivers.errors import BadReply, DeviceError, NoReply, NotPaired
from drivers.vocabulary import AcceptorBlocked, CreditsLost, HopperState
from firmware.desks import (
    COIN,
    Acknowledged,
    AcknowledgePayout,
    Answer,
    CoinCommand,
    Desk,
    Health,
    HoppersSeen,
    LookAgain,
    PairAcceptor,
    Paired,
    Stranger,
)
from firmware.ports import CoinAcceptor, Hoppers
from firmware.session.effects import CheckCoins, CloseSlot, CountHopper, Dispense, OpenSlot
from firmware.session.events import CoinReadiness, Fault, HopperCounted, SlotClosed

POLL_CLOSING_S = 0.2
POLL_CLOSED_S = 0.5  # a coin may still come: late, or pushed in
QUIET_POLLS = 2  # polls without a coin after inhibit, `POLL_CLOSING_S` apart; then no coin is rolling any more
LOOK_EVERY = 30  # polls of a closed slot between two looks: one hopper is asked every 15 s


def _blocks(answers: Sequence[object]) -> bool:
    return any(isinstance(answer, AcceptorBlocked) for answer in answers)


class CoinDesk(Desk[CoinCommand]):
    name = COIN
    reason_when_down = "coin"

    def __init__(self, acceptor: CoinAcceptor, hoppers: Hoppers) -> None:
        self._acceptor = acceptor
        self._hoppers = hoppers
        self._open = False
        self._quiet: int | None = None  # while the slot is closing: the polls without a coin so far
        self._rests = 0  # polls of a closed slot since the last look at a hopper
        self._blocked = False
        self._told: dict[int, HopperState] = {}
        self._cut_off_told = False

    def start(self) -> Sequence[Answer]:
        self._open, self._quiet, self._blocked = False, None, False
        self._acceptor.start()
        self._acceptor.inhibit()
        self._hoppers.start()
        events = self._acceptor.poll()
        self._cut_off_told = False
        return [*events, *self._identity(), *self._news(), self._health(events)]

    def handle(self, command: CoinCommand) -> Sequence[Answer]:
        answers = self._handled(command)
        news = [self._health(answers)] if _blocks(answers) else []
        return [*self._seen(), *answers, *news, *self._hoppers.strays()]

    def _news(self) -> Sequence[Answer]:
        """What has come to light about the hoppers: their states, where one has changed, and coins that left them."""
        return [*self._seen(), *self._hoppers.strays()]

    def _seen(self) -> Sequence[Answer]:
        states = dict(self._hoppers.seen())
        changed = {value: state for value, state in states.items() if self._told.get(value) != state}
        self._told = states
        return [HoppersSeen(changed)] if changed else []

    def _handled(self, command: CoinCommand) -> Sequence[Answer]:
        match command:
            case CheckCoins():
                hoppers = (
                    self._hoppers.states()
                )  # before the poll: an error after it would lose the coin that it returned
                return [*self._acceptor.poll(), self._readiness(hoppers)]
            case OpenSlot(values_yen=values):
                self._acceptor.accept(values)
                self._open, self._quiet = True, None
                return self._acceptor.poll()
            case CloseSlot():
                self._acceptor.inhibit()
                self._open, self._quiet = False, 0  # `poll` posts `SlotClosed` when no coin rolls any more
                return []
            case CountHopper(value_yen=value):
                return self._counted(value)
            case Dispense(value_yen=value, coins=coins, before=before):
                return [self._hoppers.dispense(value, coins, before)]
            case PairAcceptor(serial=serial):
                return self.start() if self._acceptor.pair(serial) else []
            case AcknowledgePayout(value_yen=value):
                self._hoppers.acknowledge(value)
                return [Acknowledged(value)]
            case LookAgain():
                self._hoppers.clear()
                return self.start()
            case _:
                assert_never(command)

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        if isinstance(error, NotPaired):
            return [Stranger(error.found), Health(self.name, frozenset({"acceptor_unpaired"}), str(error))]
        return [*super().failed(error), *self._cut_off()]

    def _cut_off(self) -> Sequence[Answer]:
        """The coin that was coming in when its wire was lost, once: nobody may ever hear the rest of it."""
        if not self._acceptor.under_way or self._cut_off_told:
            return []
        self._cut_off_told = True
        return [CreditsLost(1)]

    def works_down(self, command: CoinCommand) -> bool:
        """Hoppers pay even if the acceptor is silent, and staff mends a desk that is down."""
        return isinstance(command, CountHopper | Dispense | PairAcceptor | AcknowledgePayout | LookAgain)

    def stop(self) -> None:
        """Close the slot: a pulse acceptor would go on taking coins that nobody counts."""
        self._acceptor.inhibit()

    def _counted(self, value_yen: int) -> Sequence[Answer]:
        """All counts that a payout depends on: the acceptor's beside the credits, then the hopper's beside its payouts."""
        compared = self._acceptor.compare()
        try:
            counters = self._hoppers.counters(value_yen)
        except (NoReply, BadReply) as trouble:  # only this hopper fails: the others can still pay
            return [*compared.events, Fault(self.name, trouble.sentence)]
        strays = self._hoppers.strays()
        if any(stray.value_yen == value_yen for stray in strays):
            lost = f"Coins left the hopper for {value_yen} yen without a command: count it."
            return [*compared.events, *strays, Fault(self.name, lost)]
        return [*compared.events, *strays, HopperCounted(value_yen, counters, borne=compared.borne)]

    def _readiness(self, hoppers: Mapping[int, HopperState]) -> CoinReadiness:
        return CoinReadiness(hoppers=hoppers, acceptor=self._acceptor.counters(), selective=self._acceptor.selective)

    def _identity(self) -> Sequence[Answer]:
        serial = self._acceptor.newly_paired()
        return [] if serial is None else [Paired(serial)]

    def _health(self, answers: Sequence[object]) -> Health:
        self._blocked = self._blocked or _blocks(answers)
        return Health(self.name, frozenset({"acceptor_blocked"}) if self._blocked else frozenset())

    def poll(self) -> Sequence[Answer]:
        looked = [] if self._open or self._quiet is not None else self._now_and_then()
        events = self._acceptor.poll()  # last: an error after it would lose the coin that it returned
        news = [*looked, self._health(events)] if _blocks(events) else looked
        if self._quiet is not None:
            return [*events, *news, *self._closing(coins=bool(events))]
        return [*events, *news, *self._news()]

    def _now_and_then(self) -> list[Health]:
        self._rests += 1
        if self._rests < LOOK_EVERY:
            return []
        self._rests = 0
        return self._look_around()

    def _look_around(self) -> list[Health]:
        """Ask one hopper how it is and for coins that left it, and a blocked acceptor whether somebody has freed it."""
        self._hoppers.look()
        if not self._blocked or self._acceptor.blocked():
            return []
        self._blocked = False
        return [self._health(())]

    def _closing(self, *, coins: bool) -> Sequence[Answer]:
        assert self._quiet is not None
        self._quiet = 0 if coins or self._acceptor.under_way else self._quiet + 1
        if self._quiet < QUIET_POLLS:
            return []
        events = self._acceptor.compare().events  # before anything is printed or paid for these credits
        if events:
            self._quiet = 0
            return events
        self._quiet = None
        return [SlotClosed(self._acceptor.counters())]

    def poll_every_s(self) -> float:
        if self._quiet is not None:
            return POLL_CLOSING_S
        return self._acceptor.rest_s if self._open else POLL_CLOSED_S
