"""`host_sim console --script` at the real console, in virtual time; a slow line is in `tests/unit/console/test_script.py`."""

import pytest

from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.technician import Stopped, type_script


class RigPort:
    """The terminal's end of a rig's line."""

    def __init__(self, rig: ConsoleRig) -> None:
        self._rig = rig
        self._read = len(rig.terminal.shown)

    def write(self, data: bytes) -> None:
        self._rig.terminal.type(data)

    def read(self, timeout_s: float) -> bytes:
        until_s = self._rig.clock.monotonic() + timeout_s
        shown = self._rig.terminal.shown
        self._rig.run_until(lambda: len(shown) > self._read or self._rig.clock.monotonic() >= until_s, timeout_s + 60)
        data = bytes(shown[self._read :])
        self._read += len(data)
        return data


def typed(rig: ConsoleRig, *script: str) -> None:
    type_script(RigPort(rig), script, lambda _: PASSWORD, lambda _: None)


def test_money_is_paid_by_two_people_and_the_machine_serves_again() -> None:
    rig = ConsoleRig()
    typed(rig, "login tanaka", "request maint", "hopper pay 1x100", "confirm", "kato", "exit", "logout")
    assert rig.coins_out_yen() == 100
    assert rig.loop.reception.state.admits


@pytest.mark.parametrize("language", ["en", "ja", "romaji"])
def test_it_stops_at_the_first_refusal_in_each_language(language: str) -> None:
    rig = ConsoleRig()
    with pytest.raises(Stopped) as stopped:
        typed(rig, f"language {language}", "login tanaka", "sing", "request maint")
    assert str(stopped.value).startswith("line 3: sing\nERR unknown ")
    assert not rig.loop.reception.state.in_maintenance
