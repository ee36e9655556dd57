"""Rows of the files into records of the books, each with the line from which it came."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from host_sim.centre import register as r
from host_sim.centre.books import Record
from host_sim.centre.forms import ivs
from host_sim.centre.registers import rows as f
from host_sim.centre.registers.reading import Fault, Read
from host_sim.centre.registers.staged import Staged

IMPRINT_DOTS = range(100, 1201)  # to a side
IMPRINT_BYTES = 200_000
Lines = Mapping[type[f.Row], Read[Any]]


@dataclass(slots=True)
class Joined:
    """The records of a set of files, each with the line of its main row. `imprints`: the pictures that seals name."""

    records: Staged = field(default_factory=Staged)
    faults: list[Fault] = field(default_factory=list)
    imprints: set[str] = field(default_factory=set)

    def add(self, kind: type[f.Row], line: int, record: Record) -> None:
        self.records.add(record, kind.file, line)


def join(register: f.RegisterName, lines: Lines, directory: Path, joined: Joined) -> None:
    """The records of a share of one register. The lines themselves have been read without a fault."""
    match register:
        case "residents":
            _residents(lines, joined)
        case "seals":
            _seals(lines, directory, joined)
        case "taxes":
            _taxes(lines, joined)
        case "families":
            _families(lines, joined)


def finish(directory: Path, joined: Joined) -> None:
    """What can be told only when every share is joined."""
    for column, line, before in joined.records.twice():
        joined.faults.append(Fault(f.ResidentRow.file, line, column, f"it is that of line {before}"))
    there = {path.name for path in (directory / f.IMPRINTS).glob("*")}
    if there - joined.imprints:
        wrong = f"no line of {f.SealRow.file} names {len(there - joined.imprints)} of its files"
        joined.faults.append(Fault(f"{f.IMPRINTS}/", None, None, wrong))


# --- which lines belong together ----------------------------------------------------------------


def _mains(kind: type[f.Row], lines: Lines, joined: Joined) -> dict[tuple[Any, ...], tuple[int, Any]]:
    """The rows of a main file by their key, which no two may share."""
    found: dict[tuple[Any, ...], tuple[int, Any]] = {}
    for line, row in lines[kind].rows if kind in lines else ():
        key = _values(row, kind.key)
        if key in found:
            wrong = f"it is that of line {found[key][0]}; each record has one line"
            joined.faults.append(Fault(kind.file, line, ", ".join(kind.key), wrong))
        else:
            found[key] = (line, row)
    return found


def _parts(
    kind: type[f.Row], main: type[f.Row], mains: Mapping[tuple[Any, ...], object], lines: Lines, joined: Joined
) -> dict[tuple[Any, ...], list[tuple[int, Any]]]:
    """The rows of a further file by the key of their main row, which must be in these files, too."""
    found: dict[tuple[Any, ...], list[tuple[int, Any]]] = {}
    seen: dict[tuple[Any, ...], int] = {}
    for line, row in lines[kind].rows if kind in lines else ():
        key, own = _values(row, kind.key), _values(row, (*kind.key, *kind.own))
        if key not in mains:
            wrong = f"no line of {main.file} has it"
            joined.faults.append(Fault(kind.file, line, ", ".join(kind.key), wrong))
        elif own in seen:
            wrong = f"they are those of line {seen[own]}"
            joined.faults.append(Fault(kind.file, line, ", ".join((*kind.key, *kind.own)), wrong))
        else:
            seen[own] = line
            found.setdefault(key, []).append((line, row))
    return found


def _values(row: f.Row, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _in_order(kind: type[f.Row], column: str, rows: Sequence[tuple[int, Any]], joined: Joined) -> list[tuple[int, Any]]:
    """Rows by their places, which must be 1, 2, 3 ..."""
    ordered = sorted(rows, key=lambda pair: getattr(pair[1], column))
    for due, (line, row) in enumerate(ordered, start=1):
        if getattr(row, column) != due:
            joined.faults.append(Fault(kind.file, line, column, f"place {due} is missing before it, or stands twice"))
            break
    return ordered


def _dated(kind: type[f.Row], line: int, row: Any, column: str, joined: Joined) -> Any:
    """A day with the register's words for it; None when there is neither."""
    day, written = getattr(row, column), getattr(row, f"{column}_written")
    if day is None and written is not None:
        joined.faults.append(Fault(kind.file, line, column, f"{column}_written has words, so it needs a day"))
    return None if day is None else r.RegisterDate(day, written)


def _same(row: f.Row, record: type[Any], but: Iterable[str] = ()) -> dict[str, Any]:
    """The columns that a record has under the same names."""
    names = set(record.__dataclass_fields__) & set(f.columns_of(type(row)).keys()) - set(but)
    return {name: getattr(row, name) for name in names}


# --- the registers ------------------------------------------------------------------------------


def _residents(lines: Lines, joined: Joined) -> None:
    for line, row in _mains(f.HouseholdRow, lines, joined).values():
        joined.add(f.HouseholdRow, line, r.Household(**_same(row, r.Household)))
    people = _mains(f.ResidentRow, lines, joined)
    for line, row in people.values():
        for column in ("my_number", "resident_code"):
            joined.records.note_once(column, getattr(row, column), line)
    foreign = {k: v for k, (v, *_) in _parts(f.ForeignRow, f.ResidentRow, people, lines, joined).items()}
    blocks = _parts(f.BlockRow, f.ResidentRow, people, lines, joined)
    dates = ("born", "resident_since", "address_since", "notified_on")
    for key, (line, row) in people.items():
        facts = _same(row, r.Resident, but=dates)
        facts |= {column: _dated(f.ResidentRow, line, row, column, joined) for column in dates}
        facts |= {block.kind: True for _, block in blocks.get(key, ())}
        facts["foreign"] = _foreign(*foreign[key], joined) if key in foreign else None
        joined.add(f.ResidentRow, line, r.Resident(**facts))


def _foreign(line: int, row: f.ForeignRow, joined: Joined) -> r.ForeignFacts:
    since = _dated(f.ForeignRow, line, row, "resident_since", joined)
    return r.ForeignFacts(**_same(row, r.ForeignFacts, but=("resident_since",)), resident_since=since)


def _seals(lines: Lines, directory: Path, joined: Joined) -> None:
    for line, row in _mains(f.SealRow, lines, joined).values():
        picture = None
        if row.imprint:
            picture, wrong = _picture(directory / f.IMPRINTS / row.imprint)
            joined.imprints.add(row.imprint)
        else:
            wrong = _not_drawn(row.letters)
        if wrong:
            joined.faults.append(Fault(f.SealRow.file, line, "imprint", wrong))
        joined.add(f.SealRow, line, r.Seal(**_same(row, r.Seal), imprint_png=picture))


def _picture(path: Path) -> tuple[str | None, str]:
    """A registered imprint in base64; or None, and what is wrong with the file."""
    allowed = f"Allowed: a square PNG of {IMPRINT_DOTS[0]} to {IMPRINT_DOTS[-1]} dots a side, at most 200 kB"
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.verify()
            width, height = image.size
    except FileNotFoundError:
        return None, f"there is no such file in {f.IMPRINTS}/. {allowed}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None, f"the file is no PNG that can be read. {allowed}"
    if width != height or width not in IMPRINT_DOTS or len(data) > IMPRINT_BYTES:
        return None, f"the picture has another size. {allowed}"
    return base64.b64encode(data).decode(), ""


def _not_drawn(letters: str) -> str:
    if 1 <= len(letters) <= 4 and "\u3000" not in letters and " " not in letters and not ivs.missing([letters]):
        return ""
    return "without a file, `letters` must be one to four letters of the certificates' font"


def _taxes(lines: Lines, joined: Joined) -> None:
    years = _mains(f.TaxRow, lines, joined)
    items = _parts(f.TaxItemRow, f.TaxRow, years, lines, joined)
    for key, (line, row) in years.items():
        groups = {
            group: {
                item.label: item.amount
                for _, item in _in_order(
                    f.TaxItemRow, "place", [(n, i) for n, i in items.get(key, ()) if i.group == group], joined
                )
            }
            for group in ("income", "deduction", "dependant")
        }
        tax = r.TaxYear(
            **_same(row, r.TaxYear),
            incomes_yen=groups["income"],
            deductions_yen=groups["deduction"],
            dependants=groups["dependant"],
        )
        joined.add(f.TaxRow, line, tax)


def _families(lines: Lines, joined: Joined) -> None:
    families = _mains(f.FamilyRow, lines, joined)
    members = _parts(f.MemberRow, f.FamilyRow, families, lines, joined)
    events = _parts(f.EventRow, f.FamilyRow, families, lines, joined)
    addresses = _parts(f.AddressRow, f.FamilyRow, families, lines, joined)
    for key, (line, row) in families.items():
        people = _in_order(f.MemberRow, "member", members.get(key, ()), joined)
        places = {person.member for _, person in people}
        of_events = _by_member(f.EventRow, events.get(key, ()), places | {None}, joined)
        of_addresses = _by_member(f.AddressRow, addresses.get(key, ()), places, joined)
        if not people:
            joined.faults.append(Fault(f.FamilyRow.file, line, "register_id", "nobody of family_members.csv is in it"))
        joined.add(
            f.FamilyRow,
            line,
            r.FamilyRegister(
                **_same(row, r.FamilyRegister),
                events=_events(of_events.get(None, ()), joined),
                members=tuple(
                    _member(n, person, of_events.get(person.member, ()), of_addresses.get(person.member, ()), joined)
                    for n, person in people
                ),
            ),
        )


def _by_member(
    kind: type[f.Row], rows: Sequence[tuple[int, Any]], places: set[int | None], joined: Joined
) -> dict[int | None, list[tuple[int, Any]]]:
    found: dict[int | None, list[tuple[int, Any]]] = {}
    for line, row in rows:
        if row.member not in places:
            joined.faults.append(Fault(kind.file, line, "member", "nobody of family_members.csv has this place"))
        found.setdefault(row.member, []).append((line, row))
    return found


def _member(
    line: int,
    row: f.MemberRow,
    events: Sequence[tuple[int, f.EventRow]],
    addresses: Sequence[tuple[int, f.AddressRow]],
    joined: Joined,
) -> r.FamilyMember:
    return r.FamilyMember(
        **_same(row, r.FamilyMember, but=("born",)),
        born=_dated(f.MemberRow, line, row, "born", joined),
        events=_events(events, joined),
        addresses=tuple(
            r.AddressLine(address=there.address, since=_dated(f.AddressRow, n, there, "since", joined))
            for n, there in _in_order(f.AddressRow, "line", addresses, joined)
        ),
    )


def _events(rows: Sequence[tuple[int, f.EventRow]], joined: Joined) -> tuple[r.FamilyEvent, ...]:
    entries: dict[int, list[tuple[int, f.EventRow]]] = {}
    for line, row in rows:
        entries.setdefault(row.event, []).append((line, row))
    _in_order(f.EventRow, "event", [lines[0] for lines in entries.values()], joined)
    return tuple(_event(entries[place], joined) for place in sorted(entries))


def _event(rows: Sequence[tuple[int, f.EventRow]], joined: Joined) -> r.FamilyEvent:
    ordered = _in_order(f.EventRow, "line", rows, joined)
    title = ordered[0][1].title
    for line, row in ordered:
        if row.title != title:
            joined.faults.append(
                Fault(f.EventRow.file, line, "title", "the first line of this entry has another title")
            )
        if not row.label and (len(ordered) > 1 or row.text):
            joined.faults.append(Fault(f.EventRow.file, line, "label", "a line with words needs its label"))
    return r.FamilyEvent(title=title, lines=tuple((row.label, row.text) for _, row in ordered if row.label))
