"""Every power cut while a session is written to a journal, and again during the start after it: bytes and records only.

The power fails before and after every write, every sync and every new segment, with unsynced sectors lost, kept or torn, and again
`depth` times in a row. The rig explores what a cut does to coins and paper (`host_sim/rig/crash.py`), to a smaller depth.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from firmware.book.records import Record
from firmware.book.recovery import recover
from firmware.journal.frames import used_bytes
from firmware.journal.memory import Memory
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.crash import CUTS
from tests.process.journal_killer import Silent
from tests.unit.journal.history import open_journal, session

SEGMENT_BYTES = 6 * 1024  # small, so that one session needs more than one segment


class PowerCut(Exception):
    """The power failed at this step."""


@dataclass
class Witness:
    """Keeps, as the centre does, the last journal head that the machine told."""

    told: tuple[int, str] = (0, bytes(32).hex())


Run = Callable[[MemoryDisk, Witness], None]


def _open(disk: MemoryDisk, witness: Witness) -> Memory:
    memory = Memory(open_journal(disk, SEGMENT_BYTES))
    assert memory.journal.confirms(*witness.told), f"record {witness.told[0]} was acknowledged and is gone"
    return memory


def _note(memory: Memory, witness: Witness, record: Record) -> None:
    memory.note(record)
    witness.told = memory.journal.head()


def serve(disk: MemoryDisk, witness: Witness, which: int = 1) -> None:
    """One whole session."""
    memory = _open(disk, witness)
    for record in session(which):
        _note(memory, witness, record)
    memory.rest()


def start(disk: MemoryDisk, witness: Witness) -> None:
    """A start at which no device and no centre answers, followed by a checkpoint."""
    memory = _open(disk, witness)
    recover(memory.book, Silent(), lambda record: _note(memory, witness, record))
    memory.rest(checkpoint_every=1)
    witness.told = memory.journal.head()


@dataclass
class Cuts:
    """Counts the histories explored; an exception or failed check in one of them is raised."""

    histories: int = 0
    _seen: set[object] = field(default_factory=set)

    def explore(self, depth: int) -> int:
        self._dive(MemoryDisk(), Witness(), serve, depth)
        return self.histories

    def _dive(self, disk: MemoryDisk, witness: Witness, run: Run, depth: int) -> None:
        for cut_at in count(1):
            cut_disk, told = disk.copy(), replace(witness)
            if _ended(cut_disk, told, run, cut_at):
                return
            for after in self._fates(cut_disk, told, depth):
                self.histories += 1
                _live_on(after.copy(), replace(told))
                if depth > 1:
                    self._dive(after, told, start, depth - 1)

    def _fates(self, disk: MemoryDisk, told: Witness, depth: int) -> Iterator[MemoryDisk]:
        """Each state that the medium may have after a cut; states seen before are left out."""
        for tail, seed in CUTS.values():
            after = disk.copy()
            if tail is not None:
                after.cut(tail, seed)
                after.power_on()
            segments = (after.read(name) for name in after.names())
            image = (depth, told.told, after.unsynced_sectors(), *(data[: used_bytes(data)] for data in segments))
            if image not in self._seen:
                self._seen.add(image)
                yield after


def _ended(disk: MemoryDisk, witness: Witness, run: Run, cut_at: int) -> bool:
    """Run with a power cut at step `cut_at`; True if the run ended before that step."""
    steps = count(1)

    def step(_operation: str, _when: str) -> None:
        if next(steps) == cut_at:
            raise PowerCut

    disk.on_step = step
    try:
        run(disk, witness)
    except PowerCut:
        return False
    finally:
        disk.on_step = lambda _operation, _when: None
    return True


def _live_on(disk: MemoryDisk, witness: Witness) -> None:
    """Without further cuts: a start closes the open session, and the next resident is served."""
    start(disk, witness)
    assert _open(disk, witness).book.session is None
    serve(disk, witness, 2)
    memory = _open(disk, witness)
    memory.journal.verify()
    assert memory.book.session is None
