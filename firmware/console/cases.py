"""The codes in `uncertain`: what each means, what to do, with which decisions it is closed; and `resolve`, which closes one."""

from collections.abc import Mapping

from firmware.book import records
from firmware.book.cases import Case, MismatchCode
from firmware.console.grammar import Decision, Refused
from firmware.console.steps import Answer, Hands, Plan, must_be_shut
from firmware.service.availability import Reason
from firmware.service.lockout import PIN_ATTACK

MATCH_CODES = frozenset(str(code) for code in MismatchCode)

MEANS: Mapping[str, str] = {
    Case.ACCEPTOR_BLOCKED: "Coins may be stuck in the acceptor. Look into it, then count the cash box.",
    Case.ACCEPTOR_RESTARTED: "The acceptor restarted; coins may be lost. Check its supply, then count the cash box.",
    Case.ACCEPTOR_SWAPPED: "Another acceptor stands there. Look who changed it, then `acceptor pair`.",
    Case.CASH_BOX: "The cash box held another sum than the book says. Count it again with a second person.",
    Case.COIN_FRAUD: "The acceptor saw a fraud. Look for strings and foreign coins.",
    Case.COIN_UNCERTAIN: "A rejected coin may have stayed inside. Look into the acceptor.",
    Case.COINS_EXCHANGED: "Coins were put in and taken back again and again. Look for foreign coins in the cash box.",
    Case.COINS_UNRELIABLE: "Coins were lost in two sessions. Check the acceptor, its supply and its switches.",
    Case.CREDITS_LOST: "Coins came that could not be read. Count the cash box.",
    Case.CREDITS_WITHOUT_COINS: "Credits came without coins. Look for a foreign device on the cable; call security.",
    Case.LATE_COIN: "A coin fell in after the slot was shut. Count the cash box.",
    Case.OVERPAID: "More coins came out than were due. Count the hopper.",
    Case.PAY_UNKNOWN: "It is unknown how many coins came out. Count the hopper.",
    Case.PULSES_WRONG: "Pulses came that cannot be a credit. Check switches and wires, then count the cash box.",
    Case.PAYOUT_UNKNOWN: "It is unknown how many coins came out. Count the hopper.",
    Case.POWER_LOST_AT_SLOT: "The power went while the slot was open. Count the cash box.",
    Case.SLOT_UNCONFIRMED: "Nobody knows that the slot shut. Try `test slot`.",
    Case.STRAY_COIN: "A coin came while nobody was served. Count the cash box.",
    Case.SUSPECT_COIN: "The machine stopped with the slot open; a coin may be uncounted. Count the cash box.",
    Case.TILL_UNCONFIRMED: "The clerk has not confirmed a refund at the till. Ask the clerk; it became a claim.",
    Case.COPY_UNCERTAIN: "It is unknown whether a certificate was printed. Look for the paper before you decide.",
    Case.ISSUED_WITHOUT_PAPER: "The centre says issued, and no paper was printed. Tell the city.",
    Case.PAPER_LEFT: "A certificate was left. Take it out; keep or destroy it as the city says.",
    Case.PAPER_STUCK: "A printed certificate is still in the printer. Take it out.",
    Case.SLIP: "A receipt or a claim slip could not be printed. Look at the receipt printer.",
    Case.VOID_SHEET_IN_PATH: "Part of a void certificate may be in the printer. Take it out and destroy it.",
    Case.ADVICE_REFUSED: "The centre refused an advice. Tell the city in another way.",
    Case.CENTRE_DISAGREES: "The centre's books say another outcome. Compare them with the paper.",
    Case.CONSOLE_LOCKED: "Somebody guessed passwords here. Find out who; root must `unlock`.",
    Case.JOURNAL_ROLLED_BACK: "The journal lacks what the centre knows. Find out why; it may be another medium.",
    Case.IO_BOARD: "The I/O board restarted or was away; it works again. Check its cable.",
    Case.DOOR_OPENED: "The case was opened outside maintenance. Look what was touched, then shut it.",
    Case.KEYPAD: "A key was stuck or the keypad was away. Try `test keypad`.",
    Case.MEDIUM_FAILED: "The journal's medium failed. Check the memory card and its slot.",
    PIN_ATTACK: "Many sessions in a row had wrong PINs. `lockout list` shows them; find out who was here.",
    MismatchCode.MONEY_MOVED: "Coins moved without a command. Count hoppers and cash box, then `reconcile`.",
    MismatchCode.SHEETS_MOVED: "Sheets moved without a command. Count the paper, then `reconcile`.",
    MismatchCode.UNBALANCED: "The sums of the book do not agree. Call an engineer; then `reconcile`.",
}

_PAPER = (Decision.ISSUED, Decision.VOID, Decision.SEEN)
_PAYOUT = (Decision.PAID, Decision.UNPAID, Decision.SEEN)
# With which decisions an item of this code is closed; one that is not here only with `seen`.
_CLOSED_WITH: Mapping[str, tuple[Decision, ...]] = {
    Case.PAY_UNKNOWN: _PAYOUT,
    Case.PAYOUT_UNKNOWN: _PAYOUT,
    Case.TILL_UNCONFIRMED: _PAYOUT,
    Case.COPY_UNCERTAIN: _PAPER,
    Case.ISSUED_WITHOUT_PAPER: _PAPER,
    Case.PAPER_LEFT: _PAPER,
    Case.PAPER_STUCK: _PAPER,
    Case.CENTRE_DISAGREES: (Decision.ISSUED, Decision.VOID, Decision.PAID, Decision.UNPAID, Decision.SEEN),
    Case.ADVICE_REFUSED: (Decision.TOLD,),
    **dict.fromkeys(MATCH_CODES, ()),  # `reconcile` closes these
}

# The reason that closing a case of this code clears.
CLEARED_BY: dict[str, Reason] = {
    Case.DOOR_OPENED: Reason.DOOR,
    Case.MEDIUM_FAILED: Reason.JOURNAL_BROKEN,
    Case.JOURNAL_ROLLED_BACK: Reason.JOURNAL_ROLLED_BACK,
    Case.CREDITS_WITHOUT_COINS: Reason.TAMPER_COINS,
    Case.COINS_UNRELIABLE: Reason.COINS_UNRELIABLE,
    Case.PULSES_WRONG: Reason.COIN_WIRE,
    Case.STRAY_COIN: Reason.COIN_WIRE,
}


def closed_with(code: str) -> tuple[Decision, ...]:
    """The decisions that an item of this code takes; none: `resolve` cannot close it. A code of another release takes `seen`."""
    return _CLOSED_WITH.get(code, (Decision.SEEN,))


def how_to_close(number: int, code: str) -> str:
    """What to type for the item with this number; empty when `resolve` cannot close it."""
    taken = closed_with(code)
    return f"`resolve {number} {'|'.join(taken)} REASON`" if taken else ""


def resolve(hands: Hands, number: int, decision: Decision, reason: str) -> Plan:
    """Close an item with what people found out. Refused for a decision that says nothing of such an item."""
    queue = hands.book.queue
    if not 1 <= number <= len(queue):
        raise Refused("item", "There is no item with this number; `uncertain` lists them.")
    code, detail = item = queue[number - 1]
    if not closed_with(code):
        raise Refused("item", "`resolve` cannot close this item; use `reconcile`.")
    if decision not in closed_with(code):
        raise Refused("decision", f"`{decision}` says nothing of `{code}`. Type {how_to_close(number, code)}.")

    def carry_out(by: str) -> Answer:
        if item not in hands.book.queue:
            raise Refused(
                "changed", "The item is closed already, or counts more by now; nothing was done. `uncertain` shows it."
            )
        if code == Case.DOOR_OPENED:
            must_be_shut(hands)
        hands.write(records.Resolved(code=code, detail=detail, decision=f"{decision}, {reason}, {by}"))
        hands.clear([CLEARED_BY.get(code, Reason.UNCERTAIN)])
        return Answer(("Closed.",))

    return Plan((f"{code} {detail}: {decision}, {reason}",), carry_out)
