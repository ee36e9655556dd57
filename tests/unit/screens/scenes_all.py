"""Every scene in one language: each type, each reason word, each variant."""

import base64
import io
from dataclasses import replace
from datetime import date, datetime, time
from itertools import cycle, product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from drivers.vocabulary import CardKind, CardRefusal, CentreRefusal, LineTrouble, PrintTrouble
from firmware.book.reasons import EndReason
from firmware.screens.examples import CITY
from firmware.screens.words import LANGUAGES
from firmware.session import scenes as show
from firmware.session.events import PageItem
from firmware.session.view import NO_MORE
from firmware.session.warning import Follows
from host_sim.centre import sample
from host_sim.centre.city import items

TOKYO = ZoneInfo("Asia/Tokyo")
TITLES = [
    {"ja": "住民票の写し", "en": "Certificate of residence"},
    {"ja": "印鑑登録証明書", "en": "Seal registration certificate"},
    {"ja": "住民票記載事項証明書", "en": "Certificate of recorded items"},
    {"ja": "所得・課税証明書", "en": "Income and tax certificate"},
    {"ja": "戸籍全部事項証明書（戸籍謄本）", "en": "Family register, complete"},
    {"ja": "戸籍の附票の写し", "en": "Address history of the register"},
]
QUESTIONS = [
    {"ja": "どなたの分ですか", "en": "Whose record?"},
    {"ja": "のせる人をえらんでください", "en": "Choose the people"},
    {"ja": "世帯主・続柄", "en": "Head of household and relationship"},
    {"ja": "個人番号（マイナンバー）", "en": "My Number"},
]
ITEMS = list(dict.fromkeys(item for kind in ("juminhyo", "fuhyo") for item in items.ITEMS[kind].values()))
ITEMS = [{"ja": ja, "en": en} for ja, en in ITEMS][:6]  # of one paper
PAGE_ITEMS = (
    PageItem(0, "", "住民票"),
    PageItem(0, "住所", "宮崎県宮崎市橘通西九丁目14番3号　ひまわり荘101"),
    PageItem(0, "世帯主", "宮崎　太郎"),
    PageItem(1, "", "1"),
    PageItem(1, "氏名の振り仮名", "グエン　アン"),
    PageItem(1, "氏名", "宮崎　太郎"),
    PageItem(1, "生年月日", "昭和56年8月29日"),
    PageItem(1, "在留期間の満了の日", "2028年3月14日"),
    PageItem(1, "個人番号", "000423259868"),
    PageItem(1, "給与収入", "6,240,001円"),
    PageItem(1, "扶養人数合計", "1人"),
    PageItem(1, "続柄", "妻（未届）"),
    PageItem(1, "名前のない欄", "名前"),
    PageItem(1, "本籍", "【省略】"),
    PageItem(1, "年度", "令和元年度（平成31年中の所得）"),
    PageItem(1, "", "この印は黒色です。"),
)
PURPOSES = [dict(purpose.title) for purpose in sample.city().on(date(2026, 11, 24)).rules.purposes.values()]
ANSWERS = [
    {"ja": "世帯全員", "en": "Everyone in my household"},
    {"ja": "本人のみ", "en": "Only myself"},
    {"ja": "世帯の一部（えらぶ）", "en": "Some members (choose)"},
    {"ja": "宮崎　みどり"},
    {"ja": "渡邉\U000e0102　和子"},
    {"ja": "グエン・ヴァン・アン（NGUYEN VAN ANH）"},
]
NAME = "グエン・ヴァン・＊＊"
# The reasons that the Sorry scene can show; a restart shows none.
SESSION_REASONS = tuple(str(reason) for reason in EndReason if reason is not EndReason.RESTART)
REASONS = tuple(
    dict.fromkeys([*map(str, (*CardRefusal, *CentreRefusal, *LineTrouble, *PrintTrouble)), *SESSION_REASONS, NO_MORE])
)
# As long as the certificate request of a machine with a short name, and with the longest that X.509 allows (64).
REQUESTS = tuple(f"-----BEGIN CERTIFICATE REQUEST-----\n{'MIHkMIGLAgEAMB0x' * blocks}\n" for blocks in (20, 26))
CLOSED_REASONS = (
    "hours",
    "year_end",
    "closed_day",
    "maintenance",
    "out_of_service",
    "site_table",
    "clock",
    "lockout",
)
WAY = {
    "ja": "本庁舎1階。橘通3丁目バス停から歩いて3分",
    "en": "Main building, first floor; 3 minutes from the Tachibana-dori 3 bus stop",
}
OPEN = show.Elsewhere(
    name={"ja": "市役所　市民課の窓口", "en": "City hall counter"},
    way=WAY,
    telephone="0985-21-1752",
    open_now=True,
    until=time(17, 15),
    opens_at=None,
)
ALL_NIGHT = replace(OPEN, until=None, kinds=(TITLES[0], TITLES[1]), name={"ja": "橘通店", "en": "Tachibana-dori store"})
NEXT = replace(OPEN, open_now=False, until=None, opens_at=datetime(2027, 1, 4, 8, 30, tzinfo=TOKYO))
ELSEWHERE = ((), (OPEN,), (ALL_NIGHT, NEXT))
MAGENTA = (255, 0, 255)  # in no drawing of the machine's own


def _picture(side: int) -> str:
    out = io.BytesIO()
    Image.new("RGB", (side, side), MAGENTA).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


NOTICE_PICTURE = _picture(96)  # as large as a site table may bring
NOTICES = (
    None,
    {
        "ja": "11月30日（月）は、システムの点検のため、戸籍の証明書は取れません。",
        "en": "On 30 November family registers cannot be issued because of maintenance.",
    },
)
WORKS = (
    "reading_card",
    "calling_centre",
    "checking_pin",
    "authenticating",
    "preparing",
    "opening_slot",
    "counting",
    "settling",
)
MONEY = (
    {},
    {"returned_yen": 1500},
    {"issued_copies": 2},
    {"claim_yen": 1500, "claim_code": "WXYZ23456"},
    {"issued_copies": 1, "returned_yen": 600, "claim_yen": 40, "claim_code": "WXYZ23456"},
)


RESIDENT_WORDS: dict[str, dict[str, Any]] = {
    "clerk_chooses": {"masked_name": NAME},
    "clerks_vouch": {},
    "pay_at_till": {"amount_yen": 20250},
    "till_returns": {"amount_yen": 20250},
    "take_from_clerk": {"copies": 9},
}
CLERK_WORDS: dict[str, dict[str, Any]] = {
    "idle": {},
    "idle_no_pin": {},
    "resident_types_pin": {},
    "pin_was_wrong": {},
    "resident_takes_card": {},
    "resident_consents": {"amount_yen": 20250},
    "take_fee": {"amount_yen": 20250},
    "return_fee": {"amount_yen": 20250},
    "hand_over": {"copies": 9},
    "hand_over_seen": {"copies": 9},
    "resident_takes_card_last": {},
    "done": {},
    "done_claim": {"amount_yen": 20250},
}


def waiting(language: str) -> list[show.Scene]:
    untils = (time(22, 50),) * 4 + (time(16, 50),) * 2
    kinds = tuple(
        show.KindNow(title=title, fee_yen=300, until=until) for title, until in zip(TITLES, untils, strict=True)
    )
    openings = (None, datetime(2027, 9, 29, 8, 30, tzinfo=TOKYO), datetime(2026, 12, 30, 6, 30, tzinfo=TOKYO))
    cards = (("individual_number",), tuple(str(kind) for kind in CardKind if kind != "phone"))
    return [
        show.Starting(language=language),
        show.Maintenance(language=language),
        *(
            show.Closed(language=language, reason=reason, opens_at=at, numbers=numbers, elsewhere=places, city=CITY)
            for reason, at, numbers, places in product(CLOSED_REASONS, openings, [(), ("402", "501", "612")], ELSEWHERE)
        ),
        *(
            show.Closed(
                language=language,
                reason="out_of_service",
                opens_at=None,
                numbers=("504",),
                halted=True,
                request=request,
            )
            for request in ("", *REQUESTS)
        ),
        *(
            show.Idle(
                language=language,
                until=until,
                kinds=kinds[:count],
                city=CITY,
                notice=notice,
                notice_picture=NOTICE_PICTURE if notice is not None and count % 2 else "",
                exact_money_only=exact,
                cards=taken,
            )
            for count, exact, taken, notice, until in product(
                (0, 1, 2, 3, 6), (False, True), cards, NOTICES, (time(22, 50), None)
            )
        ),
        *(show.Working(language=language, what=what) for what in WORKS),
    ]


def card(language: str) -> list[show.Scene]:
    return [
        *(
            show.EnterPin(language=language, countdown_s=seconds, count=count, tries_left=left, wrong=wrong)
            for seconds, count, left, wrong in product((15,), (0, 1, 4), (None, 1, 2, 3), (False, True))
        ),
        show.LastTry(language=language),
        show.LastTry(language=language, countdown_s=15),
        show.TakeCard(language=language),
        show.TakeCard(language=language, countdown_s=3, alarm=True),
    ]


def choosing(language: str) -> list[show.Scene]:
    refusals = (None, *map(str, CentreRefusal))
    kinds = [
        show.ChooseKind(
            language=language,
            countdown_s=seconds,
            masked_name=NAME,
            lines=tuple(
                show.KindLine(title=title, fee_yen=1250, refusal=refusals[number % 2 * 15]) for number, title in lines
            ),
            page=pages,
            pages=pages,
            may_go_back=back,
            refused=refused,
            elsewhere=NEXT if refused is not None and seconds else None,
        )
        for count, seconds, pages, back in product((1, 2, 3, 4, 5, 6), (None, 15), (1, 2), (True,))
        for lines in [list(enumerate(TITLES[:count]))]
        for refused in ([None, 1] if count > 1 else [None])
    ]
    every_refusal = [
        show.ChooseKind(
            language=language,
            masked_name=NAME,
            lines=(show.KindLine(title=TITLES[4], fee_yen=300, refusal=word),),
            refused=0,
            elsewhere=place,
        )
        for word, place in product(map(str, CentreRefusal), (None, OPEN, NEXT))
    ]
    codes = [
        show.ChooseKind(
            language=language,
            countdown_s=seconds,
            masked_name=NAME,
            lines=tuple(show.KindLine(title=title, fee_yen=0, refusal=None) for title in TITLES[:3]),
            takes_code=True,
        )
        for seconds in (None, 15)
    ] + [
        show.TypeCode(language=language, countdown_s=seconds, code="12345678"[:typed], digits=8, wrong=wrong)
        for seconds, (typed, wrong) in product((None, 15), ((0, False), (0, True), (3, False), (8, False)))
    ]
    options = [
        show.ChooseOption(
            language=language,
            countdown_s=seconds,
            kind_title=kind,
            title=title,
            lines=tuple(show.ChoiceLine(label=label, chosen=number % 2 == 1) for number, label in enumerate(labels)),
            several=several,
            step=2,
            steps=5,
            page=1,
            pages=pages,
        )
        for count, several, seconds, pages in product((1, 2, 3, 6), (False, True), (15,), (1, 3))
        for labels in [ANSWERS[:count]]
        for title in QUESTIONS
        for kind in (TITLES[0], TITLES[4])
    ]
    purposes = [
        show.ChoosePurpose(
            language=language,
            countdown_s=seconds,
            kind_title=TITLES[0],
            purposes=tuple(PURPOSES[:count]),
            page=pages,
            pages=pages,
        )
        for count, seconds, pages in product((1, 2, 3, 6), (None, 15), (1, 2))
    ]
    copies = [
        show.ChooseCopies(
            language=language, countdown_s=seconds, kind_title=TITLES[4], fee_yen=750, copies=count, copies_max=9
        )
        for seconds, count in product((None, 15), (1, 2, 9))
    ]
    details = ((), tuple(ANSWERS[:1]), tuple(ANSWERS[:3]))
    baskets = [
        show.Basket(
            language=language,
            countdown_s=seconds,
            masked_name=NAME,
            lines=tuple(
                show.BasketLine(
                    title=TITLES[number + 2],
                    details=details[number % 2],
                    shown=tuple(ITEMS[:printed]),
                    left_off=tuple(ITEMS[printed:of]),
                    copies=9,
                    fee_yen=6750,
                )
                for number in range(count)
            ),
            fee_yen=20250,
            may_add=add,
            may_preview=seconds is None,
            page=count,
        )
        for (count, add), seconds, (printed, of) in product(
            ((1, True), (2, True), (3, False)), (None, 15), ((0, 0), (0, 6), (3, 6), (6, 6), (2, 4))
        )
    ]
    previews = [
        show.Preview(
            language=language,
            countdown_s=seconds,
            line=baskets[-1].lines[0],
            dots=bytes(20 * 226),
            width_dots=160,
            height_dots=226,
            part=part,
            moves=moves,
            pages=pages,
            fee_yen=300,
            reads=said is not None,
            items=PAGE_ITEMS if said else (),
            said=said or 0,
            sayings=2,
        )
        for seconds, (pages, part, moves, said) in product(
            (None, 15),
            (
                (1, None, (), None),
                (3, None, (), None),
                (3, None, (), 0),
                (1, None, (), 1),
                (3, None, (), 2),
                (1, (0.45, 0.4, 0.55, 0.15), ("2", "8", "4"), None),
            ),
        )
    ]
    return [*kinds, *every_refusal, *codes, *options, *purposes, *copies, *baskets, *previews]


def counter(language: str) -> list[show.Scene]:
    """What only a counter terminal shows; the clerk's glass is drawn in every language that it may have."""
    shown = [
        show.AtCounter(
            language=language, countdown_s=seconds, clerk=clerk, what=what, city=CITY, telephone="0985-25-2111", **more
        )
        for clerk, words in ((False, RESIDENT_WORDS), (True, CLERK_WORDS))
        for what, more in words.items()
        for seconds in (None, 15)
    ]
    lines = tuple(
        show.BasketLine(
            title=title,
            details=tuple(ANSWERS[:1]),
            shown=tuple(ITEMS[:2]),
            left_off=tuple(ITEMS[2:]),
            copies=9,
            fee_yen=6750,
        )
        for title in TITLES[2:5]
    )
    shown += [
        show.Consent(
            language=language,
            countdown_s=seconds,
            masked_name=NAME,
            lines=lines[:count],
            fee_yen=20250,
            more=count == 3,
        )
        for count, seconds in product((1, 2, 3), (None, 15))
    ]
    names = (
        "田中　一郎",
        "日高　和美",
        "黒木　隆",
        "河野　美咲",
        "長友　健",
        "甲斐　真理",
        "岩切　誠",
        "甲斐田　幸子",
        "日高　健二",
    )
    shown += [
        show.ClerkCode(
            language=language,
            countdown_s=seconds,
            clerk=True,
            names=names[:count],
            chosen=chosen,
            digits=digits,
            second=second,
            vouched=0 if second else None,
            pages=3,
        )
        for count, second, (chosen, digits), seconds in product(
            (2, 6), (False, True), ((None, 0), (1, 0), (1, 6)), (None, 15)
        )
    ]
    shown += [
        replace(scene, clerk=True, masked_name="")
        for scene in choosing(language)
        if isinstance(scene, show.ChooseKind | show.Basket)
    ][::5]
    shown += [
        show.Sorry(language=language, clerk=True, countdown_s=15, reason=reason, card_in=True, elsewhere=NEXT)
        for reason in REASONS
    ]
    return shown


def paying(language: str) -> list[show.Scene]:
    return [
        *(
            show.Pay(
                language=language,
                countdown_s=seconds,
                fee_yen=20250,
                inserted_yen=inserted,
                accepts_yen=accepts,
                exact_money_only=exact,
                rejected=rejected,
            )
            for seconds, inserted, accepts, exact, rejected in product(
                (None, 15), (0, 30, 21000), ((10, 50, 100, 500), (500,), ()), (False, True), (False, True)
            )
        ),
        *(
            show.Printing(language=language, kind_title=title, copy=copy, copies=copies)
            for title in TITLES
            for copy, copies in ((1, 1), (2, 3), (9, 9))
        ),
        *(
            show.MoneyBack(language=language, amount_yen=yen, is_change=change, paid_yen=paid, coming=coming)
            for yen in (10, 20250)
            for change in (0, 1)
            for paid, coming in ((0, None), (0, (500, 9)), (20200, (10, 5)))
        ),
    ]


def ending(language: str) -> list[show.Scene]:
    return [
        *(
            show.TakePaper(
                language=language,
                countdown_s=seconds,
                copies=copies,
                change_yen=change,
                alarm=alarm,
                unseen=not alarm,
                elsewhere=place if alarm else None,
            )
            for seconds, copies, change, alarm, place in product(
                (None, 30), (1, 9), (0, 1490), (False, True), (None, OPEN, NEXT)
            )
        ),
        *(
            show.TakePaper(
                language=language,
                countdown_s=seconds,
                telephone="0985-25-2111",
                copies=2,
                change_yen=change,
                claim_yen=1490,
                claim_slip=slip,
                alarm=seconds is not None,
                elsewhere=place,
            )
            for seconds, change, slip, place in product((None, 30), (0, 1490), (False, True), (None, OPEN, NEXT))
        ),
        *(
            show.Sorry(
                language=language,
                countdown_s=seconds,
                city=CITY,
                telephone="0985-25-2111",
                reason=reason,
                numbers=numbers,
                elsewhere=place,
                **money,
            )
            for place in (None, OPEN, NEXT)
            for seconds, reason, money, numbers in [
                *product((None, 15), REASONS, MONEY[:1], [()]),
                *product((15,), REASONS, MONEY[-1:], [()]),
                *product((15,), map(str, PrintTrouble), [{"void_paper": True, **MONEY[-1]}], [()]),
                *product((None, 15), REASONS, ({"card_in": True},), [()]),
                *product((None, 15), REASONS[:1], MONEY, [(), ("612", "402")]),
            ]
        ),
        *(
            show.Done(
                language=language,
                countdown_s=seconds,
                copies=2,
                fee_yen=600,
                change_yen=400,
                claim_yen=claim,
                claim_code="WXYZ23456" if claim else None,
                claim_slip=slip,
                elsewhere=place if claim else None,
            )
            for seconds, claim, slip, place in product((None, 6), (0, 1400), (True, False), (None, OPEN, NEXT))
        ),
    ]


CLERKS_LANGUAGES = frozenset({"ja", "en"})  # of the clerk's glass
DRAWN = {"ja": 700, "en": 350}  # of the others 120: their words are measured, whatever is drawn


def spread(language: str, most: int | None = None) -> list[show.Scene]:
    """Scenes of every type, the same in every run; fewer for the languages whose words are measured besides."""
    scenes = every_scene(language)
    wanted = min(most or DRAWN.get(language, 120), len(scenes))
    chosen = Random(language).sample(scenes, wanted)
    types = {type(scene) for scene in chosen}
    return chosen + list({type(scene): scene for scene in scenes if type(scene) not in types}.values())


def every_scene(language: str) -> list[show.Scene]:
    warnings = cycle(Follows)
    scenes = [
        scene if scene.countdown_s is None else replace(scene, follows=next(warnings))
        for scene in _every_scene(language)
    ]
    return scenes if language in CLERKS_LANGUAGES else [scene for scene in scenes if not scene.clerk]


def _every_scene(language: str) -> list[show.Scene]:
    return [
        *(show.ChooseLook(language=language, languages=LANGUAGES, picture=word) for word in (None, "hide", "unhide")),
        *waiting(language),
        *card(language),
        *choosing(language),
        *counter(language),
        *paying(language),
        *ending(language),
    ]


def few(language, count):
    """A spread with three lines on a page, as the session makes it for large letters."""
    for scene in spread(language, count):
        if isinstance(scene, show.ChooseKind | show.ChooseOption):
            refused = {"refused": None} if isinstance(scene, show.ChooseKind) and scene.refused == 4 else {}
            yield replace(scene, lines=scene.lines[:3], **refused)
        elif isinstance(scene, show.ChoosePurpose):
            yield replace(scene, purposes=scene.purposes[:3])
        elif not isinstance(scene, show.ClerkCode) and not scene.clerk:
            yield scene
