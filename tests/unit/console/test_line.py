"""The line at the terminal: arrow keys and Tab where there are some, and a screen that always shows the line that is meant.

The terminal here is the dumbest there is: it knows letters, backspace and new rows, and has 80 columns without wrapping back.
"""

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.console.access import Role
from firmware.console.command import When, legal
from firmware.console.line import Helps, Line, LineReader
from firmware.console.past import Past
from firmware.console.table import COMMANDS

UP, DOWN, RIGHT, LEFT = (b"\x1b[" + letter for letter in (b"A", b"B", b"C", b"D"))
HOME, END, DELETE = b"\x1bOH", b"\x1b[F", b"\x1b[3~"
PROMPT = "kofuki service technician 40> "
PAST = ("status", "hopper load 100 50", "journal tail 20")
OPEN = tuple(legal(COMMANDS, Role.TECHNICIAN, When.MAINT))


class Glass:
    """What a dumb terminal shows: its last row, and where its cursor stands."""

    def __init__(self) -> None:
        self.rows = [""]
        self.at = 0

    def show(self, text: str) -> None:
        for letter in text:
            if letter == "\n":
                self.rows.append("")
            elif letter == "\r":
                self.at = 0
            elif letter == "\b":
                assert self.at > 0, "a backspace beyond the edge"
                self.at -= 1
            else:
                self.rows[-1] = self.rows[-1][: self.at] + letter + self.rows[-1][self.at + 1 :]
                self.at += 1


class Typist:
    def __init__(self, helps: Helps | None = None, *, secret: bool = False) -> None:
        self.reader, self.glass = LineReader(), Glass()
        self.lines: list[Line] = []
        self._how = (secret, helps)
        self._ask()

    def _ask(self) -> None:
        self.glass.show(self.reader.asks(PROMPT, secret=self._how[0], helps=self._how[1]))

    def type(self, *keys: bytes) -> str:
        """Returns what the last row shows behind its prompt."""
        for byte in b"".join(keys):
            echo, line = self.reader.feed(byte)
            self.glass.show(echo.decode("ascii"))
            if line is not None:
                self.lines.append(line)
                self._ask()
        return self.glass.rows[-1].removeprefix(PROMPT).rstrip()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([UP], "journal tail 20"),
        ([UP, UP, UP, UP, UP], "status"),
        ([b"who", UP, UP, DOWN, DOWN], "who"),
        ([UP, b"0"], "journal tail 200"),
        ([UP, UP, LEFT, LEFT, b"\x7f6"], "hopper load 100650"),
        ([UP, UP, HOME, DELETE, DELETE, b"to", END, b"0"], "topper load 100 500"),
        ([b"paper laod 5", LEFT, LEFT, LEFT, b"\x08\x08", b"oa", RIGHT, RIGHT], "paper load 5"),
        ([b"sttus", HOME, RIGHT, RIGHT, b"a"], "status"),
        ([b"\x1bOA", b"\x1bOA", b"\x1bOB"], "journal tail 20"),
        ([LEFT, RIGHT, DELETE, DOWN, b"who"], "who"),
    ],
)
def test_arrow_keys_correct_a_line_and_bring_older_ones(keys: list[bytes], text: str) -> None:
    typist = Typist(Helps(PAST))
    assert typist.type(*keys) == text
    typist.type(b"\r")
    assert [line.text for line in typist.lines] == [text]


@given(
    st.lists(st.sampled_from([UP, DOWN, LEFT, RIGHT, HOME, END, DELETE, b"\t", b"\x7f", b"\x15", b"a", b" b", b"w"]))
)
def test_the_row_always_shows_the_line_that_enter_would_send(keys: list[bytes]) -> None:
    typist = Typist(Helps(PAST, ("who", "hopper load ")))
    shown = typist.type(*keys)
    before = shown.ljust(typist.glass.at - len(PROMPT))
    column = typist.glass.at - len(PROMPT)
    shown = typist.type(b"X")
    assert shown == before[:column] + "X" + before[column:], "a letter comes where the cursor is shown"
    typist.type(b"\r")
    assert typist.lines[-1].text.rstrip() == shown


TERMINALS = ("xterm", "xterm-256color", "screen", "linux", "vt100", "vt220", "rxvt", "ansi", "dumb")
CAPABILITIES = {"kcuu1": "up", "kcud1": "down", "kcub1": "left", "khome": "home", "kend": "end", "kdch1": "delete"}


def keys_of(terminal: str) -> dict[str, bytes]:
    """The keys that the system's description of this terminal (terminfo) has, and the bytes that each sends."""
    told = subprocess.run(["infocmp", "-1", "-x", terminal], check=True, capture_output=True, text=True).stdout
    found = re.findall(rf"^\s({'|'.join([*CAPABILITIES, 'kbs'])})=(\S+),$", told, re.MULTILINE)
    return {
        name: text.replace("^H", "\b").replace("^?", "\x7f").replace("\\E", "\x1b").replace("\\177", "\x7f").encode()
        for name, text in found
    }


@pytest.mark.parametrize("terminal", TERMINALS)
def test_each_key_that_a_terminal_has_does_what_it_says_and_a_dumb_one_loses_nothing(terminal: str) -> None:
    """A terminal in application mode sends what terminfo says, without it ESC [ in the place of ESC O."""
    keys = keys_of(terminal)
    assert ({"kcuu1", "kcud1", "kcub1"} <= keys.keys()) is (terminal != "dumb")
    for name, sent in keys.items():
        for key in {sent, sent.replace(b"\x1bO", b"\x1b[")}:
            typist = Typist(Helps(PAST))
            shown = {
                "kcuu1": lambda t, k: t.type(k),
                "kcud1": lambda t, k: t.type(UP, UP, k),
                "kcub1": lambda t, k: t.type(b"journal tail 0", k, b"2"),
                "khome": lambda t, k: t.type(b"ournal tail 20", k, b"j"),
                "kend": lambda t, k: t.type(b"journal tail 2", HOME, k, b"0"),
                "kdch1": lambda t, k: t.type(b"journal tail 200", LEFT, k),
                "kbs": lambda t, k: t.type(b"journal tail 200", k),
            }[name](typist, key)
            assert shown == "journal tail 20", (name, key)
            typist.type(b"\r")
            assert typist.lines == [Line("journal tail 20")]
    typist = Typist(Helps(PAST))
    typist.type(b"statsu", b"\x15", b"status\r")  # without any key but letters, Ctrl-U and Enter
    assert typist.lines == [Line("status")]


def test_a_line_longer_than_the_row_is_shown_again_whole_on_a_new_one() -> None:
    long = "config set hours.default.everyday " + "1" * 60
    typist = Typist(Helps((long, "who")))
    typist.type(UP)
    assert typist.type(UP) == long
    assert typist.type(LEFT, HOME) == long, "no cursor can go back to the row above"
    assert typist.type(DOWN) == "who"


def test_tab_completes_what_is_certain_and_shows_the_rest() -> None:
    helps = Past().helps("tanaka", OPEN)
    for typed, completed in (
        (b"stat\t", "status"),
        (b"ho\t", "hopper"),
        (b"hopper l\t", "hopper load"),
        (b"oos o\t\t", "oos o"),
        (b"frames p\t", "frames printer"),
        (b"nothing\t", "nothing"),
    ):
        typist = Typist(helps)
        assert typist.type(typed) == completed
    typist = Typist(helps)
    assert typist.type(b"hop\t\t") == "hopper"
    assert typist.glass.rows[-2].split() == ["load", "pay", "unload"], "what this role may type in this mode"
    assert len(typist.glass.rows) == 3
    Typist(helps).type(b"\t")


@pytest.mark.parametrize(("keys", "trouble"), [(UP, ""), (LEFT, ""), (HOME, ""), (b"\t", "noise"), (b"st\t", "noise")])
def test_a_password_has_neither_past_nor_completion(keys: bytes, trouble: str) -> None:
    typist = Typist(Helps(PAST, ("status",)), secret=True)
    assert typist.type(b"corr", keys, b"ect\r") == ""
    assert typist.lines == [Line("" if trouble else "correct", trouble)]
    assert "status" not in "".join(typist.glass.rows)


# PageUp; F5; Ctrl-Right; Ctrl-PageUp of rxvt; F1 of a VT100 and of Linux's console; Shift-Tab; many modifiers
USELESS = (b"[5~", b"[15~", b"[1;5C", b"[5^", b"OP", b"[[A", b"[Z", b"[1;2;3;4;5;6A")


@given(st.text("stau", max_size=6), st.lists(st.sampled_from(USELESS)), st.text("stau", max_size=6), st.booleans())
def test_a_key_that_the_line_has_no_use_for_does_nothing(
    before: str, keys: list[bytes], after: str, secret: bool
) -> None:
    typist = Typist(Helps(PAST), secret=secret)
    shown = typist.type(before.encode(), *(b"\x1b" + key for key in keys), after.encode())
    assert shown == ("" if secret else before + after)
    typist.type(b"\r")
    assert typist.lines == [Line(before + after)]
    assert typist.reader.noise == 0


def test_a_line_with_noise_stays_refused_whatever_key_follows() -> None:
    typist = Typist(Helps(PAST))
    typist.type(b"who\x07", UP, b"\t\r")
    typist.type(
        b"\x1bwho\r",
        b"\x1b\r",
        b"\x1b[\r",
        b"\x1b[1;2;3;4;5;6;7;8;9A\r",
        b"\x1b[5$who\r",
        b"\x1b[31mwho\r",
        b"5\x1bOp\r",
    )
    assert [line.trouble for line in typist.lines] == ["noise"] * 8
    assert typist.type(UP) == "journal tail 20"


def test_a_note_in_between_shows_the_line_again() -> None:
    typist = Typist(Helps(PAST))
    typist.type(b"journa tail", LEFT, LEFT, LEFT, LEFT, LEFT)
    typist.glass.show("\r\n-- The machine is in maintenance now.\r\n")
    typist.glass.show(typist.reader.asks(PROMPT))
    assert typist.type(b"l") == "journal tail"


def test_only_commands_are_remembered_and_only_for_the_person_who_typed_them() -> None:
    past = Past()
    past.helps("tanaka", OPEN)
    for line in (
        "status",
        "correct-horse",
        "login tanaka correct-horse",
        "collect HSD4FT2J",
        "claim HSD4FT2J --json",
        "status",
        "hopper load ten 50",
        "exit --json",
    ):
        past.keep(COMMANDS, line)
    assert past.helps("tanaka", OPEN).past == ("status", "hopper load ten 50", "exit --json")
    assert past.helps("kato", OPEN).past == ()
    assert past.helps("tanaka", OPEN).past == ()
