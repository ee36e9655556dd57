"""One scene of each type, and of some types two or three, for the sheets that somebody looks at."""

from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from typing import Any

from drivers.vocabulary import Text
from firmware.session import scenes as show
from firmware.session.scenes import Look

_JST = timezone(timedelta(hours=9))
_JUMINHYO: Text = {"ja": "住民票の写し", "en": "Certificate of residence"}
_INKAN: Text = {"ja": "印鑑登録証明書", "en": "Seal registration certificate"}
_KISAI: Text = {"ja": "住民票記載事項証明書", "en": "Certificate of residence record items"}
_KAZEI: Text = {"ja": "所得・課税証明書", "en": "Income and tax certificate"}
_KOSEKI: Text = {"ja": "戸籍全部事項証明書", "en": "Family register, all persons"}
_FUHYO: Text = {"ja": "戸籍の附票の写し", "en": "Address history of the family register"}
_KINDS = (_JUMINHYO, _INKAN, _KISAI, _KAZEI, _KOSEKI, _FUHYO)
CITY: Text = {
    "ja": "宮崎市",
    "en": "Miyazaki City",
    "zh-Hans": "宫崎市",
    "ko": "미야자키시",
    "vi": "Thành phố Miyazaki",
    "pt-BR": "Miyazaki",
}
_NAME = "宮崎　花＊"
_DESK = show.Elsewhere(
    name={
        "ja": "市民課窓口（市役所本庁舎1階）",
        "en": "Residents' desk, city hall",
        "zh-Hans": "市政府市民课窗口",
        "ko": "시청 시민과 창구",
        "vi": "Quầy thị dân, tòa thị chính",
        "pt-BR": "Balcão de residentes, prefeitura",
    },
    way={  # in two languages only: what a resident sees where the city wrote no more
        "ja": "橘通西1丁目、橘橋の北詰",
        "en": "Tachibana-dori Nishi 1, north end of Tachibana bridge",
    },
    telephone="0985-21-1752",
    open_now=False,
    until=None,
    opens_at=datetime(2027, 1, 4, 8, 30, tzinfo=_JST),
)
_REQUEST = f"-----BEGIN CERTIFICATE REQUEST-----\n{'MIHkMIGLAgEAMB0x' * 20}\n"  # as long as one
_WHOSE: Text = {"ja": "どなたの分ですか", "en": "Whose record?"}
# A sheet with three grey bars for its lines.
_PAGE = {"dots": (bytes(24 * 10) + bytes(4) + b"\xff" * 16 + bytes(4)) * 31, "width_dots": 192, "height_dots": 341}
_YEAR: Text = {"ja": "令和8年度（令和7年中の所得）", "en": "Fiscal 2026 (income of 2025)"}
_ITEMS: tuple[Text, ...] = (
    {"ja": "世帯主・続柄", "en": "Household head, relationship"},
    {"ja": "本籍・筆頭者", "en": "Registered domicile and head"},
    {"ja": "国籍・在留資格など", "en": "Nationality, residence status"},
    {"ja": "個人番号（マイナンバー）", "en": "My Number"},
)
_PURPOSES: tuple[Text, ...] = (
    {"ja": "運転免許の手続き", "en": "Driving licence"},
    {"ja": "銀行・携帯電話などの契約", "en": "Bank, phone, contracts"},
    {"ja": "入学・転校・奨学金", "en": "School, scholarship"},
    {"ja": "在留資格（ビザ）の申請", "en": "Visa, status of residence"},
    {"ja": "土地・建物の登記", "en": "Land register"},
    {"ja": "税金・年金・健康保険（番号の確認）", "en": "Tax, pension, insurance (My Number)"},
)
_ANSWERS: tuple[Text, ...] = (
    {"ja": "世帯全員", "en": "Everyone in the household"},
    {"ja": "本人のみ", "en": "Only myself"},
    {"ja": "世帯の一部（選ぶ）", "en": "Some members (choose)"},
)


def examples(language: str, look: Look = Look.NORMAL) -> list[show.Scene]:
    """In the order of a visit, then what can go wrong."""
    on_page = 6 if look is Look.NORMAL else 3
    told = [*_before(), *_choosing(language, on_page), *_paying(), *_endings()]
    drawn = [replace(scene, language=language, look=look, city=CITY, telephone="0985-21-1752") for scene in told]
    return [page for scene in drawn for page in _pages(scene)]


def _pages(scene: show.Scene) -> list[show.Scene]:
    """In large letters an ending with a claim, or with papers and money, has two pages."""
    if scene.look is Look.NORMAL or not isinstance(scene, show.Sorry | show.Done):
        return [scene]
    kept = isinstance(scene, show.Sorry) and scene.issued_copies and scene.returned_yen
    if scene.claim_yen or kept:
        return [replace(scene, page=page, pages=2) for page in (1, 2)]
    return [scene]


def _before() -> list[show.Scene]:
    kinds = tuple(show.KindNow(title=title, fee_yen=300, until=time(22, 50)) for title in _KINDS[:4])
    notice = {
        "ja": "12月29日から1月3日までは、どの窓口も機械もお休みです。",
        "en": "All desks and machines are closed from 29 December to 3 January.",
    }
    return [
        show.Starting(),
        show.Idle(until=time(22, 50), kinds=kinds),
        show.Idle(until=time(22, 50), kinds=kinds[:2], notice=notice, exact_money_only=True),
        show.Closed(reason="year_end", opens_at=datetime(2027, 1, 4, 6, 30, tzinfo=_JST), elsewhere=(_DESK,)),
        show.Closed(reason="out_of_service", opens_at=None, numbers=("402", "612"), elsewhere=(_DESK,)),
        show.Closed(reason="out_of_service", opens_at=None, numbers=("504",), halted=True, request=_REQUEST),
        show.Maintenance(),
        show.Working(what="reading_card"),
        show.EnterPin(count=2, tries_left=3),
        show.EnterPin(count=0, tries_left=2, wrong=True, countdown_s=15),
        show.LastTry(countdown_s=15),
        show.TakeCard(),
        show.TakeCard(alarm=True, countdown_s=9),
    ]


def _choosing(language: str, on_page: int) -> list[show.Scene]:
    refusals = (None, "not_registered", None, None, "held_elsewhere", None)
    lines = tuple(
        show.KindLine(title=title, fee_yen=300, refusal=refusal)
        for title, refusal in zip(_KINDS, refusals, strict=True)
    )[:on_page]
    pages = 6 // on_page
    basket = (
        show.BasketLine(
            title=_JUMINHYO, details=(_ANSWERS[0],), shown=_ITEMS[:2], left_off=_ITEMS[2:], copies=2, fee_yen=600
        ),
        show.BasketLine(title=_INKAN, details=(), copies=1, fee_yen=300),
        show.BasketLine(title=_KAZEI, details=(_YEAR,), copies=1, fee_yen=300),
    )
    page: dict[str, Any] = {"line": basket[0], **_PAGE, "pages": 2, "fee_yen": 600}
    clerks = show.ClerkCode(names=("田中　一郎", "日高　和美"), chosen=None, digits=0, second=False, clerk=True)
    answers = tuple(show.ChoiceLine(label=label, chosen=n == 0) for n, label in enumerate(_ANSWERS))
    return [
        show.ChooseLook(languages=("ja", "en", "zh-Hans", "ko", "vi", "pt-BR", "ja-easy")),
        show.ChooseKind(masked_name=_NAME, lines=lines, pages=pages, takes_code=True),
        show.ChooseKind(masked_name=_NAME, lines=lines, pages=pages, refused=1, countdown_s=15),
        show.ChoosePurpose(kind_title=_JUMINHYO, purposes=_PURPOSES[:on_page], pages=pages),
        show.ChooseOption(kind_title=_JUMINHYO, title=_WHOSE, lines=answers, several=False, step=1, steps=4),
        show.ChooseOption(kind_title=_JUMINHYO, title=_WHOSE, lines=answers, several=True, step=2, steps=4, pages=2),
        show.ChooseCopies(kind_title=_JUMINHYO, fee_yen=300, copies=2, copies_max=9),
        show.TypeCode(code="1234", digits=8),
        show.TypeCode(code="", digits=8, wrong=True),
        show.Basket(masked_name=_NAME, lines=basket, fee_yen=1200, may_add=False),
        show.Basket(masked_name=_NAME, lines=basket[:1], fee_yen=600, may_add=True, may_preview=True),
        show.Preview(**page, part=None, moves=()),
        show.Preview(**page, part=None, moves=(), reads=True),
        show.Preview(**page | {"pages": 1}, part=(0.0, 0.0, 0.55, 0.15), moves=("8", "6")),
        show.Consent(masked_name=_NAME, lines=basket[:2], fee_yen=900, more=True),
        show.Consent(masked_name=_NAME, lines=basket[:2], fee_yen=900, page=2),
        *(
            show.AtCounter(what=what)
            for what in ("clerk_chooses", "clerks_vouch", "pay_at_till", "till_returns", "take_from_clerk")
        ),
        *([clerks] if language in {"ja", "en"} else []),  # the clerk's glass has no other language
    ]  # fmt: skip


def _paying() -> list[show.Scene]:
    coins = (10, 50, 100, 500)
    return [
        show.Working(what="preparing"),
        show.Pay(fee_yen=600, inserted_yen=100, accepts_yen=coins),
        show.Pay(fee_yen=600, inserted_yen=500, accepts_yen=coins, rejected=True, countdown_s=15),
        show.Pay(fee_yen=600, inserted_yen=0, accepts_yen=coins, exact_money_only=True),
        show.Printing(kind_title=_JUMINHYO, copy=1, copies=2),
        show.MoneyBack(amount_yen=400, is_change=True),
        show.TakePaper(copies=2, change_yen=400, unseen=True),
        show.TakePaper(copies=2, change_yen=400, alarm=True, countdown_s=15, elsewhere=_DESK),
        show.TakePaper(copies=2, change_yen=360, claim_yen=40, elsewhere=_DESK),
        show.Done(copies=2, fee_yen=600, change_yen=400),
    ]


def _endings() -> list[show.Scene]:
    return [
        show.Done(copies=2, fee_yen=600, change_yen=0, claim_yen=400, claim_code="WXYZ23456", elsewhere=_DESK),
        show.Sorry(reason="cancelled", elsewhere=_DESK),
        show.Sorry(reason="pin_blocked", card_in=True, elsewhere=_DESK),
        show.Sorry(reason="jam", void_paper=True, issued_copies=1, returned_yen=300, elsewhere=_DESK),
        show.Sorry(reason="tamper", countdown_s=15, claim_yen=1400, claim_code="WXYZ23456", elsewhere=_DESK),
        show.Sorry(reason="unreadable", elsewhere=_DESK),
        show.Sorry(reason="unreachable", elsewhere=_DESK),
    ]
