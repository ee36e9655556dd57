"""What is where on the card: partitions, dm-verity, the kernel's command line, the manifest. Pure but for `main`.

    python hardware/image/layout.py partitions                    what `sfdisk` reads
    python hardware/image/layout.py get NAME start_mib|size_mib|blocks   a partition's place, and its largest file system
    python hardware/image/layout.py cmdline SLOT ROOT_HASH        the kernel's command line
    python hardware/image/layout.py manifest IMAGE ROOT_HASH VERSION < PACKAGES   the manifest, for a release key to sign

A Pi 3 starts only from an MBR, which has four partitions; so all of them are primary. Sizes are those of the slots for ever,
because another system must fit into the other slot.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

DISK_ID = 0x6B6F6675  # "kofu"; PARTUUID of partition n is this and n (Linux, block/partitions/msdos.c)
BLOCK_BYTES = 4096  # of the file system and of dm-verity: a page of memory
HASHES_A_BLOCK = BLOCK_BYTES // 32  # SHA-256
MIB = 1 << 20
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
    sizes = [("boot", 256, "c"), ("root_a", 1280, "83"), ("root_b", 1280, "83"), ("data", 512, "83")]
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
    """The largest file system, in blocks, that fits into a slot together with its hashes."""
    whole = slot_mib * MIB // BLOCK_BYTES
    blocks = whole * HASHES_A_BLOCK // (HASHES_A_BLOCK + 1)
    while blocks + tree_blocks(blocks) > whole:
        blocks -= 1
    return blocks


def cmdline(slot: str, root_hash: str) -> str:
    """The kernel's command line for slot `a` or `b`. `root_hash`: 64 hex digits."""
    one = partition(f"root_{slot}")
    ours = (HARDWARE / "boot/cmdline.txt").read_text().split()
    words = [
        "root=/dev/mapper/root",
        "ro",
        "rootwait",
        f"kofuki.slot=PARTUUID={one.partuuid}",
        f"kofuki.root_hash={root_hash}",
        f"kofuki.hash_offset={data_blocks(one.size_mib) * BLOCK_BYTES}",
        "panic=10",  # a kernel that cannot go on restarts the board after 10 s
    ]
    return " ".join(words + ours)


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


def main(words: list[str]) -> str:
    match words:
        case ["partitions"]:
            return sfdisk_script()
        case ["get", name, "blocks"]:
            return f"{data_blocks(partition(name).size_mib)}\n"
        case ["get", name, ("start_mib" | "size_mib" | "partuuid") as what]:
            return f"{getattr(partition(name), what)}\n"
        case ["cmdline", slot, root_hash]:
            return cmdline(slot, root_hash) + "\n"
        case ["manifest", image, root_hash, version]:
            with Path(image).open("rb") as source:
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            size, packages = Path(image).stat().st_size, sys.stdin.read().splitlines()
            return manifest(version=version, size=size, sha256=sha256, root_hash=root_hash, packages=packages)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
