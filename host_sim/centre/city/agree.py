"""What must agree between the entries of a city's file. Works on the plain tables, so that a mistake in one place does
not hide those in another; what has the wrong shape is left to the models."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from host_sim.centre.city.hours import DEFAULT
from host_sim.centre.city.items import ITEMS, NUMBER, offered
from host_sim.centre.city.model import CHANNELS, LETTERS_MAX
from host_sim.centre.forms.certificate import TITLES
from host_sim.centre.forms.font import font

Tables = Mapping[str, Any]


def disagreements(sections: Tables) -> list[str]:
    """One sentence for each contradiction on this day."""
    return [
        f"{sentence}."
        for check in (_names, _letters, _kinds, _items, _purposes, _attended, _hours, _sites, _aims, _daily)
        for sentence in check(sections)
    ]


def _table(of: Any, key: str) -> Tables:
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(of: Any, key: str) -> Sequence[Any]:
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, list) else ()


def _words(of: Any, key: str) -> list[str]:
    """The words in a list; of whatever else stands there `model.py` says that it is wrong."""
    return [word for word in _list(of, key) if isinstance(word, str)]


def _names(sections: Tables) -> Iterator[str]:
    name = _table(_table(sections, "municipality"), "name").get("ja")
    if isinstance(name, str) and (len(name) > LETTERS_MAX or name.isascii() or len(name.split()) != 1):
        yield f'municipality.name.ja is "{name}"; an issue number takes at most {LETTERS_MAX} Japanese letters'


def _letters(sections: Tables) -> Iterator[str]:
    """What stands on every paper can be printed: one strange letter would stop the whole city."""
    certifier, told = _table(sections, "certifier"), _table(sections, "municipality")
    name = _table(told, "name").get("ja")
    if {"seal", "seal_picture"} <= certifier.keys():
        yield "certifier has seal and seal_picture; write only one of them"
    words = {
        "certifier.name": certifier.get("name"),
        "certifier.seal": certifier.get("seal"),
        "municipality.name.ja": name,
    }
    for key, text in words.items():
        missing = [letter for letter in text if font().glyph(ord(letter)) is None] if isinstance(text, str) else []
        if missing:
            yield f"{key} has a letter that the font of the paper lacks ({', '.join(f'U+{ord(m):04X}' for m in missing)})"


def _kinds(sections: Tables) -> Iterator[str]:
    """Every kind that is named exists, and there is a form for it."""
    kinds = _table(sections, "kinds")
    for kind in kinds:
        if kind not in TITLES:
            yield f"kinds.{kind}: the centre has no form for it; it has {', '.join(TITLES)}"
    for word, channel in _table(sections, "channels").items():
        for kind in _table(channel, "fees"):
            if kind not in kinds:
                yield f"channels.{word}.fees.{kind}: there is no [kinds.{kind}]"
    for word, site in _table(sections, "sites").items():
        fees = _fees(sections, site)
        for kind in _words(site, "kinds"):
            if fees is not None and kind not in fees:
                yield f"sites.{word}.kinds names {kind}, which has no fee in channels.{site['channel']}.fees"


def _items(sections: Tables) -> Iterator[str]:
    """What may be asked for has a place on that form."""
    for kind, entry in _table(sections, "kinds").items():
        known = ITEMS.get(kind, {})
        for item in _words(entry, "items"):
            if kind in TITLES and item not in known:
                yield f"kinds.{kind}.items names {item}; what can be asked for is {', '.join(known) or 'nothing'}"


def _purposes(sections: Tables) -> Iterator[str]:
    """A purpose names what can be asked for, and the number only by a law (番号法 19条: nobody may be given it otherwise)."""
    kinds = _table(sections, "kinds")
    for word, purpose in _table(sections, "purposes").items():
        for kind, paper in _table(purpose, "kinds").items():
            if kind not in kinds:
                yield f"purposes.{word}.kinds.{kind}: there is no [kinds.{kind}]"
                continue
            where, entry, items = f"purposes.{word}.kinds.{kind}", kinds[kind], _words(paper, "items")
            left_out = isinstance(entry, Mapping) and "items" not in entry
            may_ask = offered(kind, None if left_out else _words(entry, "items"))
            for item in items:
                if item not in may_ask:
                    yield f"{where}.items names {item}; what can be asked for is {', '.join(may_ask) or 'nothing'}"
            if NUMBER in items and not _told(purpose, "number_law"):
                yield f"{where}.items names {NUMBER}; write in purposes.{word}.number_law by which law it may be given"


def _told(of: Any, key: str) -> bool:
    return isinstance(of, Mapping) and bool(of.get(key))


def _attended(sections: Tables) -> Iterator[str]:
    """What is issued without a PIN is issued at a counter, and is issued there at all."""
    for word, channel in _table(sections, "channels").items():
        attended = _words(channel, "attended")
        if attended and word != "counter":
            yield f"channels.{word}.attended: only a counter has clerks who see a photo ID"
        for kind in attended:
            if kind not in _table(channel, "fees"):
                yield f"channels.{word}.attended names {kind}, which has no fee in channels.{word}.fees"


def _fees(sections: Tables, site: Any) -> Tables | None:
    channel = site.get("channel") if isinstance(site, Mapping) else None
    channels = _table(sections, "channels")
    return _table(channels[channel], "fees") if isinstance(channel, str) and channel in channels else None


def _hours(sections: Tables) -> Iterator[str]:
    kinds = _table(sections, "kinds")
    for part in ("channels", "sites"):
        for word, entry in _table(sections, part).items():
            hours = _table(entry, "hours")
            if part == "channels" and isinstance(entry, Mapping) and DEFAULT not in hours:
                yield f"channels.{word}.hours.default is missing: the channel needs hours of its own"
            for kind in hours:
                if kind != DEFAULT and kind not in kinds:
                    yield f"{part}.{word}.hours.{kind}: there is no [kinds.{kind}]"


def _sites(sections: Tables) -> Iterator[str]:
    """A site's channel has its section, and no machine stands at two sites."""
    channels = _table(sections, "channels")
    stands: Counter[str] = Counter()
    for word, site in _table(sections, "sites").items():
        channel = site.get("channel") if isinstance(site, Mapping) else None
        if channel in CHANNELS and channel not in channels:
            yield f'sites.{word}.channel is "{channel}"; there is no [channels.{channel}]'
        stands.update(_words(site, "machines"))
    for machine, times in stands.items():
        if times > 1:
            yield f"The machine {machine} stands at {times} sites"


def _aims(sections: Tables) -> Iterator[str]:
    """Entries that are for some kinds name kinds that exist."""
    kinds = _table(sections, "kinds")
    entries = [
        (f"{part} {n}", e) for part in ("maintenance", "notices") for n, e in enumerate(_list(sections, part), 1)
    ]
    entries += [(f"exemptions.{word}", entry) for word, entry in _table(sections, "exemptions").items()]
    for where, entry in entries:
        for kind in _words(entry, "kinds"):
            if kind not in kinds:
                yield f"{where} names the kind {kind}; there is no [kinds.{kind}]"


def _daily(sections: Tables) -> Iterator[str]:
    """A plug-in once: a table has room for its days, and nobody wants the same flower twice."""
    daily = [entry for entry in _list(sections, "notices") if isinstance(entry, Mapping) and "each_day" in entry]
    if len(daily) > 1:
        yield "notices has each_day more than once; name its places in one entry"
