"""Where a PIN stays in memory: the machine and its card helper are searched from outside, through /proc/PID/mem.

A child plays the machine: it gets the canary XORed with 5A, digit by digit, types it into a PinBuffer, reads and proves
the card over pcscd, and stops at three places to be searched. The card itself lives in the test's process, as the
outside world does. The tests search for both forms a digit can have in memory: a byte, and a pointer to the int object
that CPython keeps for each small number (a list of ints holds such pointers).
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_sim.models.chip import ChipCard, Pin
from host_sim.world import World
from tests.card_keys import with_keys
from tests.process.pcsc import READER, Desk, service
from tests.unit.card.table import jpki_card, municipal_card

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root may look into the card helper"),
]

CANARY = b"7391582640917358"  # long enough that these digits do not stand in memory by chance
DISGUISE = 0x5A
# Of a freed block of 21 bytes, the command with this PIN, glibc itself overwrites all but the last five.
FRAGMENTS = [CANARY[at : at + 5] for at in range(len(CANARY) - 4)]
LISTED = [CANARY[at : at + 6] for at in range(len(CANARY) - 5)]  # five distances stand in memory by chance
INT_BYTES = id(1) - id(0)  # small ints stand side by side in every CPython

MACHINE = """
import os, sys, time
from datetime import UTC, datetime
from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReaderDriver
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import CardKind, CardProof, Challenge, WrongPin

class Clock:
    def monotonic(self):
        return time.monotonic()

def stop(where):
    process = port._process
    print(where, process.pid if process else 0, flush=True)
    os.read(0, 1)

port = PcscReader(sys.argv[1], Clock())
driver = CardReaderDriver(port, lambda: datetime(2026, 11, 24, 3, tzinfo=UTC))
card = driver.read(frozenset(CardKind))
pin = PinBuffer()
for _ in range(16):
    pin.push(os.read(0, 1)[0] ^ 0x5A)
stop("typed")
pin_key = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")  # RFC 7748, 6.1
challenge = Challenge(challenge_id="c", challenge=bytes(32), pin_key=pin_key)
proof = driver.prove(pin, card, challenge, b"kofuki-auth-1" + bytes(48) + b"m")
assert isinstance(proof, WrongPin if sys.argv[2] == "wrong" else CardProof)
stop("proved")
driver.release()
stop("released")
port.close()
"""


def memory_of(pid: int) -> Iterator[tuple[str, int, bytes]]:
    """The writable memory of a process: the mapping's line, its first address and its bytes."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in maps:
            span, access = line.split()[:2]
            if not access.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                yield line.rstrip(), start, memory.read(end - start)
            except (OSError, OverflowError, ValueError):  # a page that cannot be read holds no PIN of ours
                continue


def as_bytes(pid: int) -> list[str]:
    """Where parts of the canary are found as consecutive bytes."""
    return [
        f"{fragment!r} at {start + found.start():x}, in {mapping}"
        for mapping, start, part in memory_of(pid)
        for fragment in FRAGMENTS
        for found in re.finditer(re.escape(fragment), part)
    ]


def as_ints(pid: int) -> list[str]:
    """Where parts of it are found as a list of ints: pointers whose distances are those of the digits."""
    places = []
    for mapping, start, part in memory_of(pid):
        distances = np.diff(np.frombuffer(part, dtype=np.int64, count=len(part) // 8))
        for fragment in LISTED:
            wanted = np.diff(np.frombuffer(fragment, dtype=np.uint8).astype(np.int64)) * INT_BYTES
            here = np.ones(max(len(distances) - len(wanted) + 1, 0), dtype=bool)
            for at, distance in enumerate(wanted):
                here &= distances[at : at + len(here)] == distance
            places += [f"{fragment!r} at {start + 8 * at:x}, in {mapping}" for at in np.flatnonzero(here)]
    return places


@pytest.fixture
def desk() -> Iterator[Desk]:
    with service() as handle:
        desk = Desk(handle)
        yield desk
        desk.close()


def test_the_search_finds_a_list_of_ints() -> None:
    """The control: in a child that holds such a list the search finds it."""
    code = f"import sys; held = [c ^ {DISGUISE} for c in sys.stdin.buffer.read({len(CANARY)})]; print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(bytes(digit ^ DISGUISE for digit in CANARY))
        child.stdin.flush()
        child.stdout.readline()
        assert len(as_ints(child.pid)) >= len(LISTED)
        child.stdin.write(b"\n")
        child.stdin.flush()


CARDS = {
    "right": lambda: jpki_card(pin=CANARY.decode()),
    "wrong": lambda: jpki_card(pin="0" * len(CANARY)),
    "sealed for the centre": municipal_card,
}


@pytest.mark.parametrize("outcome", CARDS)
def test_no_pin_is_left_in_the_machine_or_its_helper(desk: Desk, outcome: str) -> None:
    desk.insert(CARDS[outcome]())
    desk.port.close()
    child = subprocess.Popen(
        [sys.executable, "-c", MACHINE, READER, outcome], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    )
    assert child.stdin is not None
    assert child.stdout is not None

    def reached(where: bytes) -> int:
        """The process of the child's card helper."""
        assert child.stdout is not None
        word, helper = child.stdout.readline().split()
        assert word == where
        return int(helper)

    def go_on() -> None:
        assert child.stdin is not None
        child.stdin.write(b".")
        child.stdin.flush()

    try:
        child.stdin.write(bytes(digit ^ DISGUISE for digit in CANARY))
        child.stdin.flush()
        reached(b"typed")
        assert len(as_bytes(child.pid)) == len(FRAGMENTS), (
            "the search must find the buffer itself, or it proves nothing"
        )
        go_on()
        helper = reached(b"proved")
        left = {name: (as_bytes(pid), as_ints(pid)) for name, pid in (("machine", child.pid), ("helper", helper))}
        assert left == {"machine": ([], []), "helper": ([], [])}
        go_on()
        # Without a call to the reader after release no new helper is started.
        assert reached(b"released") == (helper if outcome == "sealed for the centre" else 0)
        assert Path(f"/proc/{helper}").exists() == (outcome == "sealed for the centre"), (
            "a helper that saw a PIN must have ended"
        )
        assert (as_bytes(child.pid), as_ints(child.pid)) == ([], [])
        go_on()
        assert child.wait(300) == 0
    finally:
        child.kill()
        child.wait()


# --- the real machine, with its keypad ----------------------------------------------------------

PIN = b"7391"
IN_THE_BUFFER = PIN + bytes(12)  # the storage of a PinBuffer
VERIFY = bytes.fromhex("0020008004") + PIN


def set_pin(chip: ChipCard) -> None:
    """Give the card the PIN whose traces are looked for."""
    for application in chip.applications:
        for file in application.files.values():
            if isinstance(file, Pin) and file.value == b"1234":
                file.value = PIN


def traces(pid: int) -> dict[str, int]:
    parts = [part for _, _, part in memory_of(pid)]
    return {
        "buffer": sum(part.count(IN_THE_BUFFER) for part in parts),
        "command": sum(part.count(VERIFY) for part in parts),
    }


def children_of(pid: int) -> set[int]:
    return {int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()}


def helper_of(pid: int) -> int:
    """The child that speaks with the card reader; another one may play a sound."""
    (helper,) = {child for child in children_of(pid) if b"card" in command_of(child)}
    return helper


def command_of(pid: int) -> bytes:
    """Its command line; nothing of a process that has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_after_a_session_with_real_keys_no_process_of_the_machine_holds_the_pin(tmp_path: Path) -> None:
    world = World(with_keys(tmp_path), patience_s=900.0)
    world.clock.set("2026-11-24T10:00")
    nothing = {"buffer": 0, "command": 0}
    with world:
        world.wait_for_service()
        set_pin(world.wallet.cards["hanako"].chip)
        machine = world.firmware.pid
        assert machine is not None
        assert traces(machine) == nothing, "the digits are in memory before anybody typed them: by chance"
        world.insert_card("hanako")
        world.wait_for(lambda told: told["state"] == "ENTERING_PIN")
        for digit in PIN.decode():
            world.press(digit)
        assert traces(machine)["buffer"] == 1, "the search must find the buffer itself, or it proves nothing"
        helper = helper_of(machine)
        for pid in (machine, helper):
            assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{pid}/limits").read_text())
        world.press("enter")
        world.wait_for(lambda told: told["state"] == "TAKING_CARD")
        assert traces(machine) == nothing
        world.remove_card()
        world.wait_for(lambda told: told["state"] == "CHOOSING_KIND")
        world.press("cancel")
        world.wait_for(lambda told: told["state"] == "SORRY")
        world.press("enter")
        world.wait_for_service()
        assert [traces(pid) for pid in (machine, helper_of(machine))] == [nothing, nothing]
        assert not Path(f"/proc/{helper}").exists(), "the helper that saw the PIN has ended"
