"""The sides on which a machine speaks also when it is halted: screen, maintenance console and the line to the centre."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from drivers.errors import DeviceError
from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.ports import Clock
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.serial_stream import SerialStream
from firmware.config.outlets import Outlets
from firmware.config.unit import CentreTable, ConsoleTable, LineFilesUnusable, ScreenTable, UnitError
from firmware.desks.line import LineDesk
from firmware.paper.vault import Vault
from firmware.screens import render
from firmware.screens.fonts import LettersMissing
from firmware.screens.plain import plain
from firmware.session.scenes import Scene
from firmware.workers import ThreadCrew

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # this program was not written before


class Speech:
    """The sides on which a halted machine speaks, each as far as its table can be read."""

    def __init__(self, outlets: Outlets, run: Path, clock: Clock) -> None:
        self._outlets = outlets
        self._run = run
        self._clock = clock
        self.show = Panel(outlets.screen, run).show

    def console(self) -> SerialStream | None:
        table = self._outlets.console
        return None if table is None else console_on(table, self._run, self._clock)

    def line(self) -> CentreLine | None:
        """None: the centre cannot be told, for want of an address or of the files of the line."""
        table = self._outlets.centre
        with contextlib.suppress(UnitError):
            return None if table is None else line_to(table, self._outlets.name, self._run, self._clock)
        return None

    def crew(self, line: CentreLine | None) -> ThreadCrew:
        return ThreadCrew([] if line is None else [LineDesk(line, Vault())], self._clock)


class Panel:
    """Draws scenes on the screen. Opens it at the first scene, and again at the first one after a failure."""

    def __init__(self, table: ScreenTable, run: Path) -> None:
        self._path = run / table.path
        self._pixels = table.pixels
        self._sink: FileSink | None = None
        self._screen: FramebufferScreen | None = None

    def show(self, scene: Scene) -> None:
        """Raises `DeviceError`."""
        try:
            picture = render(scene)
        except LettersMissing:
            picture = plain(scene)
        try:
            if self._screen is None:
                self._sink = FileSink(self._path, pixels=self._pixels)
                self._screen = FramebufferScreen(self._sink, pixels=self._pixels)
            self._screen.show(picture)
        except DeviceError:
            if self._sink is not None:
                self._sink.close()
            self._sink = self._screen = None
            raise


def console_on(table: ConsoleTable, run: Path, clock: Clock) -> SerialStream:
    return SerialStream(str(run / table.port), table.baud, clock, device="console")


def line_to(
    table: CentreTable, machine: str, run: Path, clock: Clock, surely_past: Callable[[], datetime] = lambda: LONG_AGO
) -> CentreLine:
    """The line to the centre. Raises `LineFilesUnusable`, which names the file and what is wrong with it."""
    files = {key: run / getattr(table, key) for key in ("ca_file", "client_certificate", "client_key")}
    for key, path in files.items():
        try:
            path.read_bytes()
        except OSError as error:
            raise LineFilesUnusable(f"centre.{key}: {path} cannot be read: {error.strerror}") from None
    pins = _hex(table.server_spki_sha256, "server_spki_sha256", run).split()
    key = _hex(table.manifest_key, "manifest_key", run)
    if not pins or not all(re.fullmatch("[0-9a-fA-F]{64}", text) for text in (*pins, key)):
        raise LineFilesUnusable(
            "centre.server_spki_sha256 and manifest_key must each be 64 hex digits, or a file of them"
        )
    try:
        transport = TlsTransport(
            host=table.host,
            port=table.port,
            **files,
            server_spki_sha256=" ".join(pins),
            clock=clock,
            surely_past=surely_past,
        )
        return CentreLine(transport, bytes.fromhex(key), machine, table.deadline_s)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise LineFilesUnusable(
            f"centre: ca_file, client_certificate and client_key are no certificates, or no pair ({error})"
        ) from None


def _hex(value: str, key: str, run: Path) -> str:
    """`value` itself, or the text of the file that it names."""
    if re.fullmatch(r"[0-9a-fA-F\s]+", value):
        return value.strip()
    try:
        return (run / value).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LineFilesUnusable(f"centre.{key}: {run / value} cannot be read: {error}") from None
