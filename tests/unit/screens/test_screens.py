"""Every scene in every language, measured on the finished picture: no text is cut, covered, too small or too pale."""

from collections import Counter
from dataclasses import fields, replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from itertools import accumulate, combinations, pairwise, product

import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.vocabulary import CardRefusal, CentreRefusal, LineTrouble, PrintTrouble
from firmware.paper import drawn, lettered
from firmware.screens import canvas as canvas_module
from firmware.screens import draw, render
from firmware.screens.canvas import LEAST_SIZE, WIDTH, Canvas
from firmware.screens.fonts import BOLD, RARE, coverage, family, is_selector
from firmware.screens.lines import NOT_FIRST, NOT_LAST, broken
from firmware.screens.palette import LINE, STEEL, contrast
from firmware.screens.words import FOLDER, LANGUAGES, words
from firmware.session import scenes as show

from .scenes_all import (
    ANSWERS,
    CLERKS_LANGUAGES,
    MAGENTA,
    NAME,
    NOTICE_PICTURE,
    QUESTIONS,
    REASONS,
    REQUESTS,
    SESSION_REASONS,
    TITLES,
    every_scene,
    few,
    spread,
)


def overlapping(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def faults(canvas: Canvas, *, may_shorten: bool = False, least: int = LEAST_SIZE) -> list[str]:
    """The faults of a screen, as sentences. `least`: pixels of its smallest letters."""
    found = []
    width, height = canvas.image.size
    for note in canvas.placed:
        left, top, right, bottom = note.box
        if not note.text:
            continue
        if note.shortened and not may_shorten:
            found.append(f"{note.text!r} was cut to fit {note.room}")
        if note.size < least:
            found.append(f"{note.text!r} has letters of {note.size} pixels")
        room = note.room
        if left < room[0] - 1 or right > room[2] + 2 or top < room[1] or bottom > room[3]:
            found.append(f"{note.text!r} at {note.box} leaves its room {room}")
        if left < 0 or top < 0 or right > width or bottom > height:
            found.append(f"{note.text!r} at {note.box} leaves the screen")
            continue
        found += ground_faults(canvas, note)
    for one, other in combinations([note for note in canvas.placed if note.text], 2):
        if overlapping(one.box, other.box):
            found.append(f"{one.text!r} {one.box} and {other.text!r} {other.box} meet")
    return found


def ground_faults(canvas: Canvas, note) -> list[str]:
    """The ground behind the letters must be one colour, with enough contrast to the letters' colour."""
    left, top, right, bottom = note.box
    colours = sorted(canvas.image.crop(note.box).getcolors((right - left) * (bottom - top)))
    ground = next(colour for _, colour in reversed(colours) if colour != note.colour)
    # The edge of the letters' box may show only ground or letters; any other colour means the text crosses something.
    edge = Counter()
    before, behind = max(left - 1, 0), min(right, canvas.image.width - 1)
    for strip in (
        (left, top, right, top + 1),
        (left, bottom - 1, right, bottom),
        (before, top, before + 1, bottom),
        (behind, top, behind + 1, bottom),
    ):
        for count, colour in canvas.image.crop(strip).getcolors((right - left) + (bottom - top)):
            edge[mixed(colour, ground, note.colour)] += count
    found = []
    if (ratio := contrast(note.colour, ground)) < 7:
        found.append(f"{note.text!r}: contrast {ratio:.1f}")
    if edge[False] > 0.03 * edge.total():
        found.append(f"{note.text!r} at {note.box} lies across an edge ({edge[False]} of {edge.total()})")
    return found


@cache
def mixed(colour, ground, letters) -> bool:
    """Whether a colour is the ground's, the letters', or a mix of both."""
    shares = [(c - g) / (t - g) for c, g, t in zip(colour, ground, letters, strict=True) if abs(t - g) > 8]
    return all(-0.05 <= share <= 1.05 for share in shares) and max(shares) - min(shares) < 0.1


@pytest.fixture
def hanging(monkeypatch):
    """Of each line written: what draws it, its letters, its box, and how high and low its ink is."""
    lines = []

    def noted(draw, row, letters, left, top, colour):
        writes(draw, row, letters, left, top, colour)
        if row.strip():
            ink = letters.font.getbbox(row, anchor="ls")
            base = top + round(letters.size * 0.88)
            sides = int(left + ink[0]), int(left + ink[2]) + 1
            box = (sides[0], top, sides[1], top + letters.size)
            lines.append((draw, row, box, (base + ink[1], base + ink[3])))

    writes = canvas_module.write
    monkeypatch.setattr(canvas_module, "write", noted)
    return lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_hangs_into_a_frame(language, hanging):
    """Marks above and below Latin letters leave the box of a line; no frame is there."""
    wrong = Counter()
    large = [replace(scene, look=show.Look.LARGE) for scene in few(language, 10)]
    for scene in [*spread(language, 10), *large]:
        hanging.clear()
        canvas = draw(scene)
        wrong.update(f"{scene.look} {type(scene).__name__}: {row!r}" for row in touched(canvas, hanging))
    assert not wrong, "\n".join(f"{count}x {fault}" for fault, count in wrong.most_common(40))


def touched(canvas, lines):
    """The lines whose ink above or below their box lies on a frame's colour, which no letters have."""
    for draws, row, (left, top, right, bottom), (high, low) in lines:
        if draws.im is not canvas.image.im:
            continue  # of a finished part, such as the bar
        for box in ((left, high, right, top), (left, bottom, right, low)):
            if box[1] < box[3]:
                found = canvas.image.crop(box).getcolors((box[2] - box[0]) * (box[3] - box[1]))
                if {colour for _, colour in found} & {LINE, STEEL}:
                    yield row


CLEAR = 10  # pixels between letters and a drawing beside them


@pytest.mark.parametrize("language", ["ja", "ja-easy", "en", "zh-Hans", "ko"])
@pytest.mark.parametrize("letters", range(12, 30))
def test_day_month_and_weekday_in_brackets_are_never_parted(language: str, letters: int) -> None:
    """However narrow the room is, and whatever stands around them."""
    say = words(language)
    for day, before in product((date(2027, 1, 4), date(2026, 12, 29)), range(7)):
        whole = say.date(day).split(" ")[-1]  # of English day and month, without the weekday
        lines = broken(f"{'市' * before}次に開くのは「{say.date(day)}」8:30から", len, letters)
        assert any(whole in line for line in lines), lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_scene_can_be_read_and_no_text_touches_a_drawing(language, monkeypatch):
    """Every scene in Japanese and English, a spread of them in the others. Each is drawn once for both."""
    drawings = []
    paste = Canvas.picture

    def noted(canvas, picture, x, y):
        paste(canvas, picture, x, y)
        drawings.append((canvas, picture, x, y))

    monkeypatch.setattr(Canvas, "picture", noted)
    wrong = Counter()
    for scene in every_scene(language) if language in CLERKS_LANGUAGES else spread(language, 250):
        drawings.clear()
        canvas = draw(scene)
        beside = [entry[1:] for entry in drawings if entry[0] is canvas]
        for fault in [*faults(canvas), *touching(canvas, beside)]:
            wrong[f"{type(scene).__name__}: {fault}"] += 1
    assert not wrong, "\n".join(f"{count}x {fault}" for fault, count in wrong.most_common(40))


def touching(canvas, drawings):
    """Texts too near to a drawing, measured on the drawing's own shape. A drawing as wide as the screen is a ground, which
    letters may stand on; the small clock belongs to the number of seconds beside it."""
    beside = [entry for entry in drawings if 48 < entry[0].width < WIDTH]
    for note, (picture, x, y) in product([note for note in canvas.placed if note.text], beside):
        left, top, right, bottom = note.box
        near = (left - CLEAR - x, top - y, right + CLEAR - x, bottom - y)
        shape = picture.getchannel("A") if "A" in picture.getbands() else Image.new("L", picture.size, 255)
        if shape.crop(near).getbbox() is not None:
            yield f"{note.text!r} at {note.box} touches a drawing"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_idle_screen_shows_a_notice_of_two_lines_also_without_change_and_cuts_no_title(language):
    words_of_city = {
        "ja": "機械での交付に、事前の申請はいりません。カードと暗証番号だけでお使いいただけます。",
        "en": "No prior application is needed for the machine. Your card and your PIN are enough.",
    }
    title = {"ja": "住民票記載事項証明書", "en": "Certificate of residence record entries"}
    kinds = (show.KindNow(title=title, fee_yen=300, until=None),) * 4
    cards_taken = (("individual_number",), ("individual_number", "citizen"))
    for exact, cards, picture in product((False, True), cards_taken, ("", NOTICE_PICTURE)):
        scene = show.Idle(
            language=language,
            until=None,
            kinds=kinds,
            notice=words_of_city,
            notice_picture=picture,
            exact_money_only=exact,
            cards=cards,
        )
        canvas = draw(scene)
        told = "".join(note.text for note in canvas.placed)
        assert words(language).of(words_of_city).replace(" ", "") in told.replace(" ", "")
        assert (words(language)("idle", "exact") in told) == exact
        assert (MAGENTA in colours(canvas)) == bool(picture)
        assert not faults(canvas)


def colours(canvas):
    return {colour for _, colour in canvas.image.getcolors(canvas.image.width * canvas.image.height)}


def test_the_picture_of_a_notice_is_shown_beside_its_words_and_a_damaged_one_is_left_out():
    scene = show.Idle(language="ja", until=None, notice={"ja": "お知らせ"})
    assert MAGENTA not in colours(draw(scene))
    assert MAGENTA in colours(draw(replace(scene, notice_picture=NOTICE_PICTURE)))
    damaged = draw(replace(scene, notice_picture=NOTICE_PICTURE[:60]))
    assert "お知らせ" in {note.text for note in damaged.placed}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_idle_screen_tells_a_fee_for_every_kind(language):
    """Also for those that only have room for their number."""
    told = words(language).yen(300)
    for scene in spread(language):
        if isinstance(scene, show.Idle) and scene.kinds:
            assert any(told in note.text for note in draw(scene).placed), scene


@pytest.mark.parametrize("language", LANGUAGES)
def test_fees_that_differ_are_told_from_the_least_to_the_highest(language):
    fees_yen = (300, 300, 300, 300, 250, 450, 750)
    kinds = tuple(show.KindNow(title=TITLES[n % 6], fee_yen=fee, until=None) for n, fee in enumerate(fees_yen))
    texts = [note.text for note in draw(show.Idle(language=language, until=None, kinds=kinds)).placed]
    yen = words(language).yen
    ranges = {(min(fees_yen[first:]), max(fees_yen[first:])) for first in range(len(fees_yen) - 1)}
    assert {words(language)("idle", "fees", least=yen(least), most=yen(most)) for least, most in ranges} & set(
        texts
    ) or yen(fees_yen[-1]) in texts, "the last kind alone costs one fee"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_screen_names_a_second_place_rather_than_the_way_to_the_first(language):
    """At night both are named while each takes a line, however long the ways to them are."""
    way = {"ja": "橘通西1丁目、橘橋の北詰", "en": "Tachibana-dori Nishi 1, north end of Tachibana bridge"}
    shops = [
        show.Elsewhere(
            name={"ja": name, "en": name}, way=way, telephone="0985-21-1752", open_now=True, until=None, opens_at=None
        )
        for name in ("AAA", "BBB")
    ]
    opens = datetime(2027, 1, 4, 6, 30, tzinfo=timezone(timedelta(hours=9)))
    for reason in ("hours", "year_end"):
        scene = show.Closed(language=language, reason=reason, opens_at=opens, elsewhere=tuple(shops))
        told = " ".join(note.text for note in draw(scene).placed)
        assert "AAA" in told
        assert "BBB" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_screen_never_names_a_place_without_what_it_has(language):
    """A place that has not everything is told with the certificates it has, whatever else the screen shows."""
    for scene in spread(language):
        if isinstance(scene, show.Closed) and scene.elsewhere:
            shown = "".join(note.text for note in draw(scene).placed).replace(" ", "")
            place, say = scene.elsewhere[0], words(language)
            assert say.of(place.name).split("　")[0].replace(" ", "") in shown, scene
            assert all(say.of(title).replace(" ", "") in shown for title in place.kinds), scene


def test_every_scene_type_is_drawn():
    drawn = {type(scene).__name__ for scene in every_scene("ja")} | {show.StaffPicture.__name__}  # of no resident
    assert drawn == {kind.__name__ for kind in show.Scene.__subclasses__()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_scene_gives_the_same_picture(language):
    scenes = spread(language, 60)
    first = [render(scene).tobytes() for scene in scenes]
    assert [render(scene).tobytes() for scene in reversed(scenes)] == first[::-1]


LETTERS = st.text(st.sampled_from("亜宮崎渡邉髙𠮷みどりグエンヴァー・（）　 NGUYENvan''-１２3、。"), max_size=70)


@given(st.lists(LETTERS, min_size=1, max_size=6), LETTERS, LETTERS, st.booleans(), st.sampled_from(LANGUAGES))
@example([""], "", "E-v" + "　" * 40 + "E", False, "zh-Hans")  # longer than the sum of its letters
@settings(max_examples=120, deadline=None)
def test_whatever_the_centre_calls_things_nothing_leaves_its_place(labels, title, name, several, language):
    titles = [{"ja": text} for text in labels]
    scenes = [
        show.ChooseOption(
            language=language,
            countdown_s=15,
            kind_title={"ja": title},
            title={"ja": title},
            lines=tuple(show.ChoiceLine(label=label, chosen=several) for label in titles),
            several=several,
            step=1,
            steps=9,
            page=1,
            pages=2,
        ),
        show.ChooseKind(
            language=language,
            countdown_s=15,
            masked_name=name,
            lines=tuple(
                show.KindLine(title=text, fee_yen=10250, refusal="moved_out" if n % 2 else None)
                for n, text in enumerate(titles)
            ),
            refused=1 if len(titles) > 1 else None,
        ),
        show.Basket(
            language=language,
            countdown_s=15,
            masked_name=name,
            lines=tuple(
                show.BasketLine(title=text, details=tuple(titles), copies=9, fee_yen=9990) for text in titles[:3]
            ),
            fee_yen=29970,
            may_add=True,
        ),
        show.ChooseCopies(language=language, kind_title={"ja": title}, fee_yen=10250, copies=9, copies_max=9),
        show.Printing(language=language, kind_title={"ja": title}, copy=3, copies=9),
    ]
    for scene in scenes:
        assert not faults(draw(scene), may_shorten=True)


# --- words ------------------------------------------------------------------------------------------


def test_each_reason_word_means_one_thing():
    families = [CardRefusal, CentreRefusal, LineTrouble, PrintTrouble, SESSION_REASONS]
    doubled = [word for word, count in Counter(str(w) for family in families for w in family).items() if count > 1]
    assert doubled == ["pin_blocked", "binding"], "two of each: but each pair means the same to the resident"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_every_reason_and_no_others(language):
    table = words(language)._table["reasons"]
    assert set(table) == set(REASONS)
    for reason, texts in table.items():
        assert texts["what"], reason
        assert texts["then"], reason
    # Only the centre refuses a line of the menu (shown grey).
    assert all(words(language).refusal(str(word), 99) for word in CentreRefusal)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_the_same_blanks(language):
    def blanks(table, path=()):
        for key, value in table.items():
            if isinstance(value, dict):
                yield from blanks(value, (*path, key))
            elif path[0] not in {"fonts", "dates", "city"}:
                text = value if isinstance(value, str) else " ".join(value)
                yield (*path, key), sorted(text.split("{")[n].split("}")[0] for n in range(1, text.count("{") + 1))

    def keys(language):
        return {key: names for key, names in blanks(words(language)._table) if key[-1] != "short"}

    japanese = keys("ja")
    if language not in CLERKS_LANGUAGES:
        japanese = {key: names for key, names in japanese.items() if key[0] != "clerk"}
    assert keys(language) == japanese
    assert len(words(language)._table["dates"]["months"]) == 12
    assert len(words(language)._table["dates"]["weekdays"]) == 7


def test_a_reason_without_words_is_a_programmers_error():
    with pytest.raises(KeyError):
        render(show.Sorry(reason="the_dog_ate_it"))
    with pytest.raises(KeyError):
        render(show.Closed(reason="lunch", opens_at=None))
    with pytest.raises(KeyError):
        render(show.Working(what="thinking"))
    with pytest.raises(FileNotFoundError):
        render(show.Starting(language="tlh"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_countdown_is_on_every_screen_that_has_one(language):
    for scene in spread(language, 60):
        if scene.countdown_s is not None:
            shown = words(language)("common", "seconds", n=scene.countdown_s)
            assert any(note.text == shown for note in draw(scene).placed), scene


def test_a_pin_screen_shows_the_count_and_nothing_else_that_differs():
    texts = {
        count: [note.text for note in draw(show.EnterPin(count=count, tries_left=3)).placed] for count in range(1, 4)
    }
    assert texts[1] == texts[2] == texts[3], "between the first and the last digit only a dot is added"
    names = {field.name for field in fields(show.EnterPin)} - {field.name for field in fields(show.Scene)}
    assert names == {"count", "tries_left", "wrong"}, "there is no way to give it a digit"


# --- letters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_the_words_is_in_the_fonts(language):
    letters = {ord(letter) for letter in (FOLDER / f"{language}.toml").read_text(encoding="utf-8")} - {10}
    for bold in (False, True):
        held = coverage(family(language, bold=bold).path)
        assert not [chr(letter) for letter in letters if letter not in held]


def test_a_rare_letter_of_a_name_is_drawn_and_not_a_box():
    assert ord("𠮷") not in coverage(BOLD)
    assert ord("𠮷") in coverage(RARE)
    drawn = {}
    for label in ("渡邉　和子", "渡邉\U000e0102　和子", "𠮷田　和子", "吉田　和子"):
        line = show.ChoiceLine(label={"ja": label}, chosen=False)
        scene = show.ChooseOption(
            kind_title=TITLES[0], title=QUESTIONS[1], lines=(line,), several=True, step=1, steps=1
        )
        drawn[label] = render(scene).tobytes()
    assert len(set(drawn.values())) == 4, "each form of the letter has its own shape"


@given(st.text(st.sampled_from("日本語の、。文字「」（）ャッー々カナabc12,."), max_size=80), st.integers(60, 400))
@settings(max_examples=300, deadline=None)
def test_lines_end_where_they_may(text, width):
    lines = broken(text, lambda piece: 24 * len(piece), width)
    assert "".join(lines) == text, "nothing is lost"
    assert all(24 * len(line) <= width or len(line) == 1 for line in lines)
    ends = accumulate(len(line) for line in lines[:-1])
    for end in ends:
        if parts(text, end):
            continue
        # A run of letters that may not be split is split only if it is longer than a line.
        start = next(at for at in range(end, -1, -1) if at == 0 or parts(text, at))
        stop = next(at for at in range(end, len(text) + 1) if at == len(text) or parts(text, at))
        assert 24 * (stop - start) > width, lines


def parts(text: str, at: int) -> bool:
    """Whether a line may end before `text[at]`, by JIS X 4051; written here a second time."""
    before, after = text[at - 1], text[at]
    both_latin = before.isascii() and after.isascii()
    counted = before in "123" and after not in "、。「」（）" and not after.isascii()
    return after not in NOT_FIRST and before not in NOT_LAST and not both_latin and not counted


@given(
    st.lists(
        st.tuples(st.text(st.sampled_from("市役所のマ字"), min_size=1, max_size=9), st.integers(0, 1999),
                  st.sampled_from("階円通枚時分番号丁年つか件")), min_size=1, max_size=5,
    ),
    st.integers(8, 20),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_line_of_a_screen_or_slip_ends_between_a_number_and_its_counter(said, letters):
    text = "".join(f"{words}{number}{counter}" for words, number, counter in said)
    font = drawn._font(24, False)
    for lines in (
        broken(text, lambda piece: 24 * len(piece), 24 * letters),
        drawn._wrapped(text, font, 24 * letters),
        lettered._wrapped(text, 2 * letters),
    ):
        assert "".join(lines) == text
        assert not [line for line, then in pairwise(lines) if line[-1].isdigit() and not then[0].isascii()], lines


def test_japanese_lines_end_between_phrases():
    def lines(text, width):
        return broken(text, lambda piece: 36 * len(piece), width)

    assert lines("マイナンバーカードを入れてください", 500) == ["マイナンバーカードを", "入れてください"]
    assert lines("証明書と領収書をお取りください", 400) == ["証明書と領収書を", "お取りください"]
    assert lines("下の受け皿からお取りください。", 500) == ["下の受け皿から", "お取りください。"]


def test_nothing_of_a_resident_is_kept_between_sessions():
    """Pictures and widths are kept; names are not among them."""
    from firmware.screens import canvas, fonts, frame, landscape, pictures
    from firmware.screens import words as wording

    def kept() -> int:
        caches = [
            member
            for module in (canvas, fonts, frame, landscape, pictures, wording)
            for member in vars(module).values()
            if hasattr(member, "cache_info")
        ]
        return sum(cache.cache_info().currsize for cache in caches)

    def scene(name: str, answers: list) -> show.Scene:
        lines = tuple(show.ChoiceLine(label=answer, chosen=False) for answer in answers)
        return show.ChooseOption(
            kind_title=TITLES[0], title=QUESTIONS[1], lines=lines, several=True, step=1, steps=1
        ), show.Basket(masked_name=name, lines=(), fee_yen=0, may_add=True)

    for one in scene(NAME, ANSWERS[:5]):
        render(one)
    same_lengths = (
        "宮崎　一郎",
        "宮崎　花",
        "宮崎　渡\U000e0102",
        "宮崎　子",
        "宮崎　男",
    )  # in the same sizes of letters
    for one in scene("宮崎　花＊", [{"ja": name} for name in same_lengths]):
        render(one)
    letters = {letter for table in _tables(fonts) for letter in table}
    before = kept()
    for one in scene(
        "鵜戸　龍＊", [{"ja": name} for name in ("鵜戸　龍一", "鵜戸　蘭", "鵜戸　𠮷", "鵜戸　燕", "鵜戸　凛")]
    ):
        render(one)
    assert kept() == before
    assert {letter for table in _tables(fonts) for letter in table} <= letters | wording.alphabet()
    assert not letters & set("鵜龍蘭燕凛𠮷")
    assert not any(is_selector(letter) for letter in letters)


def _tables(fonts) -> list[dict[str, float]]:
    faces = (fonts.Face(fonts.REGULAR), fonts.Face(fonts.BOLD))
    return [fonts._kept_advances(face, size) for face in faces for size in (24, 26, 28, 30, 34)]


def test_nobody_is_asked_to_pay_nothing() -> None:
    line = show.BasketLine(title=TITLES[2], details=(), copies=1, fee_yen=0)
    free = show.Basket(language="ja", countdown_s=None, masked_name=NAME, lines=(line,), fee_yen=0, may_add=False)
    assert "支払う" not in {note.text for note in draw(free).placed}


@pytest.mark.parametrize("request_pem", REQUESTS, ids=["short name", "longest name"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_telephone_reads_the_certificate_request_off_the_screen(language: str, request_pem: str) -> None:
    scene = show.Closed(
        language=language, reason="out_of_service", opens_at=None, numbers=("504",), halted=True, request=request_pem
    )
    (code,) = zxingcpp.read_barcodes(render(scene))
    assert code.bytes == request_pem.encode()
