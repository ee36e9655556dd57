"""The types of message fields, and one reader for all messages. Pure.

The messages hold personal data, so `BadMessage` names the field, never its value.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

from drivers.decode import Bounds, Table, Undecodable, listed, read_json, to_table, written

_T = TypeVar("_T")


class BadMessage(ValueError):
    """The answer is not as README.md says; the message names the field."""


class Message(Table, frozen=True, kw_only=True):
    """An answer, or an object inside one. Its `repr` leaves out all values, which may be people's names."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def line(longest: int = 200) -> Bounds:
    """Text for one line: 1 to `longest` letters, no control characters, line ends or changes of direction."""
    return written(
        rf"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{{1,{longest}}}", f"one line of 1 to {longest} letters"
    )


def hex_of(digits: int) -> Bounds:
    return written(f"[0-9a-f]{{{digits}}}", f"{digits} hex digits")


def base64_of(length: int) -> Bounds:
    """`length` bytes in padded base64 whose unused bits are 0, so that there is only one way to write them."""
    whole, rest = divmod(length, 3)
    end = ("", "[A-Za-z0-9+/][AQgw]==", "[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=")[rest]
    return written(f"[A-Za-z0-9+/]{{{4 * whole}}}{end}", f"base64 of {length} bytes")


Line = Annotated[str, line()]
Lines = Annotated[tuple[Line, ...], listed(0, 200)]
Text = Mapping[str, Line]  # language -> words; see `needs_japanese`
RequestId = Annotated[str, hex_of(32)]
Nonce = Annotated[str, base64_of(16)]
# Years 2000 to 2999: adding an offset stays within the range of `datetime`.
Time = Annotated[
    str,
    written(
        "2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})",
        "a time with its offset (RFC 3339)",
    ),
]


def instant(text: str) -> datetime:
    """A `Time` as a datetime. Raises ValueError for a day or an hour that does not exist."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("has a time that does not exist") from None


def needs_japanese(*texts: Text) -> None:
    """Raises ValueError for a text without words in `ja`."""
    if not all("ja" in text for text in texts):
        raise ValueError("has a text without Japanese")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def encode(message: Mapping[str, object]) -> bytes:
    """A message as one request body (JSON, UTF-8)."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def read(kind: type[_T], body: bytes, what: str) -> _T:
    """Read one answer strictly as `kind`. Raises `BadMessage`; `what` names the answer in its text."""
    try:
        return to_table(kind, read_json(body), quiet=True)
    except Undecodable as error:
        raise BadMessage(f"{what}: {error}") from None
