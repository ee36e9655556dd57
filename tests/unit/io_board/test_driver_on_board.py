"""The machine's driver on the board's own program: two readings of the page, written apart.

In virtual time, so that a computer which stands still for a second is no board that does not answer; and once over a
pseudo-terminal, where every call is made until it succeeds.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import DeviceError, LineLost
from drivers.io_board.link import LOST_S, BoardLink
from drivers.io_board.wires import BoardCoins, BoardDoor, BoardKeys, BoardSlot
from drivers.serial_stream import SerialStream
from drivers.vocabulary import CoinCredited, CreditsLost
from firmware.io_board.program import digest
from firmware.parts import MonotonicClock
from host_sim.adapters.memory import MemoryStream
from host_sim.clock import VirtualClock
from host_sim.io_board.board import Board
from host_sim.io_board.model import BoardModel
from tests.unit.io_board.board_bench import USB

ALL_COINS = frozenset({10, 50, 100})
PULSES = {1: 10, 5: 50, 10: 100}
LOOK_S = 0.01
LIMIT_S = 60.0


class Bench:
    """A board's own program, its cable and the driver. The port goes with each start of the program and comes back."""

    def __init__(self, model: BoardModel) -> None:
        self.clock = VirtualClock()
        self.model = model
        self.stream = MemoryStream(model, self.clock, USB, lost=lambda: LineLost("io_board", "the port is gone"))
        self.link = BoardLink(self.stream, self.clock)
        self.keys, self.door = BoardKeys(self.link), BoardDoor(self.link)
        self.acceptor = PulseAcceptor(BoardCoins(self.link), BoardSlot(self.link), PULSES, PulseTiming())
        self.line_up = True
        self._starts = model.starts
        self._look()

    def _look(self) -> None:
        self.model.run(self.clock.now_s)
        if self.model.starts != self._starts or not self.line_up:
            self._starts = self.model.starts
            self.stream.hang_up()
            self.model.transmit(self.clock.now_s)  # no port: what is said now is lost
        else:
            self.stream.plug_in()
        self.clock.after(LOOK_S, self._look)

    def wait_for(self, seen: Callable[[], bool]) -> None:
        while not seen():
            assert self.clock.now_s < LIMIT_S
            self.clock.advance(LOOK_S)

    def takes_coins(self) -> bool:
        self.model.run(self.clock.now_s)
        return self.model.takes_coins()

    def poll(self) -> tuple[int, int]:
        """Yen credited and coins told as lost, by one poll; nothing while the line is gone."""
        credited = lost = 0
        with contextlib.suppress(DeviceError):
            for event in self.acceptor.poll():
                credited += event.value_yen if isinstance(event, CoinCredited) else 0
                lost += event.count if isinstance(event, CreditsLost) else 0
        return credited, lost

    def take(self, yen: int) -> int:
        """Poll until so much has come, whatever the line does meanwhile; returns the coins told as lost."""
        credited = lost = 0
        while credited < yen:
            assert self.clock.now_s < LIMIT_S
            more, gone = self.poll()
            credited, lost = credited + more, lost + gone
            self.clock.advance(LOOK_S)
        assert credited == yen
        return lost


@pytest.fixture
def bench() -> Iterator[Bench]:
    with BoardModel(seed=9) as model:
        yield Bench(model)


def test_keys_door_program_and_coins(bench: Bench) -> None:
    assert bench.link.identity().program_sha256 == digest()
    bench.model.press(2, 1, bench.clock.now_s)
    bench.wait_for(lambda: bench.keys.closed() == {(2, 1)})
    bench.model.release(2, 1, bench.clock.now_s)
    bench.wait_for(lambda: bench.keys.closed() == frozenset())
    bench.model.door(shut=False, now_s=bench.clock.now_s)
    bench.wait_for(bench.door.broken)
    bench.acceptor.start()
    assert not bench.takes_coins()
    bench.acceptor.accept(ALL_COINS)
    assert bench.takes_coins()
    bench.model.pulse(10, width_s=0.025, gap_s=0.06, now_s=bench.clock.now_s)
    assert bench.take(100) == 0
    bench.acceptor.inhibit()
    assert not bench.takes_coins()


def test_a_port_that_goes_and_comes_back_loses_no_coin(bench: Bench) -> None:
    bench.acceptor.start()
    bench.acceptor.accept(ALL_COINS)
    bench.model.pulse(5, width_s=0.025, gap_s=0.06, now_s=bench.clock.now_s)
    bench.line_up = False
    bench.clock.advance(2 * LOST_S)
    with pytest.raises(DeviceError):
        bench.acceptor.poll()
    bench.line_up = True
    bench.clock.advance(2 * LOOK_S)
    assert bench.take(50) == 0


@pytest.mark.parametrize("way", ["reset", "hang"])
def test_a_board_that_starts_anew_shuts_the_slot_and_a_coin_in_it_is_told_as_lost(bench: Bench, way: str) -> None:
    bench.acceptor.start()
    bench.acceptor.accept(ALL_COINS)
    (bench.model.reset if way == "reset" else bench.model.hang)(bench.clock.now_s)
    bench.wait_for(lambda: bench.poll()[1] > 0)
    assert not bench.takes_coins(), "the next session opens it"
    bench.acceptor.accept(ALL_COINS)
    assert bench.takes_coins()


def test_over_a_pseudo_terminal(tmp_path: Path) -> None:
    clock = MonotonicClock()
    with Board(tmp_path / "io-board", seed=9) as board:
        link = BoardLink(SerialStream(str(board.path), 115200, clock, device="io_board"), clock)
        keys, door = BoardKeys(link), BoardDoor(link)
        board.press(2, 1)
        board.wait_for(_succeeds(lambda: keys.closed() == {(2, 1)}))
        board.door(shut=False)
        board.wait_for(_succeeds(door.broken))
        link.close()


def _succeeds(call: Callable[[], bool]) -> Callable[[], bool]:
    """A slow computer answers too late for `LOST_S`, and then in time."""

    def tried() -> bool:
        with contextlib.suppress(DeviceError):
            return call()
        return False

    return tried
