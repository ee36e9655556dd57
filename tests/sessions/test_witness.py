"""What the centre witnessed of a journal is in it, or nobody is served until two people have looked (invariant I14, faults J1 to J3)."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firmware.book import records
from firmware.halted import reason_of
from firmware.journal.journal import Journal, JournalForged
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.pairs import SESSIONS
from host_sim.rig.parts import SEAL
from host_sim.rig.people import Person, serve
from host_sim.rig.thief import Thief, put_back
from host_sim.rig.truth import Violation
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def serve_some(machine: RigMachine, card: WalletCard, count: int = 2) -> None:
    for _ in range(count):
        serve(machine, Person(card))
    machine.settle_advices()
    machine.wait(30)  # a heartbeat tells the head


def closed_by(machine: RigMachine) -> frozenset[Reason]:
    return machine.loop.reception.state.reasons


def test_a_journal_that_was_rolled_back_and_grown_serves_nobody(wallet: Cards) -> None:
    machine = RigMachine()
    image = machine.disk.copy()
    serve_some(machine, wallet["hanako"])
    witnessed = machine.centre.witnessed
    assert witnessed[0] > 5
    for grown_to in (0, witnessed[0], witnessed[0] + 50):
        put_back(machine, image.copy(), grown_to)
        assert closed_by(machine) >= {Reason.JOURNAL_ROLLED_BACK}
        assert isinstance(machine.loop.scene, show.Closed)
        assert "106" in machine.loop.scene.numbers
        assert machine.centre.witnessed == witnessed, "a journal that proves nothing is no witness of its own"
        machine.restart()
        machine.wait(10)
        assert closed_by(machine) >= {Reason.JOURNAL_ROLLED_BACK}, "it stays until people have looked"


def test_the_same_journal_is_proved_at_every_start(wallet: Cards) -> None:
    machine = RigMachine()
    for _ in range(3):
        serve_some(machine, wallet["hanako"], 1)
        assert machine.centre.witnessed == machine.memory.journal.head()
        machine.restart()
    machine.wait(10)
    assert not closed_by(machine)


def with_a_new_journal(machine: RigMachine) -> None:
    """A technician has put in an empty medium and removed the seal, on purpose."""
    machine.disk = MemoryDisk()
    machine.sealed = False
    machine.restart()
    machine.wait(10)


def test_two_people_let_a_new_medium_go_on_and_only_for_that_head(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve_some(machine, wallet["hanako"])
    before = machine.centre.witnessed
    with_a_new_journal(machine)
    assert closed_by(machine) == {Reason.JOURNAL_ROLLED_BACK}
    assert machine.loop.heartbeat.beat().events == ("journal_rolled_back",)
    machine.enter_maintenance()
    assert "journal_rolled_back" in machine.say("uncertain")
    planned = machine.say("resolve 1 seen new-medium")
    assert "security" in machine.confirm(planned, "kato")
    assert closed_by(machine) == {Reason.JOURNAL_ROLLED_BACK}
    assert "Closed." in machine.confirm(machine.say("resolve 1 seen new-medium"), "goto")
    machine.say("exit")
    machine.wait(30)
    assert not closed_by(machine)
    assert machine.centre.witnessed == machine.memory.journal.head() < before
    machine.memory.checkpoint()  # what was accepted is in the book, and so in the next start
    machine.restart()
    machine.wait(10)
    assert not closed_by(machine)
    serve(machine, Person(wallet["hanako"]))
    machine.centre.witnessed = (before[0] + 1, "ab" * 32)
    machine.restart()
    machine.wait(10)
    assert closed_by(machine) == {Reason.JOURNAL_ROLLED_BACK}, "another head is another case"


def test_a_head_that_somebody_else_told_closes_the_machine_while_it_runs(wallet: Cards) -> None:
    """Fault J2: a stolen certificate."""
    machine = RigMachine()
    serve_some(machine, wallet["hanako"], 1)
    machine.centre.witnessed = (machine.centre.witnessed[0], "ab" * 32)
    machine.wait(60)
    assert closed_by(machine) == {Reason.JOURNAL_ROLLED_BACK}


def test_a_centre_set_back_to_a_backup_or_that_never_heard_of_it_changes_nothing(wallet: Cards) -> None:
    """Fault J2: the centre's head is older, and the journal has it."""
    machine = RigMachine()
    serve_some(machine, wallet["hanako"], 1)
    backup = machine.centre.witnessed
    serve_some(machine, wallet["hanako"], 2)
    for head in (backup, (0, "")):
        machine.centre.witnessed = head
        machine.restart()
        machine.wait(10)
        assert not closed_by(machine)
        serve(machine, Person(wallet["hanako"]))
        machine.settle_advices()
        machine.wait(30)
        assert machine.centre.witnessed == machine.memory.journal.head(), "it tells its own head again"


def test_every_message_carries_the_head_once_the_journal_is_proved(wallet: Cards) -> None:
    machine = RigMachine()
    serve_some(machine, wallet["hanako"], 1)
    heads: list[tuple[str, object]] = []
    exchange = machine.centre.exchange

    def listen(method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str]) -> Any:
        heads.append((path, headers.get("Kofuki-Journal", "")))
        return exchange(method, path, body, deadline_s, headers)

    machine.centre.exchange = listen  # type: ignore[method-assign,assignment]
    machine.restart()
    machine.wait(10)
    assert heads[0] == ("/v1/heartbeats", "")
    heads.clear()
    serve(machine, Person(wallet["hanako"]))
    machine.settle_advices()
    told = [str(head) for path, head in heads if path != "/v1/heartbeats"]
    assert len(told) >= 5
    assert all(machine.memory.journal.confirms(int(head.split()[0]), head.split()[1]) for head in told)


def test_a_forged_checkpoint_halts_before_any_device_is_opened(wallet: Cards) -> None:
    machine = RigMachine()
    serve_some(machine, wallet["hanako"], 1)
    machine.memory.note(records.Checkpoint(machine.memory.book.snapshot(), SEAL.key_id, "00" * 64), durable=True)
    opened = len(machine.scenes)
    with pytest.raises(JournalForged) as forged:
        machine.restart()
    assert reason_of(forged.value) is Reason.JOURNAL_FORGED
    assert len(machine.scenes) - opened <= 1, "only the first picture was shown"


def test_the_console_checks_every_seal_and_prints_the_key() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    assert SEAL.public.hex() in "".join(machine.say("journal verify").split())
    machine.memory.note(records.Checkpoint(machine.memory.book.snapshot(), SEAL.key_id, "00" * 64), durable=True)
    seq = machine.memory.journal.head()[0]
    assert f"checkpoint {seq}" in " ".join(machine.say("journal verify").split())


# --- the swarm's thief --------------------------------------------------------------------------------


def robbed(wallet: Cards) -> tuple[Thief, Counter[str]]:
    """A machine whose medium somebody has copied before the last session."""
    machine, marks = RigMachine(), Counter[str]()
    thief = Thief(machine, 1, marks)
    serve_some(machine, wallet["hanako"], 1)
    for session in range(SESSIONS):
        thief.looks(session)
    serve_some(machine, wallet["hanako"], 1)
    return thief, marks


@pytest.mark.parametrize(("row", "act"), [("J1", Thief.puts_back), ("J2", Thief.tells_another_head)])
def test_the_thief_of_the_swarm_gets_nothing_and_sees_a_machine_that_believes(
    wallet: Cards, row: str, act: Callable[[Thief, Person], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    thief, marks = robbed(wallet)
    act(thief, Person(wallet["hanako"]))
    assert marks == {row: 1}
    thief, marks = robbed(wallet)
    monkeypatch.setattr(Journal, "confirms", lambda *_: True)
    with pytest.raises(Violation, match=row):
        act(thief, Person(wallet["hanako"]))
    assert not marks
