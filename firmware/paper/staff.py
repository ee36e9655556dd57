"""What staff prints as a test of a printer. A mark tells it from a certificate or a receipt."""

from datetime import datetime

from drivers.printer.profile import Profile
from drivers.printer.raster import RasterSlip
from firmware.paper.drawn import DrawnSlip
from firmware.paper.slips import Size, Slip, in_letters


def staff_slip(lines: tuple[str, ...], at: datetime, profile: Profile) -> RasterSlip | bytes:
    """The slip for the page or the receipt printer, in its own letters where it has them.

    `lines`: plain ASCII in columns, 42 letters wide at most, because the narrowest receipt printer has no more.
    """

    def write(slip: Slip) -> None:
        slip.centre("係員用　試験印刷", Size.LARGE, bold=True)
        slip.centre("STAFF - TEST PRINT", Size.NORMAL, bold=True)
        slip.centre("証明書・領収書ではありません", Size.NORMAL)
        slip.rule(heavy=True)
        for line in lines:
            slip.row(line)
        slip.rule()
        slip.centre(f"{at:%Y-%m-%d %H:%M}", Size.SMALL)
        slip.centre("無効 VOID 無効 VOID 無効 VOID 無効", Size.NORMAL, bold=True)

    text = in_letters(write, profile)
    if text is not None:
        return text
    drawn = DrawnSlip(profile.width_dots)
    write(drawn)
    return drawn.finish()
