"""`specimens DIR`: a paper of each kind of the sample city, as a head of 8 dots to the mm prints it. Needs no centre.

The pictures in hardware/pictures are these. A page that the check finds wrong is not drawn.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from PIL import Image

from host_sim.centre import forms, sample
from host_sim.centre.city.items import ITEMS
from host_sim.centre.commands import Commands
from host_sim.centre.forms.canvas import HEIGHT_MM, WIDTH_MM
from host_sim.centre.forms.certificate import TITLES
from host_sim.centre.forms.offers import tax_years
from host_sim.centre.forms.people import family_token
from host_sim.centre.forms.reading import Window, read
from host_sim.centre.register import Register, Resident

BLACK_BELOW = 160  # as the machine draws letters and rules (drivers/printer/raster.py)
ISSUED_ON = date(2026, 11, 24)
# What is drawn: the file's name, the kind, whose it is, and the items that are asked for.
SPECIMENS: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("juminhyo", "juminhyo", "taro", ("relation", "domicile")),
    ("juminhyo-foreign", "juminhyo", "nguyen", tuple(ITEMS["juminhyo"])),
    ("kisai", "kisai", "aya", ("moved_from",)),
    ("inkan", "inkan", "aya", ()),
    ("kazei", "kazei", "taro", ()),
    ("koseki", "koseki", "taro", ()),
    ("koseki_kojin", "koseki_kojin", "hanako", ()),
    ("fuhyo", "fuhyo", "taro", ("resident_code",)),
)


def add(commands: Commands) -> None:
    draw = commands.add_parser("specimens", help="draw a paper of each kind of the sample city, dot by dot")
    draw.add_argument("directory", type=Path, metavar="DIR")
    draw.set_defaults(run=lambda options: _draw(options.directory))


def _draw(directory: Path) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    register = sample.residents()
    for number, (name, kind, key, items) in enumerate(SPECIMENS, start=1):
        who = register.by_key(key)
        issue = forms.IssueFacts(
            issue_number=f"{ISSUED_ON:%Y%m%d} {register.municipality.city} TSAMPL {number:04}",
            issued_on=ISSUED_ON,
            request_id=f"{number:032x}",
            card_fingerprint=f"{number:064x}",
        )
        household = register.members(register.household_of(who))
        told = (kind, who, household, _options(kind, who, items, register), issue, register)
        pdf = forms.typeset(*told)
        if faults := forms.check(pdf, *told):
            print(f"{name} is not drawn: {faults[0]}.", file=sys.stderr)
            return 1
        grey = read(pdf, [Window(0, 0, 0, WIDTH_MM, HEIGHT_MM)]).windows[0]
        Image.fromarray(grey >= BLACK_BELOW).save(directory / f"{name}.png", optimize=True)
        print(f"{name}.png: {TITLES[kind]}, page 1 of {forms.page_count(pdf)}")
    return 0


def _options(kind: str, who: Resident, items: Sequence[str], register: Register) -> Mapping[str, Sequence[str]]:
    asked: dict[str, Sequence[str]] = dict.fromkeys(items, ("print",))
    if kind == "kazei":
        asked["year"] = (str(tax_years(who, register, ISSUED_ON)[0].fiscal_year),)
    family = register.family_of(who)
    if kind == "koseki_kojin" and family is not None:
        place = next(n for n, member in enumerate(family.members) if member.resident_id == who.resident_id)
        asked["person"] = (family_token(family, place),)
    return asked
