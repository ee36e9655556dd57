"""What staff prints: a test page, the daily close. A mark tells them from a certificate or a receipt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from drivers.printer.profile import Profile
from drivers.printer.raster import RasterSlip
from firmware.paper.drawn import DrawnSlip
from firmware.paper.slips import Size, Slip, in_letters

StaffTitle = Literal["TEST PRINT", "DAILY CLOSE"]
_JAPANESE: Mapping[StaffTitle, str] = {"TEST PRINT": "試験印刷", "DAILY CLOSE": "日計表"}


def staff_slip(title: StaffTitle, lines: tuple[str, ...], at: datetime, profile: Profile) -> RasterSlip | bytes:
    """The slip for the page or the receipt printer, in its own letters where it has them.

    `lines`: plain ASCII in columns, 42 letters wide at most, because the narrowest receipt printer has no more.
    """

    def write(slip: Slip) -> None:
        slip.centre(f"係員用　{_JAPANESE[title]}", Size.LARGE, bold=True)
        slip.centre(f"STAFF - {title}", Size.NORMAL, bold=True)
        slip.centre("証明書・領収書ではありません", Size.NORMAL)
        slip.rule(heavy=True)
        for line in lines:
            slip.row(line)
        slip.rule()
        slip.centre(f"{at:%Y-%m-%d %H:%M}", Size.SMALL)
        if title == "TEST PRINT":
            slip.centre("無効 VOID 無効 VOID 無効 VOID 無効", Size.NORMAL, bold=True)

    text = in_letters(write, profile)
    if text is not None:
        return text
    drawn = DrawnSlip(profile.width_dots)
    write(drawn)
    return drawn.finish()
