"""What a journal says about one claim or session, gathered record by record. Pure."""

from collections.abc import Mapping

from drivers.vocabulary import claim_code
from firmware.book import records
from firmware.journal.journal import Stored

BEFORE, DISPUTED, AFTER, SINCE = (
    "the session before",
    "the session itself",
    "the session after",
    "its claim since",
)


class Claim:
    """What was owed under a code, and what was paid of it here and at the city's desk. `key` is "" until it is found."""

    def __init__(self, code: str) -> None:
        """`code`: with or without its check letter."""
        self._code = code[:8]
        self.key = ""
        self.amount_yen = self.collected_yen = self.at_desk_yen = 0

    def take(self, entry: Stored) -> None:
        match entry.record:
            case records.ClaimIntent() if claim_code(entry.record.key) == self._code:
                self.key, self.amount_yen = entry.record.key, entry.record.amount_yen
            case records.ClaimCollected() if entry.record.key == self.key:
                self.collected_yen += entry.record.amount_yen
            case records.ClaimPaid() if entry.record.key == self.key:
                self.at_desk_yen += entry.record.amount_yen

    @property
    def left_yen(self) -> int:
        return max(0, self.amount_yen - self.collected_yen - self.at_desk_yen)

    def told(self) -> str:
        paid = f"collected here {self.collected_yen}, paid at the city's desk {self.at_desk_yen}"
        return f"{self.amount_yen} yen, {paid}, not paid {self.left_yen}"


class Around:
    """A session, the one before it, the one after it, and later records that name it (console rule 6)."""

    def __init__(self, key: str) -> None:
        """`key`: the session's id, which is its claim's key, or the first digits of it."""
        self._key = key
        self._session: list[Stored] = []
        self._before: list[Stored] = []
        self._found: list[list[Stored]] = []
        self._later: list[Stored] = []

    def take(self, entry: Stored) -> None:
        record = entry.record
        if isinstance(record, records.SessionOpened):
            self._session = []
        self._session.append(entry)
        if self._found and getattr(record, "key", "").startswith(self._key):
            self._later.append(entry)
        if not isinstance(record, records.SessionClosed):
            return
        if len(self._found) == 2:
            self._found.append(self._session)
        elif not self._found and self._is_disputed():
            self._found += [self._before, self._session]
        self._before, self._session = self._session, []

    def _is_disputed(self) -> bool:
        return any(_id_of(entry.record).startswith(self._key) for entry in self._session)

    @property
    def bundle(self) -> Mapping[str, list[Stored]]:
        """Title -> records; an empty list for what there was not."""
        three = [*self._found, [], [], []][:3]
        return dict(zip((BEFORE, DISPUTED, AFTER, SINCE), (*three, self._later), strict=True))


def _id_of(record: records.Record) -> str:
    match record:
        case records.SessionOpened():
            return record.sid
        case records.ClaimIntent():  # of a session that a power cut ended, it stands outside
            return record.key
        case _:
            return ""
