"""The machine's driver on the board's own program: two readings of the page, written apart, over a pseudo-terminal."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import DeviceError
from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardCoins, BoardDoor, BoardKeys, BoardSlot
from drivers.serial_stream import SerialStream
from drivers.vocabulary import CoinCredited, CreditsLost
from firmware.io_board.program import digest
from firmware.parts import MonotonicClock
from host_sim.io_board.board import Board

ALL_COINS = frozenset({10, 50, 100})
PULSES = {1: 10, 5: 50, 10: 100}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with Board(tmp_path / "io-board", seed=9) as board:
        board.wait_for(board.path.exists)
        yield board


@pytest.fixture
def link(board: Board) -> Iterator[BoardLink]:
    clock = MonotonicClock()
    link = BoardLink(SerialStream(str(board.path), 115200, clock, device="io_board"), clock)
    yield link
    link.close()


def take(acceptor: PulseAcceptor, yen: int) -> int:
    """Poll until so much has come, whatever the line does meanwhile; returns the coins told as lost."""
    lost = 0
    while yen > 0:
        with contextlib.suppress(DeviceError):
            for event in acceptor.poll():
                yen -= event.value_yen if isinstance(event, CoinCredited) else 0
                lost += event.count if isinstance(event, CreditsLost) else 0
    assert yen == 0
    return lost


def test_keys_door_program_and_coins(board: Board, link: BoardLink) -> None:
    assert link.identity().program_sha256 == digest()
    keys, door = BoardKeys(link), BoardDoor(link)
    board.press(2, 1)
    board.wait_for(lambda: keys.closed() == {(2, 1)})
    board.release(2, 1)
    board.wait_for(lambda: keys.closed() == frozenset())
    board.door(shut=False)
    board.wait_for(door.broken)
    acceptor = PulseAcceptor(BoardCoins(link), BoardSlot(link), PULSES, PulseTiming())
    acceptor.start()
    assert not board.takes_coins()
    acceptor.accept(ALL_COINS)
    assert board.takes_coins()
    board.pulse(10, width_ms=25, gap_ms=60)
    assert take(acceptor, 100) == 0
    acceptor.inhibit()
    assert not board.takes_coins()


def test_a_port_that_goes_and_comes_back_loses_no_coin(board: Board, link: BoardLink) -> None:
    acceptor = PulseAcceptor(BoardCoins(link), BoardSlot(link), PULSES, PulseTiming())
    acceptor.start()
    acceptor.accept(ALL_COINS)
    board.pulse(5, width_ms=25, gap_ms=60)
    board.drop_line()
    board.wait_for(lambda: not _polls(acceptor))
    board.restore_line()
    assert take(acceptor, 50) == 0


@pytest.mark.parametrize("way", ["reset", "hang"])
def test_a_board_that_starts_anew_shuts_the_slot_and_a_coin_in_it_is_told_as_lost(
    board: Board, link: BoardLink, way: str
) -> None:
    acceptor = PulseAcceptor(BoardCoins(link), BoardSlot(link), PULSES, PulseTiming())
    acceptor.start()
    acceptor.accept(ALL_COINS)
    (board.reset if way == "reset" else board.hang)()
    lost = 0
    while not lost:
        with contextlib.suppress(DeviceError):
            lost += sum(isinstance(event, CreditsLost) for event in acceptor.poll())
    assert not board.takes_coins(), "the next session opens it"
    board.wait_for(lambda: _opens(acceptor))
    assert board.takes_coins()


def _polls(acceptor: PulseAcceptor) -> bool:
    with contextlib.suppress(DeviceError):
        acceptor.poll()
        return True
    return False


def _opens(acceptor: PulseAcceptor) -> bool:
    with contextlib.suppress(DeviceError):
        acceptor.accept(ALL_COINS)
        return True
    return False
