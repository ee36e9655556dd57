"""Somebody who takes a copy of the medium, and after the last session of a life puts it back, or tells the centre another head.

The machine must then serve nobody, also after another start (faults J1 and J2). It comes after the
checker, because the records of such a journal are no account of what happened.
"""

import random
from collections import Counter

from firmware.book import records
from firmware.journal.journal import ClockQuality, Journal
from firmware.journal.memory import Memory
from firmware.service.availability import Reason
from firmware.session.states import State
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.machine import RigMachine
from host_sim.rig.pairs import SESSIONS
from host_sim.rig.parts import SEAL
from host_sim.rig.people import Person
from host_sim.rig.truth import Violation

OFTEN = 0.25  # of the lives
FOREIGN = "ab" * 32


class Thief:
    def __init__(self, machine: RigMachine, seed: int, marks: Counter[str]) -> None:
        self._machine = machine
        self._marks = marks
        self._random = random.Random(f"kofuki thief {seed}")
        self._copies_after = self._random.randrange(1, SESSIONS)
        self._image: MemoryDisk | None = None
        self._head = (0, "")

    def looks(self, session: int) -> None:
        """After a session: copy the medium, once in a life."""
        if session == self._copies_after:
            self._image, self._head = self._machine.disk.copy(), self._machine.memory.journal.head()

    def comes(self, person: Person) -> None:
        """After the last session, in some lives. Raises `Violation` if the machine then serves `person`."""
        if self._random.random() >= OFTEN:
            return
        if (
            self._image is not None
            and self._head[0] < self._machine.centre.witnessed[0]
            and self._random.random() < 0.7
        ):
            self.puts_back(person)
        else:
            self.tells_another_head(person)

    def puts_back(self, person: Person) -> None:
        """The copy, as it was or continued."""
        assert self._image is not None
        witnessed = self._machine.centre.witnessed[0]
        grown_to = self._random.choice((0, witnessed, witnessed + self._random.randrange(1, 60)))
        put_back(self._machine, self._image, grown_to)
        self._nobody_is_served("J1", person)

    def tells_another_head(self, person: Person) -> None:
        """With the machine's certificate, while it stands idle; the heartbeat that hears of it has told the machine's own."""
        centre = self._machine.centre
        centre.witnessed = (centre.witnessed[0], FOREIGN)
        self._machine.wait(60)  # a heartbeat or two
        self._nobody_is_served("J2", person)

    def _nobody_is_served(self, row: str, person: Person) -> None:
        machine, witnessed = self._machine, self._machine.centre.witnessed
        for start in ("the first", "another"):
            if Reason.JOURNAL_ROLLED_BACK not in machine.loop.reception.state.reasons:
                raise Violation(f"I14: {row}: after {start} start it would serve on this journal")
            machine.watchers[:] = [person]
            machine.reader.insert(person.card.chip)
            machine.wait(60)
            if machine.loop.state is not State.IDLE or machine.memory.book.session is not None:
                raise Violation(f"I14: {row}: somebody is served on this journal")
            if row == "J1" and machine.centre.witnessed != witnessed:
                raise Violation(f"I14: {row}: a head of this journal was told to the centre")
            machine.restart()
            machine.wait(10)
        self._marks[row] += 1


def put_back(machine: RigMachine, image: MemoryDisk, grown_to: int) -> None:
    """Start on an old image of the medium, whose journal somebody continued up to this record."""
    journal = Journal.open(
        image,
        wall=machine.now,
        mono=machine.clock.monotonic,
        quality=lambda: ClockQuality.TRUSTED,
        segment_bytes=1 << 18,
    )
    memory = Memory(journal, SEAL)
    while journal.head()[0] < grown_to:
        memory.note(records.Boot(reason="start", version="0"), durable=True)
    machine.disk = image
    machine.restart()
    machine.wait(10)
