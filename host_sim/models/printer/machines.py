"""What one make of printer can do, and how it behaves. The makes themselves are files in `host_sim/models/zoo`."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One make. Dots are those of its head; a vertical unit is what ESC J and ESC 3 count in."""

    width_dots: int
    dpi: float
    has_cutter: bool = True
    dialect: str  # epson, citizen, custom
    speed_mm_s: float
    buffer_bytes: int
    kanji_rom: bool = False
    head_to_cutter_mm: float = 0.0
    draws_back_mm: float = 0.0  # after a cut the paper is pulled back by so much, at most to the head
    shortest_cut_mm: float = 0.0  # a shorter piece is not cut off: the command does nothing
    cuts_at_power_on: bool = False  # feeds to the cutter and cuts, counted as any cut
    cuts_at_cover_close: bool = False
    returns_feed: bool = False  # CR ends the line, as LF does
    units_per_dot: int = 1
    images: Collection[str]  # which image commands it knows: gs_v_0, gs_l, esc_star
    image_dots_max: int = 2047  # GS ( L and ESC *: widest image
    raster_rows_max: int = 2047  # GS v 0
    has_process_id: bool = True
    has_clear: bool = True
    has_counters: bool = True
    has_presenter: bool = False
    tells_identity: bool = True  # answers GS I
    answer_delay_s: float = 0.0  # from the question to the first byte of its answer
    model_id: int = 0x20  # GS I 1
    maker_name: str = "MAKER"  # GS I 66
    model_name: str = "PRINTER"  # GS I 67

    def dots(self, length_mm: float) -> int:
        return round(length_mm * self.dpi / 25.4)

    @property
    def head_to_cutter_dots(self) -> int:
        return self.dots(self.head_to_cutter_mm)

    @property
    def lead_dots(self) -> int:
        """Rows of every sheet that have passed the head when the sheet before is cut off."""
        return self.dots(max(0.0, self.head_to_cutter_mm - self.draws_back_mm))
