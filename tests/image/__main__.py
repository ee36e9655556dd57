"""`make image-test`: an image in an emulated board (qemu, `-M virt`): what it says on the serial line, start by start.

    python -m tests.image IMAGE [TRIAL...]      all trials, or these; the folder WORK (build/image-test) is used and emptied

Not part of `make test`: each start takes a minute or more. Each trial begins with a copy of the image, as after it was flashed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from PIL import Image, ImageChops

from firmware.console.access import Account, Accounts, Role, scrypt, spell
from firmware.screens import render
from firmware.session.scenes import Closed
from firmware.update.__main__ import make_system, program_files
from firmware.update.bundle import pack
from firmware.update.launch import PROGRAM
from firmware.update.updates import lock_of
from hardware.image.layout import BLOCK_BYTES, CHOICE_SECTOR, MIB, RECORD_BYTES, SECTOR_BYTES, partition
from tests.image.errand import RULES, Around, Eyes, serve_a_resident
from tests.image.guest import HANG_S, Board, bring
from tests.image.slots import choice, record_of, slot_of, wait_for_bytes, wait_for_choice

PASSWORD = "an invented one"
GLASS = 'path = "/dev/fb0"\npixels = "bgrx"\n'  # qemu's
HALTED = r"halted> $"
NO_CERTIFICATE = r"(?s)504 A certificate, key or pin of the line.*halted> $"
# There is no shell on a board; a plug in a socket (qemu's tablet) stops the program.
STOPS = (
    'ACTION=="add", SUBSYSTEM=="usb", ATTR{idVendor}=="0627", '
    'RUN+="/usr/bin/systemctl kill --kill-whom=main --signal=SIGSTOP kofuki.service"\n'
)
PROMPT = r"service - \d+> $"
TECHNICIAN = r"technician \d+> $"
UPDATES = '[update]\nslots = "releases"\nkey = "/etc/kofuki/release-key.hex"\nbundle = "/etc/kofuki/release.kofuki"\n'


def _request(board: Board) -> str:
    """The request that a halted board prints; a slow one is halted for want of its data partition at first, without a request."""
    while True:
        board.type("request")
        said = board.until(HALTED)
        if "-----END" in said:
            return re.sub(r".*(-----BEGIN.*REQUEST-----).*", r"\1\n", said, flags=re.DOTALL).replace("\r", "")
        board.until(HALTED)  # the program starts anew each minute


def _answer(request: str, folder: Path) -> None:
    """What a centre sends back: a CA of its own, and the certificate for this request."""
    asked = x509.load_pem_x509_csr(request.encode())
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the trial")])

    def issue(name: x509.Name, public: CertificatePublicKeyTypes, *, ca: bool) -> bytes:
        unsigned = x509.CertificateBuilder(authority, name, public, x509.random_serial_number())
        unsigned = unsigned.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        unsigned = unsigned.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        return unsigned.sign(key, SHA256()).public_bytes(Encoding.PEM)

    (folder / "ca.pem").write_bytes(issue(authority, key.public_key(), ca=True))
    (folder / "machine.pem").write_bytes(issue(asked.subject, asked.public_key(), ca=False))
    (folder / "server-spki.hex").write_text("0" * 64 + "\n")
    (folder / "manifest-key.hex").write_text("0" * 64 + "\n")


def _personal(card: Path, folder: Path) -> None:
    """The answer and an account onto the card's boot partition."""
    for name in ("ca.pem", "machine.pem", "server-spki.hex", "manifest-key.hex"):
        bring(card, folder / name, f"kofuki/tls/{name}")
    salt = bytes(16)
    account = Account(role=Role.TECHNICIAN, salt=salt, hash=scrypt(PASSWORD, salt))
    (folder / "users").write_text(spell(Accounts({"kato": account})))
    bring(card, folder / "users", "kofuki/console-users.toml")


def _release(card: Path, folder: Path) -> None:
    """A program release, its key and the lines of the unit file that it needs onto the card's boot partition."""
    key, day = Ed25519PrivateKey.generate(), datetime.now(UTC).date()
    files = program_files(PROGRAM)
    bundle = pack(files, version=7, made=day, expires=day + timedelta(days=1), lock=lock_of(PROGRAM), key=key)
    (folder / "release").write_bytes(bundle)
    _bring_key(card, folder, key)
    (folder / "unit").write_text(f'extends = "/opt/kofuki/hardware/units/store.toml"\n{UPDATES}')
    for name, target in (("release", "release.kofuki"), ("unit", "unit.toml")):
        bring(card, folder / name, f"kofuki/{target}")


def _bring_key(card: Path, folder: Path, key: Ed25519PrivateKey) -> None:
    (folder / "key").write_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex() + "\n")
    bring(card, folder / "key", "kofuki/release-key.hex")


def _log_in(board: Board) -> None:
    board.type("login kato")
    board.until("Password: ")
    board.type(PASSWORD)
    board.until(TECHNICIAN)


def _ask(board: Board, command: str, wanted: str) -> str:
    """Type a command, again until it says `wanted`: a unit of the image may not have run yet. Returns what it said."""
    end_s = time.monotonic() + HANG_S
    while True:
        board.type(command)
        said = board.until(TECHNICIAN)
        if wanted in said:
            return said
        assert time.monotonic() < end_s, said
        time.sleep(5.0)


def enrolled(card: Path, folder: Path) -> str:
    """First start: halted, with a request; answered, it is a machine that says which devices are missing, and has a release ready."""
    with Board(card, folder) as board:
        board.until(NO_CERTIFICATE)
        first_s = board.up_s
        request = _request(board)
    with Board(card, folder) as board:  # the plug was pulled: the key is the same
        board.until(HALTED)
        assert _request(board) == request
    _answer(request, folder)
    _personal(card, folder)
    _release(card, folder)
    with Board(card, folder) as board:
        board.until(PROMPT)
        console_s = board.up_s
        _log_in(board)
        said = _ask(board, "status", "OK")
        ready = _ask(board, "update status", "ready version 7")
        systems = _ask(board, "system status", "running system 1 in slot a")
    for device in ("card", "coin", "paper", "line"):
        assert f"{device} well" not in said, said
    print(said, ready, systems, sep="\n")
    return f"halted after {first_s:.0f} s, console after {console_s:.0f} s"


def stopped_program(card: Path, folder: Path) -> str:
    """The program is stopped while it serves (SIGSTOP): systemd's watchdog ends it, and it starts again."""
    with Board(card, folder) as board:
        board.until(HALTED)
        _answer(_request(board), folder)
    _personal(card, folder)
    (folder / "90-stop.rules").write_text(STOPS)
    bring(card, folder / "90-stop.rules", "kofuki/90-stop.rules")
    with Board(card, folder, devices=["-device", "qemu-xhci,id=usb"]) as board:
        board.until(PROMPT)
        board.plug("usb-tablet", "usb.0")
        stopped_s = board.up_s
        said = board.until(PROMPT)
        took_s = board.up_s - stopped_s
    assert "has started" in said, said
    return f"console again {took_s:.0f} s after it was stopped"


def changed_byte(card: Path, folder: Path) -> str:
    """One bit of a program of the root turned round: the board restarts instead of running it."""
    return _restarts(card, folder, _place_of(card, folder, "/usr/lib/systemd/systemd"))


def changed_tree(card: Path, folder: Path) -> str:
    """One bit of the file system's first block."""
    return _restarts(card, folder, 1024)


def other_root(card: Path, folder: Path) -> str:
    """The beginning of another file system in the slot."""
    start = partition("root_a").start_mib * MIB
    other = folder / "other"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", str(other), "64M"], check=True)
    with card.open("r+b") as sink:
        sink.seek(start)
        sink.write(other.read_bytes())
    with Board(card, folder) as board:
        board.restarts()
    return "restarts"


def power_cuts(card: Path, folder: Path) -> str:
    """The plug is pulled (CUTS, four times) in the second half of a start, each time later; then it starts."""
    with Board(card, folder) as board:
        board.until(HALTED)
        whole_s, request = board.up_s, _request(board)
    _answer(request, folder)
    _personal(card, folder)
    cuts = int(os.environ.get("CUTS", "4"))
    for cut in range(cuts):
        with Board(card, folder) as board:
            # where it is cut differs with the computer; that it starts afterwards must not
            time.sleep(whole_s * (0.5 + cut / (2 * cuts)))
    with Board(card, folder) as board:
        board.until(PROMPT)
    return f"{cuts} cuts, then the console after {board.up_s:.0f} s"


def no_data(card: Path, folder: Path) -> str:
    """The data partition is gone: the console says so."""
    data = partition("data")
    with card.open("r+b") as sink:
        sink.seek(data.start_mib * MIB)
        sink.write(bytes(8 * MIB))
    with Board(card, folder) as board:
        said = board.until(HALTED)
    assert "journal" in said or "504" in said, said
    return f"halted after {board.up_s:.0f} s"


def cable(card: Path, folder: Path) -> str:
    """With a cable to a network in which nobody answers but DHCP, and with a glass: it shows the request as a code."""
    (folder / "unit").write_text('extends = "/opt/kofuki/hardware/units/store.toml"\n[screen]\n' + GLASS)
    bring(card, folder / "unit", "kofuki/unit.toml")
    with Board(card, folder, cable="restrict=on", glass=True) as board:
        board.until(NO_CERTIFICATE)
        took_s, request = board.up_s, _request(board)
        shown = board.picture()
    _keep(shown, "request")
    scene = Closed(
        language="ja", reason="out_of_service", opens_at=None, numbers=("504",), halted=True, request=request
    )
    assert ImageChops.difference(shown, render(scene)).getbbox() is None, "the glass shows something else"
    return f"halted after {took_s:.0f} s; the glass shows the drawn scene, dot by dot"


def pi3(card: Path, folder: Path) -> str:
    """A Raspberry Pi 3 B as far as qemu knows it, with its device tree, card and serial line."""
    with Board(card, folder, pi3=True) as board:
        board.until(NO_CERTIFICATE)
    return f"halted after {board.up_s:.0f} s"


def full_data(card: Path, folder: Path) -> str:
    """No block of the data partition is left for the machine: it says so, and takes nothing."""
    data = f"{card}?offset={partition('data').start_mib * MIB}"
    told = subprocess.run(["dumpe2fs", "-h", data], check=True, capture_output=True, text=True).stdout
    free = {
        name: int(value)
        for name, _, value in (line.partition(":") for line in told.splitlines())
        if value.strip().isdecimal()
    }
    with (folder / "filler").open("wb") as filler:
        for _ in range(free["Free blocks"] - free["Reserved block count"]):
            filler.write(b"\xff" * BLOCK_BYTES)
    subprocess.run(["debugfs", "-w", "-R", f"write {folder / 'filler'} filler", data], check=True, capture_output=True)
    with Board(card, folder) as board:
        board.until(
            r"(?s)No\s+space\s+left.*halted> $"
        )  # a slow board is halted for want of its data partition at first
    return f"says so after {board.up_s:.0f} s"


def certificate(card: Path, folder: Path) -> str:
    """One 住民票, then `test all`, with host_sim's devices on the board's USB sockets and its centre behind the cable."""
    with Around(folder / "world") as around:
        for name, text in (("unit.toml", around.unit_text), ("90-reader.rules", RULES)):
            (folder / name).write_text(text)
            bring(card, folder / name, f"kofuki/{name}")
        with Board(card, folder, cable="restrict=off") as board:
            board.until(HALTED)
            request = _request(board)
        around.answer(request, folder)
        _personal(card, folder)
        with Board(card, folder, cable="restrict=off", glass=True, devices=around.devices) as board:
            board.until(PROMPT)
            around.usb_slot.connect()
            try:
                hanako, eyes = around.wallet.cards["hanako"], Eyes(board.picture)
                papers = serve_a_resident(around, hanako, eyes, lambda scene: print(f"  {scene}", flush=True))
                served_s = board.up_s
                _log_in(board)
                _ask(board, "request maint", "aintenance")
                tested = _ask(board, "test all", "tested ")
            finally:
                _keep(board.picture(), "glass")
    for number, paper in enumerate(papers):
        _keep(paper, f"paper-{number}")
    print(tested)
    assert len(papers) == 1
    assert "FAIL" not in tested
    return f"a paper of {papers[0].width} x {papers[0].height} dots after {served_s:.0f} s; test all passes"


def failed_system(card: Path, folder: Path) -> str:
    """The system on trial has another root than its record says: three starts end in a restart, the fourth is of the one before."""
    slot = slot_of(card, "a", folder)
    wrong = record_of(slot, 2, root_hash="0" * 64)
    with slot.open("rb") as source, card.open("r+b") as sink:
        sink.seek(partition("root_b").start_mib * MIB)
        shutil.copyfileobj(source, sink)
        sink.seek(-RECORD_BYTES, os.SEEK_CUR)
        sink.write(wrong)
        sink.seek(CHOICE_SECTOR * SECTOR_BYTES)
        sink.write(b"D")
    for left in (b"G", b"H", b"K"):
        with Board(card, folder) as board:
            board.restarts()
        assert choice(card) == left
    with Board(card, folder) as board:
        board.until(HALTED)
    assert choice(card) == b"U"
    return f"three restarts, then halted after {board.up_s:.0f} s"


def new_system(card: Path, folder: Path) -> str:
    """A signed system is put on the boot partition; the plug is pulled while it is written; then it is written, tried and kept."""
    key = Ed25519PrivateKey.generate()
    slot = slot_of(card, "a", folder)
    with slot.open("r+b") as sink:
        newer = record_of(slot, 2)
        sink.seek(-RECORD_BYTES, os.SEEK_END)
        sink.write(newer)
    release = folder / "system.kofuki"
    make_system(slot, release, expires=datetime.now(UTC).date() + timedelta(days=1), key=key)
    _bring_key(card, folder, key)
    bring(card, release, "kofuki/system.kofuki")
    with Around(folder / "world") as around:
        for name, text in (("unit.toml", around.unit_text), ("90-reader.rules", RULES)):
            (folder / name).write_text(text)
            bring(card, folder / name, f"kofuki/{name}")
        with Board(card, folder) as board:
            board.until(HALTED)
            request = _request(board)
            wait_for_bytes(card, "root_b")
        assert choice(card) == b"A", "the plug was pulled before it was written"
        with Board(card, folder) as board:
            wait_for_choice(card, b"D")
            written_s = board.up_s
        around.answer(request, folder)
        _personal(card, folder)
        with Board(card, folder, cable="restrict=off", glass=True, devices=around.devices) as board:
            board.until(PROMPT)
            assert choice(card) == b"G", "the start is counted"
            _log_in(board)
            print(_ask(board, "system status", "running system 2 in slot b"))
            around.usb_slot.connect()
            Eyes(board.picture).until("Idle")
            wait_for_choice(card, b"B")
            return f"written {written_s:.0f} s after the second start, kept {board.up_s:.0f} s after the third"


def _keep(picture: Image.Image, name: str) -> None:
    """For a person to look at, if the variable PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        picture.save(Path(folder) / f"{name}.png")


def _restarts(card: Path, folder: Path, offset: int) -> str:
    with card.open("r+b") as sink:
        sink.seek(partition("root_a").start_mib * MIB + offset)
        byte = sink.read(1)[0]
        sink.seek(-1, os.SEEK_CUR)
        sink.write(bytes([byte ^ 1]))
    with Board(card, folder) as board:
        board.restarts()
    return f"restarts after {board.up_s:.0f} s"


def _place_of(card: Path, folder: Path, path: str) -> int:
    """Where this file's middle is in the root's file system, in bytes."""
    root = f"{card}?offset={partition('root_a').start_mib * MIB}"
    blocks = subprocess.run(["debugfs", "-R", f"blocks {path}", root], check=True, capture_output=True, text=True)
    numbers = blocks.stdout.split()
    assert len(numbers) > 2, blocks.stderr
    return int(numbers[len(numbers) // 2]) * BLOCK_BYTES


TRIALS: list[Callable[[Path, Path], str]] = [
    enrolled,
    stopped_program,
    changed_byte,
    changed_tree,
    other_root,
    power_cuts,
    no_data,
    cable,
    full_data,
    pi3,
    certificate,
    failed_system,
    new_system,
]


def main() -> int:
    image, wanted = Path(sys.argv[1]), sys.argv[2:]
    failed = 0
    for trial in TRIALS:
        if wanted and trial.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory(dir=os.environ.get("WORK")) as name:
            card, folder = Path(name) / "card", Path(name) / "board"
            folder.mkdir()
            subprocess.run(["cp", "--sparse=always", str(image), str(card)], check=True)
            try:
                result = trial(card, folder)
            except Exception as error:  # noqa: BLE001  the next trial is run
                result, failed = f"FAILED: {error!r}", failed + 1
        print(f"{trial.__name__:14} {result}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
