"""The spoken words of every scene: what this is, what each live key does, what happens next, the time left.

One function a scene, as `firmware/screens` has one that draws it. The clerk's glass is not read aloud. A digit of a PIN is not in
a scene, and a name only in a sentence that is `private`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from drivers.vocabulary import Text
from firmware.book.reasons import EndReason
from firmware.screens.words import LANGUAGES as SCREENS
from firmware.session import scenes as show
from firmware.session.basket import item_pages
from firmware.session.preview import SAID_AT_ONCE
from firmware.voice.pieces import LANGUAGES as VOICES
from firmware.voice.pieces import Piece, Sentence
from firmware.voice.words import Spoken, spoken

PIN_DIGITS = 4
Sentences = list[Sentence]


def words_of(scene: show.Scene) -> Sequence[Sentence]:
    """What is said of a scene, without its warning; empty for the clerk's glass and for a test of the glass."""
    if scene.clerk or type(scene) not in _SAID:
        return ()
    say = spoken(scene.language)
    sentences: Sentences = _SAID[type(scene)](scene, say)
    return [sentence for sentence in sentences if sentence.pieces]


def warning(scene: show.Scene) -> Sequence[Sentence]:
    """The seconds left, what happens then, and how to prevent it."""
    say = spoken(scene.language)
    then = [] if scene.follows is None else [say("warning", scene.follows), say("warning", "any_key")]
    return [seconds_left(scene), *then]


def more_time(scene: show.Scene) -> Sentence:
    return spoken(scene.language)("warning", "more")


def seconds_left(scene: show.Scene) -> Sentence:
    assert scene.countdown_s is not None
    say = spoken(scene.language)
    return say("common", "seconds", seconds=say.numbers.seconds(scene.countdown_s))


def uses_arrows(scene: show.Scene) -> bool:
    """Whether ▲ and ▼ mean something on this screen; where they do not, they are the volume."""
    match scene:
        case (
            show.ChooseKind() | show.ChoosePurpose() | show.ChooseOption() | show.Preview() | show.Sorry() | show.Done()
        ):
            return scene.pages > 1
        case show.Basket(lines=lines, look=look) | show.Consent(lines=lines, look=look):
            return len(lines) > 1 or (look is not show.Look.NORMAL and any(map(item_pages, lines)))
        case show.ChooseCopies(copies_max=most):
            return most > 1
        case _:
            return False


# --- before a session ------------------------------------------------------------------------------


def _starting(_: show.Starting, say: Spoken) -> Sentences:
    return [say("waiting", "starting")]


def _maintenance(scene: show.Maintenance, say: Spoken) -> Sentences:
    return [say("waiting", "maintenance"), *_telephone(scene, say), *_general(scene, say)]


def _closed(scene: show.Closed, say: Spoken) -> Sentences:
    said = [say.closed(scene.reason)]
    if scene.opens_at is not None:
        at = scene.opens_at
        said.append(say("waiting", "opens", date=say.numbers.date(at.date()), time=say.numbers.time(at.time())))
    for place in scene.elsewhere:
        said += _elsewhere(place, say)
    said += _staff(scene.numbers, say)
    return [*said, *_telephone(scene, say), *([] if scene.halted else _general(scene, say))]


def _idle(scene: show.Idle, say: Spoken) -> Sentences:
    only_one = scene.cards == ("individual_number",)
    said = [say("idle", "head" if only_one else "head_any")]
    if not only_one:
        said += [say("idle", "cards", card=say("cards", card).pieces) for card in scene.cards]
    said += [say("idle", "pin"), *([] if scene.at_till else [say("idle", "coins")])]
    if scene.exact_money_only:
        said.append(say("idle", "exact"))
    if scene.until is not None:
        said.append(say("idle", "until", time=say.numbers.time(scene.until)))
    if scene.kinds:
        said.append(say("idle", "kinds"))
        said += [say("idle", "kind", title=_title(k.title, say), yen=say.numbers.yen(k.fee_yen)) for k in scene.kinds]
    if scene.notice is not None:
        notice = say.of(scene.notice)
        said.append(say("idle", "notice", notice=notice) if notice else say("idle", "notice_unread"))
    return [*said, *_other_voices(scene, say), say("common", "layout", once=True), *_general(scene, say)]


def _other_voices(scene: show.Idle, say: Spoken) -> Sentences:
    """How to come to the other voice, said by that voice; large letters leave no room for the numbers at idle."""
    if scene.look is not show.Look.NORMAL:
        return []
    others = [spoken(language) for language in VOICES if language != say.language]
    numbers = [other.numbers.count("numbers", SCREENS.index(other.language) + 1) for other in others]
    return [
        other("idle", "this_language", number=number, once=True) for other, number in zip(others, numbers, strict=True)
    ]


def _choose_look(scene: show.ChooseLook, say: Spoken) -> Sentences:
    said = [say("look", "head")]
    said += [_line("line", n, say("look", name).pieces, say) for n, name in enumerate(scene.languages, start=1)]
    said += [
        _line("line", n, say("look", name).pieces, say) for n, name in ((8, "large"), (9, "large_dark"), (0, "normal"))
    ]
    picture = [] if scene.picture is None else [say("look", scene.picture)]
    return [*said, say("look", "voice"), *picture, say("look", "back"), *_general(scene, say)[1:]]


def _working(scene: show.Working, say: Spoken) -> Sentences:
    return [say("working", scene.what)]


# --- card and PIN ----------------------------------------------------------------------------------


def _enter_pin(scene: show.EnterPin, say: Spoken) -> Sentences:
    if scene.count == PIN_DIGITS:
        said = [say("pin", "full")]
    else:
        said = [say("pin", "wrong" if scene.wrong else "head"), say("pin", "same", once=True)]
    if scene.tries_left == 1:
        said.append(say("pin", "last"))
    elif scene.tries_left is not None and (scene.wrong or scene.tries_left < 3):
        said.append(say("pin", "left", tries=say.numbers.count("tries", scene.tries_left)))
    return [*said, say("pin", "correct"), say("common", "stop_card"), *_general(scene, say)]


def _last_try(scene: show.LastTry, say: Spoken) -> Sentences:
    return [*(say("last_try", key) for key in ("head", "body", "go_on", "stop")), *_general(scene, say)]


def _take_card(scene: show.TakeCard, say: Spoken) -> Sentences:
    head = say("take_card", "alarm" if scene.alarm else "last" if scene.last else "head")
    return [head, *([] if scene.last else [say("common", "stop")]), *_general(scene, say)]


# --- choosing --------------------------------------------------------------------------------------


def _choose_kind(scene: show.ChooseKind, say: Spoken) -> Sentences:
    said: Sentences = []
    if scene.refused is not None and (refusal := scene.lines[scene.refused].refusal) is not None:
        said += say.reason(refusal, scene.youngest_years)
        said += [] if scene.elsewhere is None else _elsewhere(scene.elsewhere, say)
    said += [say("choose_kind", "head"), *_name(scene.masked_name, say)]
    for number, line in enumerate(scene.lines, start=1):
        key = "line_fee" if line.refusal is None else "line_refused"
        said.append(_line(key, number, _title(line.title, say), say, yen=say.numbers.yen(line.fee_yen)))
    if scene.takes_code:
        said.append(say("choose_kind", "code"))
    said += _pages(scene.page, scene.pages, say)
    said += [say("common", "back")] if scene.may_go_back else []
    return [*said, say("common", "stop"), *_general(scene, say)]


def _choose_purpose(scene: show.ChoosePurpose, say: Spoken) -> Sentences:
    said = [say("choose_purpose", "head"), say("choose_purpose", "hint")]
    said += [_line("line", number, _title(title, say), say) for number, title in enumerate(scene.purposes, start=1)]
    said += [say("choose_purpose", "by_item"), *_pages(scene.page, scene.pages, say)]
    return [*said, say("common", "back"), say("common", "stop"), *_general(scene, say)]


def _type_code(scene: show.TypeCode, say: Spoken) -> Sentences:
    said = [say("type_code", "wrong")] if scene.wrong else []
    said.append(say("type_code", "head"))
    if len(scene.code) == scene.digits:
        said.append(say("type_code", "full"))
    elif scene.code:
        said.append(say("type_code", "typed", digits=say.numbers.count("digits", len(scene.code))))
    said.append(say("type_code", "correct") if scene.code else say("common", "back"))
    return [*said, say("common", "stop"), *_general(scene, say)]


def _choose_option(scene: show.ChooseOption, say: Spoken) -> Sentences:
    plain = say.numbers.count
    title = _title(scene.title, say)
    said = [
        say("choose_option", "head", step=plain("plain", scene.step), steps=plain("plain", scene.steps), title=title)
    ]
    said.append(say("choose_option", "several" if scene.several else "one"))
    for number, line in enumerate(scene.lines, start=1):
        said.append(_choice(number, line, say))
    said += _pages(scene.page, scene.pages, say)
    said += [] if scene.several else [say("choose_option", "enter")]
    return [*said, say("common", "back"), say("common", "stop"), *_general(scene, say)]


def _choose_copies(scene: show.ChooseCopies, say: Spoken) -> Sentences:
    count = say.numbers.count
    said = [say("choose_copies", "head", most=count("copies", scene.copies_max))]
    yen = say.numbers.yen(scene.fee_yen * scene.copies)
    said.append(say("choose_copies", "now", copies=count("copies", scene.copies), yen=yen))
    said += [say("choose_copies", "how")] if scene.copies_max > 1 else []
    return [*said, say("choose_copies", "enter"), say("common", "back"), say("common", "stop"), *_general(scene, say)]


def _basket(scene: show.Basket, say: Spoken) -> Sentences:
    said = [say("basket", "head"), *_order(scene, say)]
    said.append(say("basket", "add" if scene.may_add else "most"))
    said += [say("basket", "see")] if scene.may_preview else []
    said.append(say("basket", "pay") if scene.fee_yen else say("common", "go_on"))
    return [*said, say("basket", "remove"), say("common", "stop"), *_general(scene, say)]


def _consent(scene: show.Consent, say: Spoken) -> Sentences:
    said = [say("basket", "consent"), *_order(scene, say)]
    on = say("basket", "next_paper" if scene.more else "agree")
    return [*said, on, say("basket", "wrong"), say("common", "stop"), *_general(scene, say)]


def _order(scene: show.Basket | show.Consent, say: Spoken) -> Sentences:
    """The paper of this page, then what all of them cost."""
    said = _name(scene.masked_name, say)
    for line in scene.lines[scene.page - 1 : scene.page]:
        said += _items(*item_pages(line)[scene.part - 1], say) if scene.part else _paper(line, say)
    said += _pages(scene.page, len(scene.lines), say)
    return [
        *said,
        say("basket", "total", yen=say.numbers.yen(scene.fee_yen)) if scene.fee_yen else say("basket", "free"),
    ]


def _paper(line: show.BasketLine, say: Spoken) -> Sentences:
    copies = say.numbers.count("copies", line.copies)
    title = _title(line.title, say)
    said = [say("basket", "line", title=title, copies=copies, yen=say.numbers.yen(line.fee_yen))]
    for detail in line.details:
        pieces, private = _label(detail, say)
        said.append(say("basket", "detail", detail=pieces, private=private))
    return [*said, *_items(line.shown, line.left_off, say)]


def _items(shown: tuple[Text, ...], left_off: tuple[Text, ...], say: Spoken) -> Sentences:
    said = []
    for word, items in (("shown", shown), ("left_off", left_off)):
        told = [piece for item in items for piece in _title(item, say)]
        said += [say("basket", word, items=told)] if told else []
    return said


def _preview(scene: show.Preview, say: Spoken) -> Sentences:
    if scene.said:
        return _read_out(scene, say)
    said = [say("preview", "head"), *_paper(scene.line, say)]
    said += [say("preview", "read")] if scene.reads else []
    said.append(say("preview", "enlarge" if scene.part is None else "whole"))
    said += [say("preview", "move")] if scene.moves else []
    said += _pages(scene.page, scene.pages, say)
    said.append(say("basket", "pay") if scene.fee_yen else say("common", "go_on"))
    return [*said, say("common", "stop"), *_general(scene, say)]


def _read_out(scene: show.Preview, say: Spoken) -> Sentences:
    """Some items of the page, and the keys that lead on."""
    plain = say.numbers.count
    end = scene.said * SAID_AT_ONCE
    said = [say("preview", "part", nth=plain("plain", scene.said), all=plain("plain", scene.sayings))]
    said += say.paper.said(scene.items, end - SAID_AT_ONCE, end) if scene.items else [say("preview", "silent")]
    said.append(say("preview", "more" if scene.said < scene.sayings else "end"))
    said.append(say("preview", "enlarge", once=True))
    said += _pages(scene.page, scene.pages, say)
    said.append(say("basket", "pay") if scene.fee_yen else say("common", "go_on"))
    return [*said, say("common", "stop"), *_general(scene, say)]


# --- money and paper -------------------------------------------------------------------------------


def _pay(scene: show.Pay, say: Spoken) -> Sentences:
    yen = say.numbers.yen
    said = [say("pay", "rejected")] if scene.rejected else []
    said += [say("pay", "head"), say("pay", "fee", yen=yen(scene.fee_yen))]
    rest = scene.fee_yen - scene.inserted_yen
    if scene.inserted_yen:
        said.append(
            say("pay", "sum" if rest > 0 else "enough", inserted=yen(scene.inserted_yen), rest=yen(max(rest, 0)))
        )
    coins = [piece for coin in sorted(scene.accepts_yen, reverse=True) for piece in yen(coin)]
    said.append(say("pay", "accepts", coins=coins) if coins else say("pay", "none"))
    if scene.exact_money_only:
        said.append(say("pay", "exact" if scene.coins_come_back else "exact_kept"))
    return [*said, say("pay", "refund"), *_general(scene, say)]


def _printing(scene: show.Printing, say: Spoken) -> Sentences:
    count = say.numbers.count
    said = [say("printing", "head", title=_title(scene.kind_title, say))]
    if scene.copies > 1:
        copies, total = count("copies", scene.copies), count("plain", scene.copies)
        said.append(say("printing", "count", nth=count("nth", scene.copy), copies=copies, total=total))
    return said


def _money_back(scene: show.MoneyBack, say: Spoken) -> Sentences:
    said = [say("money_back", "change" if scene.is_change else "refund", yen=say.numbers.yen(scene.amount_yen))]
    if scene.coming is not None:
        value, coins = scene.coming
        said.append(say("money_back", "coming", yen=say.numbers.yen(value), coins=say.numbers.count("plain", coins)))
    return said


def _take_paper(scene: show.TakePaper, say: Spoken) -> Sentences:
    said = [say("take_paper", "alarm")] if scene.alarm else []
    said.append(say("take_paper", "head", copies=say.numbers.count("copies", scene.copies)))
    if scene.change_yen:
        said.append(say("take_paper", "change", yen=say.numbers.yen(scene.change_yen)))
    if scene.claim_yen:
        said.append(
            say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.numbers.yen(scene.claim_yen))
        )
        said += _telephone(scene, say)
    said += [say("take_paper", "later")] if scene.alarm and scene.elsewhere is not None else []
    said += [] if scene.elsewhere is None else _elsewhere(scene.elsewhere, say)
    return [*said, *([say("take_paper", "taken")] if scene.unseen else []), *_general(scene, say)]


# --- the end ---------------------------------------------------------------------------------------


def _sorry(scene: show.Sorry, say: Spoken) -> Sentences:
    what, then = say.reason(scene.reason, scene.youngest_years)
    said = [what, say("sorry", "void_paper") if scene.void_paper else then]
    said += [say("sorry", "take_card")] if scene.card_in else _money(scene, say)
    said += [] if scene.elsewhere is None else _elsewhere(scene.elsewhere, say)
    said += _staff(scene.numbers, say)
    said += [*_telephone(scene, say), *_pages(scene.page, scene.pages, say)]
    return [*said, say("common", "finish"), *_general(scene, say)]


def _money(scene: show.Sorry, say: Spoken) -> Sentences:
    said = []
    if scene.issued_copies:
        said.append(say("money", "issued", copies=say.numbers.count("copies", scene.issued_copies)))
    if scene.returned_yen:
        said.append(say("money", "returned", yen=say.numbers.yen(scene.returned_yen)))
    if not said and not scene.claim_yen and scene.reason != EndReason.PAPER_STUCK:  # the fee of that one was charged
        said.append(say("money", "none"))
    return said + _claim(scene, say)


def _claim(scene: show.Sorry | show.Done, say: Spoken) -> Sentences:
    """Who hears the code could fetch the money, so only an earphone says it."""
    if not scene.claim_yen:
        return []
    said = [say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.numbers.yen(scene.claim_yen))]
    if scene.claim_code is not None:
        said.append(say("money", "code", code=say.numbers.digits(scene.claim_code), private=True))
    return said


def _done(scene: show.Done, say: Spoken) -> Sentences:
    there = [] if scene.elsewhere is None else _elsewhere(scene.elsewhere, say)
    said = [say("done", "head"), *_claim(scene, say), *there, *_pages(scene.page, scene.pages, say)]
    return [*said, say("common", "finish"), *_general(scene, say)]


def _at_counter(scene: show.AtCounter, say: Spoken) -> Sentences:
    said = [say("counter", scene.what), *_name(scene.masked_name, say)]
    if scene.amount_yen is not None:
        said.append(say("counter", "amount", yen=say.numbers.yen(scene.amount_yen)))
    if scene.copies is not None:
        said.append(say("counter", "copies", copies=say.numbers.count("copies", scene.copies)))
    stops = scene.what in {"clerk_chooses", "clerks_vouch", "pay_at_till"}
    return [*said, *([say("common", "stop")] if stops else []), *_general(scene, say)]


# --- parts of many scenes --------------------------------------------------------------------------


def _general(scene: show.Scene, say: Spoken) -> Sentences:
    """What holds on every screen that takes keys; where ▲ and ▼ have a meaning, they are no volume."""
    language = "language_round" if isinstance(scene, show.EnterPin) else "language"
    keys = (language, "again") if uses_arrows(scene) else (language, "again", "volume")
    return [say("common", key, once=True) for key in keys]


def _title(text: Text, say: Spoken) -> tuple[Piece, ...]:
    return say.of(text) or say("common", "unsaid").pieces


def _label(text: Text, say: Spoken) -> tuple[tuple[Piece, ...], bool]:
    """The pieces of an answer, and whether they are a person's name."""
    known = say.of(text)
    if known is not None:
        return known, False
    name = say.name(text)
    return (say("common", "unsaid").pieces, False) if name is None else (name, True)


def _line(key: str, number: int, title: tuple[Piece, ...], say: Spoken, **more: Any) -> Sentence:
    return say("common", key, number=say.numbers.count("numbers", number), title=title, **more)


def _choice(number: int, line: show.ChoiceLine, say: Spoken) -> Sentence:
    pieces, private = _label(line.label, say)
    return _line("line_chosen" if line.chosen else "line", number, pieces, say, private=private)


def _name(masked: str, say: Spoken) -> Sentences:
    """`masked`: whole, or its beginning with stars for the rest."""
    begins = masked.rstrip("＊* 　・")
    pieces = say.name({"ja": begins}) if begins else None
    if pieces is None:
        return []
    return [say("common", "name" if begins == masked else "name_begins", name=pieces, private=True)]


def _pages(page: int, pages: int, say: Spoken) -> Sentences:
    if pages <= 1:
        return []
    count = say.numbers.count
    return [say("common", "pages", page=count("pages", page), pages=count("pages", pages), total=count("plain", pages))]


def _elsewhere(place: show.Elsewhere, say: Spoken) -> Sentences:
    """Where it can be had instead. A place whose name is not recorded is told by its telephone number."""
    name = say.of(place.name) or say("places", "unnamed").pieces
    numbers = say.numbers
    if place.opens_at is not None:
        date, time = numbers.date(place.opens_at.date()), numbers.time(place.opens_at.time())
        said = say("places", "next", place=name, date=date, time=time)
    elif place.until is not None:
        said = say("places", "open_until", place=name, time=numbers.time(place.until))
    else:
        said = say("places", "open", place=name)
    return [said, Sentence(say.of(place.way) or ()), say("places", "telephone", digits=numbers.digits(place.telephone))]


def _telephone(scene: show.Scene, say: Spoken) -> Sentences:
    if scene.telephone is None:
        return []
    return [say("common", "telephone", digits=say.numbers.digits(scene.telephone))]


def _staff(numbers: Sequence[str], say: Spoken) -> Sentences:
    return [say("common", "staff", digits=say.numbers.digits(number)) for number in numbers]


_SAID: dict[type[show.Scene], Callable[[Any, Spoken], Sentences]] = {
    show.Starting: _starting,
    show.Maintenance: _maintenance,
    show.Closed: _closed,
    show.Idle: _idle,
    show.ChooseLook: _choose_look,
    show.Working: _working,
    show.EnterPin: _enter_pin,
    show.LastTry: _last_try,
    show.TakeCard: _take_card,
    show.ChooseKind: _choose_kind,
    show.ChoosePurpose: _choose_purpose,
    show.TypeCode: _type_code,
    show.ChooseOption: _choose_option,
    show.ChooseCopies: _choose_copies,
    show.Basket: _basket,
    show.Consent: _consent,
    show.Preview: _preview,
    show.AtCounter: _at_counter,
    show.Pay: _pay,
    show.Printing: _printing,
    show.MoneyBack: _money_back,
    show.TakePaper: _take_paper,
    show.Sorry: _sorry,
    show.Done: _done,
}
