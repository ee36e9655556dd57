"""The board on a pseudo-terminal, as a driver opens it. No duration is checked: a slow computer only takes longer."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_sim.io_board.__main__ import HELP, answer
from host_sim.io_board.board import Board
from host_sim.io_board.model import Wires
from tests.unit.io_board.board_page import Report, frame, read, set_body

PATIENCE_S = 120.0


class Port:
    """A machine without a driver: one frame out, whole frames in."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def ask(self, boot: int, outputs: int) -> Report:
        """A SET, again until it is answered."""
        deadline_s = time.monotonic() + PATIENCE_S
        os.set_blocking(self._fd, False)
        heard, sent_s = b"", 0.0
        while time.monotonic() < deadline_s:
            if time.monotonic() - sent_s > 0.3:
                sent_s = time.monotonic()
                os.write(self._fd, b"\0" + frame(set_body(7, boot, 0, outputs)))
            try:
                heard += os.read(self._fd, 4096)
            except BlockingIOError:
                time.sleep(0.001)
            *_, last = [None, *read(heard[: heard.rfind(b"\0") + 1])]
            if isinstance(last, Report) and last.sequence == 7 and (boot == 0 or last.why == 0):
                return last
        raise AssertionError("the board did not answer")

    def is_gone(self) -> bool:
        try:
            return os.read(self._fd, 4096) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        os.close(self._fd)


def wait_for(what: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)


def opened(board: Board) -> Port:
    wait_for(board.path.exists)
    return Port(board.path)


@pytest.mark.parametrize("way", ["reset", "hang", "cable"])
def test_a_port_goes_and_comes_back_with_another_boot_number(tmp_path: Path, way: str) -> None:
    with Board(tmp_path / "run" / "io-board", seed=5) as board:
        port = opened(board)
        boot = port.ask(0, 0).boot
        board.press(1, 2)
        wait_for(lambda: port.ask(boot, 0x0E).contacts == 1 << 6)
        if way == "cable":
            board.unplug()
            assert not board.path.exists()
            assert board.wires() == Wires(*[False] * 5)
            board.replug()
        else:
            (board.reset if way == "reset" else board.hang)()
        wait_for(port.is_gone)
        port.close()
        again = opened(board)
        report = again.ask(0, 0)
        assert report.boot not in {0, boot}
        assert (report.outputs, report.contacts) == (0, 1 << 6)
        again.close()


def test_a_port_that_goes_alone_loses_no_edge(tmp_path: Path) -> None:
    with Board(tmp_path / "io-board", seed=6) as board:
        port = opened(board)
        boot = port.ask(0, 0).boot
        board.drop_line()
        wait_for(port.is_gone)
        port.close()
        board.pulse(3, width_ms=30, gap_ms=20)
        board.restore_line()
        again = opened(board)
        wait_for(lambda: len(again.ask(boot, 0x02).edges) == 6)
        edges = again.ask(boot, 0x02).edges
        times = [at_us - edges[0][0] for at_us, _ in edges]
        assert times == pytest.approx([0, 30_000, 50_000, 80_000, 100_000, 130_000], abs=2)
        again.close()


def test_what_a_person_types(tmp_path: Path) -> None:
    with Board(tmp_path / "io-board") as board:
        assert answer(board, []) == "On: nothing. Inhibit wire floats."
        for line in ("press 0 4", "pulse 0", "door ajar", "sing"):
            assert answer(board, line.split()) == HELP
        for line in ("press 0 1", "release 0 1", "pulse 2", "door open", "reset", "unplug", "replug"):
            assert answer(board, line.split()) == "On: nothing. Inhibit wire floats."
