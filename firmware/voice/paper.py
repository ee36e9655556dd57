"""What is written on a page, said: labels and words as recorded pieces, dates and numbers put together, readings in kana spelled.

Kanji have no one reading. A name is said only by a reading that stands beside it on the same page (氏名の振り仮名), an address by the
places that were recorded; the rest is said to have no reading on record. Everything here is about somebody, so all of it is private.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from firmware.paper.courtesy import labels_in
from firmware.session.events import PageItem
from firmware.voice.pieces import EN, JA, Numbers, Piece, Sentence
from firmware.voice.spelling import spelled

READING = "の振り仮名"  # the label of a reading is the label of what it reads, and this
MOST_CHOME = 40
Pieces = tuple[Piece, ...]
_ERAS = {"明治": "Meiji", "大正": "Taisho", "昭和": "Showa", "平成": "Heisei", "令和": "Reiwa"}
_UNITS = {"番地": "ばんち", "番": "ばん", "号室": "ごうしつ", "号": "ごう"}  # of an address, which is said in Japanese
_KANJI = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
_NUMBER = "[0-9〇一二三四五六七八九十百千]+"
_BLANKS = re.compile(r"(?:[\s()、。:/【】]|,(?![0-9]))+")  # a comma within an amount is none
_KANA = re.compile("[ぁ-ゖァ-ヺー・]{2,}")


@cache
def _table() -> Mapping[str, Any]:
    path = Path(__file__).parent / "texts" / "paper.toml"
    return {part: _plain(texts) for part, texts in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def _plain(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    return {_normal(text): told for text, told in texts.items()}


def _normal(text: str) -> str:
    """Full-width signs as their plain ones, so that the papers and the table agree."""
    return unicodedata.normalize("NFKC", text)


class Paper:
    """The words of papers in one language. `japanese`: how numbers of an address are said, whatever the language."""

    def __init__(self, language: str, numbers: Numbers, japanese: Numbers) -> None:
        self.language = language
        self._numbers = numbers
        self._japanese = japanese
        table = _table()
        meanings = labels_in(language)
        self._labels = {
            _normal(label): label if language == JA else str(told.get(EN) or meanings[label])
            for label, told in table["labels"].items()
        }
        self._words = self._of("words")
        self._lines = self._of("lines")
        self._phrases = {key: Piece(language, told[language]) for key, told in table["phrases"].items()}
        self._places = {place: Piece(JA, read) for place, read in table["places"].items()}

    def said(self, items: Sequence[PageItem], first: int, end: int) -> list[Sentence]:
        """The items `first` to `end` of a page; the others may hold the reading of a name."""
        readings = {
            (item.group, item.label.removesuffix(READING)): item.words
            for item in items
            if item.label.endswith(READING) and spelled(item.words, self._numbers) is not None
        }
        told = []
        for item in items[first:end]:
            words = readings.get((item.group, item.label), item.words)
            told.append(Sentence((*self._label(item.label), *self._read(item.label, words)), private=True))
        return told

    def every_piece(self) -> Iterator[Piece]:
        """What is recorded for papers, beside numbers, dates and syllables."""
        yield from (Piece(self.language, text) for text in (*self._labels.values(), *self._words.values()))
        yield from (Piece(self.language, text) for text in self._lines.values())
        yield from self._phrases.values()
        yield from (Piece(self.language, text) for text in self._fixed())
        if self.language == JA:
            yield from self._places.values()
            yield from (Piece(JA, text) for text in _UNITS.values())
            yield from (Piece(JA, f"{number}丁目") for number in range(1, MOST_CHOME + 1))

    # --- inside ---------------------------------------------------------------------------------

    def _fixed(self) -> Sequence[str]:
        ja = (*_ERAS, "元年", "年", "ど", "中の所得")
        return ja if self.language == JA else (*_ERAS.values(), "fiscal year", "income of that year")

    def _of(self, part: str) -> Mapping[str, str]:
        return {ja: ja if self.language == JA else en for ja, en in _table()[part].items()}

    def _piece(self, ja: str, en: str) -> Piece:
        return Piece(self.language, ja if self.language == JA else en)

    def _label(self, label: str) -> Pieces:
        """A label may be two, 身分事項　出生."""
        unread = self._phrases["unread_label"]
        found = (self._labels.get(_normal(one)) for one in label.split("　") if one)
        return tuple(unread if text is None else Piece(self.language, text) for text in found)

    def _read(self, label: str, text: str) -> Pieces:
        text = _normal(text)
        whole = "".join(text.split())
        if not label and whole in self._lines:
            return (Piece(self.language, self._lines[whole]),)
        if not label and whole.isdecimal():
            return (self._phrases["person"], *self._numbers.count("plain", int(whole)))
        unread = self._phrases["unread"]
        pieces: list[Piece] = []
        for word in filter(None, _BLANKS.split(text)):
            for piece in self._word(word, self._kind(label)):
                if piece != unread or pieces[-1:] != [unread]:
                    pieces.append(piece)
        return tuple(pieces)

    def _kind(self, label: str) -> str:
        reads = _table()["reads"]
        return next((kind for kind, labels in reads.items() if label in labels), "" if label else "words")

    def _word(self, word: str, kind: str) -> Pieces:
        """A word in parts. One part without a reading leaves a whole name or answer unread, of an address only that part."""
        name = spelled(word, self._numbers)
        if name is not None and word not in self._words:
            return name
        unread = (self._phrases["unread"],)
        pieces: list[Piece] = []
        at = 0
        while at < len(word):
            found = self._part(word, at, kind)
            if found is None and kind != "address":
                return unread
            taken, said = found or (1, unread)
            at += taken
            pieces += said
        return tuple(pieces)

    def _part(self, word: str, at: int, kind: str) -> tuple[int, Pieces] | None:
        """The part that begins here: how many letters, and how it is said."""
        for pattern, say in self._patterns(kind):
            match = pattern.match(word, at)
            if match is not None and (said := say(match)):
                return len(match[0]), said
        known: dict[str, Piece] = dict(self._places) if kind else {}
        if kind != "address":
            words = self._words if kind else {word: self._words[word] for word in ("省略", "空欄")}
            known |= {text: Piece(self.language, said) for text, said in words.items()}
        longest = max((text for text in known if word.startswith(text, at)), key=len, default="")
        return (len(longest), (known[longest],)) if longest else None

    def _patterns(self, kind: str) -> Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Pieces]]]:
        if kind == "address":
            return (
                (re.compile(f"({_NUMBER})丁目"), self._chome),
                (re.compile(f"({_NUMBER})(番地|番|号室|号)"), self._unit),
                (re.compile("[のノ-](?=[0-9A-Z])"), lambda _: (Piece(JA, "ノ"),)),
                (re.compile("[0-9]+"), lambda match: self._plain(match[0], self._japanese)),
                (re.compile("[A-Z]+"), lambda match: self._japanese.digits(match[0])),
                (_KANA, lambda match: spelled(match[0], self._japanese) or ()),
            )
        return (
            (re.compile(f"({'|'.join(_ERAS)})(元|[0-9]{{1,2}})年(?:([0-9]+)月([0-9]+)日|(度|中の所得))?"), self._era),
            (re.compile("([12][0-9]{3})年([0-9]+)月([0-9]+)日"), self._western),
            (
                re.compile("([0-9]{1,3}(?:,[0-9]{3})*)円"),
                lambda match: self._numbers.yen(int(match[1].replace(",", ""))),
            ),
            (re.compile("([0-9]{1,3})人"), lambda match: self._numbers.count("people", int(match[1]))),
            (re.compile("([0-9]{1,2})年"), lambda match: self._numbers.count("span", int(match[1]))),
            (re.compile("[0-9]+号"), lambda match: self._plain(match[0][:-1], self._numbers)),
            (re.compile("[A-Z0-9]+"), lambda match: self._plain(match[0], self._numbers)),
        )

    def _plain(self, text: str, numbers: Numbers) -> Pieces:
        """A number of an address or a count as such; a long one, or one of letters and digits, sign by sign."""
        if text.isdecimal() and len(text) <= 4 and text == str(int(text)):
            return numbers.cardinal(int(text))
        return numbers.digits(text)

    def _era(self, match: re.Match[str]) -> Pieces:
        era, year, month, day, more = match.groups()
        first = self._piece("元年", "year 1") if year == "元" else self._numbers.count("year", int(year))[0]
        after = {None: (), "度": (self._piece("ど", "fiscal year"),)}
        said = (self._piece(era, _ERAS[era]), first)
        return (*said, *after.get(more, (self._piece("中の所得", "income of that year"),)), *self._day(month, day))

    def _western(self, match: re.Match[str]) -> Pieces:
        year, month, day = match.groups()
        after = (self._piece("年", "year"),) if self.language == JA else ()
        return (*self._numbers.cardinal(int(year)), *after, *self._day(month, day))

    def _day(self, month: str | None, day: str | None) -> Pieces:
        return () if month is None or day is None else self._numbers.day(int(month), int(day))

    def _chome(self, match: re.Match[str]) -> Pieces:
        number = _value(match[1])
        return (Piece(JA, f"{number}丁目"),) if 1 <= number <= MOST_CHOME else ()

    def _unit(self, match: re.Match[str]) -> Pieces:
        return (*self._japanese.cardinal(_value(match[1])), Piece(JA, _UNITS[match[2]]))


def _value(text: str) -> int:
    """14, 十四 or 九千九百, as addresses are written."""
    if text.isdecimal():
        return int(text)
    total = digit = 0
    for sign in text:
        unit = {"十": 10, "百": 100, "千": 1000}.get(sign)
        if unit is None:
            digit = digit * 10 + _KANJI.get(sign, 0)
        else:
            total, digit = total + (digit or 1) * unit, 0
    return total + digit
