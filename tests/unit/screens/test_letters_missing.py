"""A machine that cannot draw everybody's name does not start, and says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.screens.fonts import LettersMissing, load

DRAWS = "from firmware.screens.fonts import RARE, load; load(RARE, 30); print('drawn')"
HIDES = (
    'for file in $(ldconfig -p | sed -n "s/.*libfribidi.* => //p"); do mount --bind /dev/null "$file"; done; exec "$@"'
)


def test_a_font_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LettersMissing, match="machine-packages"):
        load(tmp_path / "none.ttf", 30)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a library of the system")
def test_the_library_that_variation_selectors_need() -> None:
    """Run in a mount namespace in which the file of libfribidi0 is empty."""
    command = [sys.executable, "-W", "ignore", "-c", DRAWS]
    there = subprocess.run(command, capture_output=True, text=True, check=True)
    assert there.stdout == "drawn\n"
    hidden = ["unshare", "--mount", "sh", "-ec", HIDES, "sh", *command]
    missing = subprocess.run(hidden, capture_output=True, text=True, check=False)
    assert missing.returncode == 1
    assert missing.stderr.rstrip().endswith("the package libfribidi0 is missing")
