"""The commands, one row each: words, function and arguments, roles, mode, help. Whoever adds one adds a row and a function.

What `help` lists, what a line may say, the page's list and the tests of rights are all made from these rows.
"""

from firmware.console import config, looking, money, talking, update, working
from firmware.console.access import Role
from firmware.console.command import Command, Kind, Roles, Run, When, runs
from firmware.console.grammar import (
    AMOUNT,
    CLAIM,
    COINS,
    CONFIRM,
    DECISION,
    HOPPER,
    ITEM,
    KEY,
    NAME,
    ON,
    PLAN,
    REASON,
    RECORDS,
    SERIAL,
    SHEETS,
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


def acts(words: str, run: Run[Hands, Done], roles: Roles, when: When, about: str) -> Command:
    return Command(words=tuple(words.split()), run=run, kind=Kind.ACTS, roles=roles, when=when, help=about)


def plans(
    words: str, run: Run[Hands, Planned], roles: Roles, when: When, about: str, *, pair: Role | None = None
) -> Command:
    """`pair`: a second person approves, and one of the two has this role."""
    return Command(words=tuple(words.split()), run=run, kind=Kind.PLANS, roles=roles, when=when, help=about, pair=pair)


EXIT = acts("exit", runs(working.leave), STAFF, MAINT, "self-test, and back to service")
CONFIRMS = talks("confirm", runs(talking.confirm, CONFIRM), ALL, "does what was planned, within 30 s")

# A row stands on one line, so that rows can be compared.
# fmt: off
COMMANDS: tuple[Command, ...] = (
    talks("help", runs(talking.help_), ANYONE, "what you may do now"),
    reads("version", runs(looking.version), ANYONE, ALWAYS, "program, machine, journal"),
    talks("login", runs(talking.login, NAME), ANYONE, "asks for the password"),
    talks("logout", runs(talking.logout), ALL, "the line is free for the next"),
    talks("who", runs(talking.who), ALL, "who is logged in"),
    reads("status", runs(looking.status), ALL, ALWAYS, "mode, reasons, session, queue"),
    reads("devices", runs(looking.devices), ALL, ALWAYS, "what the devices say (afresh in maintenance)"),
    reads("counters", runs(looking.counters), ALL, ALWAYS, "totals for life, cash box, hoppers, sheets"),
    reads("uncertain", runs(looking.uncertain), ALL, ALWAYS, "what a person must look at, numbered"),
    reads("journal tail", runs(looking.tail, RECORDS.or_(10)), ALL, ALWAYS, "the last records"),
    reads("journal verify", runs(looking.verify), ALL, MAINT, "reads the whole chain"),
    reads("journal export", runs(looking.export, RECORDS.or_(100)), SECURITY, MAINT, "records with their hashes, under a checkpoint"),
    reads("claim", runs(looking.evidence, CLAIM), STAFF, MAINT, "evidence: the session, the one before, the one after"),
    reads("clock show", runs(looking.clock), ALL, ALWAYS, "time, and how long the machine runs"),
    reads("config show", runs(config.show), ALL, ALWAYS, "unit file and settings in force"),
    reads("config set", runs(config.set_, KEY, VALUE), SETTERS, MAINT, "edits a candidate; nothing changes yet"),
    reads("config unset", runs(config.unset, KEY), SETTERS, MAINT, "in the candidate, as the unit file says"),
    reads("config diff", runs(config.diff), STAFF, ALWAYS, "the candidate against what is in force"),
    reads("config check", runs(config.check), STAFF, ALWAYS, "whether unit file and candidate could be used"),
    plans("config commit", runs(config.commit), SETTERS, MAINT, "tries the candidate: restarts, and back unless kept", pair=Role.SECURITY),
    plans("config keep", runs(config.keep), SETTERS, ALWAYS, "keeps the settings on trial"),
    plans("config rollback", runs(config.rollback), SETTERS, MAINT, "gives up a trial, or tries the settings before", pair=Role.SECURITY),
    reads("update status", runs(update.status), ALL, ALWAYS, "which release runs, and what lies ready"),
    plans("update apply", runs(update.apply), SETTERS, MAINT, "tries the release that lies ready", pair=Role.SECURITY),
    plans("update rollback", runs(update.rollback), SETTERS, MAINT, "gives up a release on trial", pair=Role.SECURITY),
    acts("request maint", runs(working.request_maint), STAFF, SERVICE, "maintenance, as soon as nobody is served"),
    EXIT,
    acts("oos", runs(working.out_of_service, ON, REASON.or_("")), SETTERS, ALWAYS, "out of service, after the session"),
    acts("test card", runs(working.test_card), TECHNICIAN, MAINT, "put a card in first, or none"),
    acts("test keypad", runs(working.test_keypad), TECHNICIAN, MAINT, "press each key once, within 30 s"),
    acts("test acceptor", runs(working.test_coins), TECHNICIAN, MAINT, "the coin acceptor answers"),
    acts("test hopper", runs(working.test_coins), TECHNICIAN, MAINT, "every hopper answers; nothing is paid"),
    acts("test printer", runs(working.test_printer), TECHNICIAN, MAINT, "a marked page and a marked slip"),
    acts("test line", runs(working.test_line), TECHNICIAN, MAINT, "the issuing centre answers"),
    acts("test screen", runs(working.test_screen), TECHNICIAN, MAINT, "two pictures, three seconds each"),
    acts("test all", runs(working.test_all), TECHNICIAN, MAINT, "everything that needs no hands"),
    plans("hopper float", runs(money.hopper_float, HOPPER, COINS), CASH, MAINT, "this hopper holds N coins: counted", pair=Role.CASH),
    plans("hopper load", runs(money.hopper_load, HOPPER, COINS), MONEY, MAINT, "N coins were added to this hopper"),
    plans("hopper pay", runs(money.hopper_pay, PLAN), MONEY, MAINT, "lets hoppers pay, as 3x100,1x500", pair=Role.CASH),
    acts("acceptor coins", runs(working.acceptor_coins), TECHNICIAN, MAINT, "test coins for 20 s, into an account of their own"),
    plans("acceptor pair", runs(money.acceptor_pair, SERIAL), STAFF, MAINT, "this acceptor is ours", pair=Role.SECURITY ),
    plans("cashbox emptied", runs(money.cashbox_emptied, AMOUNT), CASH, MAINT, "it was taken out and holds YEN", pair=Role.CASH),
    acts("paper load", runs(working.paper_load, SHEETS), MONEY, MAINT, "N sheets are in the printer now"),
    acts("paper cut", runs(working.paper_cut), TECHNICIAN, MAINT, "clears the printer's path"),
    plans("reconcile", runs(money.reconcile), STAFF, MAINT, "four-way match; security accepts what differs"),
    acts("close", runs(working.close), CASH, MAINT, "daily close: match, Z-report, checkpoint"),
    acts("close print", runs(working.close_print), CASH, MAINT, "the same, and the Z-report on the receipt printer"),
    plans("collect", runs(money.collect, CLAIM), MONEY, MAINT, "pays a claim here, two persons", pair=Role.CASH),
    plans("resolve", runs(money.resolve, ITEM, DECISION, REASON), STAFF, ALWAYS, "closes an item of `uncertain`", pair=Role.SECURITY),
    plans("line clear", runs(money.line_clear), STAFF, MAINT, "after an answer that was not ours", pair=Role.SECURITY),
    plans("reboot", runs(money.reboot), SETTERS, MAINT, "ends the program; it is started again"),
    CONFIRMS,
)
# fmt: on
