"""The rig's machine and the real program are built by the same code; here is what the rig has because of that."""

from collections.abc import Mapping

import pytest

from firmware import VERSION
from firmware.book.records import Boot
from firmware.journal.journal import JournalCorrupt
from firmware.journal.memory import is_forged
from host_sim.adapters.disk import MemoryDisk, PowerLost, Tail
from host_sim.rig.machine import RigMachine
from host_sim.rig.parts import SEAL
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def test_the_journal_is_sealed_and_says_how_good_its_clock_was(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))
    machine.memory.checkpoint()
    written = list(machine.memory.journal.records())
    assert not any(is_forged(stored, SEAL.public) for stored in written)
    assert any(is_forged(stored, bytes(32)) for stored in written)
    qualities = [stored.clock for stored in machine.memory.journal.records()]
    assert [qualities[0].name, qualities[-1].name] == ["UNTRUSTED", "TRUSTED"]
    assert [record.version for record in machine.records(Boot)] == [VERSION]  # type: ignore[attr-defined]


def test_a_medium_that_was_put_in_empty_is_not_taken_for_a_new_machine(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))
    with pytest.raises(PowerLost):
        machine.die(Tail.KEPT)
    machine.disk = MemoryDisk()
    with pytest.raises(JournalCorrupt):
        machine.restart()
