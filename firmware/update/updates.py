"""Updates as the running machine has them: what lies ready, what runs, and whether it has been well for long enough."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware import VERSION
from firmware.update.bundle import BUNDLE_MAX, BundleRefused, Release, admit, unpack
from firmware.update.slots import Slots

WELL_S = 60.0  # in service, with no reason against it, until a release on trial is good
RELEASE = "KOFUKI_RELEASE"  # the version that `launch.py` started; not set: the program as installed
INSTALLED = "KOFUKI_INSTALLED"  # the folder of the program as installed, which made the environment of libraries
_HERE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Standing:
    """`running`: 0 is the program as installed. `on_trial`: the release in the trial's slot, or None."""

    running: int
    floor: int
    on_trial: int | None
    starts_left: int


class Updates:
    """For one machine. `today` decides whether a release may still be installed."""

    def __init__(
        self, slots: Slots, bundle: Path, key: Ed25519PublicKey, *, lock: str, running: int, today: Callable[[], date]
    ) -> None:
        """`bundle`: where a release is laid ready. `lock`: sha256 of the lock file this machine's environment came from."""
        self._slots = slots
        self._bundle = bundle
        self._key = key
        self._lock = lock
        self._running = running
        self._today = today
        self._well_since_s: float | None = None

    @property
    def standing(self) -> Standing:
        state = self._slots.state
        trial = self._slots.release_in(state.trial)
        return Standing(self._running, state.floor, trial.version if trial else None, state.starts_left)

    @property
    def outdated(self) -> bool:
        """Whether what runs is older than what was good here before: no card is taken by it (rollback)."""
        return self._running < self._slots.state.floor

    def ready(self) -> Release:
        """The release that lies ready and may be installed. Raises `BundleRefused`."""
        release = unpack(self._laid_ready(), self._key)
        admit(release, floor=max(self._slots.state.floor, self._running), lock=self._lock, today=self._today())
        return release

    def install(self, version: int) -> None:
        """Put what lies ready on trial, if it is still this version. Raises `BundleRefused`."""
        if self.ready().version != version:
            raise BundleRefused("Another release lies there now; give the command again.")
        try:
            self._slots.install(self._laid_ready())
        except OSError as error:
            raise BundleRefused(f"The medium for releases failed: {error.strerror}. Nothing was changed.") from None

    def give_up(self) -> None:
        """Of a release on trial. Raises `BundleRefused` when there is none."""
        if not self._slots.state.trial:
            raise BundleRefused("No release is on trial; a good one is followed only by a newer one.")
        self._slots.give_up()

    def note(self, *, well: bool, now_s: float) -> None:
        """Called about once a second with how the machine does; a trial that was well for `WELL_S` is good."""
        if not well:
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = now_s
        elif self._slots.state.trial and self._running and now_s - self._well_since_s >= WELL_S:
            self._well_since_s = None  # a medium that fails is asked again after a while
            with contextlib.suppress(OSError):
                self._slots.mark_good(self._running)

    def _laid_ready(self) -> bytes:
        try:
            with self._bundle.open("rb") as source:
                return source.read(BUNDLE_MAX + 1)
        except OSError:
            raise BundleRefused(f"No release lies ready; lay it there as {self._bundle.name}.") from None


def running_version() -> int:
    """Of this process."""
    told = os.environ.get(RELEASE, "")
    return int(told) if told.isdecimal() else 0


def version() -> str:
    """As the journal and the console tell it: of the program, and of the release where one runs."""
    release = running_version()
    return f"{VERSION}+release.{release}" if release else VERSION


def installed_lock() -> str:
    """The lock of the environment that this process runs in."""
    return lock_of(Path(os.environ.get(INSTALLED, _HERE)))


def lock_of(program: Path) -> str:
    """The sha256 of the lock file in a program's folder; "" where there is none."""
    path = program / "requirements.lock"
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
