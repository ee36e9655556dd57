"""The conversation on the console: one line at a time, who is logged in, the plan to confirm, the command that runs.

    line -> call -> [dry run -> confirm -> second person] -> record -> steps at the desks -> record -> OK or ERR

A command that acts is written into the journal before it acts, with who and what, and again with its outcome. Time comes from
the hands and lines from the console desk, so `Console` needs no clock and no bytes.
"""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from drivers.vocabulary import CoinCredited, KeyPressed
from firmware.book import records
from firmware.console.access import IDLE_S, Role
from firmware.console.command import Call, Command, Kind, Unfinished, When, legal, parse, read
from firmware.console.grammar import Refused
from firmware.console.language import Language, one, texts
from firmware.console.line import Line
from firmware.console.messages import CONSOLE, ConsoleLost, Say, Typed
from firmware.console.past import Past
from firmware.console.reminders import Reminders
from firmware.console.rows import in_rows, json_rows, plain
from firmware.console.steps import (
    Answer,
    Ask,
    BrokenOff,
    Do,
    Done,
    Hands,
    Job,
    Listen,
    Person,
    Plan,
    Planning,
    Show,
    Step,
    Tell,
    begun,
)
from firmware.console.table import COMMANDS, CONFIRMS, EXIT
from firmware.console.talking import Pending, waiting
from firmware.desks import Answer as DeskAnswer
from firmware.desks import ConsoleAnswer, Health
from firmware.session.events import ClerkPressed, Fault, SlotClosed

CONFIRM_S = 30.0
ANSWER_S = 240.0  # longer than every desk's own deadline
NOTHING_DONE = "Nothing was done. Give the command again."
TROUBLES = {
    "long": "The line was longer than 128 characters and was not read. Type a shorter one.",
    "noise": "The line had a character that is not plain ASCII and was not read. Type it again.",
    "cleared": "",
}


class Console:
    """The loop calls `hear` with what the console desk posts, `answered` with answers to steps, `pass_time` each turn."""

    def __init__(self, hands: Hands, fresh_code: Callable[[], str]) -> None:
        """`fresh_code`: four hex digits, new and unguessable each time."""
        self.person: Person | None = None
        self.pending: Pending | None = None
        self.menu: tuple[str, ...] = ()
        self.language = Language.EN
        self.tried_s = hands.monotonic()  # a restart does not shorten the wait
        self._hands = hands
        self._fresh_code = fresh_code
        self._job: Generator[Step, Any, Answer | Plan] | None = None
        self._call: Call | None = None
        self._shown: list[str] = []  # lines of the running command, kept for its one JSON object
        self._step: Step | None = None
        self._ticket = 0
        self._step_ticket = 0
        self._past = Past()
        self._noise = 0
        self._step_until_s = math.inf
        self._heard_s = hands.monotonic()
        self._reminders = Reminders()
        self._waiting_for_maint = False
        self._break_wanted = False  # Ctrl-C while something runs
        self._early: Line | None = None  # typed while something ran that its typist did not begin

    # --- what comes -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Tell whoever waits at the line that the program runs again, as after `reboot`."""
        self._prompt("\n" + self._rows(f"kofuki {self._hands.version} has started. `login NAME` logs you in."))

    def hear(self, said: ConsoleAnswer) -> None:
        """Take a typed line, or the loss of the serial line."""
        match said:
            case Typed(line=line, noise=noise):
                self._noise = noise
                self._heard_s = self._hands.monotonic()
                self._typed(line)
            case ConsoleLost():
                self._early = None
                if isinstance(self._step, Ask):
                    self._stop_job()
                self._log_out("lost")
                self._heard_s = self._hands.monotonic() - IDLE_S  # log out when the running command has ended

    def answered(self, ticket: int, answer: DeskAnswer) -> None:
        """Take a desk's answer to the present step; an answer with another ticket is ignored."""
        step = self._step
        if ticket != self._step_ticket or not isinstance(step, Do):
            return
        if isinstance(answer, Health) == step.health or isinstance(answer, Fault):
            self._go_on(answer)

    def wants(self, answer: DeskAnswer) -> bool:
        """Whether a running test listens for this key or coin."""
        if not isinstance(self._step, Listen):
            return False
        return isinstance(answer, KeyPressed | ClerkPressed) or (
            self._step.coins and isinstance(answer, CoinCredited | SlotClosed)
        )

    def noticed(self, answer: DeskAnswer) -> None:
        self._go_on(answer)

    def pass_time(self) -> None:
        now_s = self._hands.monotonic()
        if now_s >= self._step_until_s:
            self._go_on(None if isinstance(self._step, Listen) else Fault("machine", "did not answer in time"))
        if self.person is not None and (self._job is None or isinstance(self._step, Ask)):
            reminder = self._reminders.next(self._hands, self._heard_s)
            if reminder is not None:
                self._note(reminder)
        if now_s - self._heard_s >= IDLE_S and (self._job is None or isinstance(self._step, Ask)):
            self._heard_s = now_s
            if isinstance(self._step, Ask):
                self._stop_job()
                self._err("idle", "Nobody typed for five minutes; nothing was done. Log in again: `login NAME`.")
            self._log_out("idle")
        if self._waiting_for_maint and self._hands.state.in_maintenance:
            self._waiting_for_maint = False
            self._note("The machine is in maintenance now; you may use the devices.")

    @property
    def due_s(self) -> float:
        """When the step that is under way ends by itself."""
        return self._step_until_s

    @property
    def hands(self) -> Hands:
        return self._hands

    @property
    def noise(self) -> int:
        return self._noise

    @property
    def mode(self) -> When:
        return When.MAINT if self._hands.state.in_maintenance else When.SERVICE

    # --- a line ---------------------------------------------------------------------------------

    def _typed(self, line: Line) -> None:
        if isinstance(self._step, Ask):
            if line.trouble:
                self._stop_job()
                self._err("cancelled", TROUBLES[line.trouble] or NOTHING_DONE)
            else:
                self._go_on(line.text)
        elif self._job is not None and line.trouble == "cleared":
            self._break_off()
        elif self._job is not None:
            self._keep_early(line)
        elif line.trouble == "cleared" or not (line.trouble or line.text.strip()):
            self._prompt("")
        elif line.trouble:
            self._err(line.trouble, TROUBLES[line.trouble])
        else:
            self._read(line.text)

    def _break_off(self) -> None:
        """End what runs where it may end: at once when it waits for a person, else when its desk has answered."""
        if isinstance(self._step, Listen) and self._step.breaks:
            self._go_on(BrokenOff())
            return
        self._break_wanted = True
        if not (isinstance(self._step, Do) and self._step.desk == CONSOLE):  # no word between the rows of an export
            self._say((self._still_runs,))

    def _keep_early(self, line: Line) -> None:
        """Keep a line until what runs has ended: whoever comes back to a pulled cable cannot know that it runs."""
        if line.text.strip():
            self._early = line
        self._say((self._still_runs,))

    @property
    def _still_runs(self) -> str:
        assert self._call is not None
        return f"Wait: `{self._call.command.spoken}` still runs. What you type is read when it has ended."

    def _read(self, text: str) -> None:
        self._past.keep((row for row in COMMANDS if row is not CONFIRMS), text.strip())
        try:
            call = self._parsed(self._chosen(text.strip()))
            job = self._job_of(call)
        except Unfinished as unfinished:
            call = Call(unfinished.command, as_json="--json" in text.split())
            job = self._asked(unfinished)
        except Refused as refused:
            self._err(refused.code, refused.sentence)
            return
        if call.command is not CONFIRMS:
            self.pending = None  # only the very next line may confirm a plan
        self._begin(call, job)

    def _parsed(self, text: str) -> Call:
        return parse(COMMANDS, text, self._role, self.mode)

    def _chosen(self, text: str) -> str:
        """The line that a number stands for in the menu shown last; any other text as it is."""
        if not (text.isdigit() and len(text) <= 2):
            return text
        if not 1 <= int(text) <= len(self.menu):
            raise Refused("unknown", "This number is not in the menu that was shown. `help` shows the menu.")
        return self.menu[int(text) - 1]

    def _asked(self, unfinished: Unfinished) -> Job | Planning:
        """Ask for the arguments that lack, one by one, and run the command. An empty line ends the questions."""
        if self._call is not None and self._call.as_json:  # a program asked
            raise unfinished
        if unfinished.command is CONFIRMS:
            waiting(self)
        words = [*unfinished.command.words, *unfinished.given]
        for argument in unfinished.command.takes[len(unfinished.given) :]:
            if argument.otherwise:
                break
            word = (yield Ask(argument.question(words[-1]))).strip()
            if not word:
                raise Refused("cancelled", NOTHING_DONE)
            read(unfinished.command, argument, word)
            words.append(word)
        self._call = call = self._parsed(" ".join(words))
        return (yield from self._job_of(call))

    def _begin(self, call: Call, job: Job | Planning) -> None:
        self._call, self._job, self._shown, self._break_wanted = call, job, [], False
        self._go_on(None)

    def _job_of(self, call: Call) -> Job | Planning:
        match call.command.kind:
            case Kind.TALKS:
                return begun(lambda: call.start(self))
            case Kind.READS | Kind.PLANS:
                return begun(lambda: call.start(self._hands))
            case Kind.ACTS:
                return self.recorded(call, lambda: call.start(self._hands), self._me)
            case other:
                assert_never(other)

    @property
    def _me(self) -> Person:
        assert self.person is not None
        return self.person

    @property
    def _role(self) -> Role | None:
        return self.person.role if self.person else None

    # --- steps ----------------------------------------------------------------------------------

    def _go_on(self, value: object) -> None:
        """Give the running command the value of its step (or raise `BrokenOff` in it), and run it to its next wait."""
        job = self._job
        assert job is not None
        self._step, self._step_until_s = None, math.inf
        try:
            while True:
                step = job.throw(value) if isinstance(value, BrokenOff) else job.send(value)
                value = None
                if isinstance(step, Tell):
                    self._hands.send(step.desk, step.command, self._next_ticket())
                elif isinstance(step, Show):
                    self._show(step.lines)
                elif isinstance(step, Listen) and step.breaks and self._break_wanted:
                    self._break_wanted, value = False, BrokenOff()
                else:
                    self._wait(step)
                    return
        except StopIteration as end:
            self._job = None
            self._ended(end.value)
        except Refused as refused:
            self._job = None
            if self._shown:
                self._say_json({"lines": self._shown})
            self._err(refused.code, refused.sentence)

    def _wait(self, step: Do[Any] | Ask | Listen) -> None:
        self._step = step
        match step:
            case Do(desk=desk, command=command):
                self._step_until_s = self._hands.monotonic() + ANSWER_S
                self._step_ticket = self._next_ticket()
                self._hands.send(desk, command, self._step_ticket)
            case Listen(until_s=until_s):
                self._step_until_s = until_s
            case Ask():
                self._ask(step)

    def _next_ticket(self) -> int:
        self._ticket += 1
        return self._ticket

    def _stop_job(self) -> None:
        """Stop the running command. Called only while it waits for a person, when nothing moves."""
        if self._job is not None:
            self._job.close()
        self._job, self._step, self._step_until_s = None, None, math.inf

    def _ended(self, result: Answer | Plan) -> None:
        call = self._call
        assert call is not None
        if isinstance(result, Plan) and self.person is None:
            self._err("lost", "Nobody is logged in any more; nothing was done. Log in first: `login NAME`.")
            return
        if isinstance(result, Plan):
            code = self._fresh_code().upper()
            self.pending = Pending(call, result, code, self._hands.monotonic() + CONFIRM_S)
            self.note_act(self._me.name, self._me.role, call.verb, f"planned.{code.lower()}")
            if call.as_json:
                plan = {"plan": [*self._shown, *result.lines], "confirm": code, "within_s": CONFIRM_S}
                self._say_json(plan)
            else:
                self._say((*result.lines, f"Nothing was done yet. Within {CONFIRM_S:.0f} s: confirm {code}"))
        elif call.as_json:
            self._say_json(result.data or {"lines": [*self._shown, *result.lines]})
        else:
            self._say(result.lines)
        self._prompt("OK\n")

    def recorded(self, call: Call, start: Callable[[], Done], *people: Person) -> Job:
        """Run `start` between two `ConsoleAct` records. No people: the machine does it by itself.

        A confirmed plan answers in the form in which it was shown, or as JSON if `confirm` asked for it.
        """
        self._call = replace(call, as_json=call.as_json or (self._call is not None and self._call.as_json))
        name = "+".join(person.name for person in people) or "nobody"
        role = "+".join(person.role for person in people) or "none"
        self.note_act(name, role, call.verb, "begun")
        try:
            answer = yield from begun(start)
        except Refused as refused:
            self.note_act(name, role, call.verb, refused.code)
            raise
        self._waiting_for_maint |= self._hands.state.maintenance_wanted
        self.note_act(name, role, call.verb, "ok")
        if self._hands.book.session is None and self._hands.book.staff_paying is None:
            if answer.checkpoint:
                self._hands.checkpoint()
            self._hands.rest()
        return answer

    def note_act(self, who: str, role: str, verb: str, outcome: str) -> None:
        self._hands.write(records.ConsoleAct(who=who, role=str(role), verb=verb, outcome=outcome))

    # --- who is there ---------------------------------------------------------------------------

    @property
    def commands(self) -> Sequence[Command]:
        return COMMANDS

    def legal(self) -> Sequence[Command]:
        return list(legal(COMMANDS, self._role, self.mode))

    def leave(self) -> None:
        """Log out, and forget the candidate and a request for maintenance."""
        self.person = self._hands.candidate = None
        self.language = Language.EN  # another person may come, or a script
        if self._hands.state.maintenance_wanted:
            self._waiting_for_maint = False
            self._hands.leave_maintenance(passed=True)

    def _log_out(self, why: str) -> None:
        """Log out because the person left (fault K3), and run `exit`: back to service if the self-test passes."""
        self.pending = None
        gone = self.person
        if gone is not None:
            self.note_act(gone.name, gone.role, "logout", why)
        told = self._told(f"Logged out: {why}.")
        self.leave()
        tests = self._hands.state.in_maintenance and self._job is None
        if gone is not None and tests:
            self._say(("", f"-- {told}"))  # the prompt comes when the tests have ended
        elif gone is not None:
            self._note(told)
        if tests:
            call = Call(EXIT)
            self._begin(call, self.recorded(call, lambda: call.start(self._hands)))

    # --- saying ---------------------------------------------------------------------------------

    def _err(self, code: str, sentence: str) -> None:
        self._prompt(self._rows(f"ERR {code} {self._told(sentence)}"))

    def _say(self, lines: tuple[str, ...]) -> None:
        if lines:
            self._hands.send(CONSOLE, Say(self._rows(*lines)), self._next_ticket())

    def _show(self, lines: tuple[str, ...]) -> None:
        """Show lines of the running command; with --json keep them for its object."""
        if self._call is not None and self._call.as_json:
            self._shown += lines
        else:
            self._say(lines)

    def _told(self, line: str) -> str:
        """The line in the language of this line, in letters that its terminal has."""
        told = one(line) if self.language is Language.EN else texts(self.language).told(line)
        return told if self.language is Language.JA else plain(told)

    def _rows(self, *lines: str) -> str:
        return in_rows(*map(self._told, lines))

    def _say_json(self, told: Mapping[str, Any]) -> None:
        told = {**told, **{name: list(map(one, told[name])) for name in ("lines", "plan") if name in told}}
        self._hands.send(CONSOLE, Say(json_rows(told)), self._next_ticket())

    def _ask(self, step: Ask, before: str = "") -> None:
        self._hands.send(CONSOLE, Say(before, self._told(step.prompt), step.secret), self._next_ticket())

    def _note(self, line: str) -> None:
        """Show a line that answers no command, and again the prompt or the question that stood there."""
        rows = "\n" + self._rows(f"-- {self._told(line)}")
        if self._job is None:
            self._prompt(rows)
        elif isinstance(self._step, Ask):
            self._ask(self._step, rows)

    def _prompt(self, text: str) -> None:
        role = self.person.role if self.person else "-"
        prompt = f"{self._hands.machine} {self.mode} {role} {self._hands.head()[0]}> "
        early, self._early = self._early, None
        if early is not None:  # its answer shows the next prompt
            self._hands.send(CONSOLE, Say(f"{text}{prompt}{early.text}\n"), self._next_ticket())
            self._typed(early)
            return
        helps = self._past.helps(self.person, self.legal())
        self._hands.send(CONSOLE, Say(text, prompt, helps=helps), self._next_ticket())
