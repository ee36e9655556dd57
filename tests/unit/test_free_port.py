"""A port that a test or a world has asked for stays its own, also before anything listens there."""

import random
from pathlib import Path

import pytest

from host_sim.running import free_port


def test_a_port_is_given_to_one_only(monkeypatch: pytest.MonkeyPatch) -> None:
    first, choose = free_port(together=2), random.choice
    again = iter([first, first + 1, first - 1])  # the same two, or one of them
    monkeypatch.setattr(random, "choice", lambda ports: next(again, None) or choose(ports))
    assert abs(free_port(together=2) - first) > 1
    assert next(again, None) is None


def test_the_kernel_gives_it_to_no_connection_either() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port(together=2) + 1 < lowest
