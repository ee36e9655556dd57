"""Every screen in large letters, 42 pixels and more: what the ordinary screen says, without pictures, dark or light.

The keys are those of the ordinary screen, and so are the sentences, unless the screen has numbers or places of its own.
A sentence that finds no room is left out, the last first: what happened, the money and what to do come first.
"""

from collections.abc import Callable
from textwrap import wrap
from typing import Any

from drivers.vocabulary import Text
from firmware.book.reasons import EndReason
from firmware.screens.canvas import LARGE_SIZE, Canvas
from firmware.screens.ending import handed
from firmware.screens.idle import kinds_told, needs
from firmware.screens.large_sheet import LEFT, PITCH, RIGHT, Row, Sheet
from firmware.screens.looks import entries
from firmware.screens.words import Words
from firmware.session import scenes as show
from firmware.session.basket import item_pages

CODE_GROUP = 3


def draw_large(scene: show.Scene, ordinary: Canvas) -> Canvas:
    """The scene in the letters of its look. `ordinary`: its ordinary screen, for its sentences and keys."""
    sheet = Sheet(scene, ordinary.keys)
    own = _OWN.get(type(scene))
    if isinstance(scene, show.TakePaper) and scene.claim_yen:
        _take_paper_and_slip(sheet, scene)
    elif own is not None:
        own(sheet, scene)
    else:
        first = True
        for said in ordinary.said:
            if not said.aside and said.words and not sheet.tell(said.words, bold=said.bold, head=first):
                break
            first = first and (said.aside or not said.words)
    return sheet.c


def _idle(sheet: Sheet, scene: show.Idle) -> None:
    say = sheet.say
    sheet.tell(say("idle", "head" if scene.cards == ("individual_number",) else "head_any"), head=True)
    sheet.tell(say("idle", needs(scene)), bold=scene.exact_money_only, alarm=scene.exact_money_only)
    if scene.until is not None:
        sheet.tell(say("idle", "until", time=say.time(scene.until)))
    if scene.notice is not None:
        sheet.tell(say.of(scene.notice))

    def rows(title: str, fee: str) -> int:
        return 1 if sheet.c.lines(title, LARGE_SIZE, width=_beside(sheet, fee)) == 1 else 2

    for title, fee, taken in kinds_told(scene, say, (sheet.low - sheet.y) // PITCH, rows):
        if taken == 2:
            sheet.title(title, 1)
        if fee or taken == 1:
            sheet.pair(title if taken == 1 else "", fee)


def _beside(sheet: Sheet, fee: str) -> int:
    """Pixels to the left of a fee."""
    return RIGHT - LEFT - (sheet.c.width(fee, LARGE_SIZE, bold=True) + 16 if fee else 0)


def _enter_pin(sheet: Sheet, scene: show.EnterPin) -> None:
    say = sheet.say
    if scene.wrong:
        sheet.tell(say("pin", "wrong"), head=True, alarm=True)
    else:
        sheet.tell(say("pin", "head"), head=True)
    for number in range(4):
        left = LEFT + number * 116
        filled = number < scene.count
        border = sheet.colours.head if number <= scene.count else sheet.colours.line
        sheet.c.panel((left, sheet.y + 6, left + 100, sheet.y + 96), 14, sheet.colours.ground, border=border, width=5)
        if filled:
            sheet.c.panel((left + 28, sheet.y + 29, left + 72, sheet.y + 73), 22, sheet.colours.letters)
    sheet.y += 102
    if scene.tries_left == 1:
        sheet.tell(say("pin", "last"), bold=True, alarm=True)
    elif scene.tries_left is not None and (scene.wrong or scene.tries_left < 3):
        sheet.tell(say("pin", "left", n=scene.tries_left), bold=True, alarm=True)
    sheet.tell(say("pin", "full" if scene.count == 4 else "hide"))


def _last_try(sheet: Sheet, _: show.LastTry) -> None:
    sheet.tell(sheet.say("last_try", "head"), head=True, alarm=True)
    sheet.tell(sheet.say("last_try", "body"))


def _choose_kind(sheet: Sheet, scene: show.ChooseKind) -> None:
    say = sheet.say
    sheet.page(scene.page, scene.pages)
    if scene.refused is not None:
        what, then = say.reason(scene.lines[scene.refused].refusal or "not_offered", scene.youngest_years)
        sheet.low -= 66
        sheet.tell(what, head=True, alarm=True)
        sheet.tell(then)
        if scene.elsewhere is not None:
            sheet.place(scene.elsewhere)
        sheet.low += 66
        _numbers(sheet, [*range(1, len(scene.lines) + 1), *([0] if scene.takes_code else [])])
        return
    if not scene.takes_code:  # its line needs the room
        sheet.head(say("choose_kind", "head"), say("steps", "choose"))
    rows = [
        Row(
            say.of(line.title),
            say.refusal(line.refusal, scene.youngest_years) if line.refusal else say.yen(line.fee_yen),
        )
        for line in scene.lines
    ]
    sheet.rows(rows, sheet.low - (64 if scene.takes_code else 0))
    if scene.takes_code:
        sheet.y = sheet.low - 62
        sheet.numbered(0, say("type_code", "offer"))


def _numbers(sheet: Sheet, numbers: list[int]) -> None:
    """The menu's numbers without their titles, and what they are for, in as many words as one line has room for."""
    say, x = sheet.say, LEFT
    for number in numbers:
        sheet.c.number(number, x, sheet.low - 62, 56, fill=sheet.colours.cap)
        x += 76
    for text in (say("choose_kind", "head"), say("steps", "choose")):
        if sheet.c.lines(text, LARGE_SIZE, width=RIGHT - x) == 1:
            sheet.c.text(text, x, sheet.low - 60, LARGE_SIZE, width=RIGHT - x, colour=sheet.colours.letters,
                         leading=PITCH / LARGE_SIZE)  # fmt: skip
            return


def _choose_option(sheet: Sheet, scene: show.ChooseOption) -> None:
    say = sheet.say
    sheet.page(scene.page, scene.pages)
    sheet.head(say.of(scene.title))
    sheet.rows([Row(say.of(line.label), chosen=line.chosen) for line in scene.lines])


def _choose_copies(sheet: Sheet, scene: show.ChooseCopies) -> None:
    say = sheet.say
    sheet.tell(say("choose_copies", "head"), head=True)
    sheet.tell(say.of(scene.kind_title), lines=2)
    sheet.pair("▲▼ 1–9" if scene.copies_max > 1 else "", say.copies(scene.copies), size=64)
    sheet.pair(say("choose_copies", "total"), say.yen(scene.fee_yen * scene.copies), bold=True)
    sheet.tell(say("choose_copies", "most", most=scene.copies_max))


def _choose_purpose(sheet: Sheet, scene: show.ChoosePurpose) -> None:
    say = sheet.say
    sheet.page(scene.page, scene.pages)
    sheet.head(say("choose_purpose", "head"))
    sheet.rows([Row(say.of(purpose)) for purpose in scene.purposes], sheet.low - 64)
    sheet.y = sheet.low - 62
    sheet.numbered(0, say("choose_purpose", "by_item"))


def _order(sheet: Sheet, scene: show.Basket | show.Consent) -> None:
    """One paper with its fee, what all cost, and what stands on it where that has room; else the next pages tell it."""
    say = sheet.say
    before = [1 + len(item_pages(line)) for line in scene.lines]
    sheet.page(sum(before[: scene.page - 1]) + 1 + scene.part, sum(before))
    if isinstance(scene, show.Basket):
        offers = [(1, "add")] * scene.may_add + [(2, "see")] * scene.may_preview
        sheet.beside([(number, say("basket", word)) for number, word in offers])
    if not scene.lines:
        sheet.pair(say("choose_copies", "total"), say.yen(scene.fee_yen), bold=True)
        return
    line = scene.lines[scene.page - 1]
    sheet.title(say.of(line.title), 1)
    if scene.part:
        _items(sheet, *item_pages(line)[scene.part - 1])
    else:
        _paper(sheet, scene, line)


def _paper(sheet: Sheet, scene: show.Basket | show.Consent, line: show.BasketLine) -> None:
    say = sheet.say
    _copies(sheet, line)
    if len(scene.lines) > 1:
        sheet.pair(say("choose_copies", "total"), say.yen(scene.fee_yen), bold=True)
    _items(sheet, line.shown, line.left_off)
    if isinstance(scene, show.Basket) and not scene.may_add:
        sheet.tell(say("basket", "most", n=len(scene.lines)))


def _copies(sheet: Sheet, line: show.BasketLine) -> None:
    """How many, of whom, and for how much: on one line where there is room."""
    say, fee = sheet.say, sheet.say.yen(line.fee_yen)
    of_whom = [say.of(detail) for detail in line.details[:1]]
    both = say.listed([say.copies(line.copies), *of_whom])
    if sheet.c.lines(both, LARGE_SIZE, width=_beside(sheet, fee)) == 1:
        sheet.pair(both, fee)
        return
    sheet.pair(say.copies(line.copies), fee)
    for detail in of_whom:
        sheet.tell(detail, lines=1)


def _items(sheet: Sheet, shown: tuple[Text, ...], left_off: tuple[Text, ...]) -> None:
    """Each list by the names of its items, or not at all."""
    for word, items in (("shown", shown), ("left_off", left_off)):
        if items:
            sheet.tell(f"{sheet.say('basket', word)}: {sheet.say.listed(map(sheet.say.of, items))}")


def _type_code(sheet: Sheet, scene: show.TypeCode) -> None:
    say = sheet.say
    sheet.tell(say("type_code", "head"), head=True)
    sheet.y += 6
    for place in range(scene.digits):
        left = LEFT + place * 92 + (20 if place >= scene.digits // 2 else 0)
        sheet.c.panel(
            (left, sheet.y, left + 80, sheet.y + 80), 12, sheet.colours.ground, border=sheet.colours.line, width=4
        )
        if place < len(scene.code):
            sheet.c.text(scene.code[place], left, sheet.y + 4, 56, width=80, bold=True, colour=sheet.colours.letters,
                         align="centre", leading=1.28)  # fmt: skip
    sheet.y += 88
    sheet.tell(say("type_code", "wrong" if scene.wrong else "body"), alarm=scene.wrong)


def _pay(sheet: Sheet, scene: show.Pay) -> None:
    say = sheet.say
    rest = max(scene.fee_yen - scene.inserted_yen, 0)
    sheet.head(say("pay", "head"))
    sheet.pair(say("pay", "rest"), say.yen(rest), bold=True, size=64)
    sheet.pair(say("pay", "fee"), say.yen(scene.fee_yen))
    sheet.pair(say("pay", "inserted"), say.yen(scene.inserted_yen))
    if scene.rejected:
        sheet.tell(say("pay", "rejected"), bold=True, alarm=True)
    elif scene.exact_money_only:
        sheet.tell(say("pay", "exact" if scene.coins_come_back else "exact_kept"), bold=True, alarm=True)
    sheet.tell(say("pay", "no_notes"))
    if scene.accepts_yen:
        sheet.tell(f"{say('pay', 'accepts')}: {say.listed(map(str, sorted(scene.accepts_yen, reverse=True)))}")


def _sorry(sheet: Sheet, scene: show.Sorry) -> None:
    """What happened, then the money that is owed, then what to do."""
    if scene.pages > 1:
        _in_two_pages(sheet, scene)
        return
    say = sheet.say
    what, then = say.reason(scene.reason, scene.youngest_years)
    sheet.tell(what, head=True)
    if scene.claim_yen:
        _claim(sheet, scene)
    sheet.tell(say("sorry", "void_paper") if scene.void_paper else then)
    if scene.card_in:
        sheet.tell(say("sorry", "clerk_take_card" if scene.clerk else "take_card"), bold=True, alarm=True)
    told = scene.elsewhere is not None and sheet.place_and_hours(scene.elsewhere)
    if scene.claim_yen and not told:  # who is owed money must find the desk
        _call(sheet, scene)
    if not scene.card_in:
        _sorry_money(sheet, scene)
    if told and scene.elsewhere is not None:
        sheet.way(scene.elsewhere)
    if not scene.card_in and (told or not scene.claim_yen):
        _call(sheet, scene)


def _call(sheet: Sheet, scene: show.Scene) -> None:
    if scene.telephone is not None:
        sheet.tell(sheet.say("place", "call", telephone=scene.telephone))


def _sorry_money(sheet: Sheet, scene: show.Sorry) -> None:
    say = sheet.say
    if scene.issued_copies:
        sheet.tell(say("money", "issued", copies=say.copies(scene.issued_copies)), bold=True)
    if scene.returned_yen:
        sheet.tell(say("money", "returned", yen=say.yen(scene.returned_yen)), bold=True)
    if (
        not scene.issued_copies
        and not scene.returned_yen
        and not scene.claim_yen
        and scene.reason != EndReason.PAPER_STUCK
    ):
        sheet.tell(say("money", "none"), bold=True)


def _claim(sheet: Sheet, scene: show.Sorry | show.Done) -> None:
    say = sheet.say
    sheet.tell(say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.yen(scene.claim_yen)), bold=True)
    if scene.claim_code is not None:
        sheet.tell(_code(say, scene.claim_code), bold=True)


def _code(say: Words, code: str) -> str:
    return say("money", "code", code="-".join(wrap(code, CODE_GROUP)))


def _in_two_pages(sheet: Sheet, scene: show.Sorry | show.Done) -> None:
    """What happened, where the money and the papers are; then the desk with its hours, what to do, and the code of a claim again."""
    say = sheet.say
    sheet.page(scene.page, scene.pages)
    sheet.below_notes()
    what, then = say("done", "head"), say("done", "body")
    if isinstance(scene, show.Sorry):
        what, then = say.reason(scene.reason, scene.youngest_years)
        then = say("sorry", "void_paper") if scene.void_paper else then
    if scene.page == 1:
        sheet.tell(what, head=True)
        if scene.claim_yen:
            _claim(sheet, scene)
        if isinstance(scene, show.Sorry):
            _sorry_money(sheet, scene)
            sheet.tell(then)
        return
    if scene.elsewhere is not None:
        sheet.place_and_hours(scene.elsewhere)
    sheet.tell(then)
    if scene.claim_code is not None:
        sheet.tell(_code(say, scene.claim_code), bold=True)
    if scene.elsewhere is not None:
        sheet.way(scene.elsewhere)
    _call(sheet, scene)


def _take_paper_and_slip(sheet: Sheet, scene: show.TakePaper) -> None:
    """What lies there, what is owed and the number to call come before the rest."""
    say = sheet.say
    sheet.tell(say("take_paper", "alarm" if scene.alarm else "head"), head=True, alarm=scene.alarm)
    sheet.tell(say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.yen(scene.claim_yen)), bold=True)
    _call(sheet, scene)
    for row in handed(say, scene):
        sheet.tell(row, bold=True)
    if scene.elsewhere is not None:
        sheet.place_and_hours(scene.elsewhere)


def _done(sheet: Sheet, scene: show.Done) -> None:
    if scene.pages > 1:
        _in_two_pages(sheet, scene)
        return
    sheet.tell(sheet.say("done", "head"), head=True)
    if scene.claim_yen:
        _claim(sheet, scene)
    if scene.elsewhere is not None:
        sheet.place(scene.elsewhere)
    sheet.tell(sheet.say("done", "body"))


def _printing(sheet: Sheet, scene: show.Printing) -> None:
    say = sheet.say
    sheet.tell(say("printing", "head"), head=True)
    sheet.tell(say.of(scene.kind_title))
    if scene.copies > 1:
        sheet.tell(say("printing", "count", copy=scene.copy, copies=scene.copies), bold=True)
    sheet.tell(say("printing", "body"))


def _choose_look(sheet: Sheet, scene: show.ChooseLook) -> None:
    """All on one page, because the words are short."""
    pitch = (sheet.low - sheet.y) // 5
    for place, (number, name, language, now) in enumerate(entries(scene)):
        x, y = LEFT - 8 + place // 5 * 380, sheet.y + place % 5 * pitch
        colours = sheet.colours
        sheet.c.panel(
            (x, y, x + 376, y + pitch - 4), 10, colours.marked if now else colours.ground, border=colours.line, width=3
        )
        sheet.c.number(number, x + 5, y + (pitch - 60) // 2, 56, fill=colours.cap)
        sheet.c.text(name, x + 66, y + (pitch - 4 - PITCH) // 2, LARGE_SIZE, width=306, colour=colours.letters,
                     language=language, leading=PITCH / LARGE_SIZE)  # fmt: skip


_OWN: dict[type[show.Scene], Callable[[Sheet, Any], None]] = {
    show.Idle: _idle,
    show.EnterPin: _enter_pin,
    show.LastTry: _last_try,
    show.ChooseKind: _choose_kind,
    show.ChoosePurpose: _choose_purpose,
    show.ChooseOption: _choose_option,
    show.ChooseCopies: _choose_copies,
    show.Basket: _order,
    show.Consent: _order,
    show.TypeCode: _type_code,
    show.Pay: _pay,
    show.Printing: _printing,
    show.Sorry: _sorry,
    show.Done: _done,
    show.ChooseLook: _choose_look,
}
