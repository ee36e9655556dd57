"""What must be printed on a certificate, worked out from the register a second time, for `check.py` only.

It shares no code with the typesetting: eras, labels and rules are written again from the form rules (form rules 1, 2).
The people on a 住民票 may come in any order here, but they must be the right people.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from host_sim.centre.forms import canvas, expect_books, press, seal
from host_sim.centre.forms.due import NONE, OFF, Block, Due, Fixed, OneOf, Part, Words, address, born, entry, japanese
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.people import member_token
from host_sim.centre.forms.reading import Window, read
from host_sim.centre.register import Municipality, Register, Resident, Seal

_STARS = "＊＊＊"
_CAMERA = "スマートフォンのカメラでコードを読み取ると、市が発行した内容か確かめられます。"
_NO_CAMERA = "カメラがないときは、次のページで発行番号を入力してください。"
_SIGNED = "このコードには市の電子署名があり、市が発行した内容か確かめられます。"
_SAMPLE = "見本（シミュレーター用）"


def due(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    register: Register,
) -> Due:
    """What must be printed on this certificate, except the `tail` that all kinds share."""
    match kind:
        case "juminhyo" | "kisai":
            return _residence(kind, subject, household, options, register)
        case "inkan":
            return _seal(subject, register)
        case "kazei":
            return expect_books.tax(subject, options, register)
        case "koseki" | "koseki_kojin":
            return expect_books.family(kind, subject, options, register)
        case "fuhyo":
            return expect_books.addresses(subject, options, register)
        case _:
            raise ValueError(f"no such kind of certificate: {kind}")


def tail(
    statement: str,
    issue: IssueFacts,
    city: Municipality,
    number: int,
    pages: int,
    note: str = "",
    codes: Sequence[tuple[int, int]] = (),
) -> list[Words]:
    """The words at the end of a page: the certification on the last page, issue and page number on all.

    `codes`: which of how many each code of this page says that it is.
    """
    numbered = [
        Words("the issue number", f"発行番号　{issue.issue_number}　{number}/{pages}"),
    ]
    numbered += [Words("the foot", _SAMPLE)] if city.sample else []
    numbered += [Words("the number of a code", f"コード{one}/{of}") for one, of in codes if of > 1]
    if number < pages:
        return [Words("the line to the next page", "次頁に続く"), *numbered]
    acting = "職務代理者" if city.acting else ""
    return [
        Words("the certifying sentence", statement),
        Words("the date of issue", japanese(issue.issued_on)),
        Words("the note on letters", note),
        Words("the mayor's title", f"{city.prefecture}{city.city}長{acting}"),
        Words("the mayor's name", city.mayor),
        Words("the line under the seal", "この印は黒色です。"),
        *numbered,
        Words("the lines beside the code", f"{_CAMERA}{_NO_CAMERA}{city.check_page}" if city.check_page else _SIGNED),
    ]


# --- 住民票 ---------------------------------------------------------------------------------------------


def _residence(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    register: Register,
) -> Due:
    scope = next(iter(options.get("scope", ["all"])))
    who = {
        "self": [subject],
        "all": list(household),
        "part": [p for p in household if member_token(p) in options.get("members", ())],
    }[scope]
    whose = {"all": "世帯全員の", "part": "世帯の一部の", "self": ""}[scope]
    if kind == "juminhyo":
        title, statement = "住民票", f"この写しは、{whose}住民票の原本と相違ないことを証明する。"
    else:
        title, statement = "住民票記載事項証明書", f"上記の事項は、{whose}住民票に記載があることを証明する。"
    prints = {key for key, values in options.items() if list(values) == ["print"]}
    home = register.households[subject.household_id]
    head = register.residents[home.head_id].name if "relation" in prints else OFF
    people = [_person(person, prints) for person in who]
    bodies: list[list[Part]] = []
    for first in range(0, len(who), 4):
        body: list[Part] = [
            Words("the title", title),
            Words("the address", address(home), "住所"),
            Words("the head of the household", head, "世帯主"),
        ]
        here = range(first, min(first + 4, len(who)))
        for place in here:
            body.append(Words(f"the number of person {place + 1}", str(place + 1)))
            body.append(OneOf(f"person {place + 1}", people))
        if len(here) < 4:
            body.append(Words("the line that voids the rest", "以　下　余　白"))
        bodies.append(body)
    return Fixed(bodies, statement)


def _person(person: Resident, prints: Iterable[str]) -> Block:
    def shown(item: str, key: str) -> str:
        return item if key in prints else OFF

    foreign = person.foreign
    words = [
        "氏名の振り仮名",
        person.kana if foreign is None else shown(person.kana, "foreign_kana"),
        "個人番号",
        shown(person.my_number, "my_number"),
        "氏名",
        person.name,
        "住民票コード",
        OFF,
    ]
    if foreign is None:
        words += ["住民となった年月日", entry(person.resident_since)]
        words += ["旧氏の振り仮名", person.former_surname_kana or NONE, "旧氏", person.former_surname or NONE]
    else:
        words += ["外国人住民となった年月日", entry(foreign.resident_since)]
        alias_kana = shown(foreign.alias_kana or NONE, "foreign_kana") if foreign.alias else NONE
        words += ["通称の振り仮名", alias_kana, "通称", foreign.alias or NONE]
    words += ["住所を定めた年月日", entry(person.address_since) if person.address_since else NONE]
    words += ["届出日", entry(person.notified_on) if person.notified_on else NONE]
    words += ["生年月日", born(person), "性別", person.sex, "続柄", shown(person.relation, "relation")]
    if foreign is None:
        words += ["筆頭者", shown(person.family_head or NONE, "domicile")]
        words += ["本籍", shown(person.domicile or NONE, "domicile")]
    else:
        words += ["国籍・地域", shown(foreign.nationality, "foreign"), "30条45区分", shown(foreign.category, "foreign")]
    words += ["転入前住所", person.previous_address or NONE]
    if foreign is None:
        if "moved_from" in prints:
            words += ["異動前住所", person.moved_from or NONE]
        words += [_STARS] * (4 if "moved_from" in prints else 8)
        words += ["統合記載欄", NONE]
    else:
        until = f"{foreign.until.year}年{foreign.until.month}月{foreign.until.day}日" if foreign.until else NONE
        words += [
            "在留資格",
            shown(foreign.status or NONE, "foreign"),
            "在留期間等",
            shown(foreign.period or NONE, "foreign"),
        ]
        words += [
            "在留カード等番号",
            shown(foreign.card_number, "foreign"),
            "在留期間の満了の日",
            shown(until, "foreign"),
        ]
        remark = NONE
        if foreign.alias and foreign.alias_recorded_on:
            place = f"　{foreign.alias_recorded_at}" if foreign.alias_recorded_at else ""
            remark = shown(f"通称の記載　{japanese(foreign.alias_recorded_on)}{place}", "foreign")
        if "moved_from" in prints:
            moved = f"異動前住所　{person.moved_from or NONE}"
            remark = moved if remark == NONE else f"{remark}　{moved}"
        words += ["統合記載欄", remark]
    return Block(tuple(words))


# --- 印鑑登録証明書 --------------------------------------------------------------------------------------


def _seal(subject: Resident, register: Register) -> Due:
    home = register.households[subject.household_id]
    if subject.foreign:
        other = Words("the alias", subject.foreign.alias or NONE, "通称")
    else:
        other = Words("the former surname", subject.former_surname or NONE, "旧氏")
    page: list[Part] = [
        Words("the title", "印鑑登録証明書"),
        Words("the label of the imprint", "印影"),
        Words("the name", subject.name, "氏名"),
        other,
        Words("the birth date", born(subject), "生年月日"),
        Words("the address", address(home), "住所"),
        Words("the remark", NONE, "備考"),
    ]
    return Fixed([page], "この写しは、登録されている印影と相違ないことを証明する。")


@lru_cache(maxsize=256)
def imprint_dots(registered: Seal, window: Window) -> NDArray[np.bool_]:
    """The dots of the registered imprint alone on white, cut to the window; True where black. Cached for each seal."""
    side = registered.diameter_mm
    sheet = canvas.Sheet()
    sheet.block(0, 0, 210, 297, white=True)
    # On the same dots of the head as on the form, or its edges would differ.
    sheet.drawing(124.0 - side / 2, 67.0 - side / 2, side, seal.IMPRINT_UNITS, seal.imprint(registered))
    pdf = press.press([sheet], press.Imprint(title="印影", author="", keywords=(), made_on=registered.registered_on))
    grey = read(pdf, [window]).windows[0]
    black: NDArray[np.bool_] = grey < 128
    return black
