"""The slip of a grant as PDF, A5: the resident takes it to a machine or a counter. No name is printed."""

from datetime import datetime
from pathlib import Path

from host_sim.centre.city.hours import JST
from host_sim.centre.city.model import Rules
from host_sim.centre.exemptions.grants import DIGITS, Grant
from host_sim.centre.forms import font
from host_sim.centre.forms.eras import wareki
from host_sim.centre.forms.press import compiled

_TEMPLATE = Path(__file__).with_name("slip.typ")


def spoken(code: str) -> str:
    """Two groups, as it is printed, typed and read aloud."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"


def pdf(grant: Grant, rules: Rules) -> bytes:
    """`rules`: the city's file of the day. The same grant gives the same bytes."""
    part, at = rules.exemptions[grant.exemption], datetime.fromisoformat(grant.at).astimezone(JST)
    return compiled(
        _TEMPLATE,
        {
            "title": f"手数料免除コード {grant.number}",
            "font": font.FAMILY,
            "date": [at.year, at.month, at.day],
            "number": str(grant.number),
            "code": spoken(grant.code),
            "reason": list(dict.fromkeys([part.reason["ja"], part.reason.get("en", part.reason["ja"])])),
            "kinds": [rules.kinds[kind].title["ja"] for kind in grant.kinds if kind in rules.kinds],
            "kinds_en": [rules.kinds[kind].title.get("en", "") for kind in grant.kinds if kind in rules.kinds],
            "copies": grant.copies,
            "fee": "無料 Free" if part.fee_yen == 0 else f"1通 {part.fee_yen:,} 円",
            "until": wareki(grant.valid_until),
            "granted": wareki(at.date()),
            "city": rules.municipality.name["ja"],
            "telephone": rules.municipality.telephone,
        },
    )
