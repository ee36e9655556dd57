"""What the book keeps of the settings made on the console: those in use, those before, and those on trial (fault K5).

SettingsOnTrial --next start--> SettingsStarted --a person--> SettingsKept
             \\                              \\--time, another start, a person--> SettingsDropped
              \\--they cannot be used--> SettingsDropped
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from firmware.book import records
from firmware.book.open_session import must


@dataclass(slots=True)
class SettingsBook:
    """Each of `kept`, `before` and `trial` is a whole set, key -> value. `dropped`: why the last trial was given up."""

    kept: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] | None = None  # None: nothing was ever kept
    trial: dict[str, str] | None = None
    started: bool = False  # the program runs, or ran, on the trial
    dropped: str = ""

    @property
    def on_trial(self) -> bool:
        """Whether this run of the program is the trial."""
        return self.trial is not None and self.started

    def on_trial_next(self, record: records.SettingsOnTrial) -> None:
        must(self.trial is None, "one trial at a time")
        self.trial, self.started = {entry.key: entry.value for entry in record.settings}, False

    def begin(self) -> None:
        must(self.trial is not None and not self.started, "a trial is started once")
        self.started = True

    def keep(self) -> None:
        must(self.on_trial, "only settings that the program runs on are kept")
        assert self.trial is not None
        self.before, self.kept, self.trial = self.kept, self.trial, None
        self.started, self.dropped = False, ""

    def drop(self, record: records.SettingsDropped) -> None:
        must(self.trial is not None, "nothing is on trial")
        self.trial, self.started, self.dropped = None, False, record.reason

    def snapshot(self) -> Mapping[str, object]:
        return asdict(self)

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "SettingsBook":
        return cls(**state)
