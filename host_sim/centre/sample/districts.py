"""The outer districts: households of one to twelve, with every state of a person that the rules know, in turn.

Household `n` has 1 + n % 12 people, and the case `n % len(CASES)`, so that each case occurs with many sizes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from host_sim.centre.register import AddressLine, ForeignFacts, RegisterDate, Resident, ResidentState, SealState
from host_sim.centre.sample.crowd import CITY, MEN, TODAY, WOMEN, years_of
from host_sim.centre.sample.desk import Desk, Home
from host_sim.centre.sample.family import couple
from host_sim.centre.sample.income import salaried
from host_sim.centre.sample.picture import picture

# Surnames with letters of Unicode's further planes and with variation selectors; the given names are old kana.
SURNAMES = (
    ("𠮷田", "ヨシダ"),
    ("𡈽屋", "ツチヤ"),
    ("𣘺本", "ハシモト"),
    ("邉\U000e0110見", "ヘンミ"),
    ("髙妻", "コウヅマ"),
    ("岩﨑", "イワサキ"),
    ("鮫島", "サメジマ"),
    ("五十嵐", "イガラシ"),
    ("森", "モリ"),
    ("長曽我部", "チョウソカベ"),
)
OLD_KANA = (("𛀂き", "アキ"), ("𛁂代", "スヨ"))
LATIN = (
    ("OLIVEIRA DA SILVA JOAO", "", "ブラジル", "定住者", "3年"),
    ("GARCÍA NUÑEZ ANA", "ガルシア　ヌニェス　アナ", "メキシコ", "留学", "1年"),
    ("O'BRIEN SEAN", "オブライエン　ショーン", "アイルランド", "永住者", None),
    ("LEE SOYEON", "イ　ソヨン", "韓国", None, None),
)
# Turn and fiscal year -> why that year may not be issued; turn 8 has no year that may.
HINDRANCES: dict[tuple[int, int], dict[str, Any]] = {
    (6, 2026): {"declared": False},
    (7, 2025): {"issue_stopped": True},
    **{(8, year): {"resident_on_1_january": False} for year in (2024, 2025, 2026)},
}
# Relations of the third to the twelfth member of a household.
OTHERS = ("子", "子", "父", "母", "子", "弟", "妹", "子", "縁故者", "同居人")
TOWNS = (
    "江平西九丁目",
    "大工九丁目",
    "清武町正手九丁目",
    "高岡町内山九千番地",
    "田野町乙九千番地",
    "佐土原町上田島九千番地",
)


def districts(desk: Desk, households: int) -> None:
    """Write `households` households."""
    for number in range(households):
        case = CASES[number % len(CASES)]
        if case is _foreign:
            _foreign(desk, number)
        else:
            _household(desk, number, case)


Change = Callable[[int, int], dict[str, Any]]  # place of the member (0: head) and size -> other fields of Resident


def _last(**facts: Any) -> Change:
    """A case in which the last member, of a single person that one, has these facts."""
    return lambda place, size: facts if place == size - 1 else {}


def _all(**facts: Any) -> Change:
    return lambda *_: facts


def _wife(**facts: Any) -> Change:
    return lambda place, size: facts if place == min(1, size - 1) else {}


def _foreign(desk: Desk, number: int) -> None:
    """Somebody of foreign nationality who is alone."""
    name, kana, nationality, status, period = LATIN[number // len(CASES) % len(LATIN)]
    since = RegisterDate(date(2019, 4, 1) + timedelta(days=number % 900))
    home = desk.home(_address(number), since=since, previous_address="東京都大田区蒲田九十丁目")
    foreign = ForeignFacts(
        nationality=nationality,
        category="中長期在留者" if status else "特別永住者",
        status=status,
        period=period,
        until=date(2028, 1, 31) if period else None,
        card_number=f"ZZ{20_000_000 + number:08d}ZZ",
        resident_since=since,
        alias=f"山本　{nationality}" if number % 2 else None,
        alias_recorded_on=since.on if number % 2 else None,
        alias_recorded_at=CITY if number % 2 else None,
    )
    person = desk.person(
        home, name, kana, "女", date(1990, 1, 1) + timedelta(days=37 * (number % 200)), "世帯主", foreign=foreign
    )
    for year in salaried(person, 2_400_000, {}):
        desk.tax(year)


CASES: tuple[Change | Any, ...] = (
    _all(),
    _last(state=ResidentState.DEAD),
    _last(state=ResidentState.MOVED_OUT),
    _foreign,
    _last(state=ResidentState.LEAVING),
    _last(state=ResidentState.STRUCK_OFF),
    _last(issue_blocked=True),
    _last(protected=True),
    _foreign,
    _last(ward=True),
    _wife(former_surname="葛\U000e0103原", former_surname_kana="クズハラ"),
    _wife(former_surname="辻\U000e0102"),  # its reading is not recorded
    _all(kana=""),
    _all(address_since=None),
    _foreign,
    _all(notified_on=None, previous_address=None),
    _last(protected=True, state=ResidentState.MOVED_OUT),
)


def _address(number: int) -> str:
    return f"{CITY}{TOWNS[number % len(TOWNS)]}{number + 1}番{number % 29 + 1}号"


def _household(desk: Desk, number: int, case: Change) -> None:
    size = 1 + number % 12
    surname, surname_kana = SURNAMES[number % len(SURNAMES)]
    his, hers = MEN[number % len(MEN)], (*OLD_KANA, *WOMEN)[number % (len(WOMEN) + 2)]
    born = date(1950, 3, 1) + timedelta(days=desk.random.randrange(40 * 365))
    married = born + timedelta(days=25 * 365)
    domicile = f"{CITY}{TOWNS[number % len(TOWNS)]}{9000 + number}番地"
    home = desk.home(
        _address(number),
        building="ひなた団地12号棟304号" if number % 5 == 0 else None,
        domicile=domicile,
        family_head=f"{surname}\u3000{his[0]}",
        since=married,
        previous_address="鹿児島県霧島市国分中央九丁目" if number % 2 else None,
    )
    people: list[Resident] = []
    for place in range(size):
        sex, (given, kana), birth, relation = _who(desk, place, born, his, hers)
        facts: dict[str, Any] = {"kana": f"{surname_kana}\u3000{kana}", **case(place, size)}
        reading = facts.pop("kana")
        person = desk.person(
            home, f"{surname}\u3000{given}", reading, sex, birth, relation, since=max(birth, married), **facts
        )
        people.append(person)
        _facts(desk, person, number)
    if size > 1:
        _family(desk, people, home, domicile, (surname, surname_kana), married)


def _who(desk: Desk, place: int, born: date, his: Any, hers: Any) -> tuple[str, Any, date, str]:
    """Sex, given name with reading, birth date and relation of a member. The two first children are twins."""
    if place < 2:
        return (("男", his, born, "世帯主"), ("女", hers, born + timedelta(days=500), "妻"))[place]
    relation = OTHERS[place - 2]
    girl = relation in {"母", "妹"} or place % 2 == 1
    years = {"子": 27 if place < 4 else 24 + place, "父": -25, "母": -23, "弟": 3, "妹": 5}.get(relation, 10)
    birth = min(born + timedelta(days=years * 365 + 100), TODAY - timedelta(days=40))
    return "女" if girl else "男", desk.random.choice(WOMEN if girl else MEN), birth, relation


def _facts(desk: Desk, person: Resident, number: int) -> None:
    """Seal and tax years: seals in every state, every fifth a picture; tax years of which some may not be issued."""
    if (TODAY - person.born.on).days < 20 * 365:
        return
    turn = (number + int(person.resident_id)) % 10
    if turn < 8:
        state = (SealState.VALID,) * 5 + (SealState.LOST, SealState.PENDING, SealState.CANCELLED)
        letters = "".join(c for c in person.name.partition("\u3000")[0] if c < "\U000e0100")[:3]
        registered = max(person.resident_since.on, date(1990, 1, 8))
        drawn = picture(int(person.resident_id)) if number % 5 == 0 else None
        desk.seal(person, letters, 12.0 + turn, registered, state[turn], picture=drawn)
    for year in years_of(desk, person) if turn < 9 else ():
        desk.tax(replace(year, **HINDRANCES.get((turn, year.fiscal_year), {})))


def _family(
    desk: Desk, people: list[Resident], home: Home, domicile: str, surname: tuple[str, str], married: date
) -> None:
    """The couple's 戸籍 with their children; whoever is dead or has left the register's city stays out of it."""
    husband, wife = people[:2]
    name = surname[0]
    here = AddressLine(
        address=home.address + (f"\u3000{home.building}" if home.building else ""), since=RegisterDate(married)
    )
    born = [p for p in people[2:] if p.relation == "子"]
    ranks = {"男": ["長男", "二男", "三男"], "女": ["長女", "二女", "三女"]}
    children = [(child, ranks[child.sex].pop(0)) for child in born]
    desk.family(
        couple(
            desk,
            domicile,
            *surname,
            husband,
            wife,
            married,
            wife_was=f"日高\u3000{wife.name.partition(chr(0x3000))[2]}",
            parents=((f"{name}正一", f"{name}チヨ", "長男"), ("日高治", "日高フミ", "二女")),
            children=children,
            here=here,
        )
    )
