"""Commands with a dry run that move money, change a count or clear a reason. First a plan, then `confirm`.

Things may change between plan and `confirm`, so `carry_out` checks again. A hopper pays staff as it pays a resident: an
intent with the hopper's counters is made durable, the hopper pays, a record says what it paid (book rule 1). After a power
cut in between, the next start asks the hopper.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from drivers.vocabulary import COMMAND_MAX, TUBE_MAX, Dispensed, HopperCounters, HopperState
from firmware.book import records
from firmware.book.book import CLAIM
from firmware.book.cases import Case
from firmware.book.match import matched, mismatches
from firmware.console import looking
from firmware.console.access import Role
from firmware.console.cases import MATCH_CODES
from firmware.console.grammar import Refused
from firmware.console.steps import (
    Answer,
    Do,
    Hands,
    Job,
    Listen,
    Plan,
    Planning,
    Show,
    Step,
    Tell,
    done,
    must_be_shut,
    must_take_coins,
)
from firmware.desks import COIN, LINE, AcknowledgePayout, ClaimHeld, HoldClaim, LookAgain, PairAcceptor
from firmware.money.change import plan_change, usable
from firmware.service.availability import Reason
from firmware.session.effects import CheckCoins, CountHopper, Dispense

DAY_CAP_YEN = 10_000  # for `hopper pay` in one day; `collect` pays at most what is owed
HERE = "machine"
PAIRING_S = 10.0
_TEST = "test"


def must_be_here(hands: Hands, value: int) -> None:
    """Raises `Refused` when this machine has no hopper for coins of `value` yen."""
    must_take_coins(hands)
    if value not in hands.hopper_values:
        raise Refused(
            "hopper",
            f"There is no hopper for coins of {value} yen. Type one of these: {', '.join(map(str, hands.hopper_values))}.",
        )


# --- counts -----------------------------------------------------------------------------------------


def hopper_load(hands: Hands, value: int, coins: int) -> Planning:
    """Tells when the hopper was found empty: the coins that the book has in it are not there to be added to."""
    plan = hopper_float(hands, value, hands.book.tubes.get(value, 0) + coins)
    if not (yield from _found_empty(hands, value)):
        return plan
    warning = f"It was found empty. If it holds only what you poured in, `hopper float {value} {coins}` is right."
    return replace(plan, lines=(*plan.lines, warning))


def _found_empty(hands: Hands, value: int) -> Generator[Step, Any, bool]:
    """Whether the hopper fell short since its count was last set. Its state alone does not tell, once coins are in it."""
    short = False
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        match entry.record:
            case records.FloatSet(value_yen=of) if of == value:
                short = False
            case records.HopperSeen(value_yen=of, state=HopperState.EMPTY) if of == value:
                short = True
    return short


def hopper_float(hands: Hands, value: int, coins: int) -> Plan:
    must_be_here(hands, value)
    before = hands.book.tubes.get(value, 0)
    if coins > TUBE_MAX:
        raise Refused(
            "coins", f"A hopper holds {TUBE_MAX} coins at most, not {coins}. Count its coins and type that number."
        )

    def carry_out(_: str) -> Job:
        if hands.book.tubes.get(value, 0) != before:
            raise Refused("changed", "The count changed after the dry run; give the command again.")
        hands.write(records.FloatSet(value_yen=value, coins=coins))
        yield from done(COIN, LookAgain(), health=True)
        return Answer((f"hopper {value}: {coins} coins",))

    return Plan((f"hopper {value}: {before} coins in the book, then {coins} ({coins - before:+d})",), carry_out)


def cashbox_emptied(hands: Hands, counted: int) -> Plan:
    must_take_coins(hands)
    expected = sum(value * coins for value, coins in hands.book.cash_box.items())

    def carry_out(_: str) -> Answer:
        hands.write(records.CashBoxEmptied(counted_yen=counted))
        return Answer(("The cash box is counted from 0 again.",))

    difference = counted - expected
    return Plan((f"counted {counted} yen, expected {expected}, difference {difference:+d}",), carry_out)


# --- coins out --------------------------------------------------------------------------------------


def hopper_pay(hands: Hands, steps: Mapping[int, int]) -> Planning:
    """`steps`: yen of a coin -> coins. Refused above the day's cap, or above the coins that the book has in a hopper."""
    for value in steps:
        must_be_here(hands, value)
    amount = sum(value * coins for value, coins in steps.items())
    today = yield from _let_out_today(hands)
    if today + amount > DAY_CAP_YEN:
        raise Refused(
            "cap", f"{today} yen were paid today; the cap is {DAY_CAP_YEN} yen a day. Pay less, or wait a day."
        )
    rows = yield from _dry_run(hands, steps)

    def carry_out(_: str) -> Job:
        paid = yield from _pay(hands, steps, _TEST)
        if paid != amount:
            raise Refused("short", f"{paid} of {amount} yen surely came out. Look at the hopper, then `reconcile`.")
        return Answer((f"{paid} yen came out.",))

    return Plan((f"pay {amount} yen; today so far {today} of {DAY_CAP_YEN}", *rows), carry_out)


def _let_out_today(hands: Hands) -> Generator[Step, Any, int]:
    """Yen that `hopper pay` let out; what pays a claim or empties a hopper is counted elsewhere."""
    day, paid, purpose = hands.now().date(), 0, ""
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        record = entry.record
        if isinstance(record, records.StaffPayIntent):
            purpose = record.purpose
        elif isinstance(record, records.StaffPayDone) and purpose == _TEST:
            today = entry.wall.astimezone(hands.now().tzinfo).date() == day
            coins = record.asked if record.paid is None else record.paid
            paid += coins * record.value_yen if today else 0
    return paid


def _dry_run(hands: Hands, steps: Mapping[int, int]) -> Generator[Step, Any, tuple[str, ...]]:
    """One row a hopper: what it would pay. Raises `Refused` when the book has fewer coins in it."""
    rows = []
    for value, coins in sorted(steps.items()):
        here = hands.book.tubes.get(value, 0)
        if coins > here:
            raise Refused(
                "float",
                f"Hopper {value} has {here} coins in the book, not {coins}. Pay fewer, or pour coins in and type `hopper load {value} N`.",
            )
        counted = yield from done(COIN, CountHopper(value))
        before: HopperCounters = counted.counters
        rows.append(
            f"hopper {value}: {coins} coins, {here} then {here - coins}; "
            f"counters event {before.event_counter}, life {before.life_total} then {before.life_total + coins}"
        )
    return tuple(rows)


def _commands(steps: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Yen and coins of each command; one command pays at most `COMMAND_MAX` coins."""
    for value, coins in sorted(steps.items(), reverse=True):
        for paid in range(0, coins, COMMAND_MAX):
            yield value, min(COMMAND_MAX, coins - paid)


def pay_once(hands: Hands, value: int, coins: int, purpose: str) -> Generator[Step, Any, int | None]:
    """One command to one hopper, at most `COMMAND_MAX` coins: intent, payout, result. The coins paid; None: unknown."""
    counted = yield from done(COIN, CountHopper(value))
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
    answer = yield Do(COIN, Dispense(value_yen=value, coins=coins, before=before))
    out = answer if isinstance(answer, Dispensed) else None
    counters = out.counters if out else None
    paid = out.paid if out else None
    hands.write(
        records.StaffPayDone(
            value_yen=value,
            asked=coins,
            paid=paid,
            event_counter=counters.event_counter if counters else None,
            life_total=counters.life_total if counters else None,
        )
    )
    yield Show((f"hopper {value}: {'an unknown number' if paid is None else paid} of {coins} coins",))
    return paid


def _pay(hands: Hands, steps: Mapping[int, int], purpose: str) -> Generator[Step, Any, int]:
    """Pay from one hopper after the other, largest coin first. The yen paid by the hoppers' own counters."""
    paid_yen = 0
    for value, coins in _commands(steps):
        paid = yield from pay_once(hands, value, coins, purpose)
        paid_yen += (paid or 0) * value
        if paid != coins:
            break  # a person must look at the difference before more coins move
    return paid_yen


def collect(hands: Hands, code: str) -> Planning:
    """Pay a claim to the holder of its slip. The centre first holds it for this machine, so that no counter pays it too."""
    must_take_coins(hands)
    claim = yield from looking.claim_of(hands, code)
    key, left = claim.key, claim.left_yen
    if key in hands.book.claims:
        raise Refused("claim", "The centre has not heard of this claim yet. Try again when `test line` passes.")
    if any(code == Case.CREDITS_WITHOUT_COINS and key in detail for code, detail in hands.book.queue):
        raise Refused("examined", "Credits of this session came without coins. Look into it, then `resolve` that item.")
    if left <= 0:
        where = "at the city's desk" if claim.at_desk_yen else "here"
        raise Refused("claim", f"It was paid {where} already; {claim.amount_yen} yen were owed. Pay nothing.")
    if unknown := (yield from looking.unknown_of(hands, key)):
        raise Refused(
            "unknown",
            f"What a hopper paid of {unknown} yen before is unknown. Send the resident to the city's counter.",
        )
    ready = yield from done(COIN, CheckCoins())
    steps = plan_change(left, usable(hands.book.tubes, ready.hoppers))
    if steps is None:
        raise Refused(
            "float", f"The hoppers cannot pay {left} yen. Pour coins in, type `hopper load YEN N`, and try again."
        )
    rows = yield from _dry_run(hands, steps)

    def carry_out(_: str) -> Job:
        hands.write(records.ClaimHoldIntent(key=key))
        held = yield Do(LINE, HoldClaim(key, hands.book.totals["collections"] + 1, hands.head()[1]))
        if held != ClaimHeld(left):  # without an answer the centre may hold it all the same
            hands.write(records.ClaimCollected(key=key, amount_yen=0, where=HERE))  # gives the hold back
            raise Refused(
                "held",
                "Nothing was paid: the centre refused (paid elsewhere) or did not answer. Check the line, try again.",
            )
        try:
            paid = yield from _pay(hands, steps, f"{CLAIM}{key}")
        finally:
            told = hands.book.collecting.get(key, 0)
            if hands.book.staff_paying is None:
                hands.write(records.ClaimCollected(key=key, amount_yen=told, where=HERE))
        if paid != left:
            raise Refused(
                "short", f"{paid} of {left} yen surely came out. Send the resident to the city's counter for the rest."
            )
        return Answer((f"{paid} yen are paid; the claim is settled.",))

    return Plan((f"claim {code}: {left} yen", *rows), carry_out)


# --- matching ---------------------------------------------------------------------------------------


def reconcile(hands: Hands) -> Planning:
    """The four-way match, line by line. Security accepts differences; then the book takes over the readings."""
    read = yield from looking.read_counters(hands)
    now: records.Counters = read.data["counters"]
    rows = _match_rows(hands, now)
    open_ = [item for item in hands.book.queue if item[0] in MATCH_CODES]
    found = mismatches(hands.book, now)
    rows += [f"open: {code} {detail}" for code, detail in open_]
    strayed = dict(hands.book.unexplained)  # from the coin desk's records
    rows += [f"open: hopper {value}: {coins} coins without a command" for value, coins in sorted(strayed.items())]
    if not found and not open_ and not strayed:
        return Answer((*rows, "Everything matches."))

    def carry_out(by: str) -> Job:
        again: Answer = yield from looking.read_counters(hands)
        if mismatches(hands.book, again.data["counters"]) != found:
            raise Refused("changed", "A counter moved after the dry run; give the command again.")
        if hands.book.unexplained != strayed:
            raise Refused("changed", "Coins left a hopper after the dry run; give the command again.")
        for value in strayed:
            if value in hands.hopper_values:
                yield Tell(COIN, AcknowledgePayout(value))
            else:  # the hopper was taken out since, so the coin desk does not know it
                hands.write(records.PayoutAcknowledged(value_yen=value))
        for record in matched(hands.book, again.data["counters"]):
            hands.write(record)
        for code, detail in [item for item in hands.book.queue if item[0] in MATCH_CODES]:
            hands.write(records.Resolved(code=code, detail=detail, decision=f"reconciled by {by}"))
        hands.clear([Reason.TAMPER_MONEY, Reason.UNBALANCED])
        return Answer(("Accepted. The journal now has the devices' counters.",))

    return Plan((*rows, *(f"now: {item.code} {item.detail}" for item in found)), carry_out, frozenset({Role.SECURITY}))


def _match_rows(hands: Hands, now: records.Counters) -> list[str]:
    book, total = hands.book, hands.book.totals
    rows = [f"{'':27} {'journal':>10} {'device':>10} {'differs':>8}"]
    rows.append(_row("acceptor, coins for life", book.acceptor_total, now.acceptor_total))
    for value, _, life in now.hoppers:
        seen = book.hoppers.get(value)
        rows.append(_row(f"hopper {value}, coins for life", seen.life_total if seen else None, life))
    rows.append(_row("printer, sheets for life", book.printer_counter, now.printer_counter))
    accounted = sum(total[name] for name in ("earned_yen", "paid_out_yen", "till_returned_yen", "claimed_yen"))
    rows.append(_row("inserted: earned+out+owed", accounted, total["inserted_yen"] + total["till_taken_yen"]))
    rows.append(_row("papers: issued and told", total["told_issued"], total["copies_printed"]))
    return rows


def _row(what: str, ours: int | None, theirs: int | None) -> str:
    differs = "" if ours is None or theirs is None else f"{theirs - ours:+d}" if theirs != ours else "0"
    return f"{what:27} {'-' if ours is None else ours:>10} {'-' if theirs is None else theirs:>10} {differs:>8}"


# --- the line, the acceptor, the program ---------------------------------------------------------------


def line_clear(hands: Hands) -> Plan:
    field = hands.book.line_stopped
    if field is None:
        raise Refused(
            "line", "The line is not stopped, so there is nothing to clear. `reasons` says why nobody is served."
        )

    def carry_out(_: str) -> Answer:
        hands.write(records.LineCleared())
        hands.clear([Reason.LINE_STOPPED])
        return Answer(("The line is open again.",))

    return Plan(
        (f"An answer of the centre failed its check in: {field}.", "Confirm only when the cause is known."), carry_out
    )


def acceptor_pair(hands: Hands, serial: int) -> Plan:
    """Another acceptor may accept other coins, so two people confirm it (fault A9). Works while the coin desk is down."""
    must_take_coins(hands)
    before = hands.book.acceptor_serial
    swapped = any(code == Case.ACCEPTOR_SWAPPED for code, _ in hands.book.queue)
    if serial == before and not swapped and Reason.ACCEPTOR_UNPAIRED not in hands.state.reasons:
        raise Refused("acceptor", f"The acceptor {serial} is the paired one already. `test acceptor` tests it.")

    def carry_out(by: str) -> Job:
        yield Tell(COIN, PairAcceptor(serial))
        end_s = hands.monotonic() + PAIRING_S
        while hands.book.acceptor_serial != serial and hands.monotonic() < end_s:
            yield Listen(hands.monotonic() + 0.5)
        if hands.book.acceptor_serial != serial:
            raise Refused(
                "acceptor", f"No acceptor with the serial number {serial} answers. Check the number and the cable."
            )
        for code, detail in [item for item in hands.book.queue if item[0] == Case.ACCEPTOR_SWAPPED]:
            hands.write(records.Resolved(code=code, detail=detail, decision=f"paired by {by}"))
        return Answer((f"Paired with {serial}.",))

    return Plan((f"paired with {before if before is not None else 'none'}, then with {serial}",), carry_out)


def reboot(hands: Hands) -> Plan:
    must_be_shut(hands)

    def carry_out(_: str) -> Answer:
        must_be_shut(hands)
        hands.end()
        return Answer(("The program ends. Wait for its prompt.",))

    return Plan(("The program restarts and opens every device anew.",), carry_out)
