"""What is written on a page, as labels and words, from the structure of a tagged PDF (ISO 14289-1). Pure.

The document says itself what each text is, so nothing is guessed from where it stands. A family register has labels in
brackets within one text, 【父】宮崎太郎【母】…; they become items of their own.
"""

import re
from collections.abc import Iterator, Sequence

from firmware.session.events import PageItem

HEADS = frozenset({"H1", "H2"})
NO_LABELS = frozenset({"省略", "空欄"})  # in brackets, too, but instead of words
_LABEL = re.compile(f"【(?!(?:{'|'.join(sorted(NO_LABELS))})】)([^】]+)】")


def items(parts: Sequence[tuple[str, str]]) -> tuple[PageItem, ...]:
    """`parts`: the type of each element that has a text of its own, and the text, in the order of the structure."""
    found: list[PageItem] = []
    group = 0
    label = ""
    for kind, text in (*parts, ("Lbl", "")):
        if kind == "LBody":
            within = list(_within(label, text, group))
            group = within[-1].group
            found += within
            label = ""
            continue
        if label and (kind == "Lbl" or text.strip()):  # nothing stands beside it, such as a picture
            found.append(PageItem(group, label, ""))
            label = ""
        if kind == "Lbl":
            label = _label(text)
        elif text.strip():
            group += kind in HEADS
            found.append(PageItem(group, "", _without_blanks(text) if kind in HEADS else text.strip()))
    return tuple(found)


def _within(label: str, text: str, group: int) -> Iterator[PageItem]:
    """The item of one label, or its labels in brackets, which are a group of their own."""
    before, *rest = _LABEL.split(text)
    if not rest:
        yield PageItem(group, label, text.strip())
        return
    yield PageItem(group + 1, label, before.strip())
    for inner, words in zip(rest[::2], rest[1::2], strict=True):
        yield PageItem(group + 1, _label(inner), words.strip())


def _label(text: str) -> str:
    """Without the blanks that spread a label over its cell; U+3000 stays between two labels."""
    return "　".join(filter(None, (_without_blanks(one) for one in text.split("　"))))


def _without_blanks(text: str) -> str:
    return "".join(text.split())
