"""Papers that the centre does not see, from a CSV: months before the system, staffed counters, post.

Columns, in any order: `from`, `to` (months, "2014-01"; the same month twice for one month), `kind` (of the city's
file), `channel` (store, office, counter, staffed, post), `copies`; and, where it is known, `band` (office, early,
night, off), `requester` (self, household, family, kin, third, official) and `fee_yen`.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.papers import BANDS, CHANNELS, REQUESTERS, Counts, Months, Papers, read_month

_MUST = ("from", "to", "kind", "channel", "copies")
_MAY = ("band", "requester", "fee_yen")
COPIES_MAX = 100_000_000


class FileWrong(Exception):
    """The file cannot be used. `problems`: one sentence each, with the number of the line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read_text(path: Path) -> str:
    """A file's text. Raises `FileWrong`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as trouble:
        raise FileWrong([f"{path} cannot be read: {trouble.strerror}."]) from None
    except UnicodeDecodeError:
        raise FileWrong([f"{path} is not UTF-8 text; save it as UTF-8."]) from None


def read(text: str, kinds: Collection[str], calendar: Calendar) -> Counts:
    """The papers of a CSV. Raises `FileWrong` with a sentence for each wrong line; then nothing is taken."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or not rows[0]:
        raise FileWrong(["The file is empty; its first line names the columns."])
    names = [name.strip() for name in rows[0]]
    problems = list(_wrong_names(names))
    if problems:
        raise FileWrong(problems)
    counts: Counts = Counts()
    first_line: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        told = dict(zip(names, (cell.strip() for cell in row), strict=False))
        found = (
            [f"{len(row)} values; there are {len(names)} columns"] if len(row) != len(names) else _wrong(told, kinds)
        )
        what = tuple(told.get(name, "") for name in (*_MUST[:-1], *_MAY))
        if not found and what in first_line:
            found = [f"says the same months, kind and channel as line {first_line[what]}; write them in one line"]
        problems += [f"Line {number}: {sentence}." for sentence in found]
        if not found:
            first_line[what] = number
            counts[_papers(told, calendar)] += int(told["copies"])
    if problems:
        raise FileWrong(problems)
    return counts


def within(counts: Counts, months: Months) -> Counts:
    """Those of these months. Raises `FileWrong` for papers counted together of which only a part is inside."""
    split = [papers for papers in counts if months.splits(papers)]
    if split:
        told = sorted({f"{p.first_month} to {p.last_month}" for p in split})
        words = f"The file counts {', '.join(told)} together, and the report is from {months.first} to {months.last}"
        raise FileWrong([f"{words}; give the months one by one, or ask for those months."])
    return Counts({papers: number for papers, number in counts.items() if months.holds(papers)})


def _papers(told: Mapping[str, str], calendar: Calendar) -> Papers:
    first, last = told["from"], told["to"]
    fee = told.get("fee_yen") or calendar.fee_yen(told["kind"], told["channel"], Months(first, last).first_day)
    known = (told["kind"], told["channel"], told.get("requester", ""), "", int(fee))
    return Papers(first, last, told.get("band", ""), *known)


def _wrong_names(names: list[str]) -> Iterator[str]:
    for name in _MUST:
        if name not in names:
            yield f"Line 1: the column {name} is missing."
    for name in names:
        if name not in (*_MUST, *_MAY):
            yield f'Line 1: "{name}" is no column of this file; there are {", ".join((*_MUST, *_MAY))}.'
        elif names.count(name) > 1:
            yield f"Line 1: the column {name} stands twice."


def _wrong(told: Mapping[str, str], kinds: Collection[str]) -> list[str]:
    """What is wrong with a line, each as the end of a sentence."""
    problems: list[str] = []
    for name in ("from", "to"):
        try:
            read_month(told[name])
        except ValueError as trouble:
            problems.append(f"{name} {trouble}")
    if not problems and told["to"] < told["from"]:
        problems.append(f'to is "{told["to"]}", which is before from')
    words = {"kind": kinds, "channel": CHANNELS, "band": ("", *BANDS), "requester": ("", *REQUESTERS)}
    for name, allowed in words.items():
        if told.get(name, "") not in allowed and name in told:
            problems.append(f'{name} is "{told[name]}"; allowed are {", ".join(filter(None, allowed))}')
    for name, fits in _NUMBERS.items():
        if name in told and not fits(told[name]):
            problems.append(f'{name} is "{told[name]}"; write a whole number without a comma')
    return problems


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= COPIES_MAX


_NUMBERS: Mapping[str, Callable[[str], bool]] = {
    "copies": _is_number,
    "fee_yen": lambda text: not text or _is_number(text),
}
