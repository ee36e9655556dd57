"""What is where on the card: partitions, dm-verity, the slots' records, the choice, the manifest. Pure but for `main`.

    python hardware/image/layout.py partitions                    what `sfdisk` reads
    python hardware/image/layout.py get NAME start_mib|size_mib|blocks|record_block   a partition's place, and what it holds
    python hardware/image/layout.py get choice sector             where the byte is that says which slot starts
    python hardware/image/layout.py boot_script                   what U-Boot does: boot.cmd with its numbers
    python hardware/image/layout.py environment                   U-Boot's settings on a Pi
    python hardware/image/layout.py record ROOT_HASH SYSTEM > FILE   what stands at the end of a slot (SYSTEM: its version)
    python hardware/image/layout.py manifest IMAGE ROOT_HASH VERSION < PACKAGES   the manifest, for a release key to sign

A Pi 3 starts only from an MBR, which has four partitions; so all of them are primary. Sizes are those of the slots for ever,
because another system must fit into the other slot. A slot holds a file system, its hashes behind it, and in its last block
the record: the kernel's command line with the root hash, in U-Boot's form with a checksum. Who writes a slot writes the record
last, so a slot with a record is whole. Which slot starts is one byte before the first partition (`CHOICE_SECTOR`, boot.cmd).
"""

import hashlib
import json
import re
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DISK_ID = 0x6B6F6675  # "kofu"; PARTUUID of partition n is this and n (Linux, block/partitions/msdos.c)
BLOCK_BYTES = 4096  # of the file system and of dm-verity: a page of memory
HASHES_A_BLOCK = BLOCK_BYTES // 32  # SHA-256
MIB = 1 << 20
SECTOR_BYTES = 512
CHOICE_SECTOR = 2047  # the last one before the first partition
RECORD_BYTES = BLOCK_BYTES
ENVIRONMENT_BYTES = 0x4000  # CONFIG_ENV_SIZE of U-Boot's rpi_arm64_defconfig
HARDWARE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Partition:
    name: str
    number: int
    start_mib: int
    size_mib: int
    kind: str  # MBR type, hex

    @property
    def partuuid(self) -> str:
        return f"{DISK_ID:08x}-{self.number:02x}"


def partitions() -> list[Partition]:
    """In the order of the card. The first MiB holds the table and nothing else, so that each begins at an erase block."""
    sizes = [("boot", 512, "c"), ("root_a", 1280, "83"), ("root_b", 1280, "83"), ("data", 512, "83")]
    found, start = list[Partition](), 1
    for number, (name, size, kind) in enumerate(sizes, 1):
        found.append(Partition(name, number, start, size, kind))
        start += size
    return found


def partition(name: str) -> Partition:
    return next(one for one in partitions() if one.name == name)


def sfdisk_script() -> str:
    """The table as `sfdisk` reads it (sfdisk(8), "Script-header lines"; sectors of 512 bytes)."""
    lines = ["label: dos", f"label-id: 0x{DISK_ID:08x}", "unit: sectors"]
    lines += [f"start={one.start_mib * 2048}, size={one.size_mib * 2048}, type={one.kind}" for one in partitions()]
    return "\n".join(lines) + "\n"


def tree_blocks(data_blocks: int) -> int:
    """How many blocks dm-verity needs for its tree and its header (Linux, admin-guide/device-mapper/verity.rst)."""
    blocks, level = 1, data_blocks
    while level > 1:
        level = -(-level // HASHES_A_BLOCK)
        blocks += level
    return blocks


def data_blocks(slot_mib: int) -> int:
    """The largest file system, in blocks, that fits into a slot together with its hashes and its record."""
    whole = slot_mib * MIB // BLOCK_BYTES - RECORD_BYTES // BLOCK_BYTES
    blocks = whole * HASHES_A_BLOCK // (HASHES_A_BLOCK + 1)
    while blocks + tree_blocks(blocks) > whole:
        blocks -= 1
    return blocks


def arguments(root_hash: str, system: int) -> str:
    """The kernel's command line but for the slot. `root_hash`: 64 hex digits; `system`: its version."""
    words = [
        "root=/dev/mapper/root",
        "ro",
        "rootwait",
        f"kofuki.root_hash={root_hash}",
        f"kofuki.hash_offset={data_blocks(partition('root_a').size_mib) * BLOCK_BYTES}",
        f"kofuki.system={system}",
        "panic=10",  # a kernel that cannot go on restarts the board after 10 s
    ]
    return " ".join([*words, *(HARDWARE / "boot/cmdline.txt").read_text().split()])


def settings(lines: Sequence[str], size: int) -> bytes:
    """Settings as U-Boot reads them (its tools/mkenvimage.c): CRC-32, then `name=value`, each ended by a zero byte."""
    told = b"".join(line.encode("ascii") + b"\0" for line in lines).ljust(size - 4, b"\0")
    assert len(told) == size - 4, "too long"
    return zlib.crc32(told).to_bytes(4, "little") + told


def record(root_hash: str, system: int) -> bytes:
    """The last block of a slot."""
    return settings([f"args={arguments(root_hash, system)}"], RECORD_BYTES)


def record_offset(name: str) -> int:
    """Where the record of this slot begins, in bytes from the slot's beginning."""
    return partition(name).size_mib * MIB - RECORD_BYTES


def boot_script() -> str:
    """U-Boot's script with its numbers, all of them hexadecimal."""
    numbers = {"CHOICE": CHOICE_SECTOR, "RECORD_SECTORS": RECORD_BYTES // SECTOR_BYTES, "RECORD_BYTES": RECORD_BYTES}
    for slot in ("a", "b"):
        one = partition(f"root_{slot}")
        begins = (one.start_mib * MIB + record_offset(one.name)) // SECTOR_BYTES
        numbers |= {f"RECORD_{slot.upper()}": begins, f"PART_{slot.upper()}": one.number}
    words = {name: f"{number:x}" for name, number in numbers.items()} | {"DISK_ID": f"{DISK_ID:08x}"}
    text = (HARDWARE / "image/boot.cmd").read_text()
    return re.sub(r"@([A-Z_]+)@", lambda found: words[found[1]], text)


def manifest(*, version: str, size: int, sha256: str, root_hash: str, packages: list[str]) -> str:
    """JSON that says what an image is. `size`: bytes; `packages`: name and version of each Debian package in it."""
    said = {
        "product": "kofuki-image",
        "version": version,
        "image": {"bytes": size, "sha256": sha256},
        "root_hash": root_hash,
        "partitions": {one.name: {"start_mib": one.start_mib, "size_mib": one.size_mib} for one in partitions()},
        "packages": sorted(packages),
    }
    return json.dumps(said, indent=1, sort_keys=True) + "\n"


def main(words: Sequence[str]) -> str | bytes:
    match words:
        case ["partitions"]:
            return sfdisk_script()
        case ["get", name, "blocks"]:
            return f"{data_blocks(partition(name).size_mib)}\n"
        case ["get", name, "record_block"]:
            return f"{record_offset(name) // BLOCK_BYTES}\n"
        case ["get", name, ("start_mib" | "size_mib" | "partuuid") as what]:
            return f"{getattr(partition(name), what)}\n"
        case ["get", "choice", "sector"]:
            return f"{CHOICE_SECTOR}\n"
        case ["boot_script"]:
            return boot_script()
        case ["environment"]:
            lines = (HARDWARE / "image/uboot.env.txt").read_text().splitlines()
            return settings([line for line in lines if not line.startswith("#")], ENVIRONMENT_BYTES)
        case ["record", root_hash, system]:
            return record(root_hash, int(system))
        case ["manifest", image, root_hash, version]:
            with Path(image).open("rb") as source:
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            size, packages = Path(image).stat().st_size, sys.stdin.read().splitlines()
            return manifest(version=version, size=size, sha256=sha256, root_hash=root_hash, packages=packages)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    told = main(sys.argv[1:])
    sys.stdout.buffer.write(told if isinstance(told, bytes) else told.encode())
