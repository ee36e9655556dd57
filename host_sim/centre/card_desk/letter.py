"""The enquiry as a letter (照会書) with the form for its reply (回答書), one A4 page in a window envelope.

The code stands on this page only. The file is named by the enquiry's number; nothing personal is in the name.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from host_sim.centre.card_desk.enquiries import Sent, resident_of
from host_sim.centre.cards import ActRefused
from host_sim.centre.city.book import CityBook
from host_sim.centre.forms import ivs, letters
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.eras import wareki
from host_sim.centre.forms.fitting import wrap
from host_sim.centre.forms.press import Imprint, press
from host_sim.centre.register import Household, Municipality, Resident, unpack
from host_sim.centre.tables import households

_LEFT, _RIGHT, _MIDDLE = 25.0, 185.0, 105.0
_FOLD_MM = 186.0
_ADDRESS_END_MM = 78.0
_PITCH_MM = 6.4
_BECAUSE = "顔写真付きの身分証明書の提示がなかったため、ご本人の申出であることを、この照会書でお確かめします。"
_DOCUMENTS = "本人確認書類を2点お持ちください。代理の方による手続はできません。"


@dataclass(frozen=True, slots=True)
class Addressed:
    """An enquiry with whom it goes to: the page, with every letter at its place."""

    sent: Sent
    sheet: Sheet = field(repr=False)
    city: Municipality


def addressed(c: sa.Connection, city: CityBook, sent: Sent, now: datetime) -> Addressed:
    """Look the registered address up: a letter goes nowhere else.

    Raises `ActRefused` for a name or address that cannot be printed, so that no enquiry is open without its letter."""
    resident = resident_of(c, sent.resident_id)
    packed = c.scalar(sa.select(households.c.packed).where(households.c.household_id == resident.household_id))
    municipality = city.at(c, now).municipality
    sheet = _laid_out(sent, resident, unpack(Household, str(packed)), municipality)
    known = letters.additional(municipality.letters)
    note = letters.put([sheet], known)
    for number, line in enumerate(wrap(note, _RIGHT - _LEFT, 7) if note else ()):
        sheet.text(_LEFT, 179 + 3 * number, line, 7)
    if ivs.missing((item[-1] for item in sheet.words), {each.printed for each in known.letters.values()}):
        raise ActRefused("A letter of the name or address is not in the font: write this enquiry by hand.")
    return Addressed(sent, sheet, municipality)


def letter(told: Addressed) -> bytes:
    """The page as a PDF; takes some 100 ms."""
    city, day = told.city, told.sent.sent_on
    made = Imprint(
        title="照会書", author=f"{city.prefecture}{city.city}", keywords=(told.sent.enquiry_id,), made_on=day
    )
    return press([told.sheet], made, ground=False, sample=city.sample, additional=letters.additional(city.letters))


def _laid_out(sent: Sent, resident: Resident, household: Household, city: Municipality) -> Sheet:
    sheet = Sheet()
    _address(sheet, resident, household)
    _sender(sheet, city, sent.sent_on)
    sheet.text(_MIDDLE, 84, "照　会　書", 18, align="center")
    y = 96.0
    for paragraph in _words(city, sent):
        for line in wrap(paragraph, _RIGHT - _LEFT, 10.5):
            sheet.text(_LEFT, y, line, 10.5)
            y += _PITCH_MM
        y += 1.6
    _code(sheet, 152.0, sent)
    _reply(sheet, sent, city)
    return sheet


def file_name(sent: Sent) -> str:
    return f"enquiry-{sent.enquiry_id}.pdf"


def _address(sheet: Sheet, resident: Resident, household: Household) -> None:
    """Where the window of the envelope is."""
    y = 24.0
    for line in (household.address, household.building or ""):
        for part in wrap(line, 85, 11):
            sheet.text(_LEFT, y, part, 11)
            y += 6
    for part in wrap(f"{resident.name}　様", 90, 13):
        sheet.text(_LEFT, y + 3, part, 13)
        y += 6
    if y > _ADDRESS_END_MM:
        raise ActRefused("The name and address are too long for the envelope: write this enquiry by hand.")


def _sender(sheet: Sheet, city: Municipality, day: date) -> None:
    sheet.text(_RIGHT, 56, wareki(day), 10.5, align="right")
    sheet.text(_RIGHT, 63, city.certifier, 10.5, align="right")
    sheet.text(_RIGHT, 70, f"電話 {city.telephone}", 9.5, align="right")


def _words(city: Municipality, sent: Sent) -> tuple[str, ...]:
    return (
        f"あなたのお名前で、{city.city}のカードの交付または暗証番号の再設定の申出がありました。{_BECAUSE}",
        f"申出に間違いがなければ、下の回答書に署名し、{wareki(sent.reply_until)}までに、この用紙をそのまま窓口へお持ちください。{_DOCUMENTS}",
        "申出に覚えがないときは、すぐに上の電話番号へお知らせください。暗証番号をおたずねすることはありません。",
    )


def _code(sheet: Sheet, y: float, sent: Sent) -> None:
    sheet.box(_LEFT, y, _RIGHT - _LEFT, 22, 0.375)
    sheet.text(_LEFT + 6, y + 9, "回答番号", 10)
    sheet.text(_LEFT + 6, y + 17, f"照会番号　{sent.enquiry_id}", 8)
    sheet.text(_MIDDLE + 12, y + 15, f"{sent.code[:4]} {sent.code[4:]}", 20, align="center", tracking=2)


def _reply(sheet: Sheet, sent: Sent, city: Municipality) -> None:
    sheet.horizontal(10, _FOLD_MM, 190)
    sheet.text(_MIDDLE, _FOLD_MM + 14, "回　答　書", 15, align="center")
    sheet.text(_LEFT, _FOLD_MM + 26, f"{city.certifier}　様", 10.5)
    sheet.text(_LEFT, _FOLD_MM + 35, "照会のあった申出は、私本人の意思によるものに間違いありません。", 10.5)
    for row, label in enumerate(("日付", "住所", "署名", "生年月日")):
        y = _FOLD_MM + 50 + row * 11
        sheet.text(_LEFT + 8, y, label, 10)
        sheet.horizontal(_LEFT + 34, y + 1.5, _RIGHT - _LEFT - 34)
    sheet.text(
        _RIGHT, _FOLD_MM + 100, f"照会番号　{sent.enquiry_id}　　{wareki(sent.reply_until)}まで有効", 8, align="right"
    )
