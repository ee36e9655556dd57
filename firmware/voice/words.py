"""The spoken words, one file a language in texts/: a sentence with its places filled by recorded pieces.

Reasons for an end, and why the machine is closed, are said as the screen writes them (`firmware/screens/texts`).
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from drivers.vocabulary import CardRefusal, CentreRefusal, LineTrouble, PrintTrouble, Text
from firmware.book.reasons import EndReason
from firmware.screens.words import words as screen_words
from firmware.session.view import NO_MORE
from firmware.voice.paper import Paper
from firmware.voice.pieces import EN, JA, LANGUAGES, Names, Numbers, Piece, Sentence
from firmware.voice.spelling import spelled, syllables

FOLDER = Path(__file__).parent / "texts"
NO_TEMPLATES = frozenset({"self", "counts", "signs", "dates"})  # tables of texts/ that hold no sentences
_PLACE = re.compile(r"\{(\w+)\}")
_LETTER = re.compile(r"\w")


class Spoken:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        table = _table(language)
        self.templates: dict[str, dict[str, str]] = {
            part: texts for part, texts in table.items() if part not in NO_TEMPLATES
        }
        self.numbers = _numbers(language)
        self.paper = Paper(language, self.numbers, _numbers(JA))

    def __call__(self, part: str, key: str, *, once: bool = False, private: bool = False, **values: Any) -> Sentence:
        """The sentence `key` of `part`. `values`: pieces for its places; a place without pieces is left out."""
        return self._filled(self.templates[part][key], once=once, private=private, **values)

    def reason(self, reason: str, years: int) -> tuple[Sentence, Sentence]:
        """What happened, and what to do. `years`: the age of the youngest who are served."""
        what, then = screen_words(self.language).sentences(reason)
        if not _PLACE.search(what):
            return self._whole(what), self._whole(then)
        return self._filled(what, years=self.numbers.count("years", years)), self._whole(then)

    def closed(self, reason: str) -> Sentence:
        return self._whole(screen_words(self.language)("closed", reason))

    def of(self, text: Text) -> tuple[Piece, ...] | None:
        """A title or label of the centre, if it is recorded."""
        said = text.get(self.language, text["ja"])
        language = self.language if self.language in text else JA
        return (Piece(language, said),) if said in city_texts(language) else None

    def name(self, text: Text) -> tuple[Piece, ...] | None:
        """A person's name, spelled: in whichever of its writings has only kana or Latin letters. None: no writing has."""
        for writing in (text.get(self.language), *text.values()):
            if writing is not None and (pieces := spelled(writing, self.numbers)) is not None:
                return pieces
        return None

    def every_piece(self) -> Iterator[Piece]:
        """Every piece that sentences in this language can have. These, and no others, are recorded."""
        for texts in self.templates.values():
            for text in texts.values():
                for fixed in _PLACE.split(text)[::2]:
                    yield from self._fixed(fixed)
        for reason in _reasons():
            for sentence in self.reason(reason, 0):
                yield from sentence.pieces
        for reason in CLOSED_REASONS:
            yield from self.closed(reason).pieces
        yield from (Piece(self.language, text) for text in sorted(city_texts(self.language)))
        yield from self.numbers.all()
        yield from self.paper.every_piece()
        if self.language == JA:
            yield from syllables()

    def _filled(self, template: str, *, once: bool = False, private: bool = False, **values: Any) -> Sentence:
        pieces: list[Piece] = []
        for number, text in enumerate(_PLACE.split(template)):
            pieces += values[text] if number % 2 else self._fixed(text)
        return Sentence(tuple(pieces), private=private, once=once)

    def _whole(self, text: str) -> Sentence:
        return Sentence((Piece(self.language, text),))

    def _fixed(self, text: str) -> Sequence[Piece]:
        """What stands between two places. Signs alone are a pause and no piece."""
        text = text.strip(" 、,.。:")
        return [Piece(self.language, text)] if _LETTER.search(text) else []


def _numbers(language: str) -> Numbers:
    table = _table(language)
    dates = table["dates"]
    names = Names(table["counts"], table["signs"], dates["weekdays"], dates["months"], dates["days"])
    return Numbers(language, names)


def _table(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _reasons() -> Sequence[str]:
    """Every reason for which a session or a kind is refused; a restart shows none."""
    kinds = (CardRefusal, CentreRefusal, LineTrouble, PrintTrouble, EndReason)
    found = [str(reason) for kind in kinds for reason in kind if reason is not EndReason.RESTART]
    return tuple(dict.fromkeys([*found, NO_MORE]))


CLOSED_REASONS = ("hours", "year_end", "closed_day", "maintenance", "out_of_service", "site_table", "clock", "lockout")


@cache
def spoken(language: str) -> Spoken:
    """The words of a language, Japanese for やさしい日本語 too; English for one that has no voice."""
    spoken_as = language.partition("-")[0]
    return Spoken(spoken_as if spoken_as in LANGUAGES else EN)


@cache
def city_texts(language: str) -> frozenset[str]:
    """Titles, questions and answers of the city's centre that are recorded (texts/city.toml)."""
    table = tomllib.loads((FOLDER / "city.toml").read_text(encoding="utf-8"))
    return frozenset(text[language] for text in table["text"])


def every_piece() -> Sequence[Piece]:
    """Every piece of every language, each once."""
    return tuple(dict.fromkeys(piece for language in LANGUAGES for piece in spoken(language).every_piece()))
