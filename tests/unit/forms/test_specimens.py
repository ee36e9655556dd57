"""`python -m host_sim.centre specimens`: a paper of each kind, dot by dot."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from host_sim.centre import forms
from host_sim.centre.__main__ import main
from host_sim.centre.commands.specimens import SPECIMENS


def test_a_paper_of_each_kind_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are papers that the check finds right; each says 見本."""
    assert {kind for _, kind, _, _ in SPECIMENS} == set(forms.KINDS)
    monkeypatch.setattr(sys, "argv", ["host_sim.centre", "specimens", str(tmp_path)])
    assert main() == 0
    assert len(capsys.readouterr().out.splitlines()) == len(SPECIMENS)
    for name, *_ in SPECIMENS:
        with Image.open(tmp_path / f"{name}.png") as drawn:
            assert (drawn.mode, drawn.size) == ("1", (1680, 2376))
