"""The machine's service, in the place of systemd: the command that starts it, and the restart when it ends itself."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from host_sim.pki import keep_once
from host_sim.running import Child, NotRunning
from host_sim.unit_file import UnitFile

RELEASE_KEY = "release-key.pem"  # signs releases for this world's machine; see firmware/update/README.md
_LOOK_S = 0.2


def command(unit: UnitFile, unit_path: Path, run: Path) -> list[str]:
    """The arguments of `python -m`: the machine, or its launcher where the unit takes updates."""
    machine = ["--unit", str(unit_path), "--run-dir", str(run)]
    if "update" not in unit.tables:
        return ["firmware", *machine]
    slots, public = run / unit.text("update", "slots"), run / unit.text("update", "key")
    _make_key(run / RELEASE_KEY, public)
    where = ["--slots", str(slots), "--key", str(public), "--runtime", str(run / "runtime")]
    return ["firmware.update.launch", *where, "--", *machine]


def _make_key(private: Path, public: Path) -> None:
    if private.exists() and public.exists():
        return
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for path in (private, public):
        path.unlink(missing_ok=True)  # both files are made anew: one without the other is of no use
    keep_once(private, pem, 0o600)
    keep_once(public, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex().encode())


class Manager:
    """Starts the machine again when it ended itself (`reboot`, new settings). After a crash it stays off, for a developer."""

    def __init__(self, machine: Child, start: Callable[[], None], hand: threading.RLock) -> None:
        self._machine = machine
        self._start = start
        self._hand = hand
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="service manager", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_S):
            with self._hand, contextlib.suppress(NotRunning):  # the reason is in its log
                if self._machine.ended:
                    self._start()
