"""What the receipt and the claim slip say. Japanese first, then the language of the session (`second.py`).

A receipt says what was issued, paid and returned, when and where; it names nobody. A claim slip proves a debt: its
code is printed large, and again as a QR code. `drawn` turns the words into dots, for any printer; `lettered` turns
them into text, for a printer with a kanji ROM.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from textwrap import wrap
from typing import Protocol
from unicodedata import east_asian_width

from drivers.printer.profile import Letters, Profile
from drivers.printer.raster import RasterSlip
from firmware.paper.courtesy import labels, word
from firmware.paper.drawn import DrawnSlip
from firmware.paper.second import Say, second

_WEEKDAYS = "月火水木金土日"


class Size(StrEnum):
    """Four sizes are enough for a slip."""

    SMALL = "small"
    NORMAL = "normal"
    LARGE = "large"
    HUGE = "huge"


Cell = tuple[
    str, int
]  # a text and how wide its column is in half-width letters: above 0 to the right, below 0 to the left


class Slip(Protocol):
    """A strip of paper that grows downwards."""

    def centre(self, text: str, size: Size, *, bold: bool = False) -> None: ...

    def left(self, text: str, size: Size, *, bold: bool = False) -> None:
        """A line at the left margin; a text that is too long is wrapped."""
        ...

    def pair(self, left: str, right: str, size: Size, *, bold: bool = False) -> None:
        """A name and its value at the two margins; the value takes a line of its own where both do not fit."""
        ...

    def row(self, text: str) -> None:
        """A line whose letters are all of one width, so that columns stand under each other; wrapped if too long."""
        ...

    def cells(self, cells: Sequence[Cell]) -> None:
        """A row of a table, from one margin to the other. The widths of a table's rows have the same sum."""
        ...

    def rule(self, *, heavy: bool = False) -> None: ...

    def space(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """What a receipt says. `lines`: title by language ("ja" is always there), issue number, fee in yen."""

    city: Mapping[str, str]
    place: Mapping[str, str]
    machine: str
    telephone: str
    printed_at: datetime
    lines: tuple[tuple[Mapping[str, str], str, int], ...]
    fee_yen: int
    inserted_yen: int
    change_yen: int
    claim_yen: int
    language: str = "ja"  # of the session
    at_till: bool = False  # a clerk took the fee: the receipt says who received it
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """A debt of the machine to whoever holds the slip. `claim_code`: with its check letter, nine letters and digits."""

    city: Mapping[str, str]
    place: Mapping[str, str]
    machine: str
    telephone: str
    printed_at: datetime
    amount_yen: int
    claim_code: str
    city_code: str  # of the municipality that owes, six digits
    language: str = "ja"  # of the session
    sample: bool = False


def half_widths(text: str) -> int:
    """How wide the text is in letters of one width, in half-width letters."""
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def receipt(facts: ReceiptFacts, width_dots: int) -> RasterSlip:
    """The receipt as dots."""
    drawn = DrawnSlip(width_dots, facts.language)
    _write_receipt(facts, drawn)
    return drawn.finish()


def claim_slip(facts: ClaimFacts, width_dots: int) -> RasterSlip:
    """The claim slip as dots, on every printer, because of its QR code."""
    drawn, say = DrawnSlip(width_dots, facts.language), second(facts.language)
    say_sample(facts.sample, drawn, say)
    drawn.centre("返　金　請　求　票", Size.LARGE, bold=True)
    drawn.centre(say("claim"), Size.SMALL)
    drawn.centre(_of(facts.city, "証明書自動交付機"), Size.NORMAL)
    drawn.rule(heavy=True)
    drawn.centre("この機械からお返しできなかったお金", Size.NORMAL)
    drawn.centre(say("not_returned"), Size.SMALL)
    drawn.centre(_yen(facts.amount_yen), Size.HUGE, bold=True)
    drawn.rule()
    drawn.centre(f"請求番号 {say('claim_code')}", Size.NORMAL)
    drawn.centre(" ".join(wrap(facts.claim_code, 3)), Size.HUGE, bold=True)  # people read it aloud at a counter
    drawn.qr(f"KOFUKI-CLAIM:{facts.city_code}:{facts.claim_code}")
    drawn.rule()
    drawn.left("この票を市民課の窓口へお持ちください。", Size.NORMAL, bold=True)
    drawn.left("請求番号と引きかえに返金します。", Size.NORMAL)
    drawn.left("この票は再発行できません。", Size.NORMAL)
    drawn.left(say("bring"), Size.SMALL)
    drawn.left(say("once"), Size.SMALL)
    drawn.space()
    drawn.pair(f"お問い合わせ {say('inquiries')}", facts.telephone, Size.NORMAL, bold=True)
    drawn.rule()
    _where_and_when(facts, drawn)
    say_sample(facts.sample, drawn, say, foot=True)
    return drawn.finish()


def receipt_for(facts: ReceiptFacts, profile: Profile) -> RasterSlip | bytes:
    """The receipt in the printer's own letters if it has all of them, else as dots."""
    return in_letters(lambda slip: _write_receipt(facts, slip), profile) or receipt(facts, profile.width_dots)


def in_letters(write: Callable[[Slip], None], profile: Profile) -> bytes | None:
    """A slip in the printer's own letters; None if it has no kanji ROM, lacks a letter, or the text outgrows its window."""
    if profile.letters is not Letters.SHIFT_JIS:
        return None
    # Imported here because the import takes half a second and most machines never need it.
    from firmware.paper.lettered import LetteredSlip, UnknownLetter  # noqa: PLC0415

    lettered = LetteredSlip(profile.columns)
    try:
        write(lettered)
    except UnknownLetter:
        return None
    text = lettered.finish()
    return text if len(text) + 64 <= profile.window_bytes else None


def _write_receipt(facts: ReceiptFacts, slip: Slip) -> None:
    say = second(facts.language)
    say_sample(facts.sample, slip, say)
    slip.centre("領　収　書", Size.LARGE, bold=True)
    slip.centre(say("receipt"), Size.SMALL)
    slip.centre(_of(facts.city, "証明書発行窓口" if facts.at_till else "証明書自動交付機"), Size.NORMAL)
    slip.rule(heavy=True)
    _where_and_when(facts, slip)
    slip.rule()
    for title, number, fee_yen in facts.lines:
        slip.pair(title["ja"], _yen(fee_yen), Size.NORMAL, bold=True)
        other = title.get(facts.language if facts.language != "ja" else "en")
        if other is not None and other != title["ja"]:
            slip.left(other, Size.SMALL)
        slip.left(f"発行番号 {say('number')} {number}", Size.SMALL)
        slip.space()
    slip.rule()
    slip.pair(f"手数料 {say('fee')}", _yen(facts.fee_yen), Size.LARGE, bold=True)
    if facts.at_till:
        _write_till(facts, slip)
    else:
        slip.pair(f"お預かり {say('paid')}", _yen(facts.inserted_yen), Size.NORMAL)
        slip.pair(f"お釣り {say('change')}", _yen(facts.change_yen), Size.NORMAL)
    if facts.claim_yen:
        slip.pair(f"返金請求額 {say('to_claim')}", _yen(facts.claim_yen), Size.NORMAL, bold=True)
    slip.rule()
    slip.left("交付した証明書の返金・交換はできません。", Size.NORMAL)
    slip.left(say("no_refund"), Size.SMALL)
    slip.space()
    slip.pair(f"お問い合わせ {say('inquiries')}", facts.telephone, Size.NORMAL)
    _write_courtesy(facts, slip)
    say_sample(facts.sample, slip, say, foot=True)


def _write_courtesy(facts: ReceiptFacts, slip: Slip) -> None:
    """The labels of the papers in the resident's language, marked at both ends as no certificate."""
    told = labels((title["ja"] for title, _, _ in facts.lines), facts.language)
    if not told:
        return
    for mark in (True, False):
        slip.rule(heavy=True)
        slip.centre("証明書ではありません", Size.NORMAL, bold=True)
        slip.centre(word("no_certificate", facts.language), Size.SMALL)
        if mark:
            slip.rule()
            slip.left(word("head", facts.language), Size.SMALL, bold=True)
            for japanese, meaning in told:
                slip.pair(japanese, meaning, Size.SMALL)


def say_sample(sample: bool, slip: Slip, say: Say, *, foot: bool = False) -> None:
    """A sample city's slips say so at both ends, so that a torn half does, too; a rule parts it from the rest."""
    if not sample:
        return
    if foot:
        slip.rule(heavy=True)
    slip.centre("見本　SAMPLE　見本", Size.LARGE, bold=True)
    slip.centre("練習用です。お金の証明にはなりません。", Size.NORMAL)
    slip.centre(say("sample"), Size.SMALL)
    if not foot:
        slip.rule(heavy=True)


def _of(city: Mapping[str, str], what: str) -> str:
    return f"{city['ja']}　{what}".strip()


def _write_till(facts: ReceiptFacts, slip: Slip) -> None:
    """Who received the fee, and what of it was given back there. Change is the till's: this machine does not see it."""
    if facts.change_yen:
        slip.pair(f"窓口で返金 {second(facts.language)('returned')}", _yen(facts.change_yen), Size.NORMAL)
    slip.rule()
    slip.left("上記の手数料を領収しました。", Size.NORMAL)
    slip.pair(
        f"領収者 {second(facts.language)('received_by')}",
        f"{facts.city['ja']} {facts.place['ja']}",
        Size.NORMAL,
        bold=True,
    )


def _where_and_when(facts: ReceiptFacts | ClaimFacts, slip: Slip) -> None:
    at, say = facts.printed_at, second(facts.language)
    slip.pair(
        f"日時 {say('date')}", f"{at.year}年{at.month}月{at.day}日({_WEEKDAYS[at.weekday()]}) {at:%H:%M}", Size.NORMAL
    )
    slip.pair(f"場所 {say('place')}", facts.place["ja"], Size.NORMAL)
    slip.pair(f"端末 {say('machine')}", facts.machine, Size.NORMAL)


def _yen(amount: int) -> str:
    return f"{amount:,} 円"
