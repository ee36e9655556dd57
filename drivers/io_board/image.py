"""The file with a new program for the board (UF2): checked first, then copied onto the drive that the chip's loader shows.

The format is "USB Flashing Format" (github.com/microsoft/uf2): blocks of 512 bytes, each with its address. The family is that
of the RP2040, and its flash begins at 0x10000000 (RP2040 datasheet, 2.6.3 and 2.8.3.1).
"""

import contextlib
import hashlib
import os
import struct
from pathlib import Path

_BLOCK = struct.Struct("<8I476sI")
_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_HAS_FAMILY = 0x2000
_RP2040 = 0xE48BFF56
_FLASH = 0x10000000
_LARGEST = 4 << 20  # twice a Pico's flash, because a block is half empty
_MARK = "INFO_UF2.TXT"  # the file by which a loader's drive is known


class Unfit(ValueError):
    """The image may not be copied, or could not be; the message is a sentence for a technician."""


class Image:
    """`path`: the file; beside it `path`.sha256 as `sha256sum` writes it. `drive`: where the loader's drive is mounted.

    `program`: the number of the program that must be in it (firmware/io_board/README.md, "The program's number"); empty: nobody
    knows it, so that no image is good.
    """

    def __init__(self, path: Path, drive: Path, program: bytes) -> None:
        self._path = path
        self._drive = drive
        self.program = program

    def check(self) -> str:
        """The file's SHA-256 in hex. Raises `Unfit` where it is damaged, for another chip, or of another program."""
        return hashlib.sha256(self._read()).hexdigest()

    def drive_is_there(self) -> bool:
        return (self._drive / _MARK).is_file()

    def copy(self) -> None:
        """Check the file again and write it to the drive, which vanishes when the loader has it all. Raises `Unfit`."""
        data = self._read()
        try:
            with (self._drive / "board.uf2").open("wb") as target:
                target.write(data)
                target.flush()
                with contextlib.suppress(OSError):  # the loader restarts the chip at the last block
                    os.fsync(target.fileno())
        except OSError as error:
            raise Unfit(f"The image could not be written to the loader's drive: {error.strerror}. Try again.") from None

    def _read(self) -> bytes:
        if not self.program:
            raise Unfit("The firmware here lacks the board's program: install the whole release again.")
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST + 1)
            told = self._path.with_name(f"{self._path.name}.sha256").read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise Unfit(f"{self._path.name} or its .sha256 cannot be read: {why}. Root copies both.") from None
        if told[:1] != [hashlib.sha256(data).hexdigest()]:
            raise Unfit(f"{self._path.name} is damaged: its hash is not the one in its .sha256. Copy both again.")
        if self.program not in _flash(data):
            raise Unfit(f"{self._path.name} has another program than this release: build it with `make io-board`.")
        return data


def _flash(data: bytes) -> bytes:
    """What the blocks write, from the beginning of the flash on. Raises `Unfit` for anything but one whole image."""
    if not data or len(data) % _BLOCK.size:
        raise Unfit("The image is no UF2 file.")
    flash = b""
    for number, block in enumerate(_BLOCK.iter_unpack(data)):
        first, second, flags, address, size, no, of, family, payload, last = block
        if (first, second, last) != _MAGICS or size > len(payload):
            raise Unfit("The image is no UF2 file.")
        if not flags & _HAS_FAMILY or family != _RP2040:
            raise Unfit("The image is for another chip than the RP2040.")
        if (no, of) != (number, len(data) // _BLOCK.size) or address != _FLASH + len(flash):
            raise Unfit("The image is not whole: blocks are missing or in another order.")
        flash += payload[:size]
    return flash
