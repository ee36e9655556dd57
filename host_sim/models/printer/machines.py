"""The makes of printer that can be simulated, from the makers' manuals and not from the driver's profiles."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One make. Lengths in dots of its head; a vertical unit is what ESC J and ESC 3 count in."""

    width_dots: int
    dpi: float
    has_cutter: bool = True
    dialect: str  # epson, citizen, custom
    speed_mm_s: float
    buffer_bytes: int
    kanji_rom: bool = False
    head_to_cutter_dots: int = 0
    units_per_dot: int = 1
    images: frozenset[str]  # which image commands it knows
    image_dots_max: int = 2047  # GS ( L and ESC *: widest image
    raster_rows_max: int = 2047  # GS v 0
    has_process_id: bool = True
    has_clear: bool = True
    has_counters: bool = True
    has_presenter: bool = False
    model_id: int = 0x20


MACHINES: dict[str, Machine] = {
    # Every property is that of some A4-wide kiosk printer or of a narrower sister of one.
    "a4-203": Machine(
        width_dots=1664,
        dpi=203.2,
        dialect="citizen",
        speed_mm_s=150,
        buffer_bytes=128 * 1024,
        images=frozenset({"gs_v_0", "esc_star"}),
        has_presenter=True,
    ),
    "a4-300": Machine(
        width_dots=2464,
        dpi=300,
        dialect="epson",
        speed_mm_s=100,
        buffer_bytes=256 * 1024,
        images=frozenset({"gs_v_0", "esc_star"}),
        raster_rows_max=343,
    ),
    # KPM210/216 and KPM216H manuals: no GS v 0, ESC * below 1024 dots, half-dot vertical steps, counters as text.
    "kpm216h": Machine(
        width_dots=1600,
        dpi=204,
        dialect="custom",
        speed_mm_s=120,
        buffer_bytes=64 * 1024,
        units_per_dot=2,
        images=frozenset({"esc_star"}),
        image_dots_max=1023,
        has_process_id=False,
        has_clear=False,
        has_presenter=True,
    ),
    # TM-T88IV/V, Japanese: GS 8 L, process id, automatic status, Shift_JIS.
    "tm-t88": Machine(
        width_dots=512,
        dpi=180,
        dialect="epson",
        speed_mm_s=200,
        buffer_bytes=4096,
        kanji_rom=True,
        head_to_cutter_dots=92,
        units_per_dot=2,
        images=frozenset({"gs_v_0", "gs_l", "esc_star"}),
    ),
    # The common 80 mm kiosk printer: GS v 0 and the four status questions, little else.
    "receipt-80": Machine(
        width_dots=576,
        dpi=203.2,
        dialect="epson",
        speed_mm_s=150,
        buffer_bytes=4096,
        head_to_cutter_dots=104,
        images=frozenset({"gs_v_0", "esc_star"}),
        has_process_id=False,
        has_clear=False,
        has_counters=False,
    ),
}
