"""What is issued here, to whom, at what fee, and what there is to choose (city rules 1, 2, 4, 7). Fees are the place's.

Only a certificate that can be printed is offered. If `room.py` cannot tell from their lengths that the texts fit,
`offer` lays the certificate out once with all items. A character that the font lacks, or a text too long for the form,
gives `ask_at_counter` before anybody has paid.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from host_sim.centre import rules
from host_sim.centre.city.items import ITEMS
from host_sim.centre.city.place import Place
from host_sim.centre.forms import fuhyo, ivs, letters, room
from host_sim.centre.forms.certificate import TITLES, draft
from host_sim.centre.forms.eras import calendar_year, fiscal_year
from host_sim.centre.forms.fitting import TextOverflow
from host_sim.centre.forms.people import family_token, member_token, ordered
from host_sim.centre.register import Register, Resident, ResidentState, SealState, TaxYear

KINDS = tuple(TITLES)  # what there is a form for
Group = dict[str, Any]


def offer(
    kind: str, subject: Resident, household: Sequence[Resident], register: Register, today: date, place: Place
) -> dict[str, Any]:
    """The offer of one kind that `place` issues, as in drivers/line/README.md. `household`: the members now, with the subject."""
    terms = place.kinds[kind]
    refusal = rules.refusal_of(subject, register, today, place.youngest_years)
    if refusal is None and rules.age_on(subject.born.on, today) < terms.youngest_years:
        refusal = "ask_at_counter"  # not `under_age`, whose sentence names the age for which a machine is there at all
    refusal = refusal or _refusal(kind, subject, household, register, today)
    groups: list[Group] = []
    if refusal is None:
        groups = _questions(kind, subject, household, register, today, terms.items)
        refusal = _unprintable(kind, subject, household, groups, register)
    return {
        "kind": kind,
        "title": dict(terms.title),
        "fee_yen": terms.fee_yen,
        "copies_max": terms.copies_max,
        "refusal": refusal,
        "groups": groups if refusal is None else [],
    }


# --- may it be issued ---------------------------------------------------------------------------------


def _refusal(
    kind: str, subject: Resident, household: Sequence[Resident], register: Register, today: date
) -> str | None:
    match kind:
        case "juminhyo" | "kisai":
            # Not for anybody while one of the household is about to move away or is blocked (city rules 2, 7).
            stopped = any(p.state is ResidentState.LEAVING or p.issue_blocked or p.protected for p in household)
            return "ask_at_counter" if stopped else None
        case "inkan":
            seal = register.seal_of(subject)
            return None if seal is not None and seal.state is SealState.VALID else "not_registered"
        case "kazei":
            if tax_years(subject, register, today):
                return None
            return "ask_at_counter" if register.taxes_of(subject) else "no_record"
        case "koseki" | "koseki_kojin":
            return "held_elsewhere" if register.family_of(subject) is None else None
        case "fuhyo":
            family = register.family_of(subject)
            if family is None:
                return "held_elsewhere"
            # 男女の別 must stand there; of whom the register has none, a clerk issues the 附票 (form rule 5).
            return "ask_at_counter" if any(m.sex is None and fuhyo.bears_birth(m) for m in family.members) else None
        case _:
            raise ValueError(f"no such kind of certificate: {kind}")


def tax_years(subject: Resident, register: Register, today: date) -> list[TaxYear]:
    """The years that may be issued, newest first: resident on 1 January, declared, not stopped.

    A fiscal year begins in April, its tax is known in June (city rule 2).
    """
    return [
        tax
        for tax in register.taxes_of(subject)
        if tax.resident_on_1_january and tax.declared and not tax.issue_stopped and date(tax.fiscal_year, 6, 1) <= today
    ]


def _unprintable(
    kind: str, subject: Resident, household: Sequence[Resident], groups: Sequence[Group], register: Register
) -> str | None:
    """The refusal if it cannot be printed, else None. Lays it out with all items, unless `room.py` says that it fits."""
    if room.surely_fits(subject, household, register):
        return None
    everything = {g["key"]: ("print",) for g in groups if g["choices"][0]["value"] == "omit"} | {
        g["key"]: tuple(choice["value"] for choice in g["choices"])
        for g in groups
        if g["choices"][0]["value"] != "omit"
    }
    try:
        pages = draft(kind, subject, household, everything, register)
        known = letters.additional(register.municipality.letters).letters
        ivs.require((item[-1] for sheet in pages.sheets for item in sheet.words), known)
    except (ivs.GlyphMissing, TextOverflow):
        return "ask_at_counter"
    return None


# --- what there is to choose ---------------------------------------------------------------------------


def _questions(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    register: Register,
    today: date,
    may_ask: Sequence[str],
) -> list[Group]:
    family = register.family_of(subject)
    match kind:
        case "juminhyo" | "kisai":
            return [*_people(subject, household), *_items(kind, [k for k in may_ask if _concerns(k, household)])]
        case "kazei":
            years = [_year(tax.fiscal_year) for tax in tax_years(subject, register, today)]
            return [_group("year", "どの年度ですか", "Which fiscal year?", years, years[0]["value"])]
        case "koseki_kojin" if family is not None:
            people = [
                _choice(
                    family_token(family, n), f"{family.surname}　{m.given_name}", f"{family.surname_kana}　{m.kana}"
                )
                for n, m in enumerate(family.members)
            ]
            mine = next(n for n, m in enumerate(family.members) if m.resident_id == subject.resident_id)
            return [_group("person", "どなたの分ですか", "Whose?", people, people[mine]["value"])]
        case "fuhyo" if family is not None:
            scopes = [_choice("all", "全員", "Everyone in the register"), _choice("self", "本人のみ", "Only myself")]
            whose = [_group("scope", "どなたの分ですか", "Whose?", scopes, "all")] if len(family.members) > 1 else []
            return [*whose, *_items(kind, may_ask)]
        case _:
            return []


def _year(year: int) -> dict[str, Any]:
    ja = f"{fiscal_year(year)}（{calendar_year(year - 1)}中の所得）"
    return _choice(str(year), ja, f"Fiscal {year} (income of {year - 1})")


def _people(subject: Resident, household: Sequence[Resident]) -> list[Group]:
    """Whose record, where there is more than one."""
    groups = []
    if len(household) > 1:
        scopes = [
            _choice("all", "世帯全員", "Everyone in the household"),
            _choice("self", "本人のみ", "Only myself"),
            _choice("part", "世帯の一部（選ぶ）", "Some members (choose)"),
        ]
        groups.append(_group("scope", "どなたの分ですか", "Whose record?", scopes, "all"))
        people = [_choice(member_token(p), p.name, _latin(p)) for p in ordered(household)]
        members = _group("members", "載せる方を選んでください", "Choose the people", people, member_token(subject))
        groups.append(members | {"several": True, "only_if": ["scope", "part"]})
    return groups


def _concerns(key: str, household: Sequence[Resident]) -> bool:
    """Whether an item can say something about anybody here; what cannot is not asked."""
    match key:
        case "domicile":
            return any(person.foreign is None for person in household)
        case "foreign":
            return any(person.foreign is not None for person in household)
        case "foreign_kana":
            return any(p.foreign is not None and (p.kana or p.foreign.alias_kana) for p in household)
        case "moved_from":
            return any(person.moved_from is not None for person in household)
        case _:
            return True


def _items(kind: str, keys: Sequence[str]) -> list[Group]:
    return [_yes_no(key, *ITEMS[kind][key]) for key in keys]


def _latin(person: Resident) -> str:
    """A person's name for somebody who does not read kanji."""
    return person.name if person.name.isascii() else person.kana


def _yes_no(key: str, ja: str, en: str) -> Group:
    """The question whether to print an item that is left off unless asked for (住民基本台帳法 12条5項)."""
    answers = [_choice("omit", "載せない", "Leave out"), _choice("print", "載せる", "Include")]
    return _group(key, f"{ja}を載せますか", f"{en}?", answers, "omit") | {"item": {"ja": ja, "en": en}}


def _group(key: str, ja: str, en: str, choices: list[dict[str, Any]], default: str) -> Group:
    return {
        "key": key,
        "title": {"ja": ja, "en": en},
        "several": False,
        "choices": choices,
        "default": [default],
        "only_if": None,
    }


def _choice(value: str, ja: str, en: str) -> dict[str, Any]:
    return {"value": value, "label": {"ja": ja, "en": en}}
