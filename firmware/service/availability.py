"""Whether the machine serves the next resident, and if not, why: in words, and in numbers a technician looks up.

    STARTING ----ready----> IN_SERVICE <==reasons==> SUSPENDED
                               |  ^
              maintenance, only | | left, and only after a self-test
              from idle         v |
                            MAINTENANCE

Reasons come and go by themselves (paper is loaded, the line is back), but some stay until a person clears them:
money or paper that nobody can account for is not mended by a retry that works. A running session is never ended
from here: every answer is about the next one. Maintenance asked for during a session is pending until the
machine is idle, and meanwhile no new session begins (console rule 5).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Mode(StrEnum):
    STARTING = "starting"
    IN_SERVICE = "in_service"
    SUSPENDED = "suspended"
    MAINTENANCE = "maintenance"


class Reason(StrEnum):
    """Why no session may begin. `number` stands on the closed screen; its first digit names the part."""

    JOURNAL_CORRUPT = "journal_corrupt"
    JOURNAL_BROKEN = "journal_broken"
    JOURNAL_FULL = "journal_full"
    JOURNAL_COPY = "journal_copy"
    JOURNAL_SEAL = "journal_seal"
    CLOCK = "clock"
    HARDENING = "hardening"
    RELEASE = "release"
    SETTINGS = "settings"
    CARD_READER = "card_reader"
    LOCKOUT = "lockout"
    KEYPAD = "keypad"
    COIN = "coin"
    CHANGE = "change"
    TAMPER_MONEY = "tamper_money"
    UNCERTAIN = "uncertain"
    UNBALANCED = "unbalanced"
    ACCEPTOR_UNPAIRED = "acceptor_unpaired"
    ACCEPTOR_BLOCKED = "acceptor_blocked"
    PRINTER = "printer"
    PRINTER_PAPER_OUT = "printer_paper_out"
    PAPER_WAITING = "paper_waiting"
    RECEIPT_PRINTER = "receipt_printer"
    RECEIPT_PRINTER_PAPER_OUT = "receipt_printer_paper_out"
    LINE = "line"
    LINE_STOPPED = "line_stopped"
    ADVICES = "advices"
    DOOR = "door"
    OPERATOR = "operator"

    @property
    def number(self) -> int:
        return _FACTS[self][0]

    @property
    def needs_person(self) -> bool:
        """Whether it stays until somebody clears it on the console, whatever the devices say."""
        return _FACTS[self][1]

    @property
    def sentence(self) -> str:
        """What it is and who can mend it, for the console."""
        return _FACTS[self][2]


_FACTS: dict[Reason, tuple[int, bool, str]] = {
    Reason.JOURNAL_CORRUPT: (101, True, "The journal is damaged before its end; it must be read by an engineer."),
    Reason.JOURNAL_BROKEN: (102, True, "The journal could not be written; the card or its slot has failed."),
    Reason.JOURNAL_FULL: (103, False, "There is no room on the journal's medium for one more session."),
    Reason.JOURNAL_COPY: (104, False, "The second copy of the journal is out of step; both media must be in place."),
    Reason.JOURNAL_SEAL: (105, False, "The key that signs the journal is damaged, or others can read it."),
    Reason.CLOCK: (110, False, "The time is not trusted yet; it comes from the centre, the network or the clock chip."),
    Reason.HARDENING: (120, True, "The process is not protected as it must be (no core dumps, no swap)."),
    Reason.RELEASE: (131, False, "The program is older than one that was good here; install a newer release."),
    Reason.SETTINGS: (140, False, "The settings made here do not fit the unit file, and are not used; set them anew."),
    Reason.CARD_READER: (201, False, "The card reader does not answer."),
    Reason.LOCKOUT: (202, False, "Too many wrong PINs with different cards; it ends by itself."),
    Reason.KEYPAD: (210, False, "A key is stuck or the keypad is silent."),
    Reason.COIN: (301, False, "The coin acceptor or a hopper does not answer."),
    Reason.CHANGE: (302, False, "The hoppers cannot give back what a resident would insert; load coins."),
    Reason.TAMPER_MONEY: (303, True, "Coins moved while nobody was served; count the hoppers and the cash box."),
    Reason.UNCERTAIN: (304, True, "Too many papers or payouts that nobody can account for; resolve them."),
    Reason.UNBALANCED: (305, True, "Money, papers and journal do not match; reconcile."),
    Reason.ACCEPTOR_UNPAIRED: (
        306,
        False,
        "The coin acceptor is not the paired one; pair it, or put the old one back.",
    ),
    Reason.ACCEPTOR_BLOCKED: (307, False, "A coin is stuck in the acceptor; free it, and the machine notices."),
    Reason.PRINTER: (401, False, "The certificate printer does not answer, is open, jammed or broken."),
    Reason.PRINTER_PAPER_OUT: (402, False, "Certificate paper is out."),
    Reason.PAPER_WAITING: (403, False, "A paper lies in the mouth of the printer; take it away."),
    Reason.RECEIPT_PRINTER: (411, False, "The receipt printer does not answer, is open or broken."),
    Reason.RECEIPT_PRINTER_PAPER_OUT: (412, False, "Receipt paper is out."),
    Reason.LINE: (501, False, "The issuing centre cannot be reached."),
    Reason.LINE_STOPPED: (502, True, "An answer was not ours; no service until two persons have cleared it."),
    Reason.ADVICES: (
        503,
        False,
        "Messages wait for the centre's acknowledgement: too many, or one for more than a day.",
    ),
    Reason.DOOR: (601, True, "A door was opened."),
    Reason.OPERATOR: (602, True, "Taken out of service on the console."),
}


def number_of(reason: str) -> str:
    """The number of a reason word, as the closed screen shows it."""
    return str(Reason(reason).number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """An immutable state; each step returns the next one."""

    started: bool = False
    idle: bool = True
    reasons: frozenset[Reason] = frozenset()
    maintenance_wanted: bool = False
    in_maintenance: bool = False

    @property
    def mode(self) -> Mode:
        if not self.started:
            return Mode.STARTING
        if self.in_maintenance:
            return Mode.MAINTENANCE
        return Mode.SUSPENDED if self.reasons else Mode.IN_SERVICE

    @property
    def admits(self) -> bool:
        """Whether a session may begin now."""
        return self.mode is Mode.IN_SERVICE and self.idle and not self.maintenance_wanted

    @property
    def numbers(self) -> tuple[str, ...]:
        """What the closed screen shows, in order."""
        return tuple(str(number) for number in sorted(reason.number for reason in self.reasons))

    def ready(self) -> "Availability":
        """Recovery and self-test are over."""
        return replace(self, started=True)

    def seen(self, reasons: Iterable[Reason]) -> "Availability":
        """What the devices and books say now. What needs a person stays until `cleared`."""
        kept = {reason for reason in self.reasons if reason.needs_person}
        return replace(self, reasons=frozenset(reasons) | kept)

    def cleared(self, reason: Reason) -> "Availability":
        """A person on the console says it is dealt with; the next `seen` may bring it back."""
        return replace(self, reasons=self.reasons - {reason})

    def session_began(self) -> "Availability":
        assert self.admits, f"no session may begin in {self.mode} with {sorted(self.reasons)}"
        return replace(self, idle=False)

    def session_ended(self) -> "Availability":
        """Idle again: maintenance that was waiting begins now."""
        assert not self.idle
        return _entered(replace(self, idle=True))

    def maintenance_requested(self) -> "Availability":
        """Begins at once when idle, else when the session has ended."""
        return _entered(replace(self, maintenance_wanted=not self.in_maintenance))

    def maintenance_left(self, *, self_test_passed: bool) -> "Availability":
        """Back to service, if the self-test says so; else the technician still has the machine."""
        assert self.in_maintenance or self.maintenance_wanted
        if self.in_maintenance and not self_test_passed:
            return self
        return replace(self, in_maintenance=False, maintenance_wanted=False)


def _entered(state: Availability) -> Availability:
    """Maintenance, if somebody waits for it and nobody is served."""
    if state.maintenance_wanted and state.idle and state.started:
        return replace(state, in_maintenance=True, maintenance_wanted=False)
    return state
