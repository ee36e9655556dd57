"""The simulated maintenance cable: nothing is lost for who reads slowly, and nobody's machine waits for who is not there."""

import contextlib
import os
import select

import pytest

from host_sim.running import HANG_S
from host_sim.serial_cable import NOBODY_S, joined

MUCH = bytes(range(32, 127)) * 8000  # 760 kB, as of a journal's export


@pytest.fixture
def ends(tmp_path):
    lines = joined(tmp_path / "console", tmp_path / "terminal")
    files = [os.open(line.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) for line in lines]
    yield lines, *files
    for file in files:
        os.close(file)
    for line in lines:
        line.close()


def written(file: int, data: bytes) -> int:
    with contextlib.suppress(BlockingIOError):
        return os.write(file, data)
    return 0


def read(file: int) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return os.read(file, 1000)
    return b""


def test_a_terminal_that_reads_slowly_gets_every_byte(ends):
    lines, machine, terminal = ends
    sent, heard, now_s, silent = 0, b"", 0.0, 0
    while len(heard) < len(MUCH):
        sent += written(machine, MUCH[sent:])
        for line in lines:
            line.pump(now_s)
        if piece := read(terminal):
            heard, now_s, silent = heard + piece, now_s + 0.4 * NOBODY_S, 0
            continue
        silent += 1  # the kernel brings bytes from end to end when it has time
        assert silent < HANG_S / 0.1, f"{len(MUCH) - len(heard)} bytes are lost"
        select.select([terminal], [], [], 0.1)
    assert heard == MUCH


def test_a_machine_whose_terminal_nobody_reads_is_not_held_up(ends):
    lines, machine, _ = ends
    sent = 0
    for step in range(4000):
        sent += written(machine, MUCH[sent:])
        for line in lines:
            line.pump(step * 0.4 * NOBODY_S)
    assert sent == len(MUCH)
