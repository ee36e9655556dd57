"""Two slots for releases, and a small state that says which of them to start. Both survive a power cut at any write.

`install` writes a release whole into the slot that is not active, reads it back and checks it. Only then the state names it
as the trial, with three starts. `choose` writes down each start of a trial before it is made. A machine that serves well on
the trial calls `mark_good`; otherwise the fourth start, or the first after the trial's time, is of the release before.
The floor, the newest version that was
ever good, only grows. The state has two copies, written in turn, each with a number and a hash: a torn write leaves the other.

The slots are on a `Disk` (firmware/journal/disk.py) in a folder of their own. `launch.py` checks the chosen release and
unpacks it into memory before it runs.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware.journal.disk import Disk
from firmware.update.bundle import BUNDLE_MAX, BundleRefused, Release, unpack

STARTS = 3
TRIAL = timedelta(days=3)  # by the clock; a clock that is set forward only ends a trial early
TRIAL_RUNS_S = 24 * 3600  # of running, whatever the clock says
_NAMES = ("slot-a", "slot-b")
_COPIES = ("state-0", "state-1")
_COPY_BYTES = 512
_LENGTH_BYTES = 8
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class State:
    """`active`: name of a slot, "" for the program as installed. `trial`: name of a slot, "" for no trial."""

    number: int = 0
    active: str = ""
    trial: str = ""
    starts_left: int = 0
    floor: int = 0
    trial_until: str = ""  # RFC 3339, the instant when the trial ends by the clock
    ran_s: int = 0  # seconds that the trial has run, as far as they were written down


class Slots:
    """Raises `OSError` when the medium fails, `BundleRefused` for what must not be installed."""

    def __init__(self, disk: Disk, key: Ed25519PublicKey, slot_bytes: int = BUNDLE_MAX + _LENGTH_BYTES) -> None:
        self._disk = disk
        self._key = key
        self._slot_bytes = slot_bytes
        there = set(disk.names())
        for name in _COPIES:
            if name not in there:
                disk.create(name, b"", _COPY_BYTES)
        self.state = max((self._read_copy(name) for name in _COPIES), key=lambda state: state.number)

    # --- installing -----------------------------------------------------------------------------

    def install(self, bundle: bytes, now: datetime) -> Release:
        """Put a release on trial from the next start, until `TRIAL` after `now`. The caller must have called `bundle.admit`."""
        release = unpack(bundle, self._key)
        target = next(name for name in _NAMES if name != self.state.active)
        if self.state.trial:
            self.give_up()
        if target not in self._disk.names():
            self._disk.create(target, b"", self._slot_bytes)
        framed = len(bundle).to_bytes(_LENGTH_BYTES, "big") + bundle
        for at in range(0, len(framed), _CHUNK):
            self._disk.write_at(target, at, framed[at : at + _CHUNK])
        self._disk.sync(target)
        if self.release_in(target) != release:
            raise BundleRefused("The medium did not keep it; nothing was changed. Replace the memory card.")
        self._write(
            replace(self.state, trial=target, starts_left=STARTS, trial_until=(now + TRIAL).isoformat(), ran_s=0)
        )
        return release

    def ran(self, seconds: float) -> None:
        """Add this to the time that the trial has run; it is on the medium when this returns."""
        self._write(replace(self.state, ran_s=self.state.ran_s + int(seconds)))

    def is_over(self, now: datetime, running_s: float) -> bool:
        """Whether a trial has had its time, by the clock or by running; `running_s`: since the last `ran`."""
        state = self.state
        if not state.trial:
            return False
        late = bool(state.trial_until) and now > datetime.fromisoformat(state.trial_until)
        return late or state.ran_s + running_s > TRIAL_RUNS_S

    def give_up(self) -> None:
        """End the trial: the next start is of the active release."""
        self._write(replace(self.state, trial="", starts_left=0, trial_until="", ran_s=0))

    # --- starting -------------------------------------------------------------------------------

    def choose(self, fits: Callable[[Release], bool] = lambda _: True) -> Release | None:
        """The release to start now; None: the program as installed. Counts a start of a release on trial.

        `fits`: whether the system that runs can run it; one that does not fit is passed over.
        """
        state = self.state
        if state.trial:
            release = self.release_in(state.trial)
            if release is not None and state.starts_left and release.version > state.floor and fits(release):
                self._write(replace(state, starts_left=state.starts_left - 1))
                return release
            self.give_up()
        active = self.release_in(self.state.active)
        return active if active is not None and fits(active) else None

    def mark_good(self, version: int) -> None:
        """The machine served well on this version: if it is the trial, make it active and raise the floor."""
        on_trial = self.release_in(self.state.trial)
        if on_trial is not None and on_trial.version == version:
            floor = max(self.state.floor, version)
            self._write(
                replace(
                    self.state, active=self.state.trial, trial="", starts_left=0, floor=floor, trial_until="", ran_s=0
                )
            )

    def release_in(self, name: str) -> Release | None:
        """The release in a slot, checked; None when there is none or it is damaged."""
        if name not in self._disk.names():
            return None
        length = int.from_bytes(self._disk.read(name, _LENGTH_BYTES), "big")
        if not 0 < length <= self._slot_bytes - _LENGTH_BYTES:
            return None
        try:
            return unpack(self._disk.read(name, _LENGTH_BYTES + length)[_LENGTH_BYTES:], self._key)
        except BundleRefused:
            return None

    # --- the state ------------------------------------------------------------------------------

    def _write(self, state: State) -> None:
        state = replace(state, number=state.number + 1)
        told = json.dumps(asdict(state), separators=(",", ":"), sort_keys=True).encode()
        copy = sha256(told).digest() + len(told).to_bytes(2, "big") + told
        name = _COPIES[state.number % 2]
        self._disk.write_at(name, 0, copy.ljust(_COPY_BYTES, b"\0"))
        self._disk.sync(name)
        self.state = state

    def _read_copy(self, name: str) -> State:
        """The state in this copy; the very first state if its hash does not fit."""
        data = self._disk.read(name, _COPY_BYTES)
        told = data[34 : 34 + int.from_bytes(data[32:34], "big")]
        if sha256(told).digest() != data[:32]:
            return State()
        known = {entry.name for entry in fields(State)}  # a newer program may have written more fields
        return State(**{name: value for name, value in json.loads(told).items() if name in known})
