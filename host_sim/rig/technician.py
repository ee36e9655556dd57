"""A technician at the serial line in the lives of the swarm: types whatever comes to mind while residents come and faults strike.

Each act is chosen by what the line shows: an answer to a question, or a command. Nothing that is typed may break an invariant.
The technician remembers which coins two people have confirmed, by the keys that were typed: the checker believes no record
of the machine that staff lets a hopper pay.
"""

import random
import re
from collections import Counter

from firmware.book import records
from host_sim.rig.console import PASSWORD, ConsoleRig

EVERY, WHICH = 6, 4  # a technician is at one life in so many
ACTS = (6, 40)  # in one session and after it
PEOPLE = ("tanaka", "kato")
SECOND = {"Second person: ": "tanaka", "Second person (cash): ": "kato", "Second person (security): ": "goto"}
_PART = re.compile(r"(\d+)x(\d+)")
_CODE = re.compile(r"confirm ([0-9A-F]{4})\s+OK\s+\S+ \w+ \w+ \d+> $")
LOOKS = (
    *("status", "reasons", "devices", "counters", "uncertain", "journal tail 5", "readiness", "help", "7", "sing"),
    *("language ja", "config show", "confirm 0000", "hopper pay"),
)
WORK = (
    *("hopper pay 1x100", "hopper pay 2x10,1x50", "hopper unload 50", "hopper load 100 1", "cashbox emptied 0"),
    *("test hopper", "test printer", "test receipt", "test acceptor", "test line", "test card", "test all"),
    *("paper load 400", "paper cut", "close", "close print", "reconcile", "resolve 1 seen mended", "journal verify"),
    *("exit", "logout"),
)


class Technician:
    """`comes` to a session, and `goes` after it. `marks`: rows of the catalogue, and how often each happened by a hand here."""

    def __init__(self, rig: ConsoleRig, rng: random.Random, marks: Counter[str]) -> None:
        self._rig, self._random, self._marks = rig, rng, marks
        self._acts_left = 0
        self._logged_in = self._second = ""
        self._command = ""  # given at the prompt last, before its `confirm`

    def comes(self) -> None:
        self._acts_left = self._random.randint(*ACTS)
        self._soon()

    def works(self) -> None:
        """Go on after the resident has gone, until there is nothing more to do."""
        self._rig.run_until(lambda: self._acts_left <= 0, 600.0)

    def goes(self) -> None:
        """Pull the cable, which logs out, and end maintenance. Raises TimeoutError when it does not end."""
        rig, self._acts_left = self._rig, 0
        self._marks["K4"] = len(rig.records(records.StaffPayIntent))
        rig.terminal.type(b"\0")
        rig.wait(10)
        rig.take_what_lies_there()
        if rig.loop.reception.state.in_maintenance:
            rig.log_in("tanaka")
            rig.say("exit")
            rig.say("logout")
        if not rig.loop.reception.state.in_maintenance:
            rig.staff_coins.clear()

    def _soon(self) -> None:
        self._rig.clock.after(self._random.uniform(0.2, 6.0), self._act)

    def _act(self) -> None:
        if self._acts_left <= 0:
            return
        self._acts_left -= 1
        shown = bytes(self._rig.terminal.shown)
        if self._random.random() < 0.04:
            self._marks["K1"] += 1
            self._rig.terminal.type(self._random.randbytes(300).replace(b"\0", b"\1"))
        elif self._acts_left == 0:
            self._rig.terminal.type(b"\0")  # the cable is pulled in the middle of it
        else:
            text = shown[-2000:].decode("utf-8", "replace").replace("\r\n", "\n")
            answer = self._answer(text)
            self._remember(text.rpartition("\n")[2], answer)
            self._rig.type(answer)
        self._soon()

    def _remember(self, asked: str, typed: str) -> None:
        """Two people let coins out: command and `confirm` at the prompt, then somebody else's name and a password."""
        if asked.endswith("> "):
            self._rig.staff_coins.clear()  # the command before has ended
            self._second = ""
            if typed.startswith("login "):
                self._logged_in = typed.split()[1]
            if not typed.startswith("confirm "):
                self._command = typed
        elif asked in SECOND:
            self._second = typed
        elif typed == PASSWORD and self._second not in {"", self._logged_in}:
            self._rig.staff_coins.update(self._coins(self._command))
            self._second = self._command = ""

    def _coins(self, command: str) -> Counter[int]:
        """The coins that this command lets out at most, by value."""
        if command.startswith("hopper unload "):
            value = int(command.split()[2])
            return Counter({value: self._rig.hoppers[value].tube})
        if command.startswith("hopper pay "):
            return Counter({int(value): int(coins) for coins, value in _PART.findall(command)})
        return Counter()

    def _answer(self, shown: str) -> str:
        """What to type when the terminal shows this; while a command still runs it is typed too early."""
        asked = shown.rpartition("\n")[2]
        if asked.endswith(("word: ", "ド: ")):
            return PASSWORD
        if asked.endswith(": "):
            return SECOND.get(asked) or self._random.choice("yn1")
        if " - " in asked:
            return f"login {self._random.choice(PEOPLE)}"
        if (code := _CODE.search(shown)) and self._random.random() < 0.8:
            return f"confirm {code[1]}"
        if " maint " in asked:
            return self._random.choice((*WORK, *WORK, *LOOKS))
        line = self._random.choice((*("request maint",) * 4, *LOOKS))
        self._marks["K3"] += line == "request maint" and self._rig.attended
        return line
