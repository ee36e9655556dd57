"""Which letters of the register must be printed as which, and what the paper must say of it; see `expect.py`, `letters.py`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from host_sim.centre.forms.due import Block, Due, Fixed, OneOf, Part, Words
from host_sim.centre.forms.letters import Letter

_LETTER = re.compile("(?s).[\U000e0100-\U000e01ef]?")


def printed(due: Due, table: Mapping[str, Letter]) -> Due:
    """The same certificate, with the letters that are printed. `table`: by the letter of the register."""
    if not table:
        return due
    used: dict[str, Letter] = {}

    def show(text: str) -> str:
        own = _LETTER.findall(text)
        used.update((letter, table[letter]) for letter in own if letter in table)
        return "".join(table[letter].printed if letter in table else letter for letter in own)

    if isinstance(due, Fixed):
        shared: dict[int, list[Block]] = {}  # the list of people is one for all pages
        due = replace(due, pages=[[_part(part, show, shared) for part in page] for page in due.pages])
    else:
        due = replace(
            due, head=[_words(part, show) for part in due.head], body=[_words(part, show) for part in due.body]
        )
    others = sorted((letter.code, letter.name, letter.printed) for letter in used.values() if letter.stands_in)
    said = "、".join(f"{name}（{code}）は「{other}」" for code, name, other in others)
    return replace(due, note=f"次の文字は別の字で表示しています（縮退）。{said}" if said else "")


def _part(part: Part, show: Callable[[str], str], shared: dict[int, list[Block]]) -> Part:
    if isinstance(part, Words):
        return _words(part, show)
    if id(part.people) not in shared:
        shared[id(part.people)] = [Block(tuple(show(word) for word in person.words)) for person in part.people]
    return OneOf(part.what, shared[id(part.people)])


def _words(part: Words, show: Callable[[str], str]) -> Words:
    return replace(part, text=show(part.text))
