"""A simulated I/O board, its cable, and the driver, in virtual time."""

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import LineLost
from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardCoins, BoardDoor, BoardKeys, BoardSlot
from drivers.vocabulary import CoinCredited, CreditsLost, WrongPulses
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock
from host_sim.models.io_board.board import IoBoardModel
from host_sim.models.key_matrix import KeyMatrix
from host_sim.models.pulse_acceptor import PulseAcceptorModel

USB = WireKind(baud=None)
LOSSY = WireKind(baud=None, loss=0.1)
CODES = {1: 10, 5: 50, 10: 100, 50: 500}


class Bench:
    def __init__(self, wire: WireKind = USB, seed: int = 0) -> None:
        self.clock = VirtualClock()
        self.keys = KeyMatrix()
        self.acceptor = PulseAcceptorModel(seed=seed)
        self.door_open = False
        self.board = IoBoardModel(self.keys, self.acceptor, lambda: self.door_open, self.clock.monotonic, seed=seed)
        self.stream = MemoryStream(
            self.board, self.clock, wire, seed=seed, lost=lambda: LineLost("io_board", "the port is gone")
        )
        self.link = BoardLink(self.stream, self.clock)
        self.pads, self.door = BoardKeys(self.link), BoardDoor(self.link)
        self.slot = BoardSlot(self.link)
        self.driver = PulseAcceptor(BoardCoins(self.link), self.slot, CODES, PulseTiming())
        self.credited, self.told_lost = 0, False

    @property
    def boot(self) -> int:
        return self.link.report().boot

    def wait(self, seconds: float) -> None:
        """The keys are waited for, as the keypad's desk does, and the coins are looked at now and then."""
        until_s = self.clock.monotonic() + seconds
        while (left_s := until_s - self.clock.monotonic()) > 0:
            self.link.wait_for(lambda _: False, min(0.05, left_s))

    def drop(self, coin: str) -> bool:
        self.board.advance(self.clock.monotonic())
        return self.acceptor.insert(coin, self.clock.monotonic())

    def poll(self, seconds: float) -> None:
        """Look at the coins as the coin desk does, for so long."""
        until_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            self.wait(0.175)
            for event in self.driver.poll():
                match event:
                    case CoinCredited(value_yen=yen):
                        self.credited += yen
                    case CreditsLost() | WrongPulses():
                        self.told_lost = True
