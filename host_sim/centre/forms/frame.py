"""What all certificates share: the title, the 認証文 with date, mayor and seal, the signed code, and the foot.

The certification stands on the last page only (standard 5.1), the issue number with page and total on every page
(5.5), the mayor's title with the prefecture before it, the seal black (5.6). A sample
city's paper says 「見本」 in the foot, too (form rule 12).
"""

from dataclasses import dataclass, replace

from host_sim.centre import verify
from host_sim.centre.forms import codes, eras, ground, ivs, seal
from host_sim.centre.forms.canvas import DOT_MM, Sheet
from host_sim.centre.forms.fitting import SMALLEST_PT, TextOverflow, width_mm
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.structure import Part
from host_sim.centre.register import Municipality

LEFT, RIGHT = 10.0, 200.0
FOOT = 282.0
SAMPLE = "見本（シミュレーター用）"
SEAL_IS_BLACK = "この印は黒色です。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The pages of a certificate without certification and foot. The last page is empty below `room_from` (mm)."""

    sheets: list[Sheet]
    statement: str  # 認証文
    room_from: float
    people: tuple[tuple[str, str], ...]  # name and birth as printed, for the code
    address: str


def title(sheet: Sheet, y: float, words: str, size: float = 20) -> None:
    """The name of the certificate, letters wide apart, in the middle of the sheet."""
    natural = width_mm(words, size)
    wide = min(150.0, natural * (2.4 if len(words) <= 3 else 1.45))
    sheet.begin(Part.TITLE)
    sheet.spread(105 - wide / 2, y, wide, words, size)
    sheet.begin(Part.TEXT)


def certify(
    kind: str, draft: Draft, issue: IssueFacts, city: Municipality, signer: verify.Signer, note: str = ""
) -> None:
    """Certify on the last page (54 mm are needed below `room_from`), and put codes and a foot on every page.

    Raises `TextOverflow`.
    """
    sheets, y = draft.sheets, draft.room_from
    claims = verify.Claims(
        issue_number=issue.issue_number,
        kind=kind,
        issued_on=issue.issued_on,
        municipality=city.code,
        text_hash=b"",
        people=draft.people,
        people_count=len(draft.people),
        address=draft.address,
        pages=len(sheets),
    )
    rows = codes.parted(claims, signer, city, len(sheets))
    left = LEFT + 12 + codes.PITCH_MM * len(rows[-1])
    last = sheets[-1]
    for sheet in sheets:
        sheet.begin(Part.TEXT)
    last.text(LEFT + 4, y + 7, draft.statement, 11)
    last.text(left, y + 16.5, eras.wareki(issue.issued_on), 11)
    if note:
        last.lines(left, y + 17.8, RIGHT - 2 - left, 5.6, note, 8, "the note on letters")
    seal_x = _certifier(last, left, y + 28, city)
    last.drawing(seal_x, y + 26.5 - seal.MAYOR_MM / 2, seal.MAYOR_MM, seal.MAYOR_UNITS, seal.certifiers(city))
    last.text(seal_x + seal.MAYOR_MM / 2, y + 26.5 + seal.MAYOR_MM / 2 + 3.6, SEAL_IS_BLACK, 7.5, align="center")
    if len(sheets) > 1:
        for sheet in sheets[:-1]:
            sheet.text(RIGHT - 2, y + 7, "次頁に続く", 10, align="right")
    for number, (sheet, row) in enumerate(zip(sheets, rows, strict=True), start=1):
        foot(sheet, issue, city, number, len(sheets))
        codes.say(sheet, row, city, last=number == len(sheets))
    printed = verify.text_hash("".join(ivs.told(item[-1]) for sheet in sheets for item in sheet.words))
    for sheet, row in zip(sheets, rows, strict=True):
        codes.draw(sheet, [verify.make(replace(one, text_hash=printed), signer, city.check_page) for one in row])


def _certifier(sheet: Sheet, left: float, y: float, city: Municipality) -> float:
    """The certifier's office and name on one line, with room for the seal, whose x is returned. Raises `TextOverflow`."""
    room = RIGHT - 2 - seal.MAYOR_MM - left
    office, name = width_mm(city.certifier, 12.5), width_mm(city.mayor, 15) + 3 * len(city.mayor) * 25.4 / 72
    shrunk = min(1.0, room / (office + 8 + name + 4))
    if 12.5 * shrunk < SMALLEST_PT:
        raise TextOverflow("the certifier does not fit on the form")
    sheet.text(left, y, city.certifier, 12.5 * shrunk)
    sheet.text(left + (office + 8) * shrunk, y, city.mayor, 15 * shrunk, tracking=3 * shrunk)
    return left + (office + 8 + name + 4) * shrunk


def foot(sheet: Sheet, issue: IssueFacts, city: Municipality, page: int, pages: int) -> None:
    """Draw the foot: a line of micro-text, the issue number, 見本 and the page number."""
    words = f"{city.code} {issue.issue_number} {page}/{pages} KOFUKI "
    line = ground.micro_text(words, round((RIGHT - LEFT) / DOT_MM))
    sheet.block(LEFT, FOOT - 0.25, RIGHT - LEFT, 1.125, white=True)
    sheet.bitmap(LEFT, FOOT, line)
    number = f"発行番号　{issue.issue_number}　{page}/{pages}"
    sheet.block(
        LEFT + 0.5, FOOT + 1.75, width_mm(number, 9) + 1, 4, white=True
    )  # typed by hand, as the address of the code is
    sheet.text(LEFT + 1, FOOT + 5, number, 9)
    if city.sample:
        sheet.text(RIGHT - 1, FOOT + 5, SAMPLE, 8, align="right")
