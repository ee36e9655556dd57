"""What is where on a machine's card: the partitions, dm-verity's place behind a file system, the kernel's command line."""

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from hardware.image.layout import (
    BLOCK_BYTES,
    CHOICE_SECTOR,
    MIB,
    RECORD_BYTES,
    SECTOR_BYTES,
    arguments,
    boot_script,
    data_blocks,
    main,
    manifest,
    partition,
    partitions,
    record,
    record_offset,
    settings,
    sfdisk_script,
    tree_blocks,
)

IMAGE = Path(__file__).parents[3] / "hardware" / "image"
ROOT_HASH = "0123456789abcdef" * 4


def test_the_partitions_follow_each_other_and_both_slots_are_alike() -> None:
    for one, after in pairwise(partitions()):
        assert one.start_mib + one.size_mib == after.start_mib
    assert partitions()[0].start_mib == 1
    assert partition("root_a").size_mib == partition("root_b").size_mib
    end = partitions()[-1]
    assert end.start_mib + end.size_mib < 4e9 / MIB, "a card of 4 GB holds it"


@pytest.mark.skipif(shutil.which("sfdisk") is None, reason="sfdisk is not installed")
def test_sfdisk_makes_the_table_and_the_kernel_finds_the_names_in_it(tmp_path: Path) -> None:
    card = tmp_path / "card"
    with card.open("wb") as sink:
        sink.truncate((partitions()[-1].start_mib + partitions()[-1].size_mib) * MIB)
    subprocess.run(["sfdisk", "--quiet", str(card)], input=sfdisk_script(), text=True, check=True)
    said = json.loads(subprocess.run(["sfdisk", "--json", str(card)], capture_output=True, check=True).stdout)
    table = said["partitiontable"]
    for one, found in zip(partitions(), table["partitions"], strict=True):
        assert (found["start"], found["size"], found["type"]) == (one.start_mib * 2048, one.size_mib * 2048, one.kind)
        assert one.partuuid == f"{int(table['id'], 16):08x}-{one.number:02x}"


@pytest.mark.skipif(shutil.which("veritysetup") is None, reason="veritysetup is not installed")
@pytest.mark.parametrize("blocks", [2, 128, 129, 128 * 128, 128 * 128 + 1])
def test_veritysetup_needs_as_many_blocks_as_we_leave_it(tmp_path: Path, blocks: int) -> None:
    slot = tmp_path / "slot"
    with slot.open("wb") as sink:
        sink.truncate(blocks * BLOCK_BYTES)
    where = [f"--data-blocks={blocks}", f"--hash-offset={blocks * BLOCK_BYTES}"]
    subprocess.run(["veritysetup", "format", *where, str(slot), str(slot)], check=True, capture_output=True)
    assert slot.stat().st_size == (blocks + tree_blocks(blocks)) * BLOCK_BYTES


@pytest.mark.parametrize("slot_mib", [1, 16, 1280, 4096])
def test_the_file_system_is_as_large_as_its_hashes_and_the_record_allow(slot_mib: int) -> None:
    blocks, whole = data_blocks(slot_mib), (slot_mib * MIB - RECORD_BYTES) // BLOCK_BYTES
    assert blocks + tree_blocks(blocks) <= whole < blocks + 1 + tree_blocks(blocks + 1) + 3


def test_the_command_line_names_the_root_hash_and_opens_no_shell() -> None:
    words = arguments(ROOT_HASH, 7).split()
    assert f"kofuki.root_hash={ROOT_HASH}" in words
    assert "kofuki.system=7" in words
    assert "panic=10" in words
    assert not [word for word in words if word.startswith("console=") and word != "console=tty3"]


def test_the_record_is_the_last_block_of_a_slot_and_the_choice_lies_before_all_partitions() -> None:
    assert len(record(ROOT_HASH, 7)) == RECORD_BYTES
    for slot in ("root_a", "root_b"):
        assert record_offset(slot) + RECORD_BYTES == partition(slot).size_mib * MIB
    assert 0 < CHOICE_SECTOR < partition("boot").start_mib * MIB // SECTOR_BYTES


@pytest.mark.skipif(shutil.which("mkenvimage") is None, reason="mkenvimage is not installed")
def test_settings_are_as_u_boots_own_tool_makes_them(tmp_path: Path) -> None:
    lines = [f"args={arguments(ROOT_HASH, 7)}", "stdin=nulldev"]
    (tmp_path / "lines").write_text("\n".join(lines) + "\n")
    made = ["mkenvimage", "-p", "0", "-s", "4096", "-o", str(tmp_path / "made"), str(tmp_path / "lines")]
    subprocess.run(made, check=True)
    assert settings(lines, 4096) == (tmp_path / "made").read_bytes()


def test_u_boots_script_has_all_its_numbers() -> None:
    script = boot_script()
    code = [line for line in script.splitlines() if not line.startswith("#")]
    assert not [line for line in code if "@" in line]
    for slot in ("a", "b"):
        one = partition(f"root_{slot}")
        sector = (one.start_mib * MIB + record_offset(one.name)) // SECTOR_BYTES
        assert f"setenv record {sector:x}; setenv part {one.number:x};" in script
        assert one.partuuid == f"{one.partuuid[:8]}-0{one.number:x}", "as the script spells it"
    assert all(len(line) < 512 for line in code)


def test_u_boot_waits_for_no_key_on_a_pi_and_listens_to_none() -> None:
    told = main(["environment"])
    assert isinstance(told, bytes)
    lines = told[4:].rstrip(b"\0").decode().split("\0")
    assert {"bootdelay=-2", "stdin=nulldev", "stdout=nulldev"} <= set(lines)
    assert not [line for line in lines if "=" not in line or line.startswith("#")]


def test_the_partitions_that_the_system_mounts_are_those_of_the_card() -> None:
    lines = [line.split() for line in (IMAGE / "files/etc/fstab").read_text().splitlines() if not line.startswith("#")]
    mounted = {fields[1]: fields for fields in lines}
    assert mounted["/boot/firmware"][0] == f"PARTUUID={partition('boot').partuuid}"
    assert mounted["/data"][0] == f"PARTUUID={partition('data').partuuid}"
    for fields in lines:
        assert {"nodev", "nosuid", "noexec"} <= set(fields[3].split(",")) or fields[2] == "none"


def test_a_manifest_says_what_a_card_must_hold() -> None:
    said = json.loads(manifest(version="7", size=3, sha256="ab", root_hash=ROOT_HASH, packages=["b 2", "a 1"]))
    assert said["root_hash"] == ROOT_HASH
    assert said["image"] == {"bytes": 3, "sha256": "ab"}
    assert said["packages"] == ["a 1", "b 2"]


def test_a_card_without_its_data_still_starts_the_machine_which_then_says_so() -> None:
    """No unit of ours requires a mount: of a unit that requires one that fails systemd starts nothing, and nobody is told."""
    units = sorted((IMAGE / "files/etc/systemd/system").rglob("kofuki*"))
    files = [path for path in units if path.is_file()] + sorted(
        (IMAGE / "files/etc/systemd/system").rglob("*.d/*.conf")
    )
    assert len(files) == 10
    words = [line.partition("=") for path in files for line in path.read_text().splitlines() if line[:1].isalpha()]
    assert not [key for key, _, _ in words if key in {"Requires", "RequiresMountsFor", "BindsTo", "Requisite"}]
    assert ("StateDirectory", "=", "") in words, "the machine's own unit names one, which requires its mount"


def test_a_data_partition_that_comes_late_is_mounted_and_gets_the_machines_key_at_the_next_start_of_the_program() -> (
    None
):
    """The program starts anew each minute while it has no journal; systemd starts then what it wants and what failed before."""
    words = (IMAGE / "files/etc/systemd/system/kofuki.service.d/10-image.conf").read_text().splitlines()
    told = {key: set(value.split()) for key, _, value in (word.partition("=") for word in words)}
    assert told["Wants"] == told["After"] == {"etc-kofuki.mount", "var-lib-kofuki.mount", "kofuki-personal.service"}
