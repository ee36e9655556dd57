"""Applications that one test after another uses: to make one takes 0.1 s, ten times what a test needs of it.

An application is made of a `Centre` or `Desk`, to which its pages hold. Here it is made of something that passes every
question on to the one whose turn it is.
"""

from collections.abc import Callable
from typing import Any

_PARTS = frozenset({"store", "city", "accounts"})  # pages keep these, too


class _Standing:
    """Answers for what `find` finds now."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        if name in _PARTS:
            return _Standing(lambda: getattr(self._find(), name))
        return getattr(self._find(), name)


class _Kept:
    """One application and whose turn it is."""

    def __init__(self, make: Callable[[Any], Any], whom: Any) -> None:
        self.whom = whom
        self.application = make(_Standing(lambda: self.whom))


class Applications:
    """Those made by `make(whom)`. Each belongs to one `whom` until the end of its test."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._free: list[_Kept] = []
        self._taken: list[_Kept] = []

    def of(self, whom: Any) -> Any:
        kept = self._free.pop() if self._free else _Kept(self._make, whom)
        kept.whom = whom
        self._taken.append(kept)
        return kept.application

    def end(self) -> None:
        for kept in self._taken:
            kept.whom = None
        self._free += self._taken
        self._taken = []
