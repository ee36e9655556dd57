"""Releases on the console (fault U1): who may try one, what the console says, and when the machine calls it good."""

from pathlib import Path

import pytest

from firmware.session import scenes as show
from firmware.update.slots import TRIAL, TRIAL_RUNS_S, Slots
from firmware.update.updates import WELL_S, Updates
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.console import ConsoleRig
from tests.unit.update.releases import LOCK, PUBLIC, manifest, release
from tests.unit.update.releases import bundle as bundle_of

SLOT_BYTES = 4096


class UpdatingRig(ConsoleRig):
    """A machine that takes updates. `running` is the release its launcher would have named."""

    def __init__(self, folder: Path, running: int = 0) -> None:
        self.releases = MemoryDisk()
        self.ready = folder / "release.kofuki"
        self.running = running
        super().__init__()

    def _start(self) -> None:
        chosen = Slots(self.releases, PUBLIC, SLOT_BYTES).choose()
        self.running = chosen.version if chosen else 0
        self.updates = Updates(
            Slots(self.releases, PUBLIC, SLOT_BYTES),
            self.ready,
            PUBLIC,
            lock=LOCK,
            running=self.running,
            now=self.now,
        )
        super()._start()

    def pass_time(self, seconds: float) -> None:
        until_s = self.clock.monotonic() + seconds
        self.run_until(lambda: self.clock.monotonic() >= until_s, seconds + 60)

    def install(self, version: int) -> str:
        """Log in, install a release and start it; returns what the console said."""
        self.ready.write_bytes(release(version))
        self.enter_maintenance()
        said = self.confirm(self.say("update apply"), "goto")
        self.confirm(self.say("reboot"))
        self.restart()
        return said


@pytest.fixture
def machine(tmp_path: Path) -> UpdatingRig:
    return UpdatingRig(tmp_path)


def test_a_machine_without_updates_says_so() -> None:
    machine = ConsoleRig()
    assert "takes no updates" in " ".join(machine.say_as("tanaka", "update status").split())


def test_a_release_is_tried_and_good_after_a_minute_of_service(machine: UpdatingRig) -> None:
    said = machine.install(7)
    assert "Version 7 is on trial." in said
    assert machine.running == 7
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    assert "on trial version 7, starts left 2" in machine.say_as("tanaka", "update status")
    machine.pass_time(WELL_S + 5)
    status = machine.say_as("tanaka", "update status")
    assert "newest that was good here version 7" in status
    assert "on trial" not in status
    assert "Bring a newer one" in " ".join(status.split())
    for _ in range(4):
        machine.restart()
        assert machine.running == 7


def test_a_release_that_cannot_serve_is_dropped(machine: UpdatingRig) -> None:
    machine.install(7)
    machine.pass_time(WELL_S + 5)
    machine.printer.paper_out()
    machine.install(8)
    machine.pass_time(10 * WELL_S)
    for version in (8, 8, 7):
        machine.restart()
        machine.pass_time(10 * WELL_S)
        assert machine.running == version


@pytest.mark.parametrize("way", ["clock", "running"])
def test_a_trial_that_never_serves_ends_by_itself(machine: UpdatingRig, way: str) -> None:
    """Fault U2: without a further start, and however the clock is set."""
    machine.install(7)
    machine.pass_time(WELL_S + 5)
    machine.printer.paper_out()
    machine.install(8)
    machine.pass_time(60)
    assert (machine.running, machine.loop.exit_asked) == (8, False)
    if way == "clock":
        machine.jump(TRIAL)
    else:
        machine.jump(-10 * TRIAL)
        machine.clock.advance(TRIAL_RUNS_S)
    machine.pass_time(5)
    assert machine.loop.exit_asked
    machine.restart()
    assert machine.running == 7


def test_a_trial_is_given_up_by_hand(machine: UpdatingRig) -> None:
    machine.install(7)
    machine.enter_maintenance()
    machine.confirm(machine.say("update rollback"), "goto")
    machine.confirm(machine.say("reboot"))
    machine.restart()
    assert machine.running == 0
    machine.enter_maintenance()
    assert "No release is on trial" in " ".join(machine.say("update rollback").split())


def test_what_is_refused_is_told_and_nothing_changes(machine: UpdatingRig) -> None:
    machine.enter_maintenance()
    assert "No release lies ready" in " ".join(machine.say("update apply").split())
    for data, told in (
        (release(7)[:-3], "cut short"),
        (bundle_of(manifest(expires="2026-11-23")), "Its last day was 2026-11-23"),
        (bundle_of(manifest(lock="0" * 64)), "other libraries"),
    ):
        machine.ready.write_bytes(data)
        assert told in " ".join(machine.say("update apply").split())
    machine.ready.write_bytes(release(7))
    planned = machine.say("update apply")
    machine.ready.write_bytes(release(9))
    assert "Another release was laid there" in " ".join(machine.confirm(planned, "goto").split())
    machine.restart()
    assert machine.running == 0


def test_an_older_program_than_was_good_here_takes_no_card(machine: UpdatingRig) -> None:
    """As if somebody had damaged the good release to bring back the program as installed."""
    machine.install(7)
    machine.pass_time(WELL_S + 5)
    machine.releases.write_at("slot-a", 900, b"?????")
    machine.releases.sync("slot-a")
    machine.restart()
    assert machine.running == 0
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert machine.loop.scene.numbers == ("131",)
    machine.install(8)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    assert machine.running == 8
