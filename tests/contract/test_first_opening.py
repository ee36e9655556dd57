"""Every driver's first opening with something missing or wrong: one sentence of a `DeviceError`; then it works once it is there."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gpiozero import Device
from PIL import Image

from drivers.card import pcsc_helper
from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReaderDriver
from drivers.errors import DeviceError, LineLost, ReaderGone, WrongDevice
from drivers.gpio import BreakContact, GpioEdges, OpenCollector
from drivers.line.tls import TlsTransport
from drivers.line.tls_files import manifest_key_of, words_of
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.printer.profile import load_profile
from drivers.screen import framebuffer
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.serial_stream import SerialStream
from firmware.desks import Health
from firmware.desks.card import CardDesk
from host_sim.adapters.pins import COLUMNS, DOOR, ROWS
from host_sim.adapters.pty import PtyLine
from host_sim.models.key_matrix import LAYOUT

NOBODY = 65534
PIN = "0" * 64


class Case(NamedTuple):
    use: Callable[[], object]
    mend: Callable[[], object]
    sentence: str
    kind: type[DeviceError]


class Room:
    """A folder with the files of one machine, all right at first, and its drivers."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.port, self.screen = folder / "tty", folder / "fb0"
        self.ca, self.certificate, self.key = (folder / name for name in ("ca.pem", "machine.pem", "machine.key"))
        self.open: list[PtyLine] = []

    # --- serial

    def serial(self, port: Path | None = None) -> Callable[[], object]:
        stream = SerialStream(str(port or self.port), 9600, time, device="coin")
        return lambda: stream.read(1, 0)

    def plug(self) -> None:
        self.port.unlink(missing_ok=True)
        self.open.append(PtyLine(Silent(), self.port))

    def busy(self) -> Case:
        self.plug()
        other = SerialStream(str(self.port), 9600, time, device="printer")
        other.read(1, 0)
        return Case(self.serial(), other.close, f"{self.port} cannot be opened .*another program has it open", LineLost)

    # --- screen

    def panel(self, path: Path) -> Callable[[], object]:
        screen = FramebufferScreen(FileSink(path))
        return lambda: screen.show(Image.new("RGB", (800, 480)))

    def kernel_says(self, size: str, bits: int) -> Callable[[], None]:
        """/dev/null stands in for /dev/fb0; what the kernel says of it is in files."""
        facts = self.folder / "null"

        def write() -> None:
            facts.mkdir(exist_ok=True)
            (facts / "virtual_size").write_text(f"{size}\n")
            (facts / "bits_per_pixel").write_text(f"{bits}\n")
            (facts / "stride").write_text(f"{800 * bits // 8}\n")

        self.patch.setattr(framebuffer, "_SYSFS", self.folder)
        return write

    # --- line

    def certify(self, *, days: int = 30) -> None:
        own, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "m")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, own.public_key(), 1)
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .sign(own, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        if self.ca.is_dir():
            self.ca.rmdir()
        self.ca.write_bytes(made)
        self.certificate.write_bytes(made)
        self.key.write_bytes(pem_of(own))

    def line(self, pins: str = PIN) -> object:
        return TlsTransport(
            host="centre",
            port=1,
            ca_file=self.ca,
            server_spki_sha256=pins,
            client_certificate=self.certificate,
            client_key=self.key,
            clock=time,
        )

    def tls(self, spoil: Callable[[Path], object], path: Path, sentence: str) -> Case:
        self.certify()
        spoil(path)
        return Case(self.line, self.certify, f"{path} {sentence}", WrongDevice)

    def expired(self) -> Case:
        self.certify(days=-1)
        return Case(self.line, self.certify, f"{self.certificate} ended on [0-9-]+: have the centre issue", WrongDevice)

    # --- keys and card

    def pins_of_a_board(self, use: Callable[[], object]) -> Case:
        self.patch.setattr(Device, "pin_factory", None)
        self.patch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
        self.patch.delenv("KOFUKI_SIM_KEYS", raising=False)
        mend = lambda: self.patch.setenv("GPIOZERO_PIN_FACTORY", "kofuki_sim")  # noqa: E731
        return Case(use, mend, "the GPIO pins cannot be opened .*/dev/gpiochip", LineLost)

    def no_pcscd(self) -> Case:
        self.patch.setenv("PCSCLITE_CSOCK_NAME", str(self.folder / "pcscd.comm"))
        reader = PcscReader("Virtual", time)
        driver = CardReaderDriver(reader, lambda: datetime.now(UTC))
        self.patch.setattr(self, "end", reader.close)
        # Not mended here: tests/process runs a real pcscd.
        return Case(
            driver.check, lambda: self.patch.setattr(driver, "check", None), "pcscd.* systemctl start", ReaderGone
        )

    def end(self) -> None:
        """Whatever else a case began."""


class Silent:
    def receive(self, data: bytes, now_s: float) -> None: ...

    def transmit(self, now_s: float) -> bytes:
        return b""

    def wake_at(self) -> float | None:
        return None


def pem_of(key: ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\x00 no PEM")


def another_key(path: Path) -> None:
    path.write_bytes(pem_of(ec.generate_private_key(ec.SECP256R1())))


def locked_key(path: Path) -> None:
    path.write_bytes(pem_of(ec.generate_private_key(ec.SECP256R1()), b"secret"))


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _serial(room: Room, make: Callable[[Path], object], sentence: str) -> Case:
    make(room.port)
    return Case(room.serial(), room.plug, f"{room.port} cannot be opened .*{sentence}", LineLost)


def _null_is(room: Room, size: str, bits: int, sentence: str) -> Case:
    room.kernel_says(size, bits)()
    return Case(room.panel(Path("/dev/null")), room.kernel_says("800,480", 32), f"/dev/null is {sentence}", WrongDevice)


CASES: dict[str, Callable[[Room], Case]] = {
    "serial, absent": lambda r: _serial(r, lambda _: None, "check its cable"),
    "serial, a file": lambda r: _serial(r, Path.touch, "it is no serial port"),
    "serial, dangling link": lambda r: _serial(r, lambda p: p.symlink_to("/dev/ttyNONE"), "check its cable"),
    "serial, no terminal": lambda r: _serial(r, lambda p: p.symlink_to("/dev/null"), "it is no serial port"),
    "serial, busy": Room.busy,
    "screen, no device": lambda r: Case(
        r.panel(Path("/dev/fb-none")), lambda: None, "/dev/fb-none cannot be opened .* connect the panel", LineLost
    ),
    "screen, a folder": lambda r: (
        r.screen.mkdir(),
        Case(r.panel(r.screen), r.screen.rmdir, f"{r.screen} cannot be opened .* correct the path", LineLost),
    )[1],
    "screen, no framebuffer": lambda r: Case(
        r.panel(Path("/dev/null")),
        r.kernel_says("800,480", 32),
        "/dev/null is no framebuffer: correct the path",
        WrongDevice,
    ),
    "screen, depth": lambda r: _null_is(r, "800,480", 16, "800x480 with 16 bits .* correct the display mode"),
    "screen, size": lambda r: _null_is(r, "640,480", 32, "640x480 with 32 bits .* correct the display mode"),
    "CA, absent": lambda r: r.tls(Path.unlink, r.ca, "cannot be read .*: put it there"),
    "CA, no PEM": lambda r: r.tls(garble, r.ca, "is no PEM file: put the certificate of the centre's CA there"),
    "CA, a folder": lambda r: r.tls(folder_in_its_place, r.ca, "cannot be read .*: correct its name"),
    "certificate, absent": lambda r: r.tls(Path.unlink, r.certificate, "cannot be read .*: put it there"),
    "certificate, no PEM": lambda r: r.tls(garble, r.certificate, "is no PEM file: put this machine's certificate"),
    "certificate, ended": Room.expired,
    "key, absent": lambda r: r.tls(Path.unlink, r.key, "cannot be read .*: put it there"),
    "key, no PEM": lambda r: r.tls(garble, r.key, "is no PEM file: put this machine's key"),
    "key, with a password": lambda r: r.tls(locked_key, r.key, "is no PEM file: put this machine's key, without"),
    "key, of another": lambda r: r.tls(another_key, r.key, "is not the key of .*: put the two"),
    "pin, a file that is not there": lambda r: (
        r.certify(),
        Case(
            lambda: r.line(words_of("tls/server.pin", r.folder / "pin")),
            lambda: (r.folder / "pin").write_text(f"{PIN}\n"),
            "server_spki_sha256 is 'tls/server.pin': write its 64 hex digits",
            WrongDevice,
        ),
    )[1],
    "pin, none": lambda r: (
        (r.folder / "pin").touch(),
        r.certify(),
        Case(
            lambda: r.line(words_of("pin", r.folder / "pin")),
            lambda: (r.folder / "pin").write_text(f"{PIN} {PIN}"),
            "server_spki_sha256 is '': write its 64 hex digits",
            WrongDevice,
        ),
    )[2],
    "manifest key, cut short": lambda r: (
        (r.folder / "k").write_text(PIN[:-1]),
        Case(
            lambda: manifest_key_of(words_of("k", r.folder / "k")),
            lambda: (r.folder / "k").write_text(PIN),
            "manifest_key is '0+': write its 64 hex digits",
            WrongDevice,
        ),
    )[1],
    "keypad, no pins": lambda r: r.pins_of_a_board(
        MatrixPinPad(MatrixPins(ROWS, COLUMNS), LAYOUT, PinBuffer(), time).start
    ),
    "door, no pins": lambda r: r.pins_of_a_board(BreakContact(DOOR).broken),
    "coin wire, no pins": lambda r: r.pins_of_a_board(GpioEdges(23).take),
    "inhibit line, no pins": lambda r: r.pins_of_a_board(lambda: OpenCollector(24).allow(False)),
    "printer, profile": lambda _: Case(
        lambda: load_profile("a5"), lambda: None, "there is no printer profile 'a5'; write one of a4-203", WrongDevice
    ),
    "card reader, no pcscd": Room.no_pcscd,
}
NEVER_RIGHT = {
    "screen, no device",
    "printer, profile",
    "card reader, no pcscd",
}  # the name itself is wrong, or see there


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    room = Room(tmp_path, monkeypatch)
    yield room
    room.end()
    for port in room.open:
        port.close()


@pytest.mark.parametrize("name", CASES)
def test_what_is_missing_or_wrong_is_one_sentence_and_is_tried_again(room: Room, name: str) -> None:
    case = CASES[name](room)
    gc.collect()
    handles = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        with pytest.raises(DeviceError, match=case.sentence) as caught:
            case.use()
        assert isinstance(caught.value, case.kind)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith(".")
        caught.value.__traceback__ = None
    if name != "card reader, no pcscd":  # its helper stays
        assert len(os.listdir("/proc/self/fd")) <= handles, "something was left half open"  # noqa: PTH208
    case.mend()
    if name not in NEVER_RIGHT:
        case.use()


def test_the_card_desk_tells_why_there_is_no_reader_and_goes_on_looking(room: Room) -> None:
    driver = room.no_pcscd().use.__self__  # type: ignore[attr-defined]
    health = CardDesk(driver, PinBuffer()).start()[-1]
    assert health == Health("card", frozenset({"card_reader"}))
    assert "systemctl start pcscd" in health.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("name", "group"),
    [("serial", "dialout"), ("screen", "video"), ("line", "install.sh")],
)
def test_a_file_that_the_service_may_not_open_names_the_group(room: Room, name: str, group: str) -> None:
    room.plug()
    room.certify()
    room.screen.touch(0o600)
    use = {"serial": room.serial(), "screen": room.panel(room.screen), "line": room.line}[name]
    os.chmod(room.port.resolve(), 0o600)  # noqa: PTH101
    room.key.chmod(0o600)
    for folder in (room.folder, *room.folder.parents[:-2]):
        folder.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(DeviceError, match=f"Permission denied.*{group}"):
            use()
    finally:
        os.seteuid(0)
    use()


def test_polkits_refusal_says_what_to_install() -> None:
    """Debian 13's pcscd asks polkit; there is none here that could refuse."""
    assert "hardware/polkit" in pcsc_helper._words(pcsc_helper.scard.SCARD_W_SECURITY_VIOLATION)
