"""The commands, one row each: words, function and arguments, roles, mode, help. A new command is a row and a function.

`help`, the reader of lines, the list in README.md and the tests of rights all use these rows.
"""

from firmware.console import (
    board,
    cases,
    closing,
    config,
    exporting,
    frames,
    glass,
    lockout,
    looking,
    money,
    readiness,
    slot,
    sound,
    status,
    system,
    talking,
    touching,
    unload,
    update,
    working,
)
from firmware.console.access import Role
from firmware.console.command import Command, Kind, Roles, Run, When, runs
from firmware.console.grammar import (
    ADDED,
    AMOUNT,
    CLAIM,
    COINS,
    CONFIRM,
    DECISION,
    DEVICE,
    FRAMES,
    FROM,
    HOPPER,
    ITEM,
    KEY,
    LANGUAGE,
    NAME,
    ON,
    PLAN,
    REASON,
    RECORDS,
    SECTION,
    SERIAL,
    SHEETS,
    TOPIC,
    VALUE,
)
from firmware.console.steps import Done, Hands, Planned
from firmware.console.talking import Conversation

ALL: Roles = frozenset(Role)
ANYONE: Roles = ALL | {None}
STAFF: Roles = ALL - {Role.VIEWER}
TECHNICIAN: Roles = frozenset({Role.TECHNICIAN})
CASH: Roles = frozenset({Role.CASH})
SECURITY: Roles = frozenset({Role.SECURITY})
MONEY = CASH | TECHNICIAN
SETTERS = TECHNICIAN | SECURITY
ALWAYS, SERVICE, MAINT = When


def talks(words: str, run: Run[Conversation, Done], roles: Roles, about: str) -> Command:
    return Command(words=tuple(words.split()), run=run, kind=Kind.TALKS, roles=roles, when=ALWAYS, help=about)


def reads(words: str, run: Run[Hands, Done], roles: Roles, when: When, about: str) -> Command:
    return Command(words=tuple(words.split()), run=run, kind=Kind.READS, roles=roles, when=when, help=about)


def acts(words: str, run: Run[Hands, Done], roles: Roles, when: When, about: str, *, elsewhere: str = "") -> Command:
    """`elsewhere`: what is said of it in the other mode, where `request maint` or `exit` first would be no help."""
    return Command(
        words=tuple(words.split()), run=run, kind=Kind.ACTS, roles=roles, when=when, help=about, elsewhere=elsewhere
    )


def plans(
    words: str, run: Run[Hands, Planned], roles: Roles, when: When, about: str, *, pair: Role | None = None
) -> Command:
    """`pair`: a second person approves, and one of the two must have this role."""
    return Command(words=tuple(words.split()), run=run, kind=Kind.PLANS, roles=roles, when=when, help=about, pair=pair)


EXIT = acts(
    "exit",
    runs(working.leave),
    STAFF,
    MAINT,
    "tests the devices, then ends maintenance",
    elsewhere="The machine is not in maintenance. `logout` ends your work here; `request maint` begins maintenance.",
)
REQUEST_MAINT = acts(
    "request maint",
    runs(working.request_maint),
    STAFF,
    SERVICE,
    "begins maintenance, once nobody is served",
    elsewhere="The machine is in maintenance already. `exit` ends it.",
)
CONFIRMS = talks("confirm", runs(talking.confirm, CONFIRM), ALL, "carries out the dry run, within 30 s")

# A row stands on one line, so that rows can be compared.
# fmt: off
COMMANDS: tuple[Command, ...] = (
    talks("help", runs(talking.help_, TOPIC.or_("")), ANYONE, "the commands you may type now, or one explained"),
    reads("version", runs(looking.version), ANYONE, ALWAYS, "program, machine, journal"),
    talks("login", runs(talking.login, NAME), ANYONE, "logs you in; asks for the password"),
    talks("logout", runs(talking.logout), ALL, "logs you out"),
    talks("who", runs(talking.who), ALL, "who is logged in"),
    talks("language", runs(talking.language, LANGUAGE), ANYONE, "answers in Japanese; ja needs UTF-8"),
    reads("status", runs(status.status), ALL, ALWAYS, "the whole machine on one screen, and the next step"),
    reads("reasons", runs(looking.reasons), ANYONE, ALWAYS, "why nobody is served, and which part is missing"),
    reads("devices", runs(looking.devices), ALL, ALWAYS, "what the devices say (afresh in maintenance)"),
    reads("counters", runs(looking.counters), ALL, ALWAYS, "totals for life, cash box, hoppers, sheets"),
    reads("uncertain", runs(looking.uncertain), ALL, ALWAYS, "what a person must look at, numbered"),
    reads("journal tail", runs(looking.tail, RECORDS.or_(10)), ALL, ALWAYS, "the last records"),
    reads("journal verify", runs(looking.verify), ALL, MAINT, "reads the whole chain"),
    reads("journal export", runs(exporting.export, FROM.or_(0)), SECURITY, MAINT, "a checkpoint, then records to read on a laptop"),
    reads("claim", runs(looking.evidence, CLAIM), STAFF, MAINT, "evidence: that session, and those around it"),
    reads("clock show", runs(looking.clock), ALL, ALWAYS, "time, and how long the machine runs"),
    talks("readiness", runs(readiness.readiness), STAFF, "each guided test: when it was last run, and its result"),
    reads("frames", runs(frames.frames, DEVICE, FRAMES.or_(20)), TECHNICIAN, ALWAYS, "what went over a device's line last, redacted"),
    reads("config show", runs(config.show, SECTION.or_("")), ALL, ALWAYS, "unit file and settings in force"),
    reads("config set", runs(config.set_, KEY, VALUE), SETTERS, MAINT, "edits a candidate; nothing changes yet"),
    reads("config unset", runs(config.unset, KEY), SETTERS, MAINT, "takes KEY out of the candidate"),
    reads("config diff", runs(config.diff), STAFF, ALWAYS, "the candidate against what is in force"),
    reads("config check", runs(config.check), STAFF, ALWAYS, "whether unit file and candidate fit together"),
    plans("config commit", runs(config.commit), SETTERS, MAINT, "restarts and tries the candidate for 10 min", pair=Role.SECURITY),
    plans("config keep", runs(config.keep), SETTERS, ALWAYS, "keeps the settings on trial"),
    plans("config rollback", runs(config.rollback), SETTERS, MAINT, "gives up a trial, or tries the settings before", pair=Role.SECURITY),
    reads("update status", runs(update.status), ALL, ALWAYS, "which release runs, and what lies ready"),
    plans("update apply", runs(update.apply), SETTERS, MAINT, "tries the release that lies ready", pair=Role.SECURITY),
    plans("update rollback", runs(update.rollback), SETTERS, MAINT, "gives up a release on trial", pair=Role.SECURITY),
    plans("update board", runs(board.update_board), SETTERS, MAINT, "puts this release's program on the I/O board", pair=Role.SECURITY),
    reads("system status", runs(system.status), ALL, ALWAYS, "which system runs, and how long it is on trial"),
    plans("system keep", runs(system.keep), SETTERS, MAINT, "keeps the system on trial", pair=Role.SECURITY),
    plans("system rollback", runs(system.rollback), SETTERS, MAINT, "gives up a system on trial", pair=Role.SECURITY),
    REQUEST_MAINT,
    EXIT,
    acts("oos", runs(working.out_of_service, ON, REASON.or_("")), SETTERS, ALWAYS, "on: out of service; off: ends that"),
    acts("test card", runs(working.test_card), TECHNICIAN, MAINT, "reads the card that is in, if there is one"),
    acts("test keypad", runs(touching.test_keypad), TECHNICIAN, MAINT, "asks for each key; names the wire that fails"),
    acts("test door", runs(touching.test_door), TECHNICIAN, MAINT, "shut, open, shut; names the wire that fails"),
    acts("test acceptor", runs(working.test_acceptor), TECHNICIAN, MAINT, "the coin acceptor answers"),
    acts("test slot", runs(slot.test_slot), TECHNICIAN, MAINT, "with a coin: the shut slot gives it back, the open one keeps it"),
    acts("test hopper", runs(working.test_hopper), TECHNICIAN, MAINT, "each hopper answers; nothing is paid, so a jam may stay unseen"),
    acts("test printer", runs(working.test_printer), TECHNICIAN, MAINT, "prints a marked page"),
    acts("test receipt", runs(working.test_receipt), TECHNICIAN, MAINT, "prints a marked slip"),
    acts("test line", runs(working.test_line), TECHNICIAN, MAINT, "the issuing centre answers"),
    acts("test screen", runs(glass.test_screen), TECHNICIAN, MAINT, "shows pictures and asks for the number on each"),
    acts("test sound", runs(sound.test_sound), TECHNICIAN, MAINT, "says four digits and asks what was heard"),
    acts("test board", runs(board.test_board), TECHNICIAN, MAINT, "program, lamps and buzzer of the I/O board"),
    acts("test all", runs(working.test_all), TECHNICIAN, MAINT, "all tests in which nobody does anything"),
    plans("hopper float", runs(money.hopper_float, HOPPER, COINS), CASH, MAINT, "sets the count of this hopper to N coins", pair=Role.CASH),
    plans("hopper load", runs(money.hopper_load, HOPPER, ADDED), MONEY, MAINT, "adds N coins to the count of this hopper"),
    plans("hopper pay", runs(money.hopper_pay, PLAN), MONEY, MAINT, "lets hoppers pay, as 3x100,1x500", pair=Role.CASH),
    plans("hopper unload", runs(unload.hopper_unload, HOPPER), MONEY, MAINT, "pays out and counts all its coins", pair=Role.CASH),
    acts("acceptor coins", runs(slot.acceptor_coins), TECHNICIAN, MAINT, "takes test coins for 20 s"),
    plans("acceptor pair", runs(money.acceptor_pair, SERIAL), STAFF, MAINT, "makes this acceptor the paired one", pair=Role.SECURITY ),
    plans("cashbox emptied", runs(money.cashbox_emptied, AMOUNT), CASH, MAINT, "the cash box was emptied and held YEN", pair=Role.CASH),
    acts("paper load", runs(working.paper_load, SHEETS), MONEY, MAINT, "sets the count of certificate sheets to N"),
    acts("paper cut", runs(working.paper_cut), TECHNICIAN, MAINT, "clears the printer's path"),
    plans("reconcile", runs(money.reconcile), STAFF, MAINT, "four-way match; security accepts differences"),
    acts("close", runs(closing.close), CASH, MAINT, "daily close: match, Z-report, checkpoint"),
    acts("close print", runs(closing.close_print), CASH, MAINT, "the same, and prints the Z-report"),
    plans("collect", runs(money.collect, CLAIM), MONEY, MAINT, "pays a claim at this machine", pair=Role.CASH),
    plans("resolve", runs(cases.resolve, ITEM, DECISION, REASON), STAFF, ALWAYS, "closes an item of `uncertain`", pair=Role.SECURITY),
    reads("lockout list", runs(lockout.list_), STAFF, ALWAYS, "sessions with wrong PINs that made it refuse cards"),
    plans("lockout clear", runs(lockout.clear), SETTERS, MAINT, "takes cards again before the wait is over", pair=Role.SECURITY),
    plans("line clear", runs(money.line_clear), STAFF, MAINT, "clears reason 502, once its cause is known", pair=Role.SECURITY),
    plans("reboot", runs(money.reboot), SETTERS, MAINT, "ends the program, which starts again"),
    CONFIRMS,
)
# fmt: on
