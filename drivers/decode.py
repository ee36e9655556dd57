"""Reads TOML files and JSON messages from outside into typed tables; refuses with one sentence that names the key.

msgspec checks names, types and bounds; only this file imports it. The standard library parses the text,
because msgspec keeps the last of two equal keys in JSON; `read_toml` also refuses NaN. Nesting needs no limit of its own:
values deeper than a table's keys have a wrong type. Pure.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import msgspec

Bounds = msgspec.Meta  # behind a type, in Annotated[...]

MAX_BYTES = 256 * 1024
_MOST_WORDS = 12  # a longer enumeration is named in the sentence, not listed

_T = TypeVar("_T")


class Undecodable(ValueError):
    """The text is refused; the message names the dotted path of the key, and what is allowed there."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a file or an object of a message. Unknown keys are refused; a key without a default is required.

    `__post_init__` may raise ValueError with a sentence about values that do not fit together.
    """


def between(low: float, high: float) -> Bounds:
    """The bounds of a number, both allowed."""
    return Bounds(ge=low, le=high)


def at_least(low: float) -> Bounds:
    """The least allowed value of a number."""
    return Bounds(ge=low)


def written(pattern: str, words: str) -> Bounds:
    """The pattern that a whole text must match; `words` describe it in the refusal."""
    return Bounds(pattern=rf"\A(?:{pattern})\Z", description=words)


def listed(least: int, most: int) -> Bounds:
    """The least and the most items of a list, both allowed."""
    return Bounds(min_length=least, max_length=most, description=f"a list of {least} to {most}")


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises `Undecodable`, also for a key that stands twice."""
    _not_too_large(len(text))
    try:
        return tomllib.loads(text, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"the text cannot be read as TOML: {error}") from None


def read_json(body: bytes) -> object:
    """The plain values of a JSON text. Raises `Undecodable`, also for a key that stands twice, NaN, half a surrogate pair
    or an integer of too many digits.
    """
    _not_too_large(len(body))
    try:
        text = body.decode("utf-8")
        value: object = json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # raises for an escaped half of a surrogate pair
    except Undecodable:
        raise
    except (ValueError, RecursionError):
        raise Undecodable("the text is not JSON") from None
    return value


def _not_too_large(size: int) -> None:
    if size > MAX_BYTES:
        raise Undecodable(f"the text is larger than {MAX_BYTES // 1024} KiB")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Undecodable(f"{_key(next(k for k in keys if keys.count(k) > 1))} stands twice")
    return table


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Undecodable(f"{text:.20} is not allowed as a number")
    return number


def to_table(kind: type[_T], value: object, *, quiet: bool = False) -> _T:
    """Plain values as a `Table`. Raises `Undecodable`; with `quiet` its message leaves out the refused values."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        _Refusal(quiet).tell(kind, value, "", error)


def to_dataclass(kind: type[_T], table: Table) -> _T:
    """A table, and the tables in it, as dataclasses with the same fields, which the rest of the code uses."""
    return msgspec.convert(table, kind, from_attributes=True)


def to_plain(table: Table) -> dict[str, Any]:
    """A table as a dict of text, numbers, lists and dicts."""
    plain: dict[str, Any] = msgspec.to_builtins(table)
    return plain


# --- the sentence -------------------------------------------------------------------------------


class _Refusal:
    """Finds the innermost wrong part of a value, and raises `Undecodable` with what it must be."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def tell(self, hint: Any, value: Any, where: str, error: msgspec.ValidationError) -> NoReturn:
        kind, meta = _bare(hint)
        for step, inner, item in self._parts(kind, value):
            try:
                msgspec.convert(item, inner)
            except msgspec.ValidationError as wrong:
                self.tell(inner, item, f"{where}{step}" if where else step.removeprefix("."), wrong)
        if _is_table(kind) and isinstance(value, dict):
            raise Undecodable(f"{where}: {self._of_table(kind, value, error)}".removeprefix(": "))
        raise Undecodable(f"{where} {self._of_value(kind, meta, value)}".lstrip())

    def _parts(self, kind: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
        """For each part of a value: its step in the dotted path, its type, and the part."""
        match get_origin(kind) or kind, value:
            case (origin, dict()) if origin is Mapping:
                named, inner = get_args(kind)
                yield from (("" if self._quiet else f".{key}", named, key) for key in value)
                yield from (("" if self._quiet else f".{key}", inner, item) for key, item in value.items())
            case (origin, list()) if origin is tuple:
                inner, *_ = get_args(kind)  # every tuple here is of one type
                yield from ((f"[{place}]", inner, item) for place, item in enumerate(value))
            case (_, dict()) if _is_table(kind):
                hints = get_type_hints(kind, include_extras=True)
                written_as = ((field.encode_name, hints[field.name]) for field in msgspec.structs.fields(kind))
                yield from ((f".{name}", hint, value[name]) for name, hint in written_as if name in value)

    def _of_table(self, kind: type[Table], table: Mapping[str, Any], error: msgspec.ValidationError) -> str:
        fields = msgspec.structs.fields(kind)
        known = sorted(field.encode_name for field in fields)
        for key in table:
            if key not in known:
                nobody = f"this table does not take {_key(key) if self._quiet else f'the key {key!r}'}"
                return nobody if self._quiet else f"{nobody}; it takes {', '.join(known)}"
        for field in fields:
            if field.required and field.encode_name not in table:
                return f"the key {field.encode_name!r} is missing"
        return str(error.__cause__)  # what `__post_init__` said

    def _of_value(self, kind: Any, meta: Bounds, value: Any) -> str:
        limits = _limits(kind, meta, value)
        if self._quiet:
            return f"must be {limits or _words(kind, meta)}"
        if limits is None:
            return f"must be {_words(kind, meta)}, not {_short(value)}"
        return f"is {_short(value)}; allowed is {limits}"


def _short(value: object) -> str:
    return f"{value!r:.60}"


def _key(name: str) -> str:
    """How a message names a key: only if it looks like a field's name, because it may be personal data."""
    return f"the key {name!r}" if re.fullmatch("[a-z_]{1,32}", name) else "a key that is no field's name"


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Table)


def _bare(hint: Any) -> tuple[Any, Bounds]:
    """A type without `None` and without its bounds, and the bounds."""
    if get_origin(hint) is Annotated:
        kind, meta = get_args(hint)
        return kind, meta
    others = [a for a in get_args(hint) if a is not type(None)]
    if len(others) < len(get_args(hint)) and get_origin(hint) is not Literal:
        return _bare(others[0])
    return hint, Bounds()


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}


def _words(kind: Any, meta: Bounds) -> str:
    """The kind of value that is needed, in words."""
    return meta.description or _WORDS.get(get_origin(kind) or kind, "a table")


def _limits(kind: Any, meta: Bounds, value: Any) -> str | None:
    """The allowed words or bounds; None when there are none, or when the value is of the wrong kind."""
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(kind) if len(kind) <= _MOST_WORDS else f"a word of {kind.__name__}"
    if meta.ge is None or type(value) not in {int, float} or (kind is int and type(value) is float):
        return None
    return f"at least {meta.ge}" if meta.le is None else f"{meta.ge} to {meta.le}"
