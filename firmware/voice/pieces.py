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
MOST_CARDINAL, MOST_ON_PAPER_YEN = 9_999, 99_999_999  # incomes are printed to the yen
_MOST = {"seconds": MOST_SECONDS, "years": MOST_YEARS, "plain": 99, "year": 99}


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
        """What coins can pay has recordings of its own; more, as papers have it, is put together; beyond that digit by digit."""
        if 0 <= amount <= MOST_YEN and amount % 10 == 0:
            texts = (_yen_ja if self.language == JA else _yen_en)(amount)
        elif 0 <= amount <= MOST_ON_PAPER_YEN:
            texts = (_paper_yen_ja if self.language == JA else _paper_yen_en)(amount)
        else:
            return (*self.digits(str(amount)), self._piece("円" if self.language == JA else "yen"))
        return tuple(self._piece(text) for text in texts)

    def cardinal(self, number: int) -> tuple[Piece, ...]:
        """A whole number; more than `MOST_CARDINAL` digit by digit."""
        if not 0 <= number <= MOST_CARDINAL:
            return self.digits(str(number))
        texts = (_cardinal_ja if self.language == JA else _cardinal_en)(number)
        return tuple(self._piece(text) for text in texts)

    def count(self, what: str, number: int) -> tuple[Piece, ...]:
        """`what`: a word of [counts] in texts/; more than is recorded digit by digit."""
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

    def day(self, month: int, day: int) -> tuple[Piece, ...]:
        """Of any year, as a paper writes it; none for what is no day."""
        names = self._names
        if not (1 <= month <= len(names.months) and 1 <= day <= len(names.days)):
            return ()
        order = (names.months[month - 1], names.days[day - 1])
        return tuple(self._piece(text) for text in (order if self.language == JA else reversed(order)))

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
        yield from (*self.yen(1), *self.yen(1_001_001), *self.yen(-1))
        for number in (*range(100), *range(100, 1000, 100), *range(1000, 10000, 1000)):
            yield from self.cardinal(number)
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


def _cardinal_ja(number: int) -> Sequence[str]:
    """`1234` as 千, 200, 34: 三百 and 八千 sound other than their digits."""
    thousands, hundreds, rest = number // 1000, number % 1000 // 100, number % 100
    parts = [f"{thousands}千".replace("1千", "千")] if thousands else []
    parts += [str(hundreds * 100)] if hundreds else []
    return [*parts, str(rest)] if rest or not parts else parts


def _cardinal_en(number: int) -> Sequence[str]:
    thousands, hundreds, rest = number // 1000, number % 1000 // 100, number % 100
    parts = [f"{count} {unit}" for count, unit in ((thousands, "thousand"), (hundreds, "hundred")) if count]
    return [*parts, str(rest)] if rest or not parts else parts


def _paper_yen_ja(amount: int) -> Sequence[str]:
    tens, rest = divmod(amount, 10_000)
    parts = [*_cardinal_ja(tens), "万"] if tens else []
    return [*parts, *(_cardinal_ja(rest) if rest else ()), "円"]


def _paper_yen_en(amount: int) -> Sequence[str]:
    millions, thousands, rest = amount // 1_000_000, amount // 1000 % 1000, amount % 1000
    parts: list[str] = []
    for count, unit in ((millions, "million"), (thousands, "thousand")):
        parts += [*_cardinal_en(count), unit] if count else []
    return [*parts, *(_cardinal_en(rest) if rest else ()), "yen"]


def _time_ja(at: time) -> Sequence[str]:
    return [f"{at.hour}時", f"{at.minute}分"] if at.minute else [f"{at.hour}時"]


def _time_en(at: time) -> Sequence[str]:
    hour, half = str(at.hour % 12 or 12), "p.m." if at.hour >= 12 else "a.m."
    minute = [] if not at.minute else [str(at.minute)] if at.minute > 9 else [f"oh {at.minute}"]
    return [hour, *minute, half]
