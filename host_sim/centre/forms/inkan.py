"""印鑑登録証明書, A4 portrait: the registered imprint at its true size, and whose it is (form rule 2).

The sex is not printed; 備考 holds what else names the person: 旧氏, or the alias of a foreign resident with the name
in Latin letters.
"""

from host_sim.centre.forms import eras, seal
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.frame import Draft, title
from host_sim.centre.forms.juminhyo import address_of, born_of
from host_sim.centre.register import Register, Resident

EMPTY = "【空欄】"
STATEMENT = "この写しは、登録されている印影と相違ないことを証明する。"
X, X_VALUE, END, TOP = 25.0, 63.0, 185.0, 38.0
FIELD_MM = 46.0  # the white field in which the imprint stands: room for the largest seal and a margin
ROWS = (("印影", 58.0), ("氏名", 20.0), ("生年月日", 14.0), ("住所", 20.0), ("登録年月日", 14.0), ("備考", 26.0))
CERTIFICATION = 206.0


def draft(subject: Resident, register: Register) -> Draft:
    """The one sheet. `offer` has checked that the subject has a valid seal."""
    registered = register.seal_of(subject)
    assert registered is not None
    sheet = Sheet()
    title(sheet, 27, "印鑑登録証明書", 20)
    y = TOP
    edges = {}
    for words, height in ROWS:
        sheet.box(X, y, END - X, height, 0.375)
        sheet.spread(X + 5, y + height / 2 + 1.6, X_VALUE - X - 10, words, 11)
        edges[words] = (y, height)
        if words == "印影":
            _imprint(sheet, y, height, registered.diameter_mm, seal.imprint(registered))
        elif words == "氏名":
            sheet.lines(X_VALUE + 5, y + 0.8, END - X_VALUE - 8, 6.2, subject.kana, 9, "the reading")
            sheet.lines(X_VALUE + 5, y + 7, END - X_VALUE - 8, height - 8, subject.name, 18, "the name")
        elif words == "生年月日":
            sheet.fitted(X_VALUE + 5, y + height / 2 + 1.8, 110, born_of(subject), 13, "the birth date")
        elif words == "住所":
            sheet.lines(
                X_VALUE + 5, y + 1, END - X_VALUE - 8, height - 2, address_of(register, subject), 13, "the address"
            )
        elif words == "登録年月日":
            sheet.text(X_VALUE + 5, y + height / 2 + 1.8, eras.wareki(registered.registered_on), 13)
        else:
            sheet.lines(X_VALUE + 5, y + 1, END - X_VALUE - 8, height - 2, remark(subject), 11, "the remark")
        y += height
    sheet.vertical(X_VALUE, TOP, y - TOP)
    return Draft(
        sheets=[sheet],
        statement=STATEMENT,
        room_from=CERTIFICATION,
        people=((subject.name, born_of(subject)),),
        address=address_of(register, subject),
    )


def _imprint(sheet: Sheet, y: float, height: float, diameter: float, drawing: str) -> None:
    left, top = (X_VALUE + END - FIELD_MM) / 2, y + (height - FIELD_MM) / 2
    sheet.block(left, top, FIELD_MM, FIELD_MM, white=True)
    sheet.box(left, top, FIELD_MM, FIELD_MM)
    middle_x, middle_y = left + FIELD_MM / 2, top + FIELD_MM / 2
    sheet.drawing(middle_x - diameter / 2, middle_y - diameter / 2, diameter, seal.IMPRINT_UNITS, drawing)


def remark(subject: Resident) -> str:
    """The words under 備考: 旧氏, or alias and Latin name."""
    if subject.former_surname:
        return _with_reading(f"旧氏　{subject.former_surname}", subject.former_surname_kana)
    if subject.foreign is not None and subject.foreign.alias:
        return _with_reading(f"通称　{subject.foreign.alias}", subject.foreign.alias_kana)
    return EMPTY


def _with_reading(words: str, kana: str | None) -> str:
    return f"{words}（{kana}）" if kana else words
