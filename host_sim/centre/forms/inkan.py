"""印鑑登録証明書, A4 portrait: the registered imprint at its true size, and whose it is (form rule 2).

Beside the name stands 旧氏, of a foreign resident 通称. Sex, readings and the day of registration are not on this form.
"""

from host_sim.centre.forms import seal
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.frame import Draft, title
from host_sim.centre.forms.juminhyo import address_of, born_of
from host_sim.centre.register import Register, Resident

EMPTY = "【空欄】"
STATEMENT = "この写しは、登録されている印影と相違ないことを証明する。"
X, X_VALUE, END, TOP = 25.0, 63.0, 185.0, 38.0
FIELD_MM = 46.0  # the white field in which the imprint stands: room for the largest seal and a margin
ROWS = (("印影", 58.0), ("氏名", 20.0), ("旧氏", 16.0), ("生年月日", 14.0), ("住所", 20.0), ("備考", 24.0))
CERTIFICATION = 206.0


def draft(subject: Resident, register: Register) -> Draft:
    """The one sheet. `offer` has checked that the subject has a valid seal."""
    registered = register.seal_of(subject)
    assert registered is not None
    sheet = Sheet()
    title(sheet, 27, "印鑑登録証明書", 20)
    y = TOP
    other, name = other_name(subject)
    for words, height in ROWS:
        sheet.box(X, y, END - X, height, 0.375)
        sheet.label(X + 5, y + height / 2 + 1.6, X_VALUE - X - 10, other if words == "旧氏" else words, 11)
        if words == "印影":
            _imprint(sheet, y, height, registered.diameter_mm, seal.imprint(registered))
        else:
            value, size = {
                "氏名": (subject.name, 18),
                "旧氏": (name, 15),
                "生年月日": (born_of(subject), 13),
                "住所": (address_of(register, subject), 13),
                "備考": (EMPTY, 11),
            }[words]
            sheet.lines(X_VALUE + 5, y + 1, END - X_VALUE - 8, height - 2, value, size, f"the item {words}")
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


def other_name(subject: Resident) -> tuple[str, str]:
    """旧氏 of a Japanese, 通称 of a foreign resident: the label, and the name where one is recorded."""
    if subject.foreign is None:
        return "旧氏", subject.former_surname or EMPTY
    return "通称", subject.foreign.alias or EMPTY
