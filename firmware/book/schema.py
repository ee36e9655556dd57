"""Records to bytes and back: only what events.toml describes can go on the medium.

A payload is the record's fields in order as a canonical JSON array (ASCII, no spaces, keys sorted). Every field
type allows a narrow set of values, so that a name, a sentence in Japanese or a float cannot get in by accident;
what does not fit raises before anything is written. Reading back trusts the frame's hash for the values and
checks only the shape. `schema()` checks once, at first use, that events.toml and records.py agree.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, get_args

from firmware.book import records
from firmware.book.advice import ClaimAdvice, CopyAdvice, read_of_session
from firmware.book.records import CopyLine, HopperReading, Item, KeptTable, Record, Setting


class RecordInvalid(ValueError):
    """A value that its field's type does not allow, or a payload that is not of a known record."""


Check = Callable[[Any], bool]
_LARGEST = 2**53 - 1  # the largest integer that every JSON reader keeps exact


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _word_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_word, value))


def _rows(*checks: Check) -> Check:
    def rows(value: object) -> bool:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return False
        return all(
            len(row) == len(checks) and all(check(cell) for check, cell in zip(checks, row, strict=True))
            for row in value
        )

    return rows


_word = _matches(r"[a-z0-9][a-z0-9_.:+/-]{0,79}")
_id = _matches(r"[0-9a-f]{32}")
_note = _matches(r"[\x20-\x7e]{0,160}")
# An issue number: day, municipality, terminal, serial (drivers/line/README.md); or a plain one.
_number = _matches(r"[0-9]{8} [\u3005-\u9fff]{1,12} [0-9A-Za-z-]{1,40} [0-9]{4,8}|[0-9A-Za-z][0-9A-Za-z./-]{0,39}")

# The city's own words, signed by its centre; it knows no resident.
_city_text = _matches(r"(?s:.{1,204800})")

_ADVICE: Mapping[str, Check] = {
    "op": _word,
    "request_id": _id,
    "copy": _count,
    "key": _id,
    "amount_yen": _count,
    "reason": _word,
}


def _advice(value: object) -> bool:
    return isinstance(value, CopyAdvice | ClaimAdvice) and all(_ADVICE[key](told) for key, told in value.told().items())


def _or(check: Check, value: object) -> Check:
    return lambda given: given == value or check(given)


_TYPES: Mapping[str, Check] = {
    "id": _id,
    "word": _word,
    "word?": _or(_word, ""),
    "words": _word_list,
    "note": _note,
    "number": _number,
    "hash": _matches(r"[0-9a-f]{64}"),
    "code": _matches(r"[A-Z0-9]{8}"),
    "signature?": _matches(r"([0-9a-f]{128})?"),
    "flag": lambda value: isinstance(value, bool),
    "yen": _count,
    "count": _count,
    "count?": lambda value: value is None or _count(value),
    "items": _rows(_word, _count),
    "copies": _rows(_count, _word, _number, _count),
    "readings": _rows(_count, _count, _count),
    "settings": _rows(_word, _note),
    "tables": _rows(_city_text, _matches(r"[A-Za-z0-9+/]{86}==")),
    "advice": _advice,
    "snapshot": lambda value: isinstance(value, Mapping),
}

# Types whose JSON is not yet the value: rows become named tuples, lists become tuples.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "words": tuple,
    "items": lambda rows: tuple(Item(*row) for row in rows),
    "copies": lambda rows: tuple(CopyLine(*row) for row in rows),
    "readings": lambda rows: tuple(HopperReading(*row) for row in rows),
    "settings": lambda rows: tuple(Setting(*row) for row in rows),
    "tables": lambda rows: tuple(KeptTable(*row) for row in rows),
    "advice": read_of_session,
}
# For writing: values that are not JSON as they are.
_WRITTEN: Mapping[str, Callable[[Any], Any]] = {"advice": lambda advice: advice.told(), "snapshot": dict}

TYPE_NAMES = frozenset(_TYPES)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record, as events.toml has it."""

    name: str
    number: int  # 1..255, on the medium
    durable: bool
    types: tuple[str, ...]
    field_names: tuple[str, ...]
    sentence: str
    make: Callable[..., Record]


@dataclass(frozen=True, slots=True)
class Schema:
    by_type: Mapping[type[Any], Kind]
    by_number: Mapping[int, Kind]


@cache
def schema() -> Schema:
    """The kinds of events.toml. Raises `RecordInvalid` naming what differs from records.py."""
    table = tomllib.loads((Path(__file__).parent / "events.toml").read_text(encoding="utf-8"))
    return build(table)


def build(table: Mapping[str, Any]) -> Schema:
    """The schema of one table; see `schema`."""
    classes: dict[str, Any] = {cls.__name__: cls for cls in get_args(records.Record)}
    if classes.keys() != table.keys():
        raise RecordInvalid(f"events.toml and records.py differ in {sorted(classes.keys() ^ table.keys())}")
    by_type: dict[type[Any], Kind] = {}
    by_number: dict[int, Kind] = {}
    for name, entry in table.items():
        cls = classes[name]
        names = tuple(field.name for field in fields(cls))
        if tuple(entry["fields"]) != names:
            raise RecordInvalid(f"{name}: events.toml lists {tuple(entry['fields'])}, the class has {names}")
        for field, kind_of in entry["fields"].items():
            if kind_of not in _TYPES:
                raise RecordInvalid(f"{name}.{field}: there is no type {kind_of!r}")
        number = entry["number"]
        if not 1 <= number <= 255 or number in by_number:
            raise RecordInvalid(f"{name}: the number {number} is taken or does not fit a byte")
        types = tuple(entry["fields"].values())
        kind = Kind(name, number, entry["durable"], types, names, entry["sentence"], cls)
        by_type[cls] = by_number[number] = kind
    return Schema(by_type, by_number)


def kind_of(record: Record) -> Kind:
    return schema().by_type[type(record)]


def encode(record: Record) -> tuple[Kind, bytes]:
    """The record's kind and payload. Raises `RecordInvalid` for a value its field does not allow."""
    kind = schema().by_type[type(record)]
    values = []
    for name, type_name in zip(kind.field_names, kind.types, strict=True):
        value = getattr(record, name)
        if not _TYPES[type_name](value):
            # Only the field is named: the value may be personal.
            raise RecordInvalid(f"{kind.name}.{name} is not of the type {type_name}")
        written = _WRITTEN.get(type_name)
        values.append(value if written is None else written(value))
    return kind, canonical(values)


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value that is hashed and signed."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return text.encode("ascii")


def decode(number: int, payload: bytes) -> Record:
    """A record from its frame. Raises `RecordInvalid` when this program does not know its shape."""
    kind = schema().by_number.get(number)
    if kind is None:
        raise RecordInvalid(f"no record has the number {number}")
    try:
        values = json.loads(payload.decode("ascii"))
        if len(values) != len(kind.types):
            raise RecordInvalid(f"{kind.name} has {len(kind.types)} fields, not {len(values)}")
        for index, type_name in enumerate(kind.types):
            read = _READ.get(type_name)
            if read is not None:
                values[index] = read(values[index])
        return kind.make(*values)
    except (ValueError, TypeError, KeyError) as error:
        raise RecordInvalid(f"the payload of a {kind.name} cannot be read") from error
