"""The sides on which a machine speaks also when it is halted: screen, maintenance console and the line to the centre."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from drivers.errors import DeviceError
from drivers.line.centre import CentreLine, Transport
from drivers.line.tls import TlsTransport
from drivers.line.tls_files import manifest_key_of, words_of
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
from firmware.service.witness import Head
from firmware.session.scenes import Scene
from firmware.workers import ThreadCrew

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # this program was not written before


class Sides:
    """The sides on which a halted machine speaks, each as far as its table can be read."""

    def __init__(self, outlets: Outlets, run: Path, clock: Clock) -> None:
        self._outlets = outlets
        self._run = run
        self._clock = clock
        tables = [outlets.screen, *([] if outlets.clerk_screen is None else [outlets.clerk_screen])]
        self._panels = [Panel(table, run) for table in tables]

    def show(self, scene: Scene) -> None:
        """Raises `DeviceError` of the last glass that cannot be used, after all were tried."""
        failed: DeviceError | None = None
        for panel in self._panels:
            try:
                panel.show(scene)
            except DeviceError as error:
                failed = error
        if failed is not None:
            raise failed

    def blank(self) -> None:
        for panel in self._panels:
            panel.blank()

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
    """Draws scenes on the screen, which is opened at the first scene, and again at the first one after a failure."""

    def __init__(self, table: ScreenTable, run: Path) -> None:
        self._size = table.size
        sink = FileSink(run / table.path, table.size, table.pixels)
        self._screen = FramebufferScreen(sink, table.size, table.pixels)

    def show(self, scene: Scene) -> None:
        """Raises `DeviceError`."""
        try:
            picture = render(scene, self._size)
        except LettersMissing:
            picture = plain(scene, self._size)
        self._screen.show(picture)

    def blank(self) -> None:
        """Show nothing. A screen that cannot be used is left alone: `show` says why."""
        with contextlib.suppress(DeviceError):
            self._screen.blank()


def console_on(table: ConsoleTable, run: Path, clock: Clock) -> SerialStream:
    return SerialStream(str(run / table.port), table.baud, clock, device="console")


def line_to(
    table: CentreTable,
    machine: str,
    run: Path,
    clock: Clock,
    surely_past: Callable[[], datetime] = lambda: LONG_AGO,
    head: Callable[[], Head | None] = lambda: None,
    traced: Callable[[Transport], Transport] = lambda transport: transport,
) -> CentreLine:
    """The line to the centre; `head`: of the journal, None for a machine that has proved none. `traced`: put over the transport.

    Raises `LineFilesUnusable`, which names the file and what to do.
    """
    try:
        manifest_key = manifest_key_of(words_of(table.manifest_key, run / table.manifest_key))
        transport = TlsTransport(
            host=table.host,
            port=table.port,
            ca_file=run / table.ca_file,
            server_spki_sha256=words_of(table.server_spki_sha256, run / table.server_spki_sha256),
            client_certificate=run / table.client_certificate,
            client_key=run / table.client_key,
            clock=clock,
            surely_past=surely_past,
        )
        return CentreLine(traced(transport), manifest_key, machine, table.deadline_s, head)
    except (DeviceError, ValueError) as error:  # ValueError: 32 bytes that are no key on the curve
        raise LineFilesUnusable(str(error)) from None
