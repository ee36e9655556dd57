"""The board on a pseudo-terminal, as a driver opens it. No duration is checked: a slow computer only takes longer."""

import os
import select
from pathlib import Path

import pytest

from host_sim.io_board.__main__ import HELP, answer
from host_sim.io_board.board import Board
from host_sim.io_board.model import Wires
from tests.unit.io_board.board_page import Report, frame, read, set_body


class Port:
    """A machine without a driver: one frame out, whole frames in."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self._heard = b""

    def ask(self, boot: int, outputs: int) -> Report:
        """A SET, and the first report that is its answer. Sent again while there is none."""
        while True:
            os.write(self._fd, b"\0" + frame(set_body(7, boot, 0, outputs)))
            while select.select([self._fd], [], [], 0.3)[0]:
                self._heard += os.read(self._fd, 4096)
                whole, _, self._heard = self._heard.rpartition(b"\0")
                for said in read(whole + b"\0"):
                    if isinstance(said, Report) and said.sequence == 7 and (boot == 0 or said.why == 0):
                        return said

    def is_gone(self) -> bool:
        """Read what is left; a port that is gone has an end, or is an error."""
        try:
            while select.select([self._fd], [], [], 0.0)[0]:
                if not os.read(self._fd, 4096):
                    return True
        except OSError:
            return True
        return False

    def close(self) -> None:
        os.close(self._fd)


def opened(board: Board) -> Port:
    board.wait_for(board.path.exists)
    return Port(board.path)


@pytest.mark.parametrize("way", ["reset", "hang", "cable"])
def test_a_port_goes_and_comes_back_with_another_boot_number(tmp_path: Path, way: str) -> None:
    with Board(tmp_path / "run" / "io-board", seed=5) as board:
        port = opened(board)
        boot = port.ask(0, 0).boot
        board.press(1, 2)
        board.wait_for(lambda: port.ask(boot, 0x0E).contacts == 1 << 6)
        if way == "cable":
            board.unplug()
            assert not board.path.exists()
            assert board.wires() == Wires(*[False] * 5)
            board.replug()
        else:
            (board.reset if way == "reset" else board.hang)()
        board.wait_for(port.is_gone)
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
        board.wait_for(port.is_gone)
        port.close()
        board.pulse(3, width_ms=30, gap_ms=20)
        board.restore_line()
        again = opened(board)
        board.wait_for(lambda: len(again.ask(boot, 0x02).edges) == 6)
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
