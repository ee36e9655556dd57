"""What each text of a page is, for a screen reader: the structure of a tagged PDF (ISO 14289-1; PDF 1.7, 14.8).

A page is read in the order in which its texts are placed. A label and what stands beside it are one item of a list
(`Lbl` and `LBody`): that is how a reader says 「氏名、宮崎太郎」, and a cell that is blank stays an item without a body.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """`TEXT`: each text that is placed is a paragraph. `UNREAD`: printed, but no part of what is read (an artifact)."""

    TITLE = "title"
    GROUP = "group"
    LABEL = "label"
    VALUE = "value"
    TEXT = "text"
    UNREAD = "unread"


Block = dict[str, Any]
_LEVELS = {Part.TITLE: 1, Part.GROUP: 2}


def blocks(words: Sequence[Any], parts: Sequence[tuple[Part, int]]) -> list[Block]:
    """The words of a page in the blocks that `plot.typ` draws. `parts`: what each is, and at which word it begins."""
    made: list[Block] = []
    ends = [*(begin for _, begin in parts[1:]), len(words)][: len(parts)]
    for (part, begin), end in zip(parts, ends, strict=True):
        own = list(words[begin:end])
        if part is Part.LABEL and own:
            if not made or made[-1]["is"] != "list":
                made.append({"is": "list", "items": []})
            made[-1]["items"].append([own, []])
        elif part is Part.VALUE and own and made and made[-1]["is"] == "list":
            made[-1]["items"][-1][1].extend(own)
        elif own:
            made.append({"is": Part.TEXT if part is Part.VALUE else part, "level": _LEVELS.get(part), "words": own})
    return made
