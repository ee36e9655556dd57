"""The loudspeaker: a sound is played by ALSA's `aplay`, a child that reads it from memory.

A library inside this process would hang with a driver of the kernel that hangs, and keep the device when a thread ends. A child
is ended by one signal, and the kernel then closes the device. The sound is in a memfd: no disk keeps what was said, and nobody
has to feed a pipe.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from drivers.errors import LineLost, WrongDevice
from drivers.speaker.sound import Sound, at_volume, silence, wav

DEVICE = "speaker"
TRIED_S = 0.02  # of silence, to see whether the device can be used
_OPEN_S = 20.0  # a device that takes longer to play that is held for broken
_SAID = 400  # bytes of what the player says that are read
_CONTROL = re.compile(r"controlC(\d+)")  # the kernel's node of a sound card


class AlsaSpeaker:
    """One output. `device`: its ALSA name, `plughw:CARD=Device` or a name of `/etc/asound.conf`; or udev's link to the card in one
    USB socket, `/dev/snd/by-path/...`, or with one serial number, `/dev/snd/by-id/...`.

    The numbers and names of two USB cards depend on which the kernel finds first, so a link is followed anew for each sound.
    Nothing is opened before `start`. One sound at a time: a new one ends the one before.
    """

    def __init__(self, device: str, player: str = "aplay") -> None:
        self._player = player
        self._device = device
        self._child: subprocess.Popen[bytes] | None = None
        self._told: IO[bytes] | None = None

    def start(self) -> None:
        """Play a moment of silence and wait for its end. Raises `LineLost`, and `WrongDevice` where there is no `aplay`."""
        self.play(Sound(silence(TRIED_S)), volume=1)
        assert self._child is not None
        try:
            self._child.wait(_OPEN_S)
        except subprocess.TimeoutExpired:
            self.hush()
            raise LineLost(DEVICE, f"{self._device} does not play: pull its plug and put it in again.") from None
        self.playing()

    def play(self, sound: Sound, volume: int) -> None:
        """Begin to play and return at once. `volume`: a step of `sound.at_volume`. Raises as `start`."""
        self.hush()
        file = os.memfd_create("sound")
        try:
            with open(file, "wb", closefd=False) as memory:
                memory.write(wav(Sound(at_volume(sound.samples, volume), sound.words)))
            os.lseek(file, 0, os.SEEK_SET)
            self._told = os.fdopen(os.memfd_create("told"), "w+b")
            self._child = subprocess.Popen(self._command(), stdin=file, stdout=subprocess.DEVNULL, stderr=self._told)
        except FileNotFoundError:
            raise WrongDevice(DEVICE, "aplay is not installed: apt install alsa-utils.") from None
        except OSError as error:
            raise LineLost(
                DEVICE, f"the player cannot be started ({error.strerror}); the machine tries again."
            ) from None
        finally:
            os.close(file)

    def playing(self) -> bool:
        """Whether a sound is being played. Raises `LineLost` once when the one before failed."""
        if self._child is None:
            return False
        status = self._child.poll()
        if status is None:
            return True
        said = self._said()
        self.hush()
        if status != 0:
            raise LineLost(DEVICE, f"{self._device} does not play ({said}): is it plugged in? Then look at `aplay -L`.")
        return False

    def hush(self) -> None:
        """End what is being played. Does nothing when nothing is."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
        told, self._told = self._told, None
        if told is not None:
            told.close()

    close = hush

    def _command(self) -> Sequence[str]:
        """Raises `LineLost` when a link leads to no card."""
        device = self._device
        if device.startswith("/"):
            card = _CONTROL.fullmatch(Path(device).resolve().name)
            if card is None or not Path(device).exists():
                raise LineLost(
                    DEVICE,
                    f"no sound card is at {device}: is it in its USB socket? Then look at `ls -l /dev/snd/by-path`.",
                )
            device = f"plughw:{card[1]}"
        return (self._player, "-q", "-t", "wav", "-D", device, "-")

    def _said(self) -> str:
        """The last line that the player wrote."""
        if self._told is None:
            return ""
        with suppress(OSError):
            self._told.seek(0)
            lines = self._told.read(_SAID).decode(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "no word from aplay")
        return "no word from aplay"
