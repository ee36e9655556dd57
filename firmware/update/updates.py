"""Updates for the running machine: the release that lies ready, the one that runs, and when a trial is good."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware import VERSION
from firmware.update.bundle import BUNDLE_MAX, BundleRefused, Release, admit, unpack
from firmware.update.files import read_plain
from firmware.update.slots import Slots

WELL_S = 60.0  # so long in service without a reason, and a release on trial is good
WRITTEN_EVERY_S = 600.0  # how often the running time of a trial is written down
RELEASE = "KOFUKI_RELEASE"  # set by `launch.py` to the version it started; not set: the program as installed
INSTALLED = "KOFUKI_INSTALLED"  # the folder of the program as installed, with the lock of the libraries
_HERE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Standing:
    """`running`: version, 0 for the program as installed. `on_trial`: version in the trial's slot, or None."""

    running: int
    floor: int
    on_trial: int | None
    starts_left: int


class Updates:
    """For one machine. The day of `now` is compared with the last day of a release."""

    def __init__(
        self, slots: Slots, bundle: Path, key: Ed25519PublicKey, *, lock: str, running: int, now: Callable[[], datetime]
    ) -> None:
        """`bundle`: the file that root lays ready. `lock`: sha256 of the lock file of this machine's libraries."""
        self._slots = slots
        self._bundle = bundle
        self._key = key
        self._lock = lock
        self._running = running
        self._now = now
        self._well_since_s: float | None = None
        self._ran_until_s: float | None = None  # up to when the trial's running time is written down

    @property
    def standing(self) -> Standing:
        state = self._slots.state
        trial = self._slots.release_in(state.trial)
        return Standing(self._running, state.floor, trial.version if trial else None, state.starts_left)

    @property
    def outdated(self) -> bool:
        """Whether an older version runs than the newest that was good here (rollback): then no card is taken."""
        return self._running < self._slots.state.floor

    def ready(self) -> Release:
        """The release that lies ready. Raises `BundleRefused` if there is none or it may not be installed."""
        return self._checked(self._laid_ready())

    def _checked(self, bundle: bytes) -> Release:
        release = unpack(bundle, self._key)
        admit(release, floor=max(self._slots.state.floor, self._running), lock=self._lock, today=self._now().date())
        return release

    def install(self, version: int) -> None:
        """Put the release that lies ready on trial. Raises `BundleRefused`, also if it is not this version any more."""
        bundle = self._laid_ready()  # read once: the bytes that are checked are the bytes that are written (fault U3)
        if self._checked(bundle).version != version:
            raise BundleRefused("Another release was laid there after the dry run; give the command again.")
        try:
            self._slots.install(bundle, self._now())
        except OSError as error:
            raise BundleRefused(
                f"The medium for releases failed: {error.strerror}. Nothing was changed; check the memory card."
            ) from None

    def give_up(self) -> None:
        """End the trial of a release. Raises `BundleRefused` when none is on trial."""
        if not self._slots.state.trial:
            raise BundleRefused("No release is on trial. A good release is replaced only by a newer one.")
        self._slots.give_up()

    def trial_over(self, now_s: float) -> bool:
        """Whether the release that runs was on trial and its time has passed; the trial is then given up (fault U2).

        Called about once a second, while nobody is served; the program must then end. `now_s`: monotonic seconds.
        """
        state = self._slots.state
        if not state.trial or not self._running:
            return False
        since_s = now_s if self._ran_until_s is None else self._ran_until_s
        self._ran_until_s = since_s
        with contextlib.suppress(OSError):
            if self._slots.is_over(self._now(), now_s - since_s):
                self._slots.give_up()
                return True
            if now_s - since_s >= WRITTEN_EVERY_S:
                self._slots.ran(now_s - since_s)
                self._ran_until_s = now_s
        return False

    def note(self, *, well: bool, now_s: float) -> None:
        """Called about once a second. Marks a trial good once `well` was true for `WELL_S`. `now_s`: monotonic seconds."""
        if not well:
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = now_s
        elif self._slots.state.trial and self._running and now_s - self._well_since_s >= WELL_S:
            self._well_since_s = None  # if the medium fails, try again after another `WELL_S`
            with contextlib.suppress(OSError):
                self._slots.mark_good(self._running)

    def _laid_ready(self) -> bytes:
        try:
            return read_plain(self._bundle, BUNDLE_MAX + 1)
        except OSError:
            raise BundleRefused(
                f"No release lies ready. Root must copy it there as {self._bundle.name}, a plain file."
            ) from None


def running_version() -> int:
    """The version of the program that runs: a release, or the one as installed."""
    told = os.environ.get(RELEASE, "")
    return int(told) if told.isdecimal() else installed_version()


def installed_version() -> int:
    """Which release the program as installed is, as its file `release` says (hardware/image/build.sh); 0: none."""
    path = Path(os.environ.get(INSTALLED, _HERE)) / "release"
    told = path.read_text().strip() if path.is_file() else ""
    return int(told) if told.isdecimal() else 0


def version() -> str:
    """The version for journal and console: of the program, with the number of its release if it has one."""
    release = running_version()
    return f"{VERSION}+release.{release}" if release else VERSION


def installed_lock() -> str:
    """The sha256 of the lock file of the libraries that this process uses; "" where there is none."""
    return lock_of(Path(os.environ.get(INSTALLED, _HERE)))


def lock_of(program: Path) -> str:
    """The sha256 of the machine's lock file in a program's folder; "" where there is none. Not the developers' lock, which
    changes with every tool that no machine has.
    """
    path = program / "requirements-machine.lock"
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
