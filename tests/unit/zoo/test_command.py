"""The command `zoo`: a table on 80 columns, and everything about one device."""

import argparse

import pytest

from host_sim.commands import zoo as command
from host_sim.models.zoo import load_all
from host_sim.running import NotRunning


def test_the_list_names_every_device_and_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(argparse.Namespace(name=None)) == 0
    said = capsys.readouterr().out
    assert all(len(line) <= command.WIDTH for line in said.splitlines())
    assert all(name in said for name in load_all() if len(name) <= 20)


@pytest.mark.parametrize("name", sorted(load_all()))
def test_a_device_is_told_with_its_sources_and_its_state(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    device = load_all()[name]
    assert command.run(argparse.Namespace(name=name)) == 0
    said = capsys.readouterr().out
    assert ("refused at the start" in said) is (device.refused is not None)
    assert all(f"{source}: " in said for source in device.sources)


def test_an_unknown_device_is_answered_in_a_sentence() -> None:
    with pytest.raises(NotRunning, match="The zoo has no toaster"):
        command.run(argparse.Namespace(name="toaster"))
