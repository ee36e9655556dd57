"""What staff prints: a test page, a Z-report. A mark tells them from a certificate or a receipt."""

from datetime import datetime

from drivers.printer.raster import RasterSlip
from firmware.paper.drawn import DrawnSlip


def staff_slip(title: str, lines: tuple[str, ...], at: datetime, width_dots: int) -> RasterSlip:
    """The slip as dots, for the page or the receipt printer. `lines`: plain ASCII."""
    drawn = DrawnSlip(width_dots)
    drawn.centre("係員用　試験印刷", "large", bold=True)
    drawn.centre(f"STAFF - {title}", "normal", bold=True)
    drawn.centre("証明書・領収書ではありません", "normal")
    drawn.rule(heavy=True)
    for line in lines:
        drawn.left(line, "small")
    drawn.rule()
    drawn.centre(f"{at:%Y-%m-%d %H:%M}", "small")
    drawn.centre("無効 VOID 無効 VOID 無効 VOID 無効", "normal", bold=True)
    return drawn.finish()
