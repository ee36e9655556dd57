"""Whether the machine serves the next resident, and the reasons if not: a word, a number and a sentence each.

    STARTING ----ready----> IN_SERVICE <==reasons==> SUSPENDED
                               |  ^
              maintenance, only | | left, and only after a self-test
              from idle         v |
                            MAINTENANCE

A reason may be borne: with 302 exact money is still taken, if the acceptor can refuse single coins.
Most reasons come and go with the devices (paper is loaded, the line is back). Some stay until a person clears them:
a device that works again does not explain missing money or paper. Nothing here ends a running session; it only decides
about the next one. Maintenance requested during a session begins when the session has ended, before any new session
(console rule 5).
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
    """Why no session may begin. The closed screen shows `number`; its first digit stands for the part."""

    JOURNAL_CORRUPT = "journal_corrupt"
    JOURNAL_BROKEN = "journal_broken"
    JOURNAL_FULL = "journal_full"
    JOURNAL_COPY = "journal_copy"
    JOURNAL_SEAL = "journal_seal"
    JOURNAL_ROLLED_BACK = "journal_rolled_back"
    JOURNAL_FORGED = "journal_forged"
    CLOCK = "clock"
    CLOCK_BEHIND = "clock_behind"
    HARDENING = "hardening"
    RELEASE = "release"
    UPDATES = "updates"
    SETTINGS = "settings"
    UNIT = "unit"
    LETTERS = "letters"
    SITE_TABLE = "site_table"
    CARD_READER = "card_reader"
    LOCKOUT = "lockout"
    KEYPAD = "keypad"
    IO_BOARD = "io_board"
    SCREEN = "screen"
    COIN = "coin"
    CHANGE = "change"
    TAMPER_MONEY = "tamper_money"
    TAMPER_COINS = "tamper_coins"
    COINS_UNRELIABLE = "coins_unreliable"
    COIN_WIRE = "coin_wire"
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
    LINE_FILES = "line_files"
    DOOR = "door"
    DOOR_CONTACT = "door_contact"
    OPERATOR = "operator"

    @property
    def number(self) -> int:
        return _FACTS[self][0]

    @property
    def needs_person(self) -> bool:
        """Whether it stays until somebody clears it on the console, even if the device works again."""
        return _FACTS[self][1]

    @property
    def sentence(self) -> str:
        """What happened and what the technician does now; shown on the console."""
        return _FACTS[self][2]


_FACTS: dict[Reason, tuple[int, bool, str]] = {
    Reason.JOURNAL_CORRUPT: (
        101,
        True,
        "The journal is damaged before its end, or this is another medium. Put the right one in, or call an engineer.",
    ),
    Reason.JOURNAL_BROKEN: (
        102,
        True,
        "Writing the journal failed. Check the memory card and its slot; then `resolve` its items in `uncertain`.",
    ),
    Reason.JOURNAL_FULL: (
        103,
        False,
        "The journal's medium has no room for one more session. Free space on it; the machine notices.",
    ),
    Reason.JOURNAL_COPY: (
        104,
        False,
        "The second copy of the journal is behind. Put both media in; `reboot` if it does not start anew.",
    ),
    Reason.JOURNAL_SEAL: (
        105,
        False,
        "The key that signs the journal is damaged, or others can read it. Root must put the key file right.",
    ),
    Reason.JOURNAL_ROLLED_BACK: (
        106,
        True,
        "The journal lacks a record that the centre knows: an old or another medium. Find out why; then two people `resolve` it.",
    ),
    Reason.JOURNAL_FORGED: (
        107,
        True,
        "A checkpoint of the journal is not signed by this machine's key. Put the right medium or key file back, or call an engineer.",
    ),
    Reason.CLOCK: (
        110,
        False,
        "The centre has not confirmed the time. Check the line first (501), then the system's clock.",
    ),
    Reason.CLOCK_BEHIND: (
        111,
        False,
        "The system's clock is earlier than a time that is surely past. Wait for NTP, or put its clock chip (RTC) right.",
    ),
    Reason.HARDENING: (
        120,
        True,
        "A PIN could leave memory (core dump, debugger or swap). Root turns it off, then `reboot`.",
    ),
    Reason.RELEASE: (
        131,
        False,
        "The program is older than a release that was good here. Install a newer one with `update apply`.",
    ),
    Reason.UPDATES: (
        132,
        False,
        "The release key or the folder of the releases cannot be used. Root must put it right, or take [update] out.",
    ),
    Reason.SETTINGS: (
        140,
        False,
        "Settings made here do not fit the unit file and are not used. Set them anew with `config set`.",
    ),
    Reason.UNIT: (141, False, "The unit file cannot be used. Root must correct it."),
    Reason.LETTERS: (142, False, "A font or library that draws the letters is missing. Root must install its package."),
    Reason.SITE_TABLE: (
        150,
        False,
        "No valid site table of the city is here. Check the line (501); the city's file must list this machine.",
    ),
    Reason.CARD_READER: (
        201,
        False,
        "The card reader does not answer. Check its cable and pcscd; the machine tries again by itself.",
    ),
    Reason.LOCKOUT: (202, False, "Too many wrong PINs with different cards. Wait: the lockout ends by itself."),
    Reason.KEYPAD: (
        210,
        False,
        "A key is stuck or the keypad does not answer. Free the key or check the cable; the machine notices.",
    ),
    Reason.IO_BOARD: (
        211,
        False,
        "The I/O board does not answer. Check its USB cable, or pull its plug and put it in; the machine tries again by itself.",
    ),
    Reason.SCREEN: (
        220,
        False,
        "The screen cannot be used, so nobody can read it. Check its cable and mode; the machine tries again by itself.",
    ),
    Reason.COIN: (
        301,
        False,
        "The coin acceptor or a hopper does not answer. Check their cables; the machine tries again by itself.",
    ),
    Reason.CHANGE: (
        302,
        False,
        "A hopper does not pay, or coins for change are short. Clear it or put coins in, then `hopper load`.",
    ),
    Reason.TAMPER_MONEY: (
        303,
        True,
        "Coins moved while nobody was served. Count the hoppers and the cash box, then `reconcile`.",
    ),
    Reason.UNCERTAIN: (
        304,
        True,
        "Too many papers or payouts are not accounted for. List them with `uncertain`, then `resolve` them.",
    ),
    Reason.UNBALANCED: (
        305,
        True,
        "Money, papers and journal do not match. Look at the differences with `reconcile`; security accepts them.",
    ),
    Reason.ACCEPTOR_UNPAIRED: (
        306,
        False,
        "This coin acceptor is not the paired one. Put the old one back, or `acceptor pair` this one.",
    ),
    Reason.TAMPER_COINS: (
        308,
        True,
        "Credits came without coins. Look for a foreign device on the coin cable, count the cash box, then `resolve` with security.",
    ),
    Reason.COINS_UNRELIABLE: (
        309,
        True,
        "Coins were lost, or the acceptor restarted, in two sessions. Check it, its supply and its switches, then `resolve`.",
    ),
    Reason.COIN_WIRE: (
        310,
        True,
        "Coins or pulses came that cannot be credited. Check switches and wires (`test slot`), count the cash box, then `resolve`.",
    ),
    Reason.ACCEPTOR_BLOCKED: (
        307,
        False,
        "A coin is stuck in the acceptor, or its counter switch stands at NC. Free it, set NO; the machine notices.",
    ),
    Reason.PRINTER: (
        401,
        False,
        "The certificate printer does not answer, is open, jammed or broken. Clear and close it, check its cable.",
    ),
    Reason.PRINTER_PAPER_OUT: (402, False, "Certificate paper is out. Put paper in, then `paper load`."),
    Reason.PAPER_WAITING: (403, False, "A sheet lies in the mouth of the certificate printer. Take it away."),
    Reason.RECEIPT_PRINTER: (
        411,
        False,
        "The receipt printer does not answer, is open or broken. Close it, check its cable.",
    ),
    Reason.RECEIPT_PRINTER_PAPER_OUT: (412, False, "Receipt paper is out. Put a new roll in."),
    Reason.LINE: (
        501,
        False,
        "The issuing centre does not answer. Check the network; the machine tries again by itself.",
    ),
    Reason.LINE_STOPPED: (
        502,
        True,
        "An answer of the centre failed its check. Find out why, then `line clear` with a second person.",
    ),
    Reason.ADVICES: (
        503,
        False,
        "Too many messages wait for the centre, or one for more than a day. Check the line and `uncertain`.",
    ),
    Reason.LINE_FILES: (
        504,
        False,
        "A certificate, key or pin of the line to the centre cannot be used. Root must put the file right.",
    ),
    Reason.DOOR: (
        601,
        True,
        "The door was opened outside maintenance, or its contact fails. Shut it, then `resolve` the item in `uncertain`, if there is one.",
    ),
    Reason.DOOR_CONTACT: (
        603,
        False,
        "The contact of the door cannot be read. Check its pin, or the I/O board; the machine tries again by itself.",
    ),
    Reason.OPERATOR: (602, True, "Staff took the machine out of service. Type `oos off` to end this."),
}


def number_of(reason: str) -> str:
    """The number of a reason word, as the closed screen shows it. Raises `ValueError` for another word."""
    return str(Reason(reason).number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """An immutable state; each step returns the next one."""

    started: bool = False
    idle: bool = True
    reasons: frozenset[Reason] = frozenset()
    borne: frozenset[Reason] = frozenset()  # reasons that close nothing now: the machine serves in spite of them
    maintenance_wanted: bool = False
    in_maintenance: bool = False

    @property
    def mode(self) -> Mode:
        if not self.started:
            return Mode.STARTING
        if self.in_maintenance:
            return Mode.MAINTENANCE
        return Mode.SUSPENDED if self.closing else Mode.IN_SERVICE

    @property
    def closing(self) -> frozenset[Reason]:
        """The reasons for which nobody is served."""
        return self.reasons - self.borne

    @property
    def admits(self) -> bool:
        """Whether a session may begin now."""
        return self.mode is Mode.IN_SERVICE and self.idle and not self.maintenance_wanted

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of all reasons, ascending, for the closed screen."""
        return tuple(str(number) for number in sorted(reason.number for reason in self.reasons))

    def ready(self) -> "Availability":
        """Recovery and self-test are over; maintenance requested meanwhile begins now."""
        return _entered(replace(self, started=True))

    def seen(self, reasons: Iterable[Reason]) -> "Availability":
        """The state with these reasons of devices and book; a reason that needs a person stays until `cleared`."""
        kept = {reason for reason in self.reasons if reason.needs_person}
        return replace(self, reasons=frozenset(reasons) | kept)

    def bearing(self, borne: frozenset[Reason]) -> "Availability":
        """The state that serves in spite of these reasons."""
        return self if borne == self.borne else replace(self, borne=borne)

    def cleared(self, reason: Reason) -> "Availability":
        """The state without this reason, which staff has dealt with. The next `seen` may bring it back."""
        return replace(self, reasons=self.reasons - {reason})

    def session_began(self) -> "Availability":
        assert self.admits, f"no session may begin in {self.mode} with {sorted(self.reasons)}"
        return replace(self, idle=False)

    def session_ended(self) -> "Availability":
        """The session ended; maintenance requested during it begins now."""
        assert not self.idle
        return _entered(replace(self, idle=True))

    def maintenance_requested(self) -> "Availability":
        """Maintenance begins at once when idle, else when the session has ended, or the start."""
        return _entered(replace(self, maintenance_wanted=not self.in_maintenance))

    def maintenance_left(self, *, self_test_passed: bool) -> "Availability":
        """Back to service if the self-test passed; if not, the machine stays in maintenance."""
        assert self.in_maintenance or self.maintenance_wanted
        if self.in_maintenance and not self_test_passed:
            return self
        return replace(self, in_maintenance=False, maintenance_wanted=False)


def _entered(state: Availability) -> Availability:
    """The state in maintenance, if it was requested and nobody is being served."""
    if state.maintenance_wanted and state.idle and state.started:
        return replace(state, in_maintenance=True, maintenance_wanted=False)
    return state
