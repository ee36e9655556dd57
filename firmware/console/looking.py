"""Commands that only read: the book, the journal, the unit file, the devices. Nothing personal is shown."""

import dataclasses
import re
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from drivers.vocabulary import PrinterStatus
from firmware.book import records
from firmware.book.book import CLAIM, Book
from firmware.console.cases import MEANS, closed_with, how_to_close
from firmware.console.grammar import Refused
from firmware.console.rows import jst
from firmware.console.steps import Answer, Do, Hands, Job, Listen, Show, Step, well
from firmware.desks import COIN, LINE, PAPER
from firmware.journal.claims import Around, Claim
from firmware.journal.journal import JournalTrouble, Stored
from firmware.journal.memory import is_forged
from firmware.session.effects import CheckCoins, CheckPaper, CountHopper, CountPaper
from firmware.session.events import CoinReadiness, Fault, HopperCounted, PaperCounted, PaperReadiness

TAIL_MAX = 50
SLICE = 5000  # records read in one turn of the loop
_LONG_HEX = re.compile(r"\b([0-9a-f]{8})(?:[0-9a-f]{24}|[0-9a-f]{56})\b")


def version(hands: Hands) -> Answer:
    seq, digest = hands.head()
    lines = (f"kofuki {hands.version}", f"machine {hands.machine}", f"journal head {seq} {digest}")
    return Answer(lines, {"version": hands.version, "machine": hands.machine, "journal": [seq, digest]})


def reasons(hands: Hands) -> Answer:
    """Without a login: whoever is inside the case may know which part is missing, also when no account can be read."""
    state = hands.state
    numbers = {reason.number: str(reason) for reason in sorted(state.reasons, key=lambda r: r.number)}
    return Answer((f"mode {state.mode}", *why(hands)), {"reasons": numbers, "troubles": dict(hands.troubles)})


def why(hands: Hands) -> list[str]:
    """The sentence of each reason, then what the devices say that cannot be used."""
    reasons = sorted(hands.state.reasons, key=lambda reason: reason.number)
    out = [f"hopper {value}: {state}" for value, state in sorted(hands.book.hoppers_out.items())]
    return [*(f"{reason.number} {reason.sentence}" for reason in reasons), *out, *sorted(hands.troubles.values())]


def counters(hands: Hands) -> Answer:
    """Two of them a row, so that all fit a screen of 24 rows."""
    book = hands.book
    totals = [f"{name:20} {amount:>12}" for name, amount in book.totals.items()]
    totals.append(f"{'sheets':20} {'-' if book.sheets is None else book.sheets:>12}")
    coins = [_coins_of(book, value) for value in sorted({*book.cash_box, *book.tubes})]
    lines = [*_two_a_row(totals), *coins]
    data = {"totals": book.totals, "cash_box": book.cash_box, "hoppers": book.tubes, "sheets": book.sheets}
    return Answer(tuple(lines), data)


def _two_a_row(cells: Sequence[str]) -> list[str]:
    """The first half of the cells beside the second."""
    half = (len(cells) + 1) // 2
    return [f"{left:36}{right}".rstrip() for left, right in zip_longest(cells[:half], cells[half:], fillvalue="")]


def _coins_of(book: Book, value: int) -> str:
    """Coins of one value in the cash box, and in the hopper that pays them."""
    box, tube = book.cash_box.get(value, 0), book.tubes.get(value)
    return f"{'cash box':10}{value:>4} yen x{box:>15}" + (
        "" if tube is None else f"   {'hopper':10}{value:>4} yen x{tube:>15}"
    )


def uncertain(hands: Hands) -> Answer:
    """The queue, numbered, with what each code means and closes it. Ids are cut short: a claim's code can be made from its key."""
    queue = [(code, _LONG_HEX.sub(r"\1~", detail)) for code, detail in hands.book.queue]
    rows: list[str] = []
    for number, (code, detail) in enumerate(queue, start=1):
        rows += [f"{number:3} {code} {detail}", *([f"    {MEANS[code]}"] if code in MEANS else [])]
        rows += [f"    Then {closes}" for closes in (how_to_close(number, code),) if closes]
    data = {"queue": [list(item) for item in queue], "closed_with": [closed_with(code) for code, _ in queue]}
    return Answer(tuple(rows) or ("Nothing waits for a person.",), data)


def tail(hands: Hands, count: int) -> Answer:
    last = min(count, TAIL_MAX)
    entries: deque[Stored] = deque(hands.history(max(0, hands.head()[0] - last)), maxlen=last or None)
    return Answer(tuple(line(entry) for entry in entries), {"records": [as_data(entry) for entry in entries]})


def verify(hands: Hands) -> Job:
    """Read the whole chain, and check every checkpoint's signature; the key is for the reader on a laptop."""
    count, key, forged = 0, hands.seal_key, list[int]()
    try:
        for count, entry in enumerate(hands.history(), start=1):
            if key is not None and is_forged(entry, key):
                forged.append(entry.seq)
            yield from pause(hands, count)
    except JournalTrouble as trouble:
        raise Refused("journal", str(trouble)) from None
    if forged:
        raise Refused("journal", f"Not signed by this machine's key: checkpoint {forged[0]}. Call an engineer.")
    seal = "" if key is None else key.hex()
    return Answer((f"{count} records, one chain.", f"key {seal or 'none'}"), {"records": count, "key": seal})


def clock(hands: Hands) -> Answer:
    """The time, and how far the centre's clock is from it; more than the tolerance closes the machine."""
    now, compared = hands.now().isoformat(timespec="seconds"), hands.compared()
    lines = [jst(hands.now()), f"running for {hands.monotonic():.0f} s of the monotonic clock"]
    data: dict[str, Any] = {"now": now, "centre_ahead_s": None, "compared": None}
    if compared is None:
        lines.append("The centre's time was not heard since the start; `test line` asks the centre.")
    else:
        at, ahead_s = compared[0], round(compared[1], 1) + 0.0  # no "-0.0"
        lines.append(f"the centre's clock is {ahead_s:+.1f} s from this one; compared {jst(at)}")
        data |= {"centre_ahead_s": ahead_s, "compared": at.isoformat(timespec="seconds")}
    return Answer(tuple(lines), data)


# --- records on a line ------------------------------------------------------------------------------


def line(entry: Stored) -> str:
    """One record with its fields; long ids are cut short."""
    told = " ".join(f"{field.name}={_short(value_of(entry.record, field.name))}" for field in fields_of(entry.record))
    return f"{entry.seq} {jst(entry.wall)} {type(entry.record).__name__} {told}".rstrip()


def ids_in(text: str) -> frozenset[str]:
    """The ids and hashes in a text, each cut short as `line` writes it."""
    return frozenset(found[1] for found in _LONG_HEX.finditer(text))


def as_data(entry: Stored) -> dict[str, Any]:
    """One record as data, its ids cut short as in `line`."""
    told = {field.name: value_of(entry.record, field.name) for field in fields_of(entry.record)}
    told = {name: value if isinstance(value, bool | int) else _short(value) for name, value in told.items()}
    return {"seq": entry.seq, "wall": entry.wall.isoformat(), "record": type(entry.record).__name__, **told}


def fields_of(record: records.Record) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(record)


def value_of(record: records.Record, name: str) -> Any:
    """One field for a line. Masks a claim's code, which is worth money; leaves out a checkpoint's copy of the book and the site tables."""
    value = getattr(record, name)
    if isinstance(record, records.ClaimDone) and name == "claim_code":
        return f"{value[:2]}******"
    if isinstance(record, records.Checkpoint) and isinstance(value, Mapping):
        return "..."
    if isinstance(record, records.AdviceQueued) and name == "advice":
        return record.advice.told()
    if isinstance(record, records.SiteTablesKept) and name == "tables":
        return len(value)
    return dict(value) if isinstance(value, Mapping) else value


def _short(value: object) -> str:
    """The value as one word: spaces become _, long hex numbers are cut, rows are written `a:b;c:d`."""
    match value:
        case str():
            return _LONG_HEX.sub(r"\1~", value.replace(" ", "_"))
        case Mapping():
            return ",".join(f"{key}:{_short(entry)}" for key, entry in sorted(value.items()))
        case tuple() | list():
            return ";".join(
                ":".join(map(_short, row)) if isinstance(row, tuple | list) else _short(row) for row in value
            )
        case None:
            return "-"
        case _:
            return str(value)


# --- looks that ask a device ------------------------------------------------------------------------


def devices(hands: Hands) -> Job:
    """In maintenance ask the devices. In service they belong to the session, so show only the reasons."""
    if not hands.state.in_maintenance:
        lines = [f"{reason.number} {reason}" for reason in sorted(hands.state.reasons, key=lambda r: r.number)]
        return Answer(tuple(lines) or ("Every desk is well. Ask again in maintenance for more.",))
    data: dict[str, Any] = {}
    coins = yield Do(COIN, CheckCoins())
    if isinstance(coins, CoinReadiness):
        data["acceptor"] = {"event_counter": coins.acceptor.event_counter, "accepted": coins.acceptor.accepted_total}
        data["hoppers"] = {value: str(state) for value, state in coins.hoppers.items()}
    paper = yield Do(PAPER, CheckPaper())
    if isinstance(paper, PaperReadiness):
        data["printer"], data["receipt_printer"] = _printer(paper.certificate), _printer(paper.receipt)
    line_ = yield Do(LINE, hands.beat(), health=True)
    data["line"] = "answers" if not isinstance(line_, Fault) and well(line_) else "silent"
    for name, answer in (("acceptor", coins), ("printer", paper)):
        if isinstance(answer, Fault):
            data[name] = answer.sentence
    return Answer(tuple(f"{name:16} {_row(told)}" for name, told in data.items()), data)


def _printer(status: PrinterStatus) -> dict[str, str]:
    trouble = str(status.trouble or "none")
    return {"device": str(status.device), "paper": str(status.supply), "mouth": str(status.exit), "trouble": trouble}


def _row(told: object) -> str:
    return " ".join(f"{key}={value}" for key, value in told.items()) if isinstance(told, Mapping) else str(told)


def read_counters(hands: Hands) -> Job:
    """Read all counters into `data["counters"]`, a `Counters` record; a device that does not answer is None or left out."""
    hoppers = []
    for value in hands.hopper_values:
        answer = yield Do(COIN, CountHopper(value))
        if isinstance(answer, HopperCounted):
            counted = answer.counters
            hoppers.append(records.HopperReading(value, counted.event_counter, counted.life_total))
    coins = yield Do(COIN, CheckCoins())
    acceptor = coins.acceptor if isinstance(coins, CoinReadiness) else None
    paper = yield Do(PAPER, CountPaper())
    read = records.Counters(
        acceptor_event=acceptor.event_counter if acceptor else None,
        acceptor_total=acceptor.accepted_total if acceptor else None,
        printer_counter=paper.counter if isinstance(paper, PaperCounted) else None,
        hoppers=hoppers,
    )
    return Answer(data={"counters": read})


# --- evidence ---------------------------------------------------------------------------------------


def pause(hands: Hands, number: int) -> Iterator[Step]:
    """Let the loop turn after every `SLICE` records, and Ctrl-C end it: years of records take longer than the watchdog waits."""
    if number % SLICE == 0:
        yield Listen(hands.monotonic(), breaks=True)


def unknown_of(hands: Hands, key: str) -> Generator[Step, Any, int]:
    """Yen of staff payouts for this claim whose outcome is unknown."""
    purpose, unknown = "", 0
    for number, entry in enumerate(hands.history(), start=1):
        yield from pause(hands, number)
        match entry.record:
            case records.StaffPayIntent():
                purpose = entry.record.purpose
            case records.StaffPayDone(paid=None) if purpose == f"{CLAIM}{key}":
                unknown += entry.record.asked * entry.record.value_yen
    return unknown


def claim_of(hands: Hands, code: str) -> Generator[Step, Any, Claim]:
    """The claim with this code, with or without its check letter. Raises `Refused` if this machine made no such claim."""
    claim = Claim(code)
    for number, entry in enumerate(hands.history(), start=1):
        yield from pause(hands, number)
        claim.take(entry)
    if not claim.key:
        raise Refused(
            "claim", "This machine made no claim with this code. Compare the code and the machine on the slip."
        )
    return claim


def evidence(hands: Hands, code: str) -> Job:
    """The disputed session, the one before it and the one after (console rule 6)."""
    claim = yield from claim_of(hands, code)
    around = Around(claim.key)
    for number, entry in enumerate(hands.history(), start=1):
        yield from pause(hands, number)
        around.take(entry)
    for title, entries in around.bundle.items():
        yield Show((f"--- {title}{'' if entries else ': none'}", *(line(entry) for entry in entries)))
    data = {
        "key": claim.key,
        "amount_yen": claim.amount_yen,
        "collected_yen": claim.collected_yen,
        "at_desk_yen": claim.at_desk_yen,
        "records": {title: [as_data(entry) for entry in entries] for title, entries in around.bundle.items()},
    }
    return Answer((f"claim {code} key {claim.key}: {claim.told()}",), data)
