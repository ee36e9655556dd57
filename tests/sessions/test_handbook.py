"""The transcripts of the console's pages are what the machine says; if not, `python -m tests.handbook` draws them anew."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from host_sim.wallet import WalletCard
from tests.handbook import PAGES, redrawn, same


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_transcripts_are_what_the_machine_says(path: Path, wallet: Mapping[str, WalletCard]) -> None:
    page = path.read_text(encoding="utf-8")
    fresh = redrawn(page, wallet)
    assert same(fresh, page), "python -m tests.handbook"
    assert "ERR arguments" not in fresh, "a transcript types what the console does not understand"
