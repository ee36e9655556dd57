"""Another project's parser reads what our driver sends, and finds the dots that our simulated printer has on paper.

npos comes from npm by `make setup`; without it these tests fail instead of being skipped.
"""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.printer.raster import RasterSlip
from drivers.vocabulary import Printed
from tests.unit.printer.rig import Rig, make_rig, make_rows

READER = Path(__file__).parents[2] / "golden" / "npos" / "read.js"


def _sheets(stream: Path, rig: Rig) -> Iterator[np.ndarray]:
    """The sheets npos finds, rows x dots."""
    command = ["node", "--no-deprecation", str(READER), str(stream), str(rig.profile.feed_units_per_dot)]
    found = subprocess.run(command, check=True, capture_output=True, timeout=900).stdout
    while found:
        width, height = struct.unpack_from("<II", found)
        size = width // 8 * height
        yield np.unpackbits(np.frombuffer(found[8 : 8 + size], np.uint8).reshape(height, -1), axis=1)
        found = found[8 + size :]


def _from_first_to_last_ink(dots: np.ndarray) -> np.ndarray:
    inked = np.flatnonzero(dots.any(axis=1))
    return dots[inked[0] : inked[-1] + 1]


@pytest.mark.parametrize("name", ["a4-203", "a4-300", "kpm216h", "receipt-80", "tm-t88"])
def test_npos_finds_the_same_dots(name: str, tmp_path: Path) -> None:
    """Rasters, graphics and split columns; the narrow ones decoded by npos to the last dot."""
    rig = make_rig(name, tiny=False)
    before = len(rig.stream.sent)
    if rig.profile.page_dots:
        assert isinstance(rig.print_one(rig.page()), Printed)
    else:
        rows = make_rows(rig.profile.width_dots, 700, top=120)
        slip = RasterSlip(width_dots=rig.profile.width_dots, height_dots=700, rows=rows)
        assert isinstance(rig.driver.print_slip(slip, 3), Printed)
    stream = tmp_path / "printer.bin"
    stream.write_bytes(rig.stream.sent[before:])
    (theirs,) = _sheets(stream, rig)
    (ours,) = rig.model.tray
    assert ours.complete
    assert np.array_equal(_from_first_to_last_ink(theirs), _from_first_to_last_ink(ours.dots()))
