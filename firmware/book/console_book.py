"""What the book keeps of the maintenance console: tries that failed, the last daily close, out of service by hand."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from firmware.book.records import ConsoleAct

_PROOFS = ("login", "approve")


@dataclass(slots=True)
class ConsoleBook:
    """`tries`: passwords checked since the last right one. A try is recorded before the password is checked."""

    tries: int = 0
    unlock: str = ""  # the last word used of those that `python -m firmware.console unlock` makes
    out_of_service: bool = False
    closed_totals: dict[str, int] = field(default_factory=dict)  # as they stood at the last daily close

    def act(self, record: ConsoleAct) -> None:
        verb, *arguments = record.verb.split("/")
        if verb in _PROOFS and record.outcome == "tried":
            self.tries += 1
        elif verb in _PROOFS and record.outcome == "ok":
            self.tries = 0
        elif verb == "unlock":
            self.tries, self.unlock = 0, arguments[0]
        elif verb == "oos" and record.outcome == "ok":
            self.out_of_service = arguments[0] == "on"

    def snapshot(self) -> Mapping[str, object]:
        return asdict(self)

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "ConsoleBook":
        return cls(**state)
