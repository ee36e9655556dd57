"""Whether the journal is the one that the centre was told of (invariant I14, fault J1).

A medium that was set back to an old image is an old journal, and nothing on it shows that. The centre keeps the newest head that
this machine told it and answers every heartbeat with it. The machine looks for that very record in its journal. Until it has found
it, it tells no head of its own: otherwise the centre would take a journal that was rolled back and continued for the true one, and
the next start would find itself confirmed. A head that is not there opens a case that survives restarts, and nobody is served (106)
until two people have resolved it. They may: after the medium was replaced on purpose the journal is another one.
"""

from firmware.book.cases import Case
from firmware.journal.memory import Memory

Head = tuple[int, str]  # sequence number and hash (hex)
NONE: Head = (0, "")


class Witness:
    """Used by the loop's thread. `head` is called by the line desk's thread too: it reads two values that are each set at once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._proved = False

    def head(self) -> Head | None:
        """The head to tell the centre; None while this run has not proved its journal."""
        return self._memory.journal.head() if self._proved else None

    def hear(self, witnessed: Head) -> bool:
        """Look for what the centre witnessed. True when the journal is proved now and was not before."""
        before = self._proved
        self._proved = self._proves(witnessed)
        if not self._proved:
            self._memory.flag(Case.JOURNAL_ROLLED_BACK, written(witnessed), durable=True)
        return self._proved and not before

    def _proves(self, witnessed: Head) -> bool:
        if witnessed == NONE or written(witnessed) == self._memory.book.witness_accepted:
            return True
        return self._memory.journal.confirms(*witnessed)


def written(head: Head) -> str:
    """A head as the detail of a case."""
    return f"{head[0]} {head[1]}"
