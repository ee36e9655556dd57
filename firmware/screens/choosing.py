"""Which certificate, what it says, how many: the resident chooses by number and confirms each choice."""

from firmware.screens import menu, pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import CONTEXT, begin, end
from firmware.screens.menu import LEFT, RIGHT, Row
from firmware.screens.palette import LINE, RED, RED_PALE, SEA, WHITE
from firmware.screens.places import place_lines
from firmware.screens.words import Words
from firmware.session import scenes as show

TOP, BOTTOM = 116, 362
WHY_WIDTH = RIGHT - LEFT - 92


def choose_kind(scene: show.ChooseKind) -> Canvas:
    c, say = begin(scene, "choose")
    refused = None if scene.refused is None else scene.lines[scene.refused].refusal
    if refused is None:
        _head(c, say("choose_kind", "head"), say, scene.page, scene.pages)
        top = TOP
    else:
        what, then = say.reason(refused, scene.youngest_years)
        lines = 1 if len(scene.lines) > 4 else 2
        if scene.elsewhere is not None:
            place, *_ = place_lines(say, scene.elsewhere)
            then = place[0] if c.lines(place[0], 24, width=WHY_WIDTH) <= lines else then
        top = _say_why(c, what, then, lines=lines)
    rows = [
        Row(
            title=say.of(line.title),
            right=say.refusal(line.refusal, scene.youngest_years) if line.refusal else say.yen(line.fee_yen),
            dim=line.refusal is not None,
            pointed=number == scene.refused,
        )
        for number, line in enumerate(scene.lines)
    ]
    menu.draw(c, rows, top, BOTTOM)
    name = say("common", "name", name=scene.masked_name) if scene.masked_name else ""
    if scene.takes_code:
        c.number(0, 28, CONTEXT - 1, 42, fill=SEA)
        c.text(say("type_code", "offer"), 82, CONTEXT + 3, 26, width=300)
        if c.width(name, 24) <= 212:  # a longer one is on the next screens
            c.text(name, 390, CONTEXT + 5, 24, width=212, align="right")
    else:
        c.text(name, 28, CONTEXT + 3, 26, width=570)
    keys = {"cancel": "stop"} | ({"clear": "back"} if scene.may_go_back else {})
    return end(c, scene, **keys)


def choose_purpose(scene: show.ChoosePurpose) -> Canvas:
    c, say = begin(scene, "choose")
    _head(c, say("choose_purpose", "head"), say, scene.page, scene.pages)
    top = TOP
    if len(scene.purposes) <= 4:  # more of them need the room
        top = 4 + c.text(say("choose_purpose", "hint"), 28, TOP - 6, 24, width=744, lines=2, leading=1.2)
    menu.draw(c, [Row(title=say.of(purpose)) for purpose in scene.purposes], top, BOTTOM)
    c.number(0, 28, CONTEXT - 1, 42, fill=SEA)
    c.text(say("choose_purpose", "by_item"), 82, CONTEXT + 3, 26, width=520)
    return end(c, scene, cancel="stop", clear="back")


def type_code(scene: show.TypeCode) -> Canvas:
    """Two groups of four places, as on the desk's slip."""
    c, say = begin(scene, "choose")
    _head(c, say("type_code", "head"), say, 1, 1)
    c.text(say("type_code", "body"), 28, 116, 28, width=744, lines=2)
    half = scene.digits // 2
    for place in range(scene.digits):
        left = 60 + place * 82 + (24 if place >= half else 0)
        typed = place < len(scene.code)
        c.panel((left, 214, left + 70, 300), 12, WHITE, border=SEA if typed else LINE, width=3)
        if typed:
            c.text(scene.code[place], left, 220, 54, width=70, bold=True, align="centre")
    if scene.wrong:
        c.picture(pictures.warning(44), 28, 316)
        c.text(say("type_code", "wrong"), 84, 314, 26, width=688, lines=2, bold=True, colour=RED, leading=1.2)
    keys = {"cancel": "stop", "clear": "correct" if scene.code else "back"}
    if len(scene.code) == scene.digits:
        keys["enter"] = "enter"
    return end(c, scene, **keys)


def choose_option(scene: show.ChooseOption) -> Canvas:
    c, say = begin(scene, "choose")
    _head(c, say.of(scene.title), say, 1, 1)
    hint = c.text(say("choose_option", "several" if scene.several else "one"), 28, TOP - 6, 24, width=744)
    rows = [Row(title=say.of(line.label), chosen=line.chosen) for line in scene.lines]
    menu.draw(c, rows, hint + 4, BOTTOM, boxes=scene.several)
    question = say("choose_option", "question", step=scene.step, steps=scene.steps)
    where = say.of(scene.kind_title)
    if scene.pages > 1:
        where = say("common", "page", page=scene.page, pages=scene.pages)
    c.text(f"{question}　{where}", 28, CONTEXT + 3, 24, width=570)
    return end(c, scene, cancel="stop", clear="back", enter="enter")


def choose_copies(scene: show.ChooseCopies) -> Canvas:
    c, say = begin(scene, "choose")
    _head(c, say("choose_copies", "head"), say, 1, 1)
    c.text(say.of(scene.kind_title), 28, 114, 28, width=744)
    c.panel((48, 164, 388, 304), 16, WHITE, border=SEA, width=4)
    size = c.largest(say.copies(scene.copies), (84, 64, 50), width=316, bold=True)
    c.text(say.copies(scene.copies), 60, 234 - round(size * 0.68), size, width=316, bold=True, align="centre")
    c.panel((412, 164, 760, 304), 14, WHITE, border=LINE)
    c.text(say("choose_copies", "each"), 432, 178, 28, width=120)
    c.text(say.yen(scene.fee_yen), 540, 178, 30, width=200, align="right", leading=1.3)
    c.line(432, 740, 228, LINE)
    c.text(say("choose_copies", "total"), 432, 244, 30, width=110, bold=True)
    c.text(say.yen(scene.fee_yen * scene.copies), 530, 236, 42, width=210, bold=True, align="right")
    if scene.copies_max > 1:
        c.text(say("choose_copies", "how"), 28, 316, 26, width=744)
    c.text(say("choose_copies", "most", most=scene.copies_max), 28, CONTEXT + 3, 26, width=560)
    return end(c, scene, cancel="stop", clear="back", enter="enter")


def basket(scene: show.Basket) -> Canvas:
    """The whole order once more, before the machine asks the centre to make it."""
    c, say = begin(scene, "choose")
    _order(c, say, say("basket", "head"), scene)
    offers = [(1, "add", 28, 320)] if scene.may_add else []
    offers += [(2, "see", 402, 156)] if scene.may_preview else []
    for number, word, x, width in offers:
        told = say("basket", word)
        size = c.largest(told, (26, 24), width=width)
        c.number(number, x, CONTEXT - 1, 42, fill=SEA)
        c.text(told, x + 48, CONTEXT + 3, size, width=width, leading=1.3)
    if not scene.may_add:
        told = say("basket", "most", n=len(scene.lines))
        width = 368 if scene.may_preview else 570
        c.text(told, 28, CONTEXT + 3, c.largest(told, (26, 24), width=width), width=width, leading=1.3)
    return end(c, scene, cancel="stop", clear="remove", enter="pay" if scene.fee_yen and not scene.clerk else "enter")


def consent(scene: show.Consent) -> Canvas:
    """The same for the resident at a counter, who agrees or says that it is wrong."""
    c, say = begin(scene, "choose")
    _order(c, say, say("consent", "head"), scene)
    c.text(say("consent", "how"), 28, CONTEXT + 3, 26, width=570)
    return end(c, scene, cancel="stop", clear="wrong", enter="enter" if scene.more else "agree")


def _order(c: Canvas, say: Words, head: str, scene: show.Basket | show.Consent) -> None:
    """One paper whole, with what stands on it and what is left off, and what all of them cost."""
    name = say("common", "name", name=scene.masked_name) if scene.masked_name else ""
    width = c.width(name, 26) if name else 0
    size = c.largest(head, (34, 30, 26), width=730 - min(width, 272), bold=True)
    c.text(head, 28, 64 + (34 - size) // 2, size, width=730 - min(width, 272), bold=True, colour=SEA)
    if name:
        c.text(name, 500, 69, 26, width=272, align="right")
    c.panel((20, 108, 780, 318), 12, WHITE, border=SEA)
    papers = len(scene.lines)
    if papers:
        _paper(c, scene.lines[scene.page - 1], say)
    total = say("basket", "total")
    if papers > 1:
        total = say("basket", "total_of", n=papers)
        turn = say("common", "page", page=scene.page, pages=papers)
        c.text(turn, 300, 330, 24, width=250, align="centre")
    c.text(total, 28, 326, 28, width=290 if papers > 1 else 340, bold=True)
    c.text(say.yen(scene.fee_yen), 560, 321, 38, width=212, bold=True, align="right", leading=1.2)


def _paper(c: Canvas, line: show.BasketLine, say: Words) -> None:
    title = say.of(line.title)
    size = c.largest(title, (28, 26, 24), width=404, bold=True)
    c.text(title, 36, 140 - size, size, width=404, bold=True, leading=1.2)
    c.text(say.copies(line.copies), 448, 112, 28, width=140, bold=True, align="right", leading=1.2)
    c.text(say.yen(line.fee_yen), 604, 112, 28, width=160, bold=True, align="right", leading=1.2)
    c.line(36, 764, 150, LINE)
    heads = {word: say("basket", word) for word in ("shown", "left_off")}
    entries = [("", " / ".join(map(say.of, line.details)))] if line.details else []
    if line.shown or line.left_off:
        pairs = (("shown", line.shown), ("left_off", line.left_off))
        entries += [(heads[word], say.listed(map(say.of, items))) for word, items in pairs if items]
    else:
        entries.append(("", say("basket", "fixed")))
    _told(c, entries)


def _told(c: Canvas, entries: list[tuple[str, str]], top: int = 154, bottom: int = 316) -> None:
    """Words with or without a head before them, in the largest letters that leave them room."""
    for size, leading in ((30, 1.2), (28, 1.2), (26, 1.2), (24, 1.2), (24, 1.08)):
        left = 36 + max(c.width(head, size, bold=True) for head, _ in entries) + 18
        rooms = [(left, 764 - left) if head else (36, 728) for head, _ in entries]
        rows = [c.lines(words, size, width=room) for (_, words), (_, room) in zip(entries, rooms, strict=True)]
        pitch = round(size * leading)
        if pitch * sum(rows) <= bottom - top:
            break
    spare = (bottom - top) // pitch
    for (head, words), (x, room), needed in zip(entries, rooms, rows, strict=True):
        lines = min(needed, spare)
        if not lines:
            break
        if head:
            c.text(head, 36, top, size, width=x - 36, bold=True, colour=SEA, leading=leading)
        top = c.text(words, x, top, size, width=room, lines=lines, leading=leading)
        spare -= lines


def _say_why(c: Canvas, what: str, then: str, *, lines: int) -> int:
    """In the place of the question: why the line just pressed is not available. Returns the y where the lines may begin."""
    width = WHY_WIDTH
    size = c.largest(what, (28, 26, 24), width=width, bold=True)
    rows = min(c.lines(what, size, width=width, bold=True), lines), min(c.lines(then, 24, width=width), lines)
    bottom = 71 + 36 * rows[0] + 31 * rows[1]
    c.panel((LEFT, 62, RIGHT, bottom), 10, RED_PALE, border=RED, width=3)
    c.picture(pictures.warning(56), LEFT + 8, 70)
    y = c.text(what, LEFT + 76, 65, size, width=width, lines=lines, bold=True, colour=RED, leading=36 / size)
    c.text(then, LEFT + 76, y, 24, width=width, lines=lines, leading=1.3)
    return bottom + 4


def _head(c: Canvas, words: str, say: Words, page: int, pages: int) -> None:
    """The question; with several pages, also the page number and the keys that turn pages."""
    width = 744
    if pages > 1:
        width = 470
        c.text(say("common", "page", page=page, pages=pages), 500, 68, 24, width=272, align="right")
    size = c.largest(words, (34, 30, 26), width=width, bold=True)
    c.text(words, 28, 64 + (34 - size) // 2, size, width=width, bold=True, colour=SEA)
