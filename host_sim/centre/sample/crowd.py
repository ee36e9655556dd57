"""The crowd: households drawn from the seed, with the spread of ages, sizes and names that a city has."""

from collections.abc import Iterable
from datetime import date, timedelta

from host_sim.centre.register import AddressLine, ForeignFacts, RegisterDate, Resident, SealState, TaxYear
from host_sim.centre.sample.desk import Desk
from host_sim.centre.sample.family import couple
from host_sim.centre.sample.income import pensioner, salaried

CITY = "宮崎県宮崎市"
TODAY = date(2026, 4, 1)  # the day on which the sample was closed
SURNAMES = (
    ("黒木", "クロギ"),
    ("甲斐", "カイ"),
    ("河野", "カワノ"),
    ("日髙", "ヒダカ"),
    ("児玉", "コダマ"),
    ("長友", "ナガトモ"),
    ("川﨑", "カワサキ"),
    ("岩切", "イワキリ"),
    ("押川", "オシカワ"),
    ("谷口", "タニグチ"),
    ("落合", "オチアイ"),
    ("中武", "ナカタケ"),
    ("辻\U000e0102", "ツジ"),
    ("葛\U000e0103城", "カツラギ"),
    ("渡邊\U000e0108", "ワタナベ"),
    ("齋藤", "サイトウ"),
    ("図師", "ズシ"),
    ("金丸", "カネマル"),
    ("椎葉", "シイバ"),
    ("壱岐", "イキ"),
)
MEN = (
    ("健", "ケン"),
    ("誠", "マコト"),
    ("浩二", "コウジ"),
    ("大輔", "ダイスケ"),
    ("翔太", "ショウタ"),
    ("蓮", "レン"),
    ("正", "タダシ"),
    ("茂", "シゲル"),
    ("拓也", "タクヤ"),
    ("悠斗", "ユウト"),
    ("昭夫", "アキオ"),
    ("幸雄", "ユキオ"),
)
WOMEN = (
    ("陽子", "ヨウコ"),
    ("由美", "ユミ"),
    ("美穂", "ミホ"),
    ("さつき", "サツキ"),
    ("葵", "アオイ"),
    ("凛", "リン"),
    ("節子", "セツコ"),
    ("ミツ", "ミツ"),
    ("真由美", "マユミ"),
    ("千代", "チヨ"),
    ("恵子", "ケイコ"),
    ("七海", "ナナミ"),
)
TOWNS = (
    "橘通東九丁目",
    "宮田町九丁目",
    "神宮東九丁目",
    "大塚町九丁目",
    "吉村町九丁目",
    "月見ケ丘九丁目",
    "学園木花台西九丁目",
    "本郷南方九丁目",
)
ELSEWHERE = (
    "東京都大田区蒲田九十丁目",
    "大阪府堺市堺区南瓦町九十番地",
    "宮崎県都城市姫城町九十番地",
    "鹿児島県霧島市国分中央九丁目",
)
BUILDINGS = (None, None, None, "ひまわり荘101", "第二日向ハイツ302号", "コーポはまゆう2-B")


def crowd(desk: Desk, households: int) -> None:
    """Write `households` households of one to five people."""
    for number in range(households):
        match desk.random.randrange(10):
            case 0 | 1 | 2:
                _single(desk, number)
            case 3:
                _foreigner(desk, number)
            case _:
                _family(desk, number)


def _address(desk: Desk, number: int) -> str:
    return f"{CITY}{desk.random.choice(TOWNS)}{number + 1}番{desk.random.randrange(1, 30)}号"


def _born(desk: Desk, youngest: int, oldest: int) -> date:
    return TODAY - timedelta(days=desk.random.randrange(youngest * 366, oldest * 365))


def _since(desk: Desk, born: date) -> date:
    return born + (TODAY - born) * desk.random.randrange(0, 100) // 100


def _record(desk: Desk, person: Resident) -> None:
    """Give an adult a seal and tax years at random."""
    age = (TODAY - person.born.on).days // 365
    if age >= 20 and desk.random.random() < 0.6:
        state = desk.random.choices((SealState.VALID, SealState.LOST, SealState.CANCELLED), (18, 1, 1))[0]
        name = person.foreign.alias or "" if person.foreign else person.name
        letters = "".join(c for c in name.partition("\u3000")[0] if c < "\U000e0100")[:4]
        if letters:
            day = _since(desk, person.born.on + timedelta(days=20 * 365))
            desk.seal(person, letters, desk.random.choice((10.5, 12.0, 12.0, 13.5, 15.0, 18.0)), day, state)
    for year in years_of(desk, person):
        desk.tax(year)


def years_of(desk: Desk, person: Resident) -> Iterable[TaxYear]:
    """The tax years of an adult, of a pension or of wages; none of anybody else."""
    age = (TODAY - person.born.on).days // 365
    if age >= 65:
        return pensioner(person, desk.random.randrange(78, 260) * 10_000)
    if age >= 20:
        return salaried(person, desk.random.randrange(0, 90) * 100_000, {})
    return ()


def _single(desk: Desk, number: int) -> None:
    woman = desk.random.random() < 0.5
    surname, surname_kana = desk.random.choice(SURNAMES)
    given, kana = desk.random.choice(WOMEN if woman else MEN)
    born = _born(desk, 19, 95)
    address, name = _address(desk, number), f"{surname}\u3000{given}"
    home = desk.home(
        address,
        building=desk.random.choice(BUILDINGS),
        domicile=f"{CITY}{desk.random.choice(TOWNS)}{number + 1}番地",
        family_head=name,
        since=_since(desk, born),
        previous_address=desk.random.choice((None, *ELSEWHERE)),
    )
    person = desk.person(home, name, f"{surname_kana}\u3000{kana}", "女" if woman else "男", born, "世帯主")
    _record(desk, person)


def _foreigner(desk: Desk, number: int) -> None:
    name, kana, nationality, status, period = desk.random.choice(
        (
            ("KIM MINJUN", "キム　ミンジュン", "韓国", None, None),
            ("SMITH EMILY ANNE", "スミス　エミリー　アン", "米国", "教授", "3年"),
            ("SANTOS MARIA CLARA", "サントス　マリア　クララ", "フィリピン", "特定技能1号", "1年"),
            ("王　小明", "オウ　ショウメイ", "中国", "永住者", None),
        )
    )
    born = _born(desk, 20, 60)
    since = _since(desk, born)
    home = desk.home(
        _address(desk, number), building=desk.random.choice(BUILDINGS), since=since, previous_address=ELSEWHERE[0]
    )
    foreign = ForeignFacts(
        nationality=nationality,
        category="中長期在留者" if status else "特別永住者",
        status=status,
        period=period,
        until=date(2027, 9, 30) if period else None,
        card_number=f"ZZ{number:08d}ZZ",
        resident_since=RegisterDate(since),
    )
    _record(
        desk,
        desk.person(
            home, name, kana, "女" if "MARIA" in name or "EMILY" in name else "男", born, "世帯主", foreign=foreign
        ),
    )


def _family(desk: Desk, number: int) -> None:
    surname, surname_kana = desk.random.choice(SURNAMES)
    (his, his_kana), (hers, her_kana) = desk.random.choice(MEN), desk.random.choice(WOMEN)
    born = _born(desk, 26, 80)
    her_born = born + timedelta(days=desk.random.randrange(-1500, 2500))
    married = max(born, her_born) + timedelta(days=desk.random.randrange(20 * 365, 24 * 365))
    married = min(married, TODAY - timedelta(days=30))
    domicile = f"{CITY}{desk.random.choice(TOWNS)}{number + 1}番地"
    home = desk.home(
        _address(desk, number),
        building=desk.random.choice(BUILDINGS),
        domicile=domicile,
        family_head=f"{surname}\u3000{his}",
        since=married,
        previous_address=desk.random.choice((None, *ELSEWHERE)),
    )
    husband = desk.person(home, f"{surname}\u3000{his}", f"{surname_kana}\u3000{his_kana}", "男", born, "世帯主")
    wife = desk.person(home, f"{surname}\u3000{hers}", f"{surname_kana}\u3000{her_kana}", "女", her_born, "妻")
    children: list[tuple[Resident, str]] = []
    for nth in range(desk.random.randrange(0, 4)):
        birth = married + timedelta(days=400 + nth * 700 + desk.random.randrange(300))
        if not timedelta() <= TODAY - birth < timedelta(days=24 * 365):
            continue
        girl = desk.random.random() < 0.5
        given, kana = desk.random.choice(WOMEN if girl else MEN)
        child = desk.person(
            home,
            f"{surname}\u3000{given}",
            f"{surname_kana}\u3000{kana}",
            "女" if girl else "男",
            birth,
            "子",
            since=birth,
            previous_address=None,
        )
        word = "女" if girl else "男"
        order = sum(1 for _, relation in children if relation.endswith(word))
        children.append((child, f"{'長二三四'[order]}{word}"))
    for person in (husband, wife):
        _record(desk, person)
    here = AddressLine(
        address=home.address + (f"\u3000{home.building}" if home.building else ""), since=RegisterDate(married)
    )
    maiden = desk.random.choice(SURNAMES)[0]
    desk.family(
        couple(
            desk,
            domicile,
            surname,
            surname_kana,
            husband,
            wife,
            married,
            wife_was=f"{maiden}\u3000{hers}",
            children=children,
            here=here,
            parents=((f"{surname}正造", f"{surname}キヨ", "長男"), (f"{maiden}勝", f"{maiden}久美", "長女")),
        )
    )
