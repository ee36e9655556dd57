"""The real driver over the simulated printer, in memory and virtual time, with lines that can break at a byte."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from drivers.errors import LineLost
from drivers.printer.escpos import sendable
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import Profile, load_profile
from drivers.printer.raster import PrintTicket, RasterPage, pack, raster_sha256
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock
from host_sim.models.printer import PrinterModel, Sheet
from host_sim.models.printers import printer_named

USB = WireKind(baud=None, slice_bytes=4096, send_buffer=65536)
REQUEST = "0123456789abcdef0123456789abcdef"
DOCUMENT = "d" * 64


class BittenStream:
    """A port that takes only `amounts` bytes a write, and is lost after `gone_after` bytes."""

    def __init__(self, inner: MemoryStream, amounts: tuple[int, ...] = (), gone_after: int | None = None) -> None:
        self.inner = inner
        self.amounts = amounts
        self.gone_after = gone_after
        self.sent = bytearray()
        self._turn = 0
        self._cut: tuple[int, type[Exception]] | None = None

    def cut_at(self, at: int, error: type[Exception]) -> None:
        """Raise `error`, as a stop of the whole machine, after `at` more bytes."""
        self._cut = (len(self.sent) + at, error)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        return self.inner.read(max_bytes, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> int:
        if self.amounts:
            self._turn += 1
            data = data[: self.amounts[self._turn % len(self.amounts)]]
        last = self.gone_after is not None and len(self.sent) + len(data) >= self.gone_after
        if last:
            data = data[: max(0, (self.gone_after or 0) - len(self.sent))]
        if self._cut is not None and len(self.sent) + len(data) >= self._cut[0]:
            self.inner.write(data[: self._cut[0] - len(self.sent)], timeout_s)
            raise self._cut[1]
        taken = self.inner.write(data, timeout_s)
        self.sent += data[:taken]
        if last:
            self.inner.hang_up()
            raise LineLost("printer", "the port is gone")
        return taken

    def close(self) -> None:
        self.inner.close()


@dataclass
class Rig:
    clock: VirtualClock
    model: PrinterModel
    line: MemoryStream
    stream: BittenStream
    driver: PrinterDriver
    profile: Profile

    def page(self, *, copy: int = 1, number: int = 1, of: int = 1, seed: int = 1) -> RasterPage:
        return make_page(self.profile, copy=copy, number=number, of=of, seed=seed)

    def print_one(self, page: RasterPage, job: int = 7) -> Any:
        return self.driver.print_pages([page], PrintTicket(page.request_id, page.copy, (page.raster_sha256,)), job)

    def paper(self) -> list[Sheet]:
        """Every sheet in the tray, handed over, or taken back."""
        return [*self.model.tray, *self.model.delivered, *self.model.retracted]

    def mend(self) -> None:
        """A person puts the machine right: plug, paper, cover, jam."""
        self.line.plug_in()
        self.stream.gone_after = None
        self.model.no_more_faults()
        self.model.free()
        if self.profile.dialect == "custom" and (self.model.condition.jammed or self.model.condition.cutter_stuck):
            self.model.power_off(self.clock.monotonic())  # only a power cycle makes it recover
        self.model.power_on(self.clock.monotonic())
        self.clock.advance(5.0)
        self.model.load_paper(self.clock.monotonic())
        self.model.close_cover(self.clock.monotonic())
        self.clock.advance(60.0)
        self.model.transmit(self.clock.monotonic())


@cache
def small(name: str) -> tuple[Profile, dict[str, Any]]:
    """A profile and its printer cut down so that every byte of a page can be tried: 160 dots x 480 rows or less."""
    profile = load_profile(name)
    size = {"width_dots": 160}
    if profile.page_dots:
        shrunk = replace(profile, page_dots=480, band_rows=48, buffer_bytes=4096, window_bytes=3072, **size)
        return shrunk, {**size, "buffer_bytes": 4096}
    return replace(profile, **size), dict(size)


def make_rig(
    name: str = "a4-203",
    *,
    tiny: bool = True,
    wire: WireKind = USB,
    started: bool = True,
    model: PrinterModel | None = None,
    now_s: float = 0.0,
    **machine: Any,
) -> Rig:
    """A driver, a line and a printer; `tiny` ones have short pages. `model`: an existing printer to use."""
    profile, size = small(name) if tiny else (load_profile(name), {})
    clock = VirtualClock()
    clock.advance(now_s)
    model = model or printer_named(name, **{**size, **machine})
    line = MemoryStream(model, clock, wire, lost=lambda: LineLost("printer", "the port is gone"))
    stream = BittenStream(line)
    driver = PrinterDriver(stream, clock, profile, "printer")
    rig = Rig(clock, model, line, stream, driver, profile)
    if started:
        driver.start()
        driver.discard()
        clock.advance(3.0)  # until the strip that the start cut off is taken back
        for heap in (model.tray, model.delivered, model.retracted):
            heap.clear()
    return rig


def power_back_after(rig: Rig, seconds: float) -> None:
    """Once the printer's power fails, switch it on again after so many seconds."""

    def look() -> None:
        if rig.model.powered:
            rig.clock.after(0.05, look)
        else:
            rig.clock.after(seconds, lambda: rig.model.power_on(rig.clock.monotonic()))

    rig.clock.after(0.0, look)


def make_rows(width: int, height: int, seed: int = 1, top: int = 0) -> bytes:
    """Rules, tint, noise and a blank stretch; the first `top` rows are blank."""
    random = np.random.default_rng(seed)
    grey = np.full((height, width), 255, np.uint8)
    for y in range(top, height - 60, 60):
        grey[y : y + 4, 8 : width - 8] = 0
        grey[y + 8 : y + 26, width // 2 :] = random.integers(0, 256, (min(18, height - y - 8), width - width // 2))
        grey[y + 8 : y + 26, 8 : width // 2] = 215
    return pack(grey)


@cache
def make_page(profile: Profile, *, copy: int = 1, number: int = 1, of: int = 1, seed: int = 1) -> RasterPage:
    width, height = profile.width_dots, profile.page_dots or 480
    rows = sendable(make_rows(width, height, seed, top=profile.lead_dots + 4), width, profile)
    return RasterPage(
        request_id=REQUEST,
        copy=copy,
        page=number,
        pages=of,
        document_sha256=DOCUMENT,
        raster_sha256=raster_sha256(width, height, rows),
        width_dots=width,
        height_dots=height,
        rows=rows,
    )
