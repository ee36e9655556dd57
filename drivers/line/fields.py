"""One JSON object, read by its exact fields: missing, doubled, of another type or unknown is `BadMessage`. Pure.

What is read comes from a network, so nothing here trusts it: no duplicate keys, no NaN, no half of a surrogate
pair, no number of a million digits, no nesting that exhausts the stack. A message names the field, never its value.
"""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

MAX_JSON_BYTES = 256 * 1024
MAX_DEPTH = 32

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class BadMessage(ValueError):
    """The answer is not what README.md says; the message names the field."""


# Years that no calculation with an offset carries out of the calendar.
_RFC_3339 = re.compile(
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_LONGEST_LINE = 200


def _is_line(text: str) -> bool:
    """Whether it can be drawn in one line: no control letters, line ends or changes of direction, and not endless."""
    return 0 < len(text) <= _LONGEST_LINE and not any(
        unicodedata.category(c) in {"Cc", "Zl", "Zp"} or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for c in text
    )


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def encode(message: Mapping[str, object]) -> bytes:
    """One request body."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def decode(body: bytes) -> dict[str, Any]:
    """One JSON object of at most `MAX_JSON_BYTES`."""
    if len(body) > MAX_JSON_BYTES:
        raise BadMessage("the body is too large")
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # an escaped half of a surrogate pair has no bytes
    except BadMessage:
        raise
    except (ValueError, RecursionError):
        raise BadMessage("the body is not JSON") from None
    if not isinstance(value, dict):
        raise BadMessage("the body is not an object")
    if _depth(value) > MAX_DEPTH:
        raise BadMessage("the body is nested too deeply")
    return value


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadMessage("a key stands twice")
    return table


def _no_constants(name: str) -> object:
    raise BadMessage(f"{name} is not a number")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        inside: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inside.extend(item.values())
            elif isinstance(item, list):
                inside.extend(item)
        level = [item for item in inside if isinstance(item, dict | list)]
    return depth


class Fields:
    """One object; `done` refuses what nobody took."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise BadMessage(f"{where} is not an object")
        self._table: dict[str, object] = dict(value)
        self._where = where

    def take(self, name: str, kind: type[_T]) -> _T:
        if name not in self._table:
            raise BadMessage(f"{self._where}.{name} is missing")
        value = self._table.pop(name)
        if type(value) is not kind:  # True is no number
            raise BadMessage(f"{self._where}.{name} has the wrong type")
        return value

    def null(self, name: str) -> bool:
        """Whether this field stands there as null; it is then taken."""
        if name in self._table and self._table[name] is None:
            del self._table[name]
            return True
        return False

    def text(self, name: str, longest: int = 200) -> str:
        """A word or sentence that is not empty."""
        text = self.take(name, str)
        if not 0 < len(text) <= longest or not _is_line(text):
            raise BadMessage(f"{self._where}.{name} has the wrong length")
        return text

    def bytes(self, name: str, length: int) -> bytes:
        text = self.take(name, str)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise BadMessage(f"{self._where}.{name} is not base64") from None
        if len(data) != length or b64(data) != text:
            raise BadMessage(f"{self._where}.{name} has the wrong length")
        return data

    def hex(self, name: str, digits: int) -> str:
        text = self.take(name, str)
        if len(text) != digits or not set(text) <= set("0123456789abcdef"):
            raise BadMessage(f"{self._where}.{name} is not {digits} hex digits")
        return text

    def word(self, name: str, words: type[_E]) -> _E:
        try:
            return words(self.take(name, str))
        except BadMessage:
            raise
        except ValueError:
            raise BadMessage(f"{self._where}.{name} is not a known word") from None

    def count(self, name: str, low: int, high: int) -> int:
        number = self.take(name, int)
        if not low <= number <= high:
            raise BadMessage(f"{self._where}.{name} is out of range")
        return number

    def time(self, name: str) -> datetime:
        text = self.take(name, str)
        if not _RFC_3339.fullmatch(text):
            raise BadMessage(f"{self._where}.{name} is not a time")
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise BadMessage(f"{self._where}.{name} is not a time") from None
        if instant.tzinfo is None:
            raise BadMessage(f"{self._where}.{name} has no offset")
        return instant

    def words_by_language(self, name: str) -> Mapping[str, str]:
        """A text: language -> words, `ja` always there."""
        table = self.take(name, dict)
        if "ja" not in table or not all(type(words) is str and _is_line(words) for words in table.values()):
            raise BadMessage(f"{self._where}.{name} is not a text")
        return table

    def list(self, name: str, read: Callable[[object, str], _T], most: int = 200) -> tuple[_T, ...]:
        values = self.take(name, list)
        if len(values) > most:
            raise BadMessage(f"{self._where}.{name} is too long")
        return tuple(read(value, f"{self._where}.{name}[{n}]") for n, value in enumerate(values))

    def done(self) -> None:
        if self._table:
            raise BadMessage(f"{self._where} has a field that is not known")


def word(value: object, where: str) -> str:
    """One item of a list of words."""
    if type(value) is not str or not _is_line(value):
        raise BadMessage(f"{where} is not a word")
    return value
