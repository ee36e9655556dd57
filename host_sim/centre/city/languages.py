"""Which words of a city's file a machine would show in another language than the resident's.

A machine knows the usual names of certificates, items and purposes in all its languages; notices, and the names and ways of
places, only the city can translate. Without a translation English is shown, without that Japanese.
"""

from collections.abc import Iterator, Mapping

from host_sim.centre.city.city import City

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
        f"Without a translation into {', '.join(languages)} (machines show English, else Japanese): {', '.join(names)}."
        for languages, names in by_languages.items()
    ]


def _texts(city: City) -> Iterator[tuple[str, Mapping[str, str]]]:
    for period in city.periods:
        for site, place in period.places.items():
            yield f"sites.{site}.name", place.name
            yield f"sites.{site}.way", place.way
            for notice in place.notices:
                if notice.text is not None:
                    yield f"the notice of {notice.from_.isoformat()} ({notice.text['ja'][:12]}…)", notice.text
