"""A world around a machine in an emulated board: host_sim's devices on its USB sockets, a centre behind its cable, a resident.

The resident sees what a person sees: the glass. Which screen it is, is found by the likeness to the drawn examples.
Every screen of the session stands in one of `ACTS`, `PASSES`, `ENDS` and `NEVER`; `tests/sessions/test_image_errand.py` says
which is missing, and walks the same errand in virtual time.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from firmware.screens import render
from firmware.screens.examples import examples
from firmware.session.scenes import ChooseKind, ChoosePurpose, Scene
from host_sim.centre.identity import ensure_identity
from host_sim.unit_file import toml
from host_sim.wallet import Wallet, WalletCard
from host_sim.world import HOUSE, World
from tests.image.usb_card import UsbSlot

HOST = "10.0.2.2"  # this computer, as qemu's network calls it
PORTS = ("io_board", "coin", "printer", "receipt")  # of the USB hub, from 1
_BY_PATH = "/dev/serial/by-path/platform-4010000000.pcie-pci-0000:00:10.0-usb-0:1.{port}:1.0-port0"
_TLS = "/etc/kofuki/tls/"
# qemu's card reader: no image knows it
RULES = 'ACTION=="add", SUBSYSTEM=="usb", ATTR{idVendor}=="08e6", ATTR{idProduct}=="4433", ATTR{authorized}="1"\n'
_SCENE_LEVELS = 3.0  # of 255: two scenes differ by more on average, a scene with one digit more by less
_LOOK_S = 0.5
_NEXT_COIN_S = 2.0
# Patience is counted in looks, not in seconds: an emulated board on a busy computer is slow, and so is this program then.
_AGAIN_LOOKS = 20  # a person whose key did nothing presses it again
_PATIENCE_LOOKS = 2400  # ends a hang


class Around(World):
    """A world without a machine. `unit_text`: the machine's unit file."""

    def __init__(self, run: Path) -> None:
        super().__init__(run, HOUSE / "hardware" / "units" / "dev-board.toml")
        self.usb_slot = UsbSlot(self.run / "card")

    def _start(self) -> None:
        self.move_door(opened=False)
        self.clock.open_if_closed()  # the trial is also run at night
        self.wallet = Wallet.open(self.run / "wallet", self.clock.now().date())
        ensure_identity(self.run / "centre", [], [HOST])
        self._start_centre()
        self._stack.callback(self.usb_slot.close)
        self._make_devices()

    @property
    def unit_text(self) -> str:
        unit = {name: dict(table) for name, table in self.unit.tables.items() if name not in {"speaker", "update"}}
        del unit["unit"]["simulated"]
        unit["card"]["reader"] = "Gemalto"
        for port, table in enumerate(("io_board", "coin", "printer", "receipt_printer"), 1):
            unit[table]["port"] = _BY_PATH.format(port=port)
        unit["io_board"] = {"port": unit["io_board"]["port"]}
        unit["screen"] = {"path": "/dev/fb0", "pixels": "bgrx"}
        unit["console"] = {"port": "/dev/kofuki/console", "users": "/etc/kofuki/console-users.toml"}
        files = {"ca_file": "ca.pem", "server_spki_sha256": "server-spki.hex", "client_certificate": "machine.pem"}
        files |= {"client_key": "machine.key", "manifest_key": "manifest-key.hex"}
        unit["centre"] = {"host": HOST, "port": self.line.port, **{key: _TLS + name for key, name in files.items()}}
        return "\n".join(toml(unit)) + "\n"

    @property
    def devices(self) -> Sequence[str]:
        """qemu's arguments for the devices of this world, and for its time, as the board's clock chip has it."""
        words = ["-rtc", f"base={self.clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S}"]
        words += ["-device", "qemu-xhci,id=usb,addr=10", "-device", "usb-hub,bus=usb.0,port=1"]
        for port, name in enumerate(PORTS, 1):
            words += ["-chardev", f"serial,id={name},path={self.run / self.unit.port(name)}"]
            words += ["-device", f"usb-serial,bus=usb.0,port=1.{port},chardev={name},always-plugged=on"]
        words += ["-chardev", f"socket,id=slot,path={self.run / 'card'},server=on,wait=off"]
        return [
            *words,
            "-device",
            "usb-ccid,bus=usb.0,port=2,id=reader",
            "-device",
            "ccid-card-passthru,chardev=slot,bus=reader.0",
        ]

    def answer(self, request: str, out: Path) -> None:
        """What the city's staff do with a machine's request: sign it, and let its key speak, by two people."""
        asked = out.with_suffix(".csr")
        asked.write_text(request)
        self._centre_command("sign", str(asked), "--out", str(out))
        for who in ("tanaka", "kuroki"):
            self._centre_command("renew", str(out / "machine.pem"), "new card", "--by", who)

    def insert(self, card: WalletCard) -> None:
        self.usb_slot.insert(card.chip)

    def take_card(self) -> None:
        self.usb_slot.remove()

    def tap(self, key: str) -> None:
        self.board.tap(key, hold_ms=200)  # type: ignore[union-attr]

    def _centre_command(self, *words: str) -> None:
        command = [sys.executable, "-m", "host_sim.centre", "machines", words[0], "--run", str(self.run), *words[1:]]
        subprocess.run(command, check=True, capture_output=True, text=True)


class Eyes:
    """`look`: the picture on the glass. `pause`: passes so many seconds."""

    def __init__(self, look: Callable[[], Image.Image], pause: Callable[[float], None] = time.sleep) -> None:
        self._look = look
        self.pause = pause
        self._known = [(type(scene).__name__, _small(render(scene))) for scene in _pictures()]

    def picture(self) -> np.ndarray:
        return _small(self._look())

    def wait_for_another(self, before: np.ndarray) -> None:
        """Wait a while for another scene than the picture `before`; a digit or a dot more is none."""
        for _ in range(_AGAIN_LOOKS):
            if float(np.abs(before - self.picture()).mean()) >= _SCENE_LEVELS:
                return
            self.pause(_LOOK_S)

    def scene(self) -> str:
        """The name of the scene that the glass is most like."""
        seen = self.picture()
        return min(self._known, key=lambda known: float(np.abs(known[1] - seen).mean()))[0]

    def until(self, *scenes: str) -> str:
        """Wait for one of these scenes; raises AssertionError with the one that stands there instead."""
        for _ in range(_PATIENCE_LOOKS):
            if (seen := self.scene()) in scenes:
                return seen
            self.pause(_LOOK_S)
        raise AssertionError(f"the glass shows {self.scene()}, not one of {scenes}")


def _pictures() -> Iterator[Scene]:
    """The drawn examples; a menu also with fewer lines, as one city has more kinds and purposes than another."""
    for scene in examples("ja"):
        match scene:
            case ChooseKind(refused=None):
                for count in range(1, len(scene.lines) + 1):
                    lines = tuple(replace(line, refusal=None) for line in scene.lines[:count])
                    yield replace(scene, lines=lines, pages=1, takes_code=False)
            case ChoosePurpose():
                for count in range(1, len(scene.purposes)):
                    yield replace(scene, purposes=scene.purposes[:count])
        yield scene


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((160, 96)), dtype=np.int16)


class Front(Protocol):
    """The machine's front, as a resident's hands reach it."""

    def insert(self, card: WalletCard) -> None: ...

    def take_card(self) -> None: ...

    def tap(self, key: str) -> None: ...

    def slot_open(self) -> bool: ...

    def drop_coin(self, yen: int) -> None: ...

    def take_paper(self) -> Sequence[Image.Image]: ...

    def take_receipt(self) -> Sequence[Image.Image]: ...

    def take_change(self) -> Sequence[int]: ...


def _keys(*keys: str) -> Callable[[Front, WalletCard], None]:
    def press(front: Front, _: WalletCard) -> None:
        for key in keys:
            front.tap(key)

    return press


def _pin(front: Front, card: WalletCard) -> None:
    _keys(*str(card.pin), "enter")(front, card)


def _coin(front: Front, _: WalletCard) -> None:
    if front.slot_open():
        front.drop_coin(100)


# What the resident does at each screen on the way to one 住民票.
ACTS: Mapping[str, Callable[[Front, WalletCard], None]] = {
    "EnterPin": _pin,
    "TakeCard": lambda front, _: front.take_card(),
    "ChooseKind": _keys("1"),
    "ChoosePurpose": _keys("1"),
    "ChooseOption": _keys("enter"),
    "ChooseCopies": _keys("1", "enter"),
    "Basket": _keys("enter"),
    "Consent": _keys("enter"),
    "Pay": _coin,
}
PASSES = frozenset({"Starting", "Idle", "Working", "Printing", "MoneyBack", "Done"})  # the machine goes on by itself
ENDS = frozenset({"TakePaper", "Sorry", "Closed"})  # the paper is there, or the machine gave up
# Screens that this errand does not meet, and why.
NEVER: Mapping[str, str] = {
    "LastTry": "the PIN is right",
    "TypeCode": "the resident has no exemption code",
    "Preview": "the resident does not ask for the pages",
    "ChooseLook": "the resident does not press the language key",
    "AtCounter": "only at a counter terminal",
    "ClerkCode": "only at a counter terminal",
    "Maintenance": "no staff is there",
    "StaffPicture": "no staff is there",
}


def serve_a_resident(front: Front, card: WalletCard, eyes: Eyes, say: Callable[[str], None]) -> Sequence[Image.Image]:
    """One 住民票 for the holder of `card`, from card to change. Returns the papers."""
    eyes.until("Idle")
    front.insert(card)
    while (seen := eyes.until(*ACTS, *ENDS)) in ACTS:
        say(seen)
        before = eyes.picture()
        ACTS[seen](front, card)
        if seen == "Pay":  # coin by coin; the glass hardly changes
            eyes.pause(_NEXT_COIN_S)
        else:  # an emulated machine answers late, and a second key would meet the next scene
            eyes.wait_for_another(before)
    assert seen == "TakePaper", f"the machine gave up: {seen}"
    papers = front.take_paper()
    front.take_receipt()
    front.take_change()
    eyes.until("Idle")
    return papers
