"""Which words of a city's file a machine would show in another language than the resident's.

A machine knows the usual names of certificates, items and purposes in all its languages, and a city may write others. Its own
name, notices, other certificates and purposes, and the names and ways of places only the city can translate.

Without a translation a machine shows English, without that Japanese; in 中文 and やさしい日本語 it shows Japanese at once, of which
their readers know the letters. The city may write やさしい日本語, too: `ja-easy`.
"""

from collections.abc import Iterator, Mapping

from host_sim.centre.city.city import City

# What machines name in every language where the city's file does not (`tests/unit/screens/test_languages.py` holds this).
KNOWN = frozenset(
    {
        "住民票の写し",
        "印鑑登録証明書",
        "住民票記載事項証明書",
        "所得・課税証明書",
        "戸籍全部事項証明書",
        "戸籍個人事項証明書",
        "戸籍の附票の写し",
        "運転免許の手続き",
        "銀行・携帯電話などの契約",
        "入学・転校・奨学金",
        "在留資格（ビザ）の申請",
        "土地・建物の登記",
        "税金・年金・健康保険（番号の確認）",
    }
)
SPOKEN = ("en", "zh-Hans", "ko", "vi", "pt-BR")  # besides Japanese: the machines' languages (BCP 47)


def missing(city: City) -> Mapping[str, tuple[str, ...]]:
    """What lacks languages, as it is named in the file, and which; in the file's order."""
    found: dict[str, tuple[str, ...]] = {}
    for name, text in _texts(city):
        lacking = tuple(language for language in SPOKEN if language not in text)
        if lacking:
            found[name] = lacking
    return found


def told(city: City) -> list[str]:
    """One sentence for all that lack the same languages; empty: nothing is missing."""
    by_languages: dict[tuple[str, ...], list[str]] = {}
    for name, languages in missing(city).items():
        by_languages.setdefault(languages, []).append(name)
    return [
        f"Without a translation into {', '.join(languages)} (machines show English or Japanese): {', '.join(names)}."
        for languages, names in by_languages.items()
    ]


def _texts(city: City) -> Iterator[tuple[str, Mapping[str, str]]]:
    for period in city.periods:
        rules = period.rules
        yield "municipality.name", rules.municipality.name
        for section, named in (("kinds", rules.kinds), ("purposes", rules.purposes)):
            for key, one in named.items():
                if one.title["ja"] not in KNOWN:
                    yield f"{section}.{key}.title", one.title
        for site, place in period.places.items():
            yield f"sites.{site}.name", place.name
            yield f"sites.{site}.way", place.way
            for notice in place.notices:
                if notice.text is not None:
                    yield f"the notice of {notice.from_.isoformat()} ({notice.text['ja'][:12]}…)", notice.text
