"""Commands about the conversation itself: who is there, what may be typed, and a plan that is confirmed."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firmware.book import records
from firmware.book.cases import Case
from firmware.console.access import HARD_LOCK, Role, wait_s
from firmware.console.command import Call, Command, When
from firmware.console.grammar import NAME, Refused
from firmware.console.messages import CONSOLE, CheckPassword, FindUser, PasswordChecked, UserFound
from firmware.console.steps import Answer, Ask, Do, Done, Hands, Job, Person, Plan, Step
from firmware.session.events import Fault


@dataclass(frozen=True, slots=True)
class Pending:
    """What `confirm` would do."""

    call: Call
    plan: Plan
    code: str
    until_s: float


class Conversation(Protocol):
    """What these commands may know and change (`console.Console`)."""

    person: Person | None
    pending: Pending | None
    tried_s: float  # when a password was last looked at

    @property
    def hands(self) -> Hands: ...
    @property
    def mode(self) -> When: ...
    @property
    def noise(self) -> int:
        """Bytes on the line that no keyboard sends."""
        ...

    def legal(self) -> Sequence[Command]:
        """What may be typed now."""
        ...

    def note_act(self, who: str, role: str, verb: str, outcome: str) -> None:
        """Write the record."""
        ...

    def recorded(self, call: Call, start: Callable[[], Done], *people: Person) -> Job:
        """What `start` does, between two records."""
        ...

    def leave(self) -> None:
        """Nobody is logged in, and what they had begun is forgotten."""
        ...


def help_(talk: Conversation) -> Answer:
    commands = talk.legal()
    rows = [f"{number:2} {command.usage:28} {command.help}" for number, command in enumerate(commands, start=1)]
    told = "A number alone chooses. --json behind what only reads."
    return Answer((*rows, told), {"commands": [command.usage for command in commands]})


def who(talk: Conversation) -> Answer:
    """Also the noise on the line (fault K1)."""
    line, person = f"noise on the line so far: {talk.noise} bytes", talk.person
    if person is None:
        return Answer(("Nobody is logged in.", line), {"who": None, "noise": talk.noise})
    return Answer(
        (f"{person.name}, {person.role}", line), {"who": person.name, "role": person.role, "noise": talk.noise}
    )


def login(talk: Conversation, name: str) -> Job:
    failed_before = talk.hands.book.console.tries
    person = talk.person = yield from _proved(talk, name, "login")
    told = f"Wrong passwords before this one: {failed_before}." if failed_before else ""
    return Answer((f"{person.name}, {person.role}. {told}".rstrip(),))


def logout(talk: Conversation) -> Answer:
    me = _me(talk)
    talk.note_act(me.name, me.role, "logout", "ok")
    talk.leave()
    return Answer(("Good bye.",))


def confirm(talk: Conversation, code: str) -> Job:
    """Carries out the plan that was told last. A wrong code forgets it."""
    pending, talk.pending = talk.pending, None
    if pending is None or talk.hands.monotonic() > pending.until_s:
        raise Refused("nothing", "Nothing is waiting to be confirmed; give the command again.")
    if pending.code != code:
        raise Refused("confirm", "That is not its code; give the command again.")
    me, command, plan = _me(talk), pending.call.command, pending.plan
    if command.when is When.MAINT and talk.mode is not When.MAINT:
        raise Refused("mode", "The machine is not in maintenance any more.")
    if plan.accept is not None and me.role not in plan.accept:
        raise Refused("role", f"This is accepted by {' or '.join(sorted(plan.accept))}.")
    people = (me,) if command.pair is None else (me, (yield from _approved(talk, me, command.pair)))
    by = "+".join(person.name for person in people)
    return (yield from talk.recorded(pending.call, lambda: plan.carry_out(by), *people))


def _me(talk: Conversation) -> Person:
    assert talk.person is not None, "the table lets nobody in before a login"
    return talk.person


def _approved(talk: Conversation, me: Person, pair: Role) -> Generator[Step, Any, Person]:
    """Another person, in another role; one of the two has the role that this needs. Raises `Refused`."""
    name: str = (yield Ask(f"Second person{'' if me.role is pair else f' ({pair})'}: ")).strip()
    if not name:
        raise Refused("second", "Nothing was done.")
    try:
        NAME.read(name)
    except Refused as refused:
        raise Refused("second", f"Nothing was done. {refused.sentence}") from None
    if name == me.name:
        raise Refused("second", "The second person is another one.")
    second = yield from _proved(talk, name, "approve")
    if talk.person is None:
        raise Refused("lost", "Nobody is here to confirm it.")
    if second.role is me.role or second.role is Role.VIEWER or pair not in {second.role, me.role}:
        raise Refused("second", f"Two roles are needed, and one of them is {pair}.")
    return second


def _proved(talk: Conversation, name: str, verb: str) -> Generator[Step, Any, Person]:
    """Ask for a password, count the try, and only then look at it. Raises `Refused`."""
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
        raise Refused("password", "Name and password do not fit.")
    talk.note_act(name, checked.role, verb, "ok")
    return Person(name, checked.role)


def _refuse_if_locked(talk: Conversation) -> None:
    wait = wait_s(talk.hands.book.console.tries)
    if wait is None:
        alarm = records.Flag(code=Case.CONSOLE_LOCKED, detail=f"after {HARD_LOCK} wrong passwords")
        if (alarm.code, alarm.detail) not in talk.hands.book.queue:
            talk.hands.write(alarm)
        raise Refused("locked", "Too many wrong passwords. Unlock it at the machine, as root.")
    left_s = talk.tried_s + wait - talk.hands.monotonic()
    if left_s > 0:
        raise Refused("wait", f"Too many wrong passwords. Wait {math.ceil(left_s)} s.")
