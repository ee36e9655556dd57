"""Commands that act at once: tests, exit, out of service, paper."""

from collections.abc import Callable, Generator
from typing import Any

from drivers.vocabulary import (
    CardNotUsable,
    CardRead,
    HopperState,
    NotPrinted,
    Printed,
    PrintUnknown,
)
from firmware.book import records
from firmware.console import looking
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Do, Hands, Job, Show, Step, Tell, done, looked_again, must_take_coins, well
from firmware.desks import CARD, COIN, LINE, PAPER, VOICE, LookAgain, PrintLines, SpeakerTold, TrySpeaker
from firmware.service.availability import Reason
from firmware.session.effects import (
    CheckCoins,
    CheckPaper,
    ClearPaper,
    CountPaper,
    ReadCard,
    ReleaseCard,
)
from firmware.session.events import CoinReadiness, Fault, PaperReadiness

CLOSING_S = 5.0
COINS_S = 20.0
_STUCK = {  # by what a hopper says that cannot pay
    HopperState.JAMMED: "jammed; take out what blocks its exit",
    HopperState.HARDWARE_ERROR: "it reports a fault of its own; change it",
    HopperState.UNKNOWN: "it does not answer; check its cable and its address",
}
_TOLD = {**_STUCK, HopperState.LOW: "low; few coins are in it, or none"}

Check = tuple[str, bool, str]  # name, whether it passed, what was found
Checking = Generator[Step, Any, list[Check]]


# --- tests ------------------------------------------------------------------------------------------


def _asked_coins() -> Generator[Step, Any, CoinReadiness | Fault]:
    seen = yield Do(COIN, LookAgain(), health=True)
    answer: CoinReadiness | Fault = seen if isinstance(seen, Fault) else (yield Do(COIN, CheckCoins()))
    return answer


def _coins_failed(fault: Fault, *wanted: str) -> list[Check]:
    """The device that failed, and of those wanted the other, which nobody could ask. Not of a hopper: of the acceptor's way."""
    broken = "hopper" if fault.device.startswith("hopper") else "acceptor"
    return [(broken, False, fault.sentence), *((name, False, "not asked") for name in wanted if name != broken)]


def _acceptor_row(answer: CoinReadiness) -> Check:
    counters = answer.acceptor
    if counters.event_counter is None:  # of pulses
        return "acceptor", True, "its wires cannot be asked; `test slot` tries it with a coin"
    return "acceptor", True, f"event {counters.event_counter}, accepted {counters.accepted_total}"


def _coin(hands: Hands) -> Checking:
    """Acceptor and hoppers as service needs them: one hopper that pays is enough."""
    if not hands.takes_coins:
        return []
    answer = yield from _asked_coins()
    if isinstance(answer, Fault):
        return _coins_failed(answer, "acceptor", "hopper")
    told = " ".join(f"{value}={state}" for value, state in answer.hoppers.items())
    return [_acceptor_row(answer), ("hopper", not all(state in _STUCK for state in answer.hoppers.values()), told)]


def _acceptor(_: Hands) -> Checking:
    answer = yield from _asked_coins()
    return _coins_failed(answer, "acceptor") if isinstance(answer, Fault) else [_acceptor_row(answer)]


def _each_hopper(_: Hands) -> Checking:
    answer = yield from _asked_coins()
    if isinstance(answer, Fault):
        return _coins_failed(answer, "hopper")
    return [
        (f"hopper {value}", state not in _STUCK, _TOLD.get(state, state)) for value, state in answer.hoppers.items()
    ]


def _paper(_: Hands) -> Checking:
    answer = yield Do(PAPER, CheckPaper())
    if not isinstance(answer, PaperReadiness):
        return [("printer", False, answer.sentence)]
    return [
        (name, status.ready, f"{status.device}, paper {status.supply}, trouble {status.trouble or 'none'}")
        for name, status in (("printer", answer.certificate), ("receipt printer", answer.receipt))
    ]


def _line(hands: Hands) -> Checking:
    answer = yield Do(LINE, hands.beat(), health=True)
    heard = not isinstance(answer, Fault) and well(answer)
    return [("line", heard, "the centre answers" if heard else "the centre is silent")]


def _known(reason: Reason, name: str) -> Callable[[Hands], Checking]:
    def check(hands: Hands) -> Checking:
        yield from ()
        there = reason not in hands.state.reasons
        return [(name, there, "well" if there else reason.sentence)]

    return check


_reader = _known(Reason.CARD_READER, "card reader")
_keys = _known(Reason.KEYPAD, "keypad")


def _board(hands: Hands) -> Checking:
    return [] if hands.unit.io_board is None else (yield from _known(Reason.IO_BOARD, "I/O board")(hands))


def _loudspeaker(hands: Hands) -> Checking:
    """Whether its device plays. Whether anything is heard only a person can say: `test sound`."""
    if not hands.speaks:
        return []
    told: SpeakerTold | Fault = yield Do(VOICE, TrySpeaker())
    if isinstance(told, Fault):
        return [("loudspeaker", False, told.sentence)]
    return [("loudspeaker", True, "its device plays; `test sound` asks what is heard")]


def _door(hands: Hands) -> Checking:
    yield from ()
    if hands.door_open is None:
        return []
    told = "open; shut it. If it is shut, `test door` names the wire" if hands.door_open else "shut"
    return [("door", not hands.door_open, told)]


EVERYTHING = (_reader, _board, _keys, _coin, _paper, _line, _door, _loudspeaker)
NEEDED = (
    _reader,
    _board,
    _keys,
    _coin,
    _paper,
    _door,
)  # not the line: it is no device here, and reason 501 tells of it; nor the loudspeaker: service goes on without


def _checked(hands: Hands, *checks: Callable[[Hands], Checking]) -> Job:
    """Show numbered results. Raises `Refused` when one check failed."""
    found: list[Check] = []
    for check in checks:
        found += yield from check(hands)
    at = f"{hands.now():%Y-%m-%d %H:%M} JST"
    rows = [f"{n} {'PASS' if well_ else 'FAIL'} {name}: {told}" for n, (name, well_, told) in enumerate(found, start=1)]
    yield Show((*rows, f"tested {at}"))
    bad = [name for name, well_, _ in found if not well_]
    if bad:
        raise Refused("test", f"Not well: {', '.join(bad)}. Mend this and test again.")
    return Answer()


def _test(*checks: Callable[[Hands], Checking]) -> Callable[[Hands], Job]:
    return lambda hands: _checked(hands, *checks)


test_line = _test(_line)
test_all = _test(*EVERYTHING)


def _with_coins(check: Callable[[Hands], Checking]) -> Callable[[Hands], Job]:
    def test(hands: Hands) -> Job:
        must_take_coins(hands)
        return (yield from _checked(hands, check))

    return test


test_acceptor = _with_coins(_acceptor)
test_hopper = _with_coins(_each_hopper)  # a jam may show only when a hopper pays


def test_card(hands: Hands) -> Job:  # noqa: ARG001  every such command gets `hands`
    """Read the kind of the card and its PIN tries left; nothing about the holder."""
    answer = yield Do(CARD, ReadCard(frozenset()))
    yield Tell(CARD, ReleaseCard())
    match answer:
        case CardRead(kind=kind, pin_tries_left=left):
            return Answer((f"1 PASS card: {kind}, tries left {left}",))
        case CardNotUsable(reason=reason, kind=kind):
            return Answer((f"1 PASS card: {kind}, would be refused: {reason}",))
        case Fault(person=True):
            return Answer(("1 PASS card reader: it answers; no card is in it",))
        case _:
            raise Refused("test", "The card reader does not answer. Check its cable.")


def test_printer(hands: Hands) -> Job:
    """Print a marked page without any resident's data. Writes the sheets used."""
    before = yield from _sheets()
    page = yield from _printed(hands, "printer", "printer")
    after = yield from _sheets()
    sheets = after - before if None not in {after, before} else 1
    hands.write(records.SheetsUsed(sheets=max(0, sheets), printer_counter=after))
    return Answer((_told("printer", page), f"sheets of certificate paper used: {sheets}"))


def test_receipt(hands: Hands) -> Job:
    """Print a marked slip."""
    slip = yield from _printed(hands, "receipt_printer", "receipt printer")
    return Answer((_told("receipt printer", slip),))


_LOOK = "Look at its paper, cover and cable; then test again."


def _sheets() -> Generator[Step, Any, Any]:
    counted = yield Do(PAPER, CountPaper())
    if isinstance(counted, Fault):
        raise Refused("test", f"FAIL printer: {counted.sentence}. {_LOOK}")
    return counted.counter


def _printed(hands: Hands, device: str, name: str) -> Generator[Step, Any, Printed | NotPrinted | PrintUnknown]:
    marked = (f"machine {hands.machine}", f"{hands.now():%Y-%m-%d %H:%M} JST", "Not a certificate. Not valid.")
    answer = yield Do(PAPER, PrintLines(device, marked))
    if isinstance(answer, Fault):
        raise Refused("test", f"FAIL {name}: {answer.sentence}. {_LOOK}")
    result: Printed | NotPrinted | PrintUnknown = answer.result
    return result


def _told(name: str, result: Printed | NotPrinted | PrintUnknown) -> str:
    """Raises `Refused` when the printer did not confirm its print."""
    if isinstance(result, Printed):
        return f"1 PASS {name}: {result.evidence}"
    raise Refused("test", f"FAIL {name}: {result.reason}. {_LOOK}")


# --- modes ------------------------------------------------------------------------------------------


def leave(hands: Hands) -> Job:
    """Test the devices and go back to service. If one fails, the machine stays in maintenance."""
    yield from _checked(hands, *NEEDED)
    yield from looked_again(hands)
    hands.leave_maintenance(passed=True)
    if hands.state.admits:
        return Answer((f"The machine is {hands.state.mode} again.",))
    shut = f"Maintenance has ended, but nobody is served: the machine is {hands.state.mode}. What opens it:"
    return Answer((shut, *looking.why(hands)))


def request_maint(hands: Hands) -> Answer:
    hands.request_maintenance()
    if hands.state.in_maintenance:
        return Answer(("Maintenance. Residents see that the machine is being looked after.",))
    if not hands.state.started:
        return Answer(("The machine is starting. Maintenance begins when it has started.",))
    return Answer(("Somebody is being served. Maintenance begins when they have gone.",))


def out_of_service(hands: Hands, on: bool, _reason: str) -> Answer:
    """The book reads `on` and the reason from the `ConsoleAct` around this, and the reception reads the book."""
    if on:
        return Answer(("Out of service, as soon as no session runs. `oos off` ends it.",))
    if not hands.book.console.out_of_service:
        raise Refused("oos", "Nobody took the machine out of service. `reasons` says why nobody is served.")
    hands.clear([Reason.OPERATOR])
    return Answer(("`oos` no longer keeps the machine out of service.",))


# --- paper ------------------------------------------------------------------------------------------


def paper_load(hands: Hands, sheets: int) -> Answer:
    hands.write(records.PaperSet(sheets=sheets))
    return Answer((f"{sheets} sheets are in the printer.",))


def paper_cut(hands: Hands) -> Job:
    """The desk itself records what it cuts. After a jam this is also what makes the printer go on."""
    yield Tell(PAPER, ClearPaper())
    yield from done(PAPER, CountPaper())  # fails while the path cannot be cut
    yield from looked_again(hands)
    return Answer(("The path is clear.",))
