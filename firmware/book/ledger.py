"""The ledger of one session: what the machine owes the resident, in whole yen, at every moment.

    OWED = INSERTED - EARNED - PAID_OUT - CLAIMED

INSERTED grows by a credited coin, EARNED by a finished paper (once for each copy, never by an intent),
PAID_OUT by what a hopper proved, CLAIMED by a debt handed to the centre's refund desk. OWED is never below zero,
and zero when the session closes. A refund lowers no account: the fee of a copy that failed was never EARNED.
So each of the four accounts only grows.

A hopper may pay a coin too many. It goes into a fifth account, OVERPAID, and a case is opened: with it in
PAID_OUT, OWED would be below zero and no start could replay the journal.
See invariants I1, I3, I5.
"""

from dataclasses import dataclass, replace


class LedgerBroken(AssertionError):
    """A step that would make the machine owe less than nothing, or earn twice: a fault of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """An immutable balance; each step returns the next one. All amounts are whole yen, none negative."""

    inserted_yen: int = 0
    earned_yen: int = 0
    paid_out_yen: int = 0
    claimed_yen: int = 0
    overpaid_yen: int = 0  # left the hopper beyond what was owed: the operator's loss
    earned_copies: frozenset[tuple[str, int]] = frozenset()  # (request id, copy)

    def __post_init__(self) -> None:
        accounts = (self.inserted_yen, self.earned_yen, self.paid_out_yen, self.claimed_yen, self.overpaid_yen)
        if min(accounts) < 0 or self.owed_yen < 0:
            raise LedgerBroken(f"inserted, earned, paid out, claimed, overpaid would be {accounts}")

    @property
    def owed_yen(self) -> int:
        """What the machine owes the resident now."""
        return self.inserted_yen - self.earned_yen - self.paid_out_yen - self.claimed_yen

    @property
    def settled(self) -> bool:
        """Whether the session may close."""
        return self.owed_yen == 0

    def insert(self, value_yen: int) -> "Ledger":
        """A coin is in the cash box."""
        _step(value_yen)
        return replace(self, inserted_yen=self.inserted_yen + value_yen)

    def earn(self, request_id: str, copy: int, fee_yen: int) -> "Ledger":
        """A finished paper earns its fee, once. Raises `LedgerBroken` the second time."""
        _step(fee_yen)
        if (request_id, copy) in self.earned_copies:
            raise LedgerBroken(f"copy {copy} of {request_id} has earned its fee already")
        earned_copies = self.earned_copies | {(request_id, copy)}
        return replace(self, earned_yen=self.earned_yen + fee_yen, earned_copies=earned_copies)

    def pay_out(self, value_yen: int) -> "Ledger":
        """Coins left a hopper, as its counters prove; what exceeds the debt is OVERPAID."""
        _step(value_yen)
        due_yen = min(value_yen, self.owed_yen)
        return replace(
            self,
            paid_out_yen=self.paid_out_yen + due_yen,
            overpaid_yen=self.overpaid_yen + value_yen - due_yen,
        )

    def claim(self, amount_yen: int) -> "Ledger":
        """From now on the centre owes this amount."""
        _step(amount_yen)
        return replace(self, claimed_yen=self.claimed_yen + amount_yen)


def _step(amount_yen: int) -> None:
    if amount_yen < 0:
        raise LedgerBroken(f"{amount_yen} yen: accounts only grow")
