"""The conversation: one line at a time, who is there, what was planned, and what is under way.

    line -> call -> [dry run -> confirm -> second person] -> record -> steps at the desks -> record -> OK or ERR

Everything that acts is in the journal before it acts, with who and what, and again with its outcome. Knows no clock and no
bytes: time is asked of the hands, lines come from the console desk.
"""

import json
import math
import textwrap
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from drivers.vocabulary import CoinCredited, KeyPressed
from firmware.book import records
from firmware.console import config, looking, money, update, working
from firmware.console.access import HARD_LOCK, IDLE_S, Role, wait_s
from firmware.console.grammar import Call, Line, Refused, When, parse
from firmware.console.messages import CheckPassword, ConsoleLost, FindUser, PasswordChecked, Say, Typed, UserFound
from firmware.console.steps import Answer, Ask, Do, Hands, Job, Listen, Person, Plan, Planning, Show, Step, Tell
from firmware.desks import Answer as DeskAnswer
from firmware.desks import Health, Heard
from firmware.session.events import Fault, SlotClosed

WIDTH = 79
CONFIRM_S = 30.0
ANSWER_S = 240.0  # above every desk's own deadline
_READS = {**looking.READS, **config.READS, **update.READS}
_PLANS = {**money.PLANS, **config.PLANS, **update.PLANS}
TROUBLES = {
    "long": "A line has at most 128 characters.",
    "noise": "The line held something that is not plain ASCII; it was not read.",
    "cleared": "",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """What `confirm` would do."""

    call: Call
    plan: Plan
    code: str
    until_s: float


class Console:
    """`hear` takes what the console desk says, `answered` what any desk answers to a step; `pass_time` each turn."""

    def __init__(self, hands: Hands, fresh_code: Callable[[], str]) -> None:
        """`fresh_code`: four hex digits, new and unguessable each time."""
        self.person: Person | None = None
        self._hands = hands
        self._fresh_code = fresh_code
        self._job: Generator[Step, Any, Answer | Plan] | None = None
        self._call: Call | None = None
        self._step: Step | None = None
        self._ticket = 0  # ours are negative, so no session's answer is ever taken for one
        self._step_ticket = 0
        self._noise = 0
        self._step_until_s = math.inf
        self._pending: Pending | None = None
        self._heard_s = hands.monotonic()
        self._tried_s = hands.monotonic()  # a restart does not shorten the wait
        self._waiting_for_maint = False

    # --- what comes -----------------------------------------------------------------------------

    def hear(self, said: object) -> None:
        """What happens at the terminal by itself: a line, or its end."""
        match said:
            case Typed(line=line, noise=noise):
                self._noise = noise
                self._heard_s = self._hands.monotonic()
                self._typed(line)
            case ConsoleLost():
                if isinstance(self._step, Ask):
                    self._stop_job()
                self._log_out("lost")
                self._heard_s = self._hands.monotonic() - IDLE_S  # what is under way ends first

    def answered(self, ticket: int, answer: DeskAnswer) -> None:
        """A desk's answer to the step with this ticket; any other is stale."""
        step = self._step
        if ticket != self._step_ticket or not isinstance(step, Do):
            return
        if isinstance(answer, Heard):
            if not step.health:
                self._go_on(answer.value)
        elif isinstance(answer, Health) == step.health or isinstance(answer, Fault):
            self._go_on(answer)

    def wants(self, answer: object) -> bool:
        """Whether a key or a coin belongs to a test that is going on."""
        if not isinstance(self._step, Listen):
            return False
        return isinstance(answer, KeyPressed) or (self._step.coins and isinstance(answer, CoinCredited | SlotClosed))

    def noticed(self, answer: object) -> None:
        self._go_on(answer)

    def pass_time(self) -> None:
        now_s = self._hands.monotonic()
        if now_s >= self._step_until_s:
            self._go_on(None if isinstance(self._step, Listen) else Fault("machine", "did not answer in time"))
        if now_s - self._heard_s >= IDLE_S and (self._job is None or isinstance(self._step, Ask)):
            self._heard_s = now_s
            if isinstance(self._step, Ask):
                self._stop_job()
                self._err("idle", "Nothing was done.")
            self._log_out("idle")
        if self._waiting_for_maint and self._hands.state.in_maintenance:
            self._waiting_for_maint = False
            self._note("The machine is in maintenance now; it is yours.")

    @property
    def due_s(self) -> float:
        """When the step that is under way ends by itself."""
        return self._step_until_s

    @property
    def mode(self) -> When:
        return When.MAINT if self._hands.state.in_maintenance else When.SERVICE

    # --- a line ---------------------------------------------------------------------------------

    def _typed(self, line: Line) -> None:
        if isinstance(self._step, Ask):
            if line.trouble:
                self._stop_job()
                self._err("cancelled", TROUBLES[line.trouble] or "Nothing was done.")
            else:
                self._go_on(line.text)
        elif self._job is not None:
            self._err("busy", "Something is still under way; its end is told.")
        elif line.trouble == "cleared" or not (line.trouble or line.text.strip()):
            self._prompt("")
        elif line.trouble:
            self._err(line.trouble, TROUBLES[line.trouble])
        else:
            self._read(line.text)

    def _read(self, text: str) -> None:
        role = self.person.role if self.person else None
        try:
            call = parse(text, role, self.mode)
        except Refused as refused:
            self._err(refused.code, refused.sentence)
            return
        if call.command.verb != "confirm":
            self._pending = None  # a plan is confirmed at once or not at all
        self._call = call
        try:
            self._job = self._job_of(call)
        except Refused as refused:
            self._err(refused.code, refused.sentence)
            return
        self._go_on(None)

    def _job_of(self, call: Call) -> "Job | Planning":
        verb, arguments = call.command.verb, call.arguments
        match verb:
            case "login":
                return self._login(arguments[0])
            case "logout":
                return self._logout()
            case "who":
                return _at_once(looking.who(self.person, self._noise))
            case "help":
                return _at_once(looking.help_lines(self.person, self.mode))
            case "confirm":
                return self._confirmed(arguments[0])
            case "request.maint":
                return self._recorded(call, self._request_maint(), self._me)
        if verb in _READS:
            return _at_once(_READS[verb](self._hands, *arguments))
        if call.command.confirms:
            return _PLANS[verb](self._hands, *arguments)
        if verb in looking.ASKS:
            return looking.ASKS[verb](self._hands, *arguments)
        return self._recorded(call, working.JOBS[verb](self._hands, *arguments), self._me)

    @property
    def _me(self) -> Person:
        assert self.person is not None
        return self.person

    # --- steps ----------------------------------------------------------------------------------

    def _go_on(self, value: object) -> None:
        """Give the job its value and run it to its next wait."""
        job = self._job
        assert job is not None
        self._step, self._step_until_s = None, math.inf
        try:
            while True:
                step = job.send(value)
                value = None
                if isinstance(step, Tell):
                    self._hands.send(step.desk, step.command, self._next_ticket())
                elif isinstance(step, Show):
                    if self._call is None or not self._call.as_json:
                        self._say(step.lines)
                else:
                    self._wait(step)
                    return
        except StopIteration as end:
            self._job = None
            self._ended(end.value)
        except Refused as refused:
            self._job = None
            self._err(refused.code, refused.sentence)

    def _wait(self, step: Do | Ask | Listen) -> None:
        self._step = step
        match step:
            case Do(desk=desk, command=command):
                self._step_until_s = self._hands.monotonic() + ANSWER_S
                self._step_ticket = self._next_ticket()
                self._hands.send(desk, command, self._step_ticket)
            case Listen(until_s=until_s):
                self._step_until_s = until_s
            case Ask(prompt=prompt, secret=secret):
                self._hands.send("console", Say("", prompt, secret), self._next_ticket())

    def _next_ticket(self) -> int:
        self._ticket -= 1
        return self._ticket

    def _stop_job(self) -> None:
        """Only a job that waits for a person is ever stopped: nothing moves then."""
        if self._job is not None:
            self._job.close()
        self._job, self._step, self._step_until_s = None, None, math.inf

    def _ended(self, result: Answer | Plan) -> None:
        call = self._call
        assert call is not None
        if isinstance(result, Plan) and self.person is None:
            self._err("lost", "Nobody is here to confirm it.")
            return
        if isinstance(result, Plan):
            code = self._fresh_code().upper()
            self._pending = Pending(call, result, code, self._hands.monotonic() + CONFIRM_S)
            self._act(self._me.name, self._me.role, call.verb, f"planned.{code.lower()}")
            self._say((*result.lines, f"Nothing was done yet. Within {CONFIRM_S:.0f} s: confirm {code}"))
        elif call.as_json:
            told = json.dumps(result.data or {"lines": result.lines}, ensure_ascii=True, separators=(",", ":"))
            rows = [told[at : at + WIDTH] for at in range(0, len(told), WIDTH)]  # to be joined again
            self._hands.send("console", Say("".join(f"{row}\n" for row in rows)), self._next_ticket())
        else:
            self._say(result.lines)
        self._prompt("OK\n")

    def _recorded(self, call: Call, job: Job, *people: Person) -> Job:
        """The job between its two records. Nobody: the machine does it by itself."""
        name = "+".join(person.name for person in people) or "nobody"
        role = "+".join(person.role for person in people) or "none"
        self._act(name, role, call.verb, "begun")
        try:
            answer = yield from job
        except Refused as refused:
            self._act(name, role, call.verb, refused.code)
            raise
        self._act(name, role, call.verb, "ok")
        if self._hands.book.session is None and self._hands.book.staff_paying is None:
            if call.command.verb.startswith("close"):
                self._hands.checkpoint()
            self._hands.rest()
        return answer

    def _act(self, who: str, role: str, verb: str, outcome: str) -> None:
        self._hands.write(records.ConsoleAct(who=who, role=str(role), verb=verb, outcome=outcome))

    # --- who is there ---------------------------------------------------------------------------

    def _login(self, name: str) -> Job:
        failed_before = self._hands.book.console.tries
        person = yield from self._proved(name, "login")
        self.person = person
        told = f"Wrong passwords before this one: {failed_before}." if failed_before else ""
        return Answer((f"{person.name}, {person.role}. {told}".rstrip(),))

    def _proved(self, name: str, verb: str) -> Generator[Step, Any, Person]:
        """Ask for a password, count the try, and only then look at it. Raises `Refused`."""
        hands = self._hands
        found: UserFound = yield Do("console", FindUser(name))
        if found.trouble:
            raise Refused("accounts", found.trouble)
        if found.unlock and found.unlock != hands.book.console.unlock:
            self._act("root", "root", f"unlock/{found.unlock}", "ok")
        self._refuse_if_locked()
        password = yield Ask("Password: ", secret=True)
        self._refuse_if_locked()
        self._act(name if found.known else "unknown", "none", verb, "tried")
        self._tried_s = hands.monotonic()
        checked: PasswordChecked | Fault = yield Do("console", CheckPassword(name, password))
        if not isinstance(checked, PasswordChecked) or checked.role is None:
            raise Refused("password", "Name and password do not fit.")
        self._act(name, checked.role, verb, "ok")
        return Person(name, checked.role)

    def _refuse_if_locked(self) -> None:
        wait = wait_s(self._hands.book.console.tries)
        if wait is None:
            alarm = records.Flag(code="console_locked", detail=f"after {HARD_LOCK} wrong passwords")
            if (alarm.code, alarm.detail) not in self._hands.book.queue:
                self._hands.write(alarm)
            raise Refused("locked", "Too many wrong passwords. Unlock it at the machine, as root.")
        left_s = self._tried_s + wait - self._hands.monotonic()
        if left_s > 0:
            raise Refused("wait", f"Too many wrong passwords. Wait {math.ceil(left_s)} s.")

    def _logout(self) -> Job:
        me = self._me
        self._act(me.name, me.role, "logout", "ok")
        self.person = self._hands.candidate = None
        self._drop_request()
        yield from ()
        return Answer(("Good bye.",))

    def _log_out(self, why: str) -> None:
        """Nobody is there any more (fault K3): the machine goes back to its residents, if it is well."""
        self._pending = None
        if self.person is not None:
            self._act(self.person.name, self.person.role, "logout", why)
            self.person = self._hands.candidate = None
            self._note(f"Logged out: {why}.")
        self._drop_request()
        if self._hands.state.in_maintenance and self._job is None:
            self._call = parse("exit", Role.TECHNICIAN, When.MAINT)
            self._job = self._recorded(self._call, working.leave(self._hands))
            self._go_on(None)

    def _drop_request(self) -> None:
        if self._hands.state.maintenance_wanted:
            self._waiting_for_maint = False
            self._hands.leave_maintenance(passed=True)

    def _request_maint(self) -> Job:
        self._hands.request_maintenance()
        yield from ()
        if self._hands.state.in_maintenance:
            return Answer(("Maintenance. Residents see that the machine is being looked after.",))
        self._waiting_for_maint = True
        return Answer(("Somebody is being served. Maintenance begins when they have gone.",))

    # --- confirming -----------------------------------------------------------------------------

    def _confirmed(self, code: str) -> Job:
        pending, self._pending = self._pending, None
        if pending is None or self._hands.monotonic() > pending.until_s:
            raise Refused("nothing", "Nothing is waiting to be confirmed; give the command again.")
        if pending.code != code.upper():
            raise Refused("confirm", "That is not its code; give the command again.")
        command = pending.call.command
        if command.when is When.MAINT and self.mode is not When.MAINT:
            raise Refused("mode", "The machine is not in maintenance any more.")
        if pending.plan.accept is not None and self._me.role not in pending.plan.accept:
            raise Refused("role", f"This is accepted by {' or '.join(sorted(pending.plan.accept))}.")
        return self._carry_out(pending)

    def _carry_out(self, pending: Pending) -> Job:
        second = None
        pair = pending.call.command.pair
        if pair is not None:
            name = yield Ask(f"Second person{'' if self._me.role is pair else f' ({pair})'}: ")
            second = yield from self._approved(name.strip(), pair)
        people = (self._me,) if second is None else (self._me, second)
        self._call = pending.call
        carried_out = pending.plan.carry_out("+".join(person.name for person in people))
        return (yield from self._recorded(pending.call, carried_out, *people))

    def _approved(self, name: str, pair: Role) -> Generator[Step, Any, Person]:
        """Another person, in another role; one of the two has the role that this needs."""
        if not name or not name.isascii() or not name.replace("-", "").isalnum() or name.lower() != name:
            raise Refused("second", "Nothing was done.")
        if name == self._me.name:
            raise Refused("second", "The second person is another one.")
        second = yield from self._proved(name, "approve")
        if self.person is None:
            raise Refused("lost", "Nobody is here to confirm it.")
        if second.role is self._me.role or second.role is Role.VIEWER or pair not in {second.role, self._me.role}:
            raise Refused("second", f"Two roles are needed, and one of them is {pair}.")
        return second

    # --- saying ---------------------------------------------------------------------------------

    def _err(self, code: str, sentence: str) -> None:
        self._prompt("\n".join(fitted(f"ERR {code} {sentence}")) + "\n")

    def _say(self, lines: tuple[str, ...]) -> None:
        if lines:
            text = "".join(f"{piece}\n" for line in lines for piece in fitted(line))
            self._hands.send("console", Say(text), self._next_ticket())

    def _note(self, line: str) -> None:
        """Something that nobody asked for."""
        if self._job is None:
            self._prompt("\n" + "".join(f"{piece}\n" for piece in fitted(f"-- {line}")))

    def _prompt(self, text: str) -> None:
        role = self.person.role if self.person else "-"
        prompt = f"{self._hands.machine} {self.mode} {role} {self._hands.head()[0]}> "
        self._hands.send("console", Say(text, prompt), self._next_ticket())


def _at_once(answer: Answer) -> Job:
    yield from ()
    return answer


def fitted(line: str) -> list[str]:
    """One line as rows of at most 79 columns of plain ASCII."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in line)
    return textwrap.wrap(plain, WIDTH, subsequent_indent="    ") or [""]
