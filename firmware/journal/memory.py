"""`Memory` joins journal and book. The running machine writes records through it only.

The book takes in a record first. A record that it refuses is never written, so no start finds one. When the medium
then fails, `JournalBroken` ends the process before any effect.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from firmware.book.book import Book
from firmware.book.open_session import ProtocolBroken
from firmware.book.records import Checkpoint, Flag, Record
from firmware.book.schema import canonical
from firmware.journal.journal import Journal, JournalCorrupt, JournalForged, Stored
from firmware.journal.seal import is_good, key_id_of

CHECKPOINT_EVERY = 2000  # records; a start replays at most about so many


class Seal(Protocol):
    """Signs checkpoints; see `seal.py`."""

    @property
    def key_id(self) -> str: ...
    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        ...

    def sign(self, data: bytes) -> str:
        """Ed25519 signature of `data`, 128 hex digits."""
        ...


class Memory:
    """What the machine knows and how it adds to it."""

    def __init__(self, journal: Journal, seal: Seal | None = None) -> None:
        """Raises `JournalCorrupt` for records that this program would not have written: of another release, or by hand.

        With a seal, raises `JournalForged` when the checkpoint that the book begins with is not signed by it (journal rule 6).
        """
        self.journal = journal
        try:
            self.book = Book.replay(stored.record for stored in _sealed(journal.recent(), seal))
        except ProtocolBroken as broken:
            raise JournalCorrupt(f"its records do not follow from each other: {broken}") from broken
        self.seal = seal

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
        if self.seal is None:
            self.note(Checkpoint(totals, "", ""))
            return
        signature = self.seal.sign(sealed_bytes(self.journal.head(), totals))
        self.note(Checkpoint(totals, self.seal.key_id, signature))


def sealed_bytes(head: tuple[int, str], totals: object) -> bytes:
    """What a checkpoint's signature covers: the head it was written on, and the book."""
    return b"kofuki-checkpoint-1\0" + canonical([*head, totals])


def is_forged(stored: Stored, public: bytes) -> bool:
    """Whether this is a checkpoint that is not signed by the seal with this public key."""
    record = stored.record
    if not isinstance(record, Checkpoint):
        return False
    data = sealed_bytes((stored.seq - 1, stored.before), dict(record.totals))
    return record.key_id != key_id_of(public) or not is_good(public, data, record.signature)


def _sealed(history: Iterable[Stored], seal: Seal | None) -> Iterator[Stored]:
    """The records as they are. Raises `JournalForged` at a checkpoint that the seal did not sign."""
    for stored in history:
        if seal is not None and is_forged(stored, seal.public):
            raise JournalForged(f"checkpoint {stored.seq} is not signed by the key of this machine")
        yield stored
