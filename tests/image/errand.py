"""A world around a machine in an emulated board: host_sim's devices on its USB sockets, a centre behind its cable, a resident.

The resident sees what a person sees: the glass. Which screen it is, is found by the likeness to the drawn examples.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from firmware.screens import render
from firmware.screens.examples import examples
from host_sim.centre.identity import ensure_identity
from host_sim.unit_file import toml
from host_sim.wallet import Wallet
from host_sim.world import HOUSE, World
from tests.image.usb_card import UsbSlot

HOST = "10.0.2.2"  # this computer, as qemu's network calls it
PORTS = ("io_board", "coin", "printer", "receipt")  # of the USB hub, from 1
_BY_PATH = "/dev/serial/by-path/platform-4010000000.pcie-pci-0000:00:10.0-usb-0:1.{port}:1.0-port0"
_TLS = "/etc/kofuki/tls/"
# qemu's card reader: no image knows it
RULES = 'ACTION=="add", SUBSYSTEM=="usb", ATTR{idVendor}=="08e6", ATTR{idProduct}=="4433", ATTR{authorized}="1"\n'
_SCENE_LEVELS = 3.0  # of 255: two scenes differ by more on average, a scene with one digit more by less
_AGAIN_S = 10.0  # a person whose key did nothing presses it again
_PATIENCE_S = 1200.0  # ends a hang: an emulated board on a busy computer is slow


class Around(World):
    """A world without a machine. `unit_text`: the machine's unit file."""

    def __init__(self, run: Path) -> None:
        super().__init__(run, HOUSE / "hardware" / "units" / "dev-board.toml")
        self.usb_slot = UsbSlot(self.run / "card")

    def _start(self) -> None:
        self.move_door(opened=False)
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
        """qemu's arguments for the devices of this world."""
        words = ["-device", "qemu-xhci,id=usb,addr=10", "-device", "usb-hub,bus=usb.0,port=1"]
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

    def _centre_command(self, *words: str) -> None:
        command = [sys.executable, "-m", "host_sim.centre", "machines", words[0], "--run", str(self.run), *words[1:]]
        subprocess.run(command, check=True, capture_output=True, text=True)


class Eyes:
    """`look`: the picture on the glass."""

    def __init__(self, look: Callable[[], Image.Image]) -> None:
        self._look = look
        self._known = [(type(scene).__name__, _small(render(scene))) for scene in examples("ja")]

    def picture(self) -> np.ndarray:
        return _small(self._look())

    def wait_for_another(self, before: np.ndarray) -> None:
        """Wait a while for another scene than the picture `before`; a digit or a dot more is none."""
        end_s = time.monotonic() + _AGAIN_S
        while float(np.abs(before - self.picture()).mean()) < _SCENE_LEVELS and time.monotonic() < end_s:
            time.sleep(0.5)

    def scene(self) -> str:
        """The name of the scene that the glass is most like."""
        seen = self.picture()
        return min(self._known, key=lambda known: float(np.abs(known[1] - seen).mean()))[0]

    def until(self, *scenes: str) -> str:
        """Wait for one of these scenes; raises AssertionError with the one that stands there instead."""
        end_s = time.monotonic() + _PATIENCE_S
        while (seen := self.scene()) not in scenes:
            assert time.monotonic() < end_s, f"the glass shows {seen}, not one of {scenes}"
            time.sleep(0.5)
        return seen


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((160, 96)), dtype=np.int16)


def serve_a_resident(around: Around, eyes: Eyes, say: Callable[[str], None]) -> Sequence[Image.Image]:
    """One 住民票 for 花子, from card to change. Returns the papers."""
    card = around.wallet.cards["hanako"]
    eyes.until("Idle")
    around.usb_slot.insert(card.chip)
    acts: dict[str, Callable[[], None]] = {
        "EnterPin": lambda: _keys(around, *str(card.pin), "enter"),
        "TakeCard": around.usb_slot.remove,
        "ChooseKind": lambda: _keys(around, "1"),
        "ChoosePurpose": lambda: _keys(around, "1"),
        "ChooseOption": lambda: _keys(around, "enter"),
        "ChooseCopies": lambda: _keys(around, "1", "enter"),
        "Basket": lambda: _keys(around, "enter"),
        "Consent": lambda: _keys(around, "enter"),
        "Pay": lambda: _pay(around),
    }
    while (seen := eyes.until(*acts, "TakePaper", "Sorry")) in acts:
        say(seen)
        before = eyes.picture()
        acts[seen]()
        if seen != "Pay":  # coin by coin
            eyes.wait_for_another(
                before
            )  # an emulated machine answers late, and a second key would meet the next scene
    assert seen == "TakePaper", "the machine gave up"
    papers = around.take_paper()
    around.take_receipt()
    around.take_change()
    eyes.until("Idle")
    return papers


def _keys(around: Around, *keys: str) -> None:
    for key in keys:
        around.board.tap(key, hold_ms=200)  # type: ignore[union-attr]


def _pay(around: Around) -> None:
    if around.slot_open():
        around.drop_coin(100)
    time.sleep(2.0)
