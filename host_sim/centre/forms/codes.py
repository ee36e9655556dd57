"""The signed codes on a certificate: how many it needs, where each stands, and the sentence that says what they are for.

One code usually holds a whole certificate. More of them are numbered; on a page without the certification five stand
beside each other, on the last page one, or two when it is the only page.
"""

from collections.abc import Sequence
from dataclasses import replace

from host_sim.centre import qr, verify
from host_sim.centre.forms.canvas import DOT_MM, Sheet
from host_sim.centre.forms.fitting import TextOverflow, width_mm
from host_sim.centre.register import Municipality

LEFT, BOTTOM = 10.0, 279.0  # mm
MODULE_DOTS = 3  # of the head
PITCH_MM = 33.0  # from code to code
_MODULE_MM = MODULE_DOTS * DOT_MM
_SIDE_MM = (qr.MODULES_MAX + 2 * qr.QUIET_MODULES) * _MODULE_MM
_ROW, _ROW_ALONE = 5, 2
_SIGNED = "このコードには市の電子署名があり、市が発行した内容か確かめられます。"
_CAMERA = ("スマートフォンのカメラでコードを読み取ると、", "市が発行した内容か確かめられます。")  # not under the seal
_NO_CAMERA = "カメラがないときは、次のページで発行番号を入力してください。"


def sentence(city: Municipality) -> tuple[str, ...]:
    """The lines beside the code of the last page."""
    return (*_CAMERA, _NO_CAMERA, city.check_page) if city.check_page else (_SIGNED,)


def parted(claims: verify.Claims, signer: verify.Signer, city: Municipality, pages: int) -> list[list[verify.Claims]]:
    """What stands in the codes of each page. The hash of the words is not known yet. Raises `TextOverflow`."""
    placeholder = replace(claims, text_hash=verify.text_hash(claims.issue_number))
    codes = verify.parts(placeholder, signer, city.check_page)
    if pages == 1:
        rows = [codes]
    else:
        first, more = codes[:-1], pages - 1
        rows = [[one for n, one in enumerate(first) if n * more // len(first) == page] for page in range(more)]
        rows.append(codes[-1:])
    if any(len(row) > _ROW for row in rows) or len(rows[-1]) > _ROW_ALONE or len(codes) > verify.CODES_MAX:
        raise TextOverflow("the signed codes do not fit on the form")
    return rows


def labels(row: Sequence[verify.Claims]) -> tuple[str, ...]:
    """The words under the codes of a page: which of how many, where there is more than one."""
    return tuple(f"コード{one.code}/{one.codes}" for one in row if one.codes > 1)


def say(sheet: Sheet, row: Sequence[verify.Claims], city: Municipality, *, last: bool) -> None:
    """Set the words that belong to the codes of a page."""
    for place, label in enumerate(labels(row)):
        sheet.text(LEFT + place * PITCH_MM + _SIDE_MM / 2, BOTTOM + 2.3, label, 7, align="center")
    lines = sentence(city) if last else ()
    for number, line in enumerate(lines, start=1):
        x, y = LEFT + len(row) * PITCH_MM + 2, BOTTOM + 0.6 - 3.3 * (len(lines) - number)
        sheet.block(
            x - 0.5, y - 2.75, width_mm(line, 7.5) + 1, 3.5, white=True
        )  # typed by hand: no dot of the ground within it
        sheet.text(x, y, line, 7.5)


def draw(sheet: Sheet, texts: Sequence[str]) -> None:
    """The codes of a page on white, their feet on one line. Raises `TextOverflow`."""
    for place, text in enumerate(texts):
        try:
            black = qr.modules(text)
        except qr.TooLong:
            raise TextOverflow("a signed code does not fit on the form") from None
        quiet = qr.QUIET_MODULES * _MODULE_MM
        side = len(black) * _MODULE_MM + 2 * quiet
        x = LEFT + place * PITCH_MM
        sheet.block(x, BOTTOM - side, side, side, white=True)
        sheet.bitmap(x + quiet, BOTTOM - side + quiet, black, MODULE_DOTS)
