"""`Memory` joins journal and book. The running machine writes records through it only.

The book takes in a record first. A record that it refuses is never written, so no start finds one. When the medium
then fails, `JournalBroken` ends the process before any effect.
"""

from collections.abc import Callable
from typing import Protocol

from firmware.book.book import Book
from firmware.book.open_session import ProtocolBroken
from firmware.book.records import Checkpoint, Flag, Record
from firmware.book.schema import canonical
from firmware.journal.journal import Journal, JournalCorrupt

CHECKPOINT_EVERY = 2000  # records; a start replays at most about so many


class Seal(Protocol):
    """Signs checkpoints; see `seal.py`."""

    @property
    def key_id(self) -> str: ...

    def sign(self, data: bytes) -> str:
        """Ed25519 signature of `data`, 128 hex digits."""
        ...


class Memory:
    """What the machine knows and how it adds to it."""

    def __init__(self, journal: Journal, seal: Seal | None = None) -> None:
        """Raises `JournalCorrupt` for records that this program would not have written: of another release, or by hand."""
        self.journal = journal
        try:
            self.book = Book.replay(stored.record for stored in journal.recent())
        except ProtocolBroken as broken:
            raise JournalCorrupt(f"its records do not follow from each other: {broken}") from broken
        self._seal = seal

    def note(self, record: Record, *, durable: bool | None = None) -> int:
        """Take the record into the book, then into the journal; its sequence number.

        Raises `ProtocolBroken` or `RecordInvalid` with nothing written, `JournalBroken` when the medium fails.
        """
        self.book.apply(record)
        return self.journal.append(record, durable=durable)

    def flag(self, code: str, detail: str, *, durable: bool | None = None) -> None:
        """Open a case; nothing is written if the queue has the same code and detail already."""
        if (code, detail) not in self.book.queue:
            self.note(Flag(code, detail), durable=durable)

    def rest(self, checkpoint_every: int = CHECKPOINT_EVERY) -> None:
        """Called whenever the machine has become idle: everything durable, room for the next session, and from
        time to time a checkpoint. Raises `JournalFull` when the next session must not begin."""
        self.journal.sync()
        self.journal.reserve()
        if self.journal.since_checkpoint >= checkpoint_every:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write the whole book down, signed if there is a seal. Only while nothing is open."""
        self.journal.sync()
        totals = self.book.snapshot()
        if self._seal is None:
            self.note(Checkpoint(totals, "", ""))
            return
        signature = self._seal.sign(sealed_bytes(self.journal.head(), totals))
        self.note(Checkpoint(totals, self._seal.key_id, signature))


def sealed_bytes(head: tuple[int, str], totals: object) -> bytes:
    """What a checkpoint's signature covers: the head it was written on, and the book."""
    return b"kofuki-checkpoint-1\0" + canonical([*head, totals])


Verifier = Callable[[str, bytes, str], bool]  # key id, data, signature -> whether it is good


def bad_checkpoints(journal: Journal, verify: Verifier) -> list[int]:
    """Sequence numbers of checkpoints whose signature is missing or wrong, over the whole journal."""
    bad: list[int] = []
    before = (0, bytes(32).hex())
    for stored in journal.records():
        if isinstance(stored.record, Checkpoint):
            data = sealed_bytes(before, dict(stored.record.totals))
            if not verify(stored.record.key_id, data, stored.record.signature):
                bad.append(stored.seq)
        before = (stored.seq, stored.hash)
    return bad
