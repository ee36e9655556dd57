"""The people that tests refer to: the holders of host_sim/wallet.toml, and the cases that are hard to print.

Keys without a card: `ichiro` (a household of eight), `nagako` (the longest address), `ume` (birth date unknown),
`ito` (born 明治45年7月30日, the day 大正 began), `aya` (旧氏, and a move inside the city), `gaiji` (a character that no standard font has).
"""

from datetime import date

from host_sim.centre.register import (
    FamilyEvent,
    ForeignFacts,
    RegisterDate,
    Resident,
    ResidentState,
)
from host_sim.centre.sample.desk import Desk
from host_sim.centre.sample.family import AddressLine, couple, member, register_of
from host_sim.centre.sample.income import pensioner, salaried

CITY = "宮崎県宮崎市"


def cast(desk: Desk) -> None:
    """Write the cast, always in the same order, so that each person keeps their number."""
    _miyazaki(desk)
    _watanabe(desk)
    _nguyen(desk)
    _troubled(desk)
    _municipal_cards(desk)
    _sadowara(desk)
    _hard_to_print(desk)


def _miyazaki(desk: Desk) -> None:
    domicile = f"{CITY}青島西七丁目14番地"
    home = desk.home(
        f"{CITY}橘通西九丁目14番3号",
        domicile=domicile,
        family_head="宮崎　太郎",
        since=(2009, 4, 2),
        previous_address="福岡県福岡市中央区天神九丁目2番1号",
    )
    taro = desk.person(home, "宮崎　太郎", "ミヤザキ　タロウ", "男", (1981, 8, 29), "世帯主", key="taro")
    hanako = desk.person(
        home,
        "宮崎　花子",
        "ミヤザキ　ハナコ",
        "女",
        (1984, 2, 29),
        "妻",
        key="hanako",
        since=(2009, 6, 7),
        previous_address="鹿児島県鹿児島市山下町九番地8",
    )
    midori = desk.person(
        home,
        "宮崎　みどり",
        "ミヤザキ　ミドリ",
        "女",
        (2014, 5, 4),
        "子",
        key="midori",
        since=(2014, 5, 4),
        previous_address=None,
        notified_on=RegisterDate(date(2014, 5, 12)),
    )
    desk.person(
        home,
        "宮崎　ハル",
        "ミヤザキ　ハル",
        "女",
        RegisterDate(date(1926, 12, 25), "大正15年12月25日"),
        "母",
        since=(1952, 11, 3),
        address_since=RegisterDate(date(2018, 4, 1)),
        family_head="宮崎　正造",
        domicile=f"{CITY}田野町甲99887番地",
        previous_address=None,
        notified_on=None,
    )
    desk.seal(taro, "宮崎太郎", 15.0, (2009, 4, 10))
    desk.seal(hanako, "宮崎", 12.0, (2009, 6, 15))
    for tax in (*salaried(taro, 6_240_000, {"一般の扶養": 0, "老人扶養（同居）": 1}), *salaried(hanako, 2_880_000, {})):
        desk.tax(tax)
    here = AddressLine(address=f"{CITY}橘通西九丁目14番3号", since=RegisterDate(date(2009, 6, 7)))
    desk.family(
        couple(
            desk,
            domicile,
            "宮崎",
            "ミヤザキ",
            taro,
            hanako,
            date(2009, 5, 20),
            wife_was="日南　花子",
            parents=(("宮崎正造", "宮崎ハル", "長男"), ("日南保", "日南静香", "二女")),
            children=((midori, "長女"),),
            here=here,
        )
    )


def _watanabe(desk: Desk) -> None:
    domicile = f"{CITY}高千穂通七丁目5番地"
    home = desk.home(
        f"{CITY}高千穂通七丁目5番16号",
        domicile=domicile,
        family_head="渡邉\U000e0110　和子",
        since=(1968, 10, 6),
        previous_address="宮崎県日南市飫肥十五丁目1番地",
    )
    kazuko = desk.person(
        home,
        "渡邉\U000e0110　和子",
        "ワタナベ　カズコ",
        "女",
        (1941, 5, 5),
        "世帯主",
        key="kazuko",
        notified_on=RegisterDate(date(1968, 10, 14)),
    )
    for tax in pensioner(kazuko, 1_420_000):
        desk.tax(tax)
    here = AddressLine(address=f"{CITY}高千穂通七丁目5番16号", since=RegisterDate(date(1968, 10, 6)))
    events = (
        FamilyEvent(
            title="離婚",
            lines=(
                ("【離婚日】", "昭和62年3月9日"),
                ("【配偶者氏名】", "渡邉\U000e0110茂"),
                ("【従前戸籍】", f"{CITY}高千穂通七丁目5番地　渡邉\U000e0110茂"),
            ),
        ),
    )
    alone = member(kazuko, "鵜戸吉蔵", "鵜戸トミ", "三女", born_at="宮崎県日南市", here=here, events=events)
    desk.family(register_of(desk, domicile, "渡邉\U000e0110", "ワタナベ", (alone,), made=date(1987, 3, 9)))


def _nguyen(desk: Desk) -> None:
    home = desk.home(
        f"{CITY}大淀八丁目21番9号",
        building="メゾン・ド・フェニックス205号室",
        since=(2021, 4, 1),
        previous_address="福岡県北九州市小倉北区城内十二番地2",
    )
    nguyen = desk.person(
        home,
        "NGUYEN VAN AN",
        "グエン　ヴァン　アン",
        "男",
        (1992, 7, 14),
        "世帯主",
        key="nguyen",
        foreign=ForeignFacts(
            nationality="ベトナム",
            category="中長期在留者",
            status="技術・人文知識・国際業務",
            period="5年",
            until=date(2028, 3, 14),
            card_number="ZZ00000205ZZ",
            resident_since=RegisterDate(date(2016, 10, 3)),
            alias="宮本　安",
            alias_kana="ミヤモト　アン",
            alias_recorded_on=date(2021, 4, 1),
            alias_recorded_at=CITY,
        ),
    )
    desk.seal(nguyen, "宮本", 10.5, (2021, 5, 6))
    for tax in salaried(nguyen, 4_080_000, {}):
        desk.tax(tax)


def _troubled(desk: Desk) -> None:
    home = desk.home(
        f"{CITY}霧島九丁目88番2号",
        domicile="宮崎県日向市本町九十九番地",
        family_head="日向　次郎",
        since=(2015, 9, 1),
        previous_address="宮崎県日向市本町九十九番地",
    )
    jiro = desk.person(
        home, "日向　次郎", "ヒュウガ　ジロウ", "男", (1977, 3, 31), "世帯主", key="jiro", state=ResidentState.LEAVING
    )
    desk.seal(jiro, "日向", 12.0, (2015, 9, 8))
    home = desk.home(
        f"{CITY}花ケ島町鴨ノ丸99831番地",
        domicile="宮崎県西都市妻町八十八番地",
        family_head="西都　さくら",
        since=(2025, 12, 19),
    )
    desk.person(home, "西都　さくら", "サイト　サクラ", "女", (1990, 4, 1), "世帯主", key="sakura", protected=True)
    desk.person(home, "西都　ひなた", "サイト　ヒナタ", "男", (2019, 5, 1), "子", protected=True)


def _municipal_cards(desk: Desk) -> None:
    domicile = f"{CITY}清武町加納甲99002番地"
    home = desk.home(f"{CITY}清武町加納甲99002番地4", domicile=domicile, family_head="都城　良子", since=(1989, 1, 7))
    yoshiko = desk.person(home, "都城　良子", "ミヤコノジョウ　ヨシコ", "女", (1958, 12, 23), "世帯主", key="yoshiko")
    desk.seal(yoshiko, "良子", 13.5, (2003, 8, 29))
    for tax in pensioner(yoshiko, 1_980_000):
        desk.tax(tax)
    home = desk.home(
        f"{CITY}青島東八丁目77番地", domicile=f"{CITY}青島東八丁目77番地", family_head="青島　三郎", since=(1989, 1, 8)
    )
    saburo = desk.person(home, "青島　三郎", "アオシマ　サブロウ", "男", (1949, 1, 15), "世帯主", key="saburo")
    desk.seal(saburo, "青島", 16.5, (2005, 2, 1))
    for tax in pensioner(saburo, 2_310_000):
        desk.tax(tax)


def _sadowara(desk: Desk) -> None:
    domicile = f"{CITY}佐土原町下那珂甲99410番地"
    home = desk.home(
        f"{CITY}佐土原町下那珂甲99410番地", domicile=domicile, family_head="佐土原　一郎", since=(1983, 6, 1)
    )
    ichiro = desk.person(home, "佐土原　一郎", "サドワラ　イチロウ", "男", (1972, 10, 10), "世帯主", key="ichiro")
    # Not in the order of the paper (standard 5.2), so that the form has to sort them.
    desk.person(home, "佐土原　イネ", "サドワラ　イネ", "女", (1946, 3, 20), "母", family_head="佐土原　勇")
    desk.person(home, "佐土原　勇", "サドワラ　イサム", "男", (1944, 11, 2), "父", family_head="佐土原　勇")
    desk.person(home, "佐土原　美咲", "サドワラ　ミサキ", "女", (2006, 1, 6), "子")
    desk.person(home, "佐土原　健太", "サドワラ　ケンタ", "男", (2000, 2, 29), "子", family_head="佐土原　健太")
    desk.person(
        home,
        "佐土原　結衣",
        "サドワラ　ユイ",
        "女",
        (2001, 9, 15),
        "子の妻",
        family_head="佐土原　健太",
        since=(2024, 5, 6),
        previous_address="熊本県熊本市中央区花畑町九十番地",
    )
    desk.person(
        home,
        "佐土原　陽翔",
        "サドワラ　ハルト",
        "男",
        (2026, 2, 11),
        "子の子",
        family_head="佐土原　健太",
        since=(2026, 2, 11),
        notified_on=RegisterDate(date(2026, 2, 20)),
    )
    desk.person(home, "佐土原　恵", "サドワラ　メグミ", "女", (1974, 12, 31), "妻", since=(1999, 4, 29))
    desk.seal(ichiro, "佐土原", 18.0, (1999, 5, 6))


def _hard_to_print(desk: Desk) -> None:
    home = desk.home(
        f"{CITY}大字新別府町字船戸浜之上九千九百九十九番地1999",
        building="グランドレジデンスみやざき一ツ葉シーサイドパークタワー壱番館フェニックス棟3999号室　日向灘　海子様方",
        domicile=f"{CITY}大字新別府町字船戸浜之上九千九百九十九番地1999",
        family_head="一ツ葉　長右衛門之介",
        since=(2011, 11, 11),
        previous_address="北海道帯広市稲田町南八線西九十九番地　"
        "ファームビレッジ十勝ポロシリ第二期ガーデン弐号棟1212号室",
    )
    nagako = desk.person(
        home, "一ツ葉　長右衛門之介", "ヒトツバ　チョウエモンノスケ", "男", (1989, 1, 7), "世帯主", key="nagako"
    )
    desk.seal(nagako, "一ツ葉", 21.0, (2012, 1, 4))
    _alone(desk, "延岡　ウメ", "ノベオカ　ウメ", RegisterDate(date(1945, 7, 1), "昭和20年月日不詳"), "ume")
    _alone(desk, "高千穂　イト", "タカチホ　イト", RegisterDate(date(1912, 7, 30), "明治45年7月30日"), "ito")
    aya = _alone(
        desk,
        "小林　彩",
        "コバヤシ　アヤ",
        RegisterDate(date(1993, 6, 9)),
        "aya",
        former="葛\U000e0103原",
        kana="クズハラ",
        moved=(f"{CITY}宮田町九丁目8番7号", date(2026, 3, 14)),
    )
    desk.seal(aya, "葛原", 12.0, (2022, 3, 3))
    gaiji = _alone(desk, "川\ue000　南", "カワサキ　ミナミ", RegisterDate(date(1966, 4, 18)), "gaiji")
    desk.seal(gaiji, "南", 12.0, (2010, 10, 10))


def _alone(
    desk: Desk,
    name: str,
    name_kana: str,
    born: RegisterDate,
    key: str,
    former: str | None = None,
    kana: str | None = None,
    moved: tuple[str, date] | None = None,
) -> Resident:
    address = f"{CITY}丸島町{90 + len(key)}番{ord(key[0]) % 9 + 1}号"
    home = desk.home(address, domicile=f"{CITY}丸島町9990番地", family_head=name, since=(1975, 1, 10))
    return desk.person(
        home,
        name,
        name_kana,
        "女",
        born,
        "世帯主",
        key=key,
        former_surname=former,
        former_surname_kana=kana,
        moved_from=moved[0] if moved else None,
        address_since=RegisterDate(moved[1]) if moved else None,
        since=max(born.on, date(1975, 1, 10)),
    )
