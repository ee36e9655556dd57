"""Commands with a dry run: everything that moves money, changes a count or closes a case. First a plan, then `confirm`.

A plan looks and promises nothing; `carry_out` looks again. A hopper pays for staff as it pays a resident: the intent with
the hopper's own counters is durable, then it pays, then what it paid is written (book rule 1). A power cut between
the two is settled at the next start by asking the hopper.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from drivers.vocabulary import Dispensed, HopperCounters
from firmware.book import records
from firmware.book.book import CLAIM
from firmware.book.cases import ADVICE_REFUSED, DOOR_OPENED, MEDIUM_FAILED, MismatchCode
from firmware.book.match import matched, mismatches
from firmware.console import looking
from firmware.console.access import Role
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Do, Hands, Job, Listen, Plan, Planning, Show, Step, Tell, done, must_be_shut
from firmware.desks import AcknowledgePayout, HoldClaim, LookAgain, PairAcceptor
from firmware.money.change import COMMAND_MAX, TUBE_MAX, plan_change, usable
from firmware.service.availability import Reason
from firmware.session.effects import CheckCoins, CountHopper, Dispense

DAY_CAP_YEN = 10_000  # let out by `hopper pay` in one day; claims are bounded by what is owed
CLEARED_BY = {DOOR_OPENED: Reason.DOOR, MEDIUM_FAILED: Reason.JOURNAL_BROKEN}  # what closing such an item may end
MATCH_CODES = frozenset(str(code) for code in MismatchCode)
HERE = "machine"
PAIRING_S = 10.0


def _now(plan: Plan) -> Planning:
    """A plan that needs no look at a device."""
    yield from ()
    return plan


def _hopper(hands: Hands, value: str) -> int:
    if int(value) not in hands.hopper_values:
        raise Refused("hopper", f"There are hoppers for {', '.join(map(str, hands.hopper_values))} yen.")
    return int(value)


# --- counts -----------------------------------------------------------------------------------------


def hopper_float(hands: Hands, value: str, coins: str) -> Planning:
    return _set_float(hands, _hopper(hands, value), int(coins))


def hopper_load(hands: Hands, value: str, coins: str) -> Planning:
    yen = _hopper(hands, value)
    return _set_float(hands, yen, hands.book.tubes.get(yen, 0) + int(coins))


def _set_float(hands: Hands, value: int, coins: int) -> Planning:
    before = hands.book.tubes.get(value, 0)
    if coins > TUBE_MAX:
        raise Refused("coins", f"A hopper holds {TUBE_MAX} coins at most.")

    def carry_out(by: str) -> Job:  # noqa: ARG001  every plan is carried out alike
        if hands.book.tubes.get(value, 0) != before:
            raise Refused("changed", "The count has changed meanwhile; give the command again.")
        hands.write(records.FloatSet(value_yen=value, coins=coins))
        yield from done("coin", LookAgain(), health=True)
        return Answer((f"hopper {value}: {coins} coins",))

    return _now(Plan((f"hopper {value}: {before} coins in the book, then {coins} ({coins - before:+d})",), carry_out))


def cashbox_emptied(hands: Hands, counted: str) -> Planning:
    expected = sum(value * coins for value, coins in hands.book.cash_box.items())

    def carry_out(by: str) -> Job:  # noqa: ARG001
        yield from ()
        hands.write(records.CashBoxEmptied(counted_yen=int(counted)))
        return Answer(("The cash box counts from nought.",))

    difference = int(counted) - expected
    return _now(Plan((f"counted {counted} yen, expected {expected}, difference {difference:+d}",), carry_out))


# --- coins out --------------------------------------------------------------------------------------


def hopper_pay(hands: Hands, wish: str) -> Planning:
    """`3x100,1x500`. Within the day's cap, and never more than the book has in a hopper."""
    steps: Counter[int] = Counter()
    for part in wish.split(","):
        coins, value = part.split("x")
        steps[_hopper(hands, value)] += int(coins)
    amount = sum(value * coins for value, coins in steps.items())
    today = yield from _let_out_today(hands)
    if today + amount > DAY_CAP_YEN:
        raise Refused("cap", f"{today} yen were let out today; the cap is {DAY_CAP_YEN} yen a day.")
    rows = yield from _dry_run(hands, steps)

    def carry_out(by: str) -> Job:  # noqa: ARG001
        paid = yield from _pay(hands, steps, "test")
        if paid != amount:
            raise Refused("short", f"{paid} of {amount} yen came out.")
        return Answer((f"{paid} yen came out.",))

    return Plan((f"pay {amount} yen; today so far {today} of {DAY_CAP_YEN}", *rows), carry_out)


def _let_out_today(hands: Hands) -> Generator[Step, Any, int]:
    day, paid, for_claim = hands.now().date(), 0, False
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        record = entry.record
        if isinstance(record, records.StaffPayIntent):
            for_claim = record.purpose.startswith(CLAIM)
        elif isinstance(record, records.StaffPayDone) and not for_claim:
            today = entry.wall.astimezone(hands.now().tzinfo).date() == day
            coins = record.asked if record.paid is None else record.paid
            paid += coins * record.value_yen if today else 0
    return paid


def _dry_run(hands: Hands, steps: Mapping[int, int]) -> Generator[Step, Any, tuple[str, ...]]:
    """What each hopper would do. Raises `Refused` when the book has not so many coins in it."""
    rows = []
    for value, coins in sorted(steps.items()):
        here = hands.book.tubes.get(value, 0)
        if coins > here:
            raise Refused("float", f"Hopper {value} has {here} coins in the book, not {coins}.")
        counted = yield from done("coin", CountHopper(value))
        before: HopperCounters = counted.counters
        rows.append(
            f"hopper {value}: {coins} coins, {here} then {here - coins}; "
            f"counters event {before.event_counter}, life {before.life_total} then {before.life_total + coins}"
        )
    return tuple(rows)


def _commands(steps: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Yen and coins of each command: a hopper counts to 255."""
    for value, coins in sorted(steps.items(), reverse=True):
        for paid in range(0, coins, COMMAND_MAX):
            yield value, min(COMMAND_MAX, coins - paid)


def _pay(hands: Hands, steps: Mapping[int, int], purpose: str) -> Generator[Step, Any, int]:
    """Hopper after hopper, largest coin first; the yen that came out by the hoppers' own counters."""
    paid_yen = 0
    for value, coins in _commands(steps):
        counted = yield from done("coin", CountHopper(value))
        before: HopperCounters = counted.counters
        hands.write(
            records.StaffPayIntent(
                purpose=purpose,
                value_yen=value,
                coins=coins,
                event_counter=before.event_counter,
                life_total=before.life_total,
            )
        )
        answer = yield Do("coin", Dispense(value_yen=value, coins=coins, before=before))
        out = answer if isinstance(answer, Dispensed) else None
        counters = out.counters if out else None
        hands.write(
            records.StaffPayDone(
                value_yen=value,
                asked=coins,
                paid=out.paid if out else None,
                event_counter=counters.event_counter if counters else None,
                life_total=counters.life_total if counters else None,
            )
        )
        paid = out.paid if out else None
        yield Show((f"hopper {value}: {'nobody can say how many' if paid is None else paid} of {coins} coins",))
        paid_yen += (paid or 0) * value
        if paid != coins:
            break  # what differs is looked at before anything else moves
    return paid_yen


def collect(hands: Hands, code: str) -> Planning:
    """Pays a claim to the person who holds its slip. The centre holds it for us first, so that no counter pays it too."""
    key, amount, collected = yield from looking.key_of(hands, code)
    left = amount - collected
    if key in hands.book.claims:
        raise Refused("claim", "The centre has not heard of this claim yet; try when the line is back.")
    if left <= 0:
        raise Refused("claim", f"It was paid here already: {collected} of {amount} yen.")
    if unknown := (yield from looking.unknown_of(hands, key)):
        raise Refused(
            "unknown", f"Nobody can say what came out of {unknown} yen before; the counter settles this claim."
        )
    ready = yield from done("coin", CheckCoins())
    steps = plan_change(left, usable(hands.book.tubes, ready.hoppers))
    if steps is None:
        raise Refused("float", f"The hoppers cannot pay {left} yen.")
    rows = yield from _dry_run(hands, steps)

    def carry_out(by: str) -> Job:  # noqa: ARG001
        hands.write(records.ClaimHoldIntent(key=key))
        held = yield Do("line", HoldClaim(key, hands.book.totals["collections"] + 1, hands.head()[1]))
        if held != left:  # no answer is none: the centre may hold it all the same
            hands.write(records.ClaimCollected(key=key, amount_yen=0, where=HERE))  # gives the hold back
            raise Refused("held", "The centre does not let this machine pay it: paid elsewhere, or no answer.")
        try:
            paid = yield from _pay(hands, steps, f"{CLAIM}{key}")
        finally:
            told = hands.book.collecting.get(key, 0)
            if hands.book.staff_paying is None:
                hands.write(records.ClaimCollected(key=key, amount_yen=told, where=HERE))
        if paid != left:
            raise Refused("short", f"{paid} of {left} yen came out; the rest stays owed at the city's counter.")
        return Answer((f"{paid} yen are paid; the claim is settled.",))

    return Plan((f"claim {code.upper()}: {left} yen", *rows), carry_out)


# --- matching ---------------------------------------------------------------------------------------


def reconcile(hands: Hands) -> Planning:
    """The four-way match, line by line. What differs is accepted by security, and then the readings are the truth."""
    read = yield from looking.read_counters(hands)
    now: records.Counters = read.data["counters"]
    rows = _match_rows(hands, now)
    open_ = [item for item in hands.book.queue if item[0] in MATCH_CODES]
    found = mismatches(hands.book, now)
    rows += [f"open: {code} {detail}" for code, detail in open_]
    strayed = dict(hands.book.unexplained)  # found by the coin desk, which told nobody but the book
    rows += [f"open: hopper {value}: {coins} coins without a command" for value, coins in sorted(strayed.items())]
    if not found and not open_ and not strayed:
        return Answer((*rows, "Everything matches."))

    def carry_out(by: str) -> Job:
        again: Answer = yield from looking.read_counters(hands)
        if mismatches(hands.book, again.data["counters"]) != found:
            raise Refused("changed", "Something has moved meanwhile; give the command again.")
        if hands.book.unexplained != strayed:
            raise Refused("changed", "Coins have left a hopper meanwhile; give the command again.")
        for value in strayed:
            if value in hands.hopper_values:
                yield Tell("coin", AcknowledgePayout(value))
            else:  # it was taken out since, and no desk can be told
                hands.write(records.PayoutAcknowledged(value_yen=value))
        for record in matched(hands.book, again.data["counters"]):
            hands.write(record)
        for code, detail in [item for item in hands.book.queue if item[0] in MATCH_CODES]:
            hands.write(records.Resolved(code=code, detail=detail, decision=f"reconciled by {by}"))
        hands.clear([Reason.TAMPER_MONEY, Reason.UNBALANCED])
        return Answer(("Accepted. The devices' counters are the journal's from here on.",))

    return Plan((*rows, *(f"now: {item.code} {item.detail}" for item in found)), carry_out, frozenset({Role.SECURITY}))


def _match_rows(hands: Hands, now: records.Counters) -> list[str]:
    book, total = hands.book, hands.book.totals
    rows = [f"{'':24} {'journal':>10} {'device':>10} {'differs':>8}"]
    rows.append(_row("acceptor, coins for life", book.acceptor_total, now.acceptor_total))
    for value, _, life in now.hoppers:
        seen = book.hoppers.get(value)
        rows.append(_row(f"hopper {value}, coins for life", seen.life_total if seen else None, life))
    rows.append(_row("printer, sheets for life", book.printer_counter, now.printer_counter))
    accounted = total["earned_yen"] + total["paid_out_yen"] + total["claimed_yen"]
    rows.append(_row("inserted: earned+out+owed", accounted, total["inserted_yen"]))
    rows.append(_row("papers: issued and told", total["told_issued"], total["copies_printed"]))
    return rows


def _row(what: str, ours: int | None, theirs: int | None) -> str:
    differs = "" if ours is None or theirs is None else f"{theirs - ours:+d}" if theirs != ours else "0"
    return f"{what:24} {'-' if ours is None else ours:>10} {'-' if theirs is None else theirs:>10} {differs:>8}"


# --- cases ------------------------------------------------------------------------------------------


def resolve(hands: Hands, number: str, decision: str, reason: str) -> Planning:
    queue = hands.book.queue
    if not 1 <= int(number) <= len(queue):
        raise Refused("item", "`uncertain` numbers what there is.")
    code, detail = item = queue[int(number) - 1]
    if code in MATCH_CODES:
        raise Refused("item", "This one is closed by `reconcile`.")
    if (code == ADVICE_REFUSED) != (decision == "told"):
        raise Refused(
            "decision", "`told` closes what the centre refused to hear, once it was told otherwise; and only that."
        )

    def carry_out(by: str) -> Job:
        yield from ()
        if item not in hands.book.queue:
            raise Refused("changed", "It is closed already.")
        if code == DOOR_OPENED:
            must_be_shut(hands)
        hands.write(records.Resolved(code=code, detail=detail, decision=f"{decision}, {reason}, {by}"))
        hands.clear([CLEARED_BY.get(code, Reason.UNCERTAIN)])
        return Answer(("Closed.",))

    return _now(Plan((f"{code} {detail}: {decision}, {reason}",), carry_out))


def line_clear(hands: Hands) -> Planning:
    field = hands.book.line_stopped
    if field is None:
        raise Refused("line", "The line is not stopped.")

    def carry_out(by: str) -> Job:  # noqa: ARG001  both names are in the records around it
        yield from ()
        hands.write(records.LineCleared())
        hands.clear([Reason.LINE_STOPPED])
        return Answer(("The line is open again.",))

    return _now(
        Plan((f"An answer of the centre was not ours in: {field}.", "Clear it only when it is explained."), carry_out)
    )


def acceptor_pair(hands: Hands, serial: str) -> Planning:
    """Fault A9: another acceptor may know other coins, so two people say that it is ours. The desk may be down."""
    before = hands.book.acceptor_serial

    def carry_out(by: str) -> Job:
        yield Tell("coin", PairAcceptor(int(serial)))
        end_s = hands.monotonic() + PAIRING_S
        while hands.book.acceptor_serial != int(serial) and hands.monotonic() < end_s:
            yield Listen(hands.monotonic() + 0.5)
        if hands.book.acceptor_serial != int(serial):
            raise Refused("acceptor", f"No acceptor with the serial number {serial} answers.")
        for code, detail in [item for item in hands.book.queue if item[0] == "acceptor_swapped"]:
            hands.write(records.Resolved(code=code, detail=detail, decision=f"paired by {by}"))
        return Answer((f"Paired with {serial}.",))

    return _now(Plan((f"paired with {before if before is not None else 'none'}, then with {serial}",), carry_out))


def reboot(hands: Hands) -> Planning:
    must_be_shut(hands)

    def carry_out(by: str) -> Job:  # noqa: ARG001
        yield from ()
        must_be_shut(hands)
        hands.end()
        return Answer(("The program ends; its service starts it again.",))

    return _now(Plan(("The program ends, and its start asks every device anew.",), carry_out))


PLANS: Mapping[str, Callable[..., Planning]] = {
    "hopper.float": hopper_float,
    "hopper.load": hopper_load,
    "hopper.pay": hopper_pay,
    "acceptor.pair": acceptor_pair,
    "cashbox.emptied": cashbox_emptied,
    "collect": collect,
    "reconcile": reconcile,
    "resolve": resolve,
    "line.clear": line_clear,
    "reboot": reboot,
}
