"""What is said, as data: pieces that are recorded once each, sentences made of them, and amounts, times and dates as pieces.

A piece is a text in one language, and its recording says exactly that text. So a sentence can only say what was recorded when
the voices were made: never a name that a resident has, nor a digit of a PIN.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time

JA, EN = "ja", "en"
LANGUAGES = (JA, EN)
MOST_SECONDS, MOST_COUNT, MOST_YEARS, MOST_YEN = 60, 12, 99, 29_990  # a full basket is 20,250 yen
_MOST = {"seconds": MOST_SECONDS, "years": MOST_YEARS}


@dataclass(frozen=True, slots=True)
class Piece:
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """`private`: it tells something about the resident, so that only an earphone may say it.

    `once`: it explains what does not change, so that one session hears it once, and again when everything is repeated.
    """

    pieces: tuple[Piece, ...]
    private: bool = False
    once: bool = False

    @property
    def text(self) -> str:
        """For who reads along; a name of kana that is spelled keeps its spaces."""
        between = "、" if self.pieces and self.pieces[0].language == JA else ", "
        return between.join(piece.text for piece in self.pieces)


class Numbers:
    """Amounts, counts, times and dates in one language, each as pieces; `all` lists every piece that they can need."""

    def __init__(self, language: str, names: "Names") -> None:
        self.language = language
        self._names = names

    def yen(self, amount: int) -> tuple[Piece, ...]:
        """Up to `MOST_YEN`, in tens as coins are; any other amount digit by digit."""
        if not 0 <= amount <= MOST_YEN or amount % 10:
            return (*self.digits(str(amount)), self._piece("円" if self.language == JA else "yen"))
        return tuple(self._piece(text) for text in (_yen_ja if self.language == JA else _yen_en)(amount))

    def count(self, what: str, number: int) -> tuple[Piece, ...]:
        """`what`: copies, numbers, tries, pages or years of [counts] in texts/; more than is recorded digit by digit."""
        if 0 <= number <= _MOST.get(what, MOST_COUNT):
            return (self._piece(self._names.counted(what, number)),)
        return self.digits(str(number))

    def seconds(self, number: int) -> tuple[Piece, ...]:
        return (self._piece(self._names.counted("seconds", min(max(number, 1), MOST_SECONDS))),)

    def digits(self, text: str) -> tuple[Piece, ...]:
        """A telephone number or a code, one piece for each digit or letter; other characters are left out."""
        signs = self._names.signs
        return tuple(self._piece(signs[sign]) for sign in text.upper() if sign in signs)

    def time(self, at: time) -> tuple[Piece, ...]:
        texts = _time_ja(at) if self.language == JA else _time_en(at)
        return tuple(self._piece(text) for text in texts)

    def date(self, day: date) -> tuple[Piece, ...]:
        weekday = self._names.weekdays[day.weekday()]
        month, number = self._names.months[day.month - 1], self._names.days[day.day - 1]
        order = (month, number, weekday) if self.language == JA else (weekday, number, month)
        return tuple(self._piece(text) for text in order)

    def all(self) -> Iterator[Piece]:
        """Every piece that the other methods can give."""
        names = self._names
        for amount in (*range(0, 1000, 10), *range(1000, MOST_YEN + 1, 1000)):
            yield from self.yen(amount)
            yield from self.yen(min(amount + 10, MOST_YEN))
        for what in names.counts:
            for number in range(_MOST.get(what, MOST_COUNT) + 1):
                yield self._piece(names.counted(what, number))
        for hour in range(24):
            for minute in range(60):
                yield from self.time(time(hour, minute))
        yield from self.yen(1)
        for text in (*names.signs.values(), *names.weekdays, *names.months, *names.days):
            yield self._piece(text)

    def _piece(self, text: str) -> Piece:
        return Piece(self.language, text)


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers are called, as a file of texts/ has it."""

    counts: dict[str, Sequence[str]]  # what is counted -> for one, for more; `{n}` stands for the number
    signs: dict[str, str]  # digit or letter -> how it is read
    weekdays: Sequence[str]  # Monday first
    months: Sequence[str]
    days: Sequence[str]  # of a month

    def counted(self, what: str, number: int) -> str:
        one, more = self.counts[what]
        return (one if number == 1 else more).format(n=number)


def _yen_ja(amount: int) -> Sequence[str]:
    """`20250` as 2万, 250円; each part as one recording, because 三百 and 八千 sound other than their digits."""
    tens, thousands, rest = amount // 10000, amount % 10000 // 1000, amount % 1000
    parts = [f"{number}{unit}" for number, unit in ((tens, "万"), (thousands, "千")) if number]
    parts = [part.replace("1千", "千") for part in parts] if not tens else parts
    if rest or not parts:
        return [*parts, f"{rest}円"]
    return [*parts[:-1], f"{parts[-1]}円"]


def _yen_en(amount: int) -> Sequence[str]:
    thousands, rest = divmod(amount, 1000)
    if not thousands:
        return [f"{rest} yen"]
    return [f"{thousands} thousand", f"{rest} yen"] if rest else [f"{thousands} thousand yen"]


def _time_ja(at: time) -> Sequence[str]:
    return [f"{at.hour}時", f"{at.minute}分"] if at.minute else [f"{at.hour}時"]


def _time_en(at: time) -> Sequence[str]:
    hour, half = str(at.hour % 12 or 12), "p.m." if at.hour >= 12 else "a.m."
    minute = [] if not at.minute else [str(at.minute)] if at.minute > 9 else [f"oh {at.minute}"]
    return [hour, *minute, half]
