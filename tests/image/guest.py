"""A card in a board of qemu: the serial line, the mains switch, and what lies on the card's boot partition."""

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from PIL import Image

from hardware.image.layout import MIB, RECORD_BYTES, partition, record_offset, settings

U_BOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"  # for qemu's own board; a Pi's is on its card
PI3_FILES = ("u-boot.bin", "bcm2837-rpi-3-b.dtb")
# qemu restarts its Pi at once when the watchdog is armed (its bcm2835_powermgt knows no timer), so systemd must leave it alone there.
PI3_WORDS = "systemd.watchdog_sec=0"
HANG_S = 1800.0  # ends a hang, and nothing else: an emulated board on a busy computer is slow


class NotSaid(Exception):
    """The board ended, or hangs, without saying what was expected; the message has what it said."""


def mtools(tool: str, card: Path, *words: str) -> None:
    """One of the mtools on the card's boot partition."""
    subprocess.run(
        [tool, "-i", f"{card}@@{partition('boot').start_mib * MIB}", *words], check=True, capture_output=True
    )


def bring(card: Path, source: Path, target: str) -> None:
    """Copy a file onto the boot partition, as whoever has the card in a computer."""
    mtools("mcopy", card, "-o", str(source), f"::{target}")


def _add_words(card: Path, words: str) -> None:
    """Lengthen the kernel's command line of slot a."""
    at = partition("root_a").start_mib * MIB + record_offset("root_a")
    with card.open("r+b") as sink:
        sink.seek(at)
        told = sink.read(RECORD_BYTES)[4:].rstrip(b"\0").decode()
        if words not in told:
            sink.seek(at)
            sink.write(settings([f"{told} {words}"], RECORD_BYTES))


def _virt(card: Path, *, cable: str, glass: bool) -> list[str]:
    """qemu's own board: quick, and with any device."""
    return [
        *["-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-device", "virtio-rng-pci", "-bios", U_BOOT],
        *["-drive", f"if=none,id=card,format=raw,file={card}", "-device", "virtio-blk-pci,drive=card"],
        *(
            ["-netdev", f"user,id=net,{cable}", "-device", "virtio-net-pci,netdev=net,romfile="]
            if cable
            else ["-nic", "none"]
        ),
        *(["-device", "virtio-gpu-pci,xres=800,yres=480,romfile="] if glass else []),
    ]


def _pi3(card: Path, folder: Path) -> list[str]:
    """A Raspberry Pi 3 B as far as qemu knows it, from what its own chip loads. It takes only cards whose size is a power of two."""
    for name in PI3_FILES:
        (folder / name).unlink(missing_ok=True)
        mtools("mcopy", card, f"::{name}", str(folder / name))
    _add_words(card, PI3_WORDS)
    with card.open("r+b") as grown:
        grown.truncate(4 << 30)
    program, tree = (str(folder / name) for name in PI3_FILES)
    return ["-M", "raspi3b", "-kernel", program, "-dtb", tree, "-drive", f"if=sd,format=raw,file={card}"]


class Board:
    """One start of a card. `said`: all that came out of the serial line. Leaving it is a power cut."""

    def __init__(
        self,
        card: Path,
        folder: Path,
        *,
        cable: str = "",
        glass: bool = False,
        devices: Sequence[str] = (),
        pi3: bool = False,
    ) -> None:
        """`cable`: qemu's words for the network behind it; empty: no cable. `devices`: qemu's arguments for more of them.

        `pi3`: a Raspberry Pi 3 B without cable and glass, in place of qemu's own board.
        """
        self._monitor = folder / "qmp"
        command: Sequence[str] = [
            *["nice", "-n", "10", "qemu-system-aarch64"],
            *(_pi3(card, folder) if pi3 else _virt(card, cable=cable, glass=glass)),
            # A restart ends qemu, so that it is seen.
            *["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot", *devices],
            *["-qmp", f"unix:{self._monitor},server=on,wait=off"],
        ]
        self.started_s = time.monotonic()
        self.said = ""
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._hang = threading.Timer(HANG_S, self._process.kill)
        self._hang.daemon = True
        self._hang.start()

    def until(self, pattern: str) -> str:
        """Read the line until `pattern` came; returns what came since the last call, up to its end. Raises `NotSaid`."""
        came = ""
        while not (found := re.search(pattern, came)):
            came += self._more(pattern)
        return came[: found.end()]

    def restarts(self, never: str = "halted> ") -> None:
        """Wait until the board restarts; it must not say `never` before."""
        try:
            self.until(never)
        except NotSaid:
            if self._process.wait() == 0:
                return
            raise
        raise AssertionError(f"the board serves a person: {self.said[-500:]}")

    def type(self, line: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(line.encode() + b"\r")
        stdin.flush()

    def picture(self) -> Image.Image:
        """What the glass shows."""
        target = self._monitor.with_suffix(".ppm")
        self._ask("screendump", filename=str(target))
        return Image.open(target).convert("RGB")

    def plug(self, device: str, bus: str) -> None:
        """Put one of qemu's devices into a socket of the running board."""
        self._ask("device_add", driver=device, bus=bus)

    @property
    def up_s(self) -> float:
        """Seconds since the board was switched on."""
        return time.monotonic() - self.started_s

    def cut(self) -> None:
        """Pull the mains plug."""
        self._hang.cancel()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _ask(self, command: str, **arguments: str) -> None:
        """A command of qemu (QMP), until it is done."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._monitor))
            answers = line.makefile("r")
            answers.readline()  # its greeting
            for execute, words in (("qmp_capabilities", {}), (command, arguments)):
                line.sendall(json.dumps({"execute": execute, "arguments": words}).encode() + b"\n")
                while "return" not in (said := json.loads(answers.readline())):
                    if "error" in said:
                        raise NotSaid(said["error"]["desc"])

    def _more(self, pattern: str) -> str:
        stdout = self._process.stdout
        assert stdout is not None
        more = stdout.read1(4096).decode("utf-8", "replace")  # type: ignore[attr-defined]
        if not more:
            raise NotSaid(f"the board ended without {pattern!r}: {self.said[-2000:]}")
        self.said += more
        return more
