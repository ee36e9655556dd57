"""The coin bench in virtual time: what `info` says of a line, and what `watch` says of the last coin."""

import argparse

import pytest

from drivers.coin.__main__ import _COMMANDS
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WIRES
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.cctalk_bus import CcTalkBusModel
from tests.bench.coin_world import Machine


def run(machine: Machine, command: str, *, checksum: Checksum = Checksum.SIMPLE, **options: object) -> int:
    bus = CcTalkBus(machine.stream, machine.clock, checksum=checksum)
    return _COMMANDS[command](bus, argparse.Namespace(**options))


@pytest.mark.parametrize("wire", ["clean", "clean_echo"])
def test_info_names_the_checksum_that_was_answered(wire: str, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine(wire, crc=True)
    assert run(machine, "info", all=False) == 1
    said = capsys.readouterr().out
    assert "2: Coin Acceptor, with the checksum crc" in said
    assert "5 more answered with the checksum crc only: give --checksum crc" in said
    assert ("The line echoes; 0 devices" in said) is (wire == "clean_echo")
    assert "is silent" not in said
    assert run(machine, "info", checksum=Checksum.CRC, all=False) == 0
    assert "2: Coin Acceptor, KFK SIM-A5 1.0" in capsys.readouterr().out


def test_info_says_that_a_line_without_devices_echoes(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("clean_echo")
    for device in (machine.acceptor, *machine.hoppers.values()):
        device.fault("mute", 0.0)
    assert run(machine, "info", all=False) == 1
    assert "The line echoes; 0 devices" in capsys.readouterr().out


def test_info_finds_a_device_at_any_address_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("clean")
    machine.stream = MemoryStream(
        CcTalkBusModel([AcceptorModel(address=200)]), machine.clock, WIRES["clean"], lost=lambda: AssertionError("gone")
    )
    run(machine, "info", all=False)
    assert "Coin Acceptor" not in capsys.readouterr().out
    run(machine, "info", all=True)
    assert "200: Coin Acceptor" in capsys.readouterr().out


def watched(coin_at_s: float | None) -> Machine:
    machine = Machine("clean")
    if coin_at_s is not None:
        machine.clock.at(coin_at_s, lambda: machine.acceptor.insert("JP100A", machine.clock.monotonic()))
    assert run(machine, "watch", acceptor=2, seconds=2.0) == 0
    assert machine.acceptor.open_coins == frozenset()
    return machine


def test_watch_tells_every_coin_of_the_last_moments(capsys: pytest.CaptureFixture[str]) -> None:
    ends_s = watched(None).clock.monotonic()
    kept = 0
    for before_s in range(0, 1500, 50):
        capsys.readouterr()
        machine = watched(ends_s - before_s / 1000)
        kept += len(machine.acceptor.cash_box)
        told = capsys.readouterr().out.splitlines()[-1]
        assert f"total {100 * len(machine.acceptor.cash_box)} yen;" in told, f"{before_s} ms before the end"
    assert 0 < kept < 30, "some coins came before the slot was shut, others after it"
