"""Commands about the conversation itself: help, who, login, logout and confirm."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firmware.book import records
from firmware.book.cases import Case
from firmware.console.access import HARD_LOCK, Role, wait_s
from firmware.console.command import Call, Command, When
from firmware.console.grammar import NAME, Refused
from firmware.console.language import Language
from firmware.console.menu import explained, menu
from firmware.console.messages import CONSOLE, CheckPassword, FindUser, PasswordChecked, UserFound
from firmware.console.steps import Answer, Ask, Do, Done, Hands, Job, Person, Plan, Show, Step
from firmware.session.events import Fault


@dataclass(frozen=True, slots=True)
class Pending:
    """A plan that waits for `confirm` with `code`, until the monotonic instant `until_s`."""

    call: Call
    plan: Plan
    code: str
    until_s: float


class Conversation(Protocol):
    """What these commands may read and change of `console.Console`."""

    person: Person | None
    pending: Pending | None
    menu: tuple[str, ...]  # the lines that numbers stand for, as `help` showed them last
    language: Language
    tried_s: float  # when a password was last checked

    @property
    def hands(self) -> Hands: ...
    @property
    def mode(self) -> When: ...
    @property
    def noise(self) -> int:
        """Bytes outside printable ASCII that arrived on the line."""
        ...

    @property
    def commands(self) -> Sequence[Command]:
        """Every command of the table, also those that this person may not type now."""
        ...

    def legal(self) -> Sequence[Command]:
        """The commands that this person may type now."""
        ...

    def note_act(self, who: str, role: str, verb: str, outcome: str) -> None:
        """Write a `ConsoleAct`."""
        ...

    def recorded(self, call: Call, start: Callable[[], Done], *people: Person) -> Job:
        """Run `start` between two `ConsoleAct` records."""
        ...

    def leave(self) -> None:
        """Log out, and forget what the person had begun."""
        ...


def help_(talk: Conversation, topic: str) -> Answer:
    """The menu for this person in this mode, or one of its sections; any other topic is explained, whoever may type it."""
    shown = menu(talk.legal(), topic)
    if shown is None:
        told = explained(talk.commands, topic)
        return Answer(tuple(told), {"lines": told})
    talk.menu = tuple(line for line, _ in shown)
    rows = [f"{number:2} {row}" for number, (_, row) in enumerate(shown, start=1)]
    how = "Type a number, or a command; `? COMMAND` explains it with an example."
    return Answer((*rows, how), {"commands": [command.usage for command in talk.legal()]})


def who(talk: Conversation) -> Answer:
    """Who is logged in, and the noise on the line (fault K1)."""
    line, person = f"noise on the line so far: {talk.noise} bytes", talk.person
    if person is None:
        return Answer(("Nobody is logged in.", line), {"who": None, "noise": talk.noise})
    return Answer(
        (f"{person.name}, {person.role}", line), {"who": person.name, "role": person.role, "noise": talk.noise}
    )


_SAID = {
    Language.EN: "English from now on.",
    Language.JA: "日本語で答えます。この行が読めなければ `language romaji` と入力してください。",
    Language.ROMAJI: "Nihongo o romaji de kotaemasu. `language ja` wa UTF-8 no tanmatsu de tsukaemasu.",
}


def language(talk: Conversation, wanted: Language) -> Answer:
    """It holds until the person logs out; --json stays English."""
    talk.language = wanted
    return Answer((_SAID[wanted],), {"language": wanted})


def login(talk: Conversation, name: str) -> Job:
    failed_before = talk.hands.book.console.tries
    person = talk.person = yield from _proved(talk, name, "login")
    told = f"Wrong passwords before this one: {failed_before}." if failed_before else ""
    return Answer((f"{person.name}, {person.role}. {told}".rstrip(),))


_STAYS_SHUT = "The machine stays in maintenance and serves nobody. Log in and type `exit` to open it."


def logout(talk: Conversation) -> Job:
    """Says good bye before it leaves, because the person's language ends with that."""
    me = _me(talk)
    talk.note_act(me.name, me.role, "logout", "ok")
    yield Show(("Good bye.", *([_STAYS_SHUT] if talk.mode is When.MAINT else ())))
    talk.leave()
    return Answer()


def waiting(talk: Conversation) -> Pending:
    """The plan that may be confirmed now. Raises `Refused` when none waits."""
    pending = talk.pending
    if pending is None or talk.hands.monotonic() > pending.until_s:
        talk.pending = None
        raise Refused("nothing", "No plan waits to be confirmed. Give its command first; the dry run shows the code.")
    return pending


def confirm(talk: Conversation, code: str) -> Job:
    """Carry out the plan shown last. A wrong code drops it."""
    pending, talk.pending = waiting(talk), None
    if pending.code != code:
        raise Refused("confirm", "This is not the plan's code. The plan is dropped; give the command again.")
    me, command, plan = _me(talk), pending.call.command, pending.plan
    if command.when is When.MAINT and talk.mode is not When.MAINT:
        raise Refused(
            "mode", "The machine is not in maintenance any more. `request maint`, then give the command again."
        )
    if plan.accept is not None and me.role not in plan.accept:
        raise Refused(
            "role",
            f"Only the role {' or '.join(sorted(plan.accept))} may confirm this. Somebody with it must give the command.",
        )
    people = (me,) if command.pair is None else (me, (yield from _approved(talk, me, command.pair)))
    by = "+".join(person.name for person in people)
    return (yield from talk.recorded(pending.call, lambda: plan.carry_out(by), *people))


def _me(talk: Conversation) -> Person:
    assert talk.person is not None, "the table lets nobody in before a login"
    return talk.person


def _approved(talk: Conversation, me: Person, pair: Role) -> Generator[Step, Any, Person]:
    """Ask a second person, in another role, to log in; one of the two must have the role `pair`. Raises `Refused`."""
    name: str = (yield Ask(f"Second person{'' if me.role is pair else f' ({pair})'}: ")).strip()
    if not name:
        raise Refused("second", "Nothing was done. Give the command again.")
    try:
        NAME.read(name)
    except Refused as refused:
        raise Refused("second", f"{refused.sentence} Nothing was done; give the command again.") from None
    if name == me.name:
        raise Refused("second", "The second person must be somebody else. Give the command again.")
    second = yield from _proved(talk, name, "approve")
    if talk.person is None:
        raise Refused("lost", "Nobody is logged in any more; nothing was done. Log in first: `login NAME`.")
    if second.role is me.role or second.role is Role.VIEWER or pair not in {second.role, me.role}:
        raise Refused("second", f"Two roles are needed, and one of them must be {pair}. Give the command again.")
    return second


def _proved(talk: Conversation, name: str, verb: str) -> Generator[Step, Any, Person]:
    """Ask for a password, record the try, and only then check the password. Raises `Refused`."""
    hands = talk.hands
    found: UserFound = yield Do(CONSOLE, FindUser(name))
    if found.trouble:
        raise Refused("accounts", found.trouble)
    if found.unlock and found.unlock != hands.book.console.unlock:
        talk.note_act("root", "root", f"unlock/{found.unlock}", "ok")
    _refuse_if_locked(talk)
    password = yield Ask("Password: ", secret=True)
    _refuse_if_locked(talk)
    talk.note_act(name if found.known else "unknown", "none", verb, "tried")
    talk.tried_s = hands.monotonic()
    checked: PasswordChecked | Fault = yield Do(CONSOLE, CheckPassword(name, password))
    if not isinstance(checked, PasswordChecked) or checked.role is None:
        raise Refused("password", "Name or password is wrong. Give the command again.")
    talk.note_act(name, checked.role, verb, "ok")
    return Person(name, checked.role)


def _refuse_if_locked(talk: Conversation) -> None:
    wait = wait_s(talk.hands.book.console.tries)
    if wait is None:
        alarm = records.Flag(code=Case.CONSOLE_LOCKED, detail=f"after {HARD_LOCK} wrong passwords")
        if (alarm.code, alarm.detail) not in talk.hands.book.queue:
            talk.hands.write(alarm)
        raise Refused(
            "locked", "Too many wrong passwords. Root must run `python -m firmware.console --users FILE unlock`."
        )
    left_s = talk.tried_s + wait - talk.hands.monotonic()
    if left_s > 0:
        raise Refused("wait", f"Too many wrong passwords. Wait {math.ceil(left_s)} s.")
