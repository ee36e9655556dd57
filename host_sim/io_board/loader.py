"""The drive that a board's chip shows while it waits for a new program: a folder stands for it.

An image is a UF2 file (github.com/microsoft/uf2). A simulated board runs no machine code: of an image it takes the number of the
program: of an image of the simulator's that which `image` has put first, of a real one (`make io-board`) that of this release.
"""

import hashlib
import shutil
import struct
from pathlib import Path

_BLOCK = struct.Struct("<IIIIIIII476sI")
_PAYLOAD = 256
_RP2040, _FLASH, _HAS_FAMILY = 0xE48BFF56, 0x10000000, 0x2000
_BEGIN, _THEN, _END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
NUMBER_BYTES = 32


def image(number: bytes, blocks: int = 40) -> bytes:
    """A UF2 file for a board of the simulator that will run the program with this number."""
    flash = number.ljust(_PAYLOAD * blocks, b"\xff")
    return b"".join(
        _BLOCK.pack(_BEGIN, _THEN, _HAS_FAMILY, _FLASH + at, _PAYLOAD, at // _PAYLOAD, blocks, _RP2040, part, _END)
        for at in range(0, len(flash), _PAYLOAD)
        for part in (flash[at : at + _PAYLOAD],)
    )


def write_image(path: Path, number: bytes) -> None:
    """The image and, beside it, its hash as `sha256sum` writes it."""
    data = image(number)
    path.write_bytes(data)
    path.with_name(f"{path.name}.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  {path.name}\n")


class LoaderDrive:
    """Satisfies `models.io_board.board.Loader`. The folder is there only while the board is in its loader."""

    def __init__(self, folder: Path, release: bytes) -> None:
        """`release`: the number of the program in this tree, by which a real image is known that holds it."""
        self._folder = folder
        self._release = release
        self.hide()

    def show(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")

    def taken(self) -> bytes | None:
        """The number of the program whose image lies on the drive, whole; None: none yet."""
        for path in sorted(self._folder.glob("*.uf2")):
            data = path.read_bytes()
            if data and len(data) % _BLOCK.size == 0:
                blocks = list(_BLOCK.iter_unpack(data))
                if blocks[0][0] == _BEGIN and blocks[0][6] == len(blocks):
                    flash = b"".join(block[8][: block[4]] for block in blocks)
                    return self._release if self._release in flash else flash[:NUMBER_BYTES]
        return None

    def hide(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
