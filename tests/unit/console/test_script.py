"""`host_sim console --script`: a person's hands at the line. The port is a list of what arrives, so that nothing waits."""

from collections import deque
from collections.abc import Sequence

import pytest

from host_sim.running import NotRunning
from host_sim.technician import MAINTENANCE_S, QUIET_S, Stopped, type_script

SILENT = None  # nothing arrives for a moment
PROMPT = "rig service technician 40> "
MAINT = "rig maint technician 41> "


class Line:
    """A port. `hears`: what is typed -> the pieces that arrive then, and what does not come before it is waited for."""

    def __init__(self, *conversation: tuple[str, Sequence[str | bytes | None]]) -> None:
        self._conversation = deque(conversation)
        self._coming: deque[bytes | None] = deque()
        self.typed: list[str] = []
        self.shown = b""
        self.waited_s: list[float] = []

    def write(self, data: bytes) -> None:
        assert not any(self._coming), "typed before the machine had answered"
        self.typed.append(data.decode("ascii"))
        expected, pieces = self._conversation.popleft()
        assert self.typed[-1] == expected
        self._coming.extend(piece.encode() if isinstance(piece, str) else piece for piece in pieces)

    def read(self, timeout_s: float) -> bytes:
        if timeout_s > QUIET_S:  # the hands wait as long as it takes
            self.waited_s.append(timeout_s)
            while self._coming and self._coming[0] is SILENT:
                self._coming.popleft()
        return (self._coming.popleft() or b"") if self._coming else b""

    def show(self, piece: bytes) -> None:
        self.shown += piece


BEGINS = ("\x03", ["\r\n", PROMPT])


def run(line: Line, *script: str) -> Line:
    type_script(line, script, lambda name: f"secret-of-{name}", line.show)
    assert not line._conversation, "everything was typed"
    return line


def test_what_comes_before_the_echo_of_a_row_answers_nothing_of_it() -> None:
    """The prompt of a machine that has just started, then that of Ctrl-C, each after a silence; then the row's own."""
    late = ["\r\n", SILENT, PROMPT, SILENT, "version\r\n", SILENT, "kofuki 1\r\nOK\r\n", SILENT, PROMPT]
    line = run(
        Line(
            ("\x03", ["\r\nkofuki 1 has started. `login NAME` logs you in.\r\n" + PROMPT]),
            ("version\r", late),
            ("who\r", ["who\r\nNobody is logged in.\r\nOK\r\n" + PROMPT]),
        ),
        "version",
        "who",
    )
    assert line.shown.endswith(PROMPT.encode())


def test_a_note_with_a_prompt_of_its_own_is_no_answer() -> None:
    note = "\r\n-- Nobody types. In 60 s you are logged out; press Enter to stay.\r\n" + PROMPT
    run(
        Line(
            BEGINS,
            ("version\r", ["version\r\n", note, SILENT, "kofuki 1\r\nOK\r\n" + PROMPT]),
            ("who\r", ["who\r\nOK\r\n" + PROMPT]),
        ),
        "version",
        "who",
    )


@pytest.mark.parametrize("cut", range(1, 60))
def test_rows_and_japanese_letters_may_arrive_in_any_two_pieces(cut: int) -> None:
    told = "login kato\r\nパスワード: ".encode()
    said = "\r\nkato、現金。\r\nOK\r\n" + PROMPT
    answer = said.encode()
    run(
        Line(
            BEGINS,
            ("login kato\r", [told[:cut], SILENT, told[cut:]]),
            ("secret-of-kato\r", [answer[:cut], SILENT, answer[cut:]]),
        ),
        "login kato",
    )


def test_a_long_question_in_japanese_is_one() -> None:
    asks = "金額（" + "円" * 70 + "）: "
    run(
        Line(BEGINS, ("cashbox emptied\r", [f"cashbox emptied\r\n{asks}"]), ("0\r", ["0\r\nOK\r\n" + PROMPT])),
        "cashbox emptied",
        "0",
    )


def test_request_maint_waits_until_the_resident_has_gone() -> None:
    begun = "\r\n-- The machine is in maintenance now; you may use the devices.\r\n" + MAINT
    wanted = "request maint\r\nSomebody is being served. Maintenance begins when they have gone.\r\nOK\r\n" + PROMPT
    line = run(
        Line(BEGINS, ("request maint\r", [wanted, SILENT, SILENT, begun]), ("exit\r", ["exit\r\nOK\r\n" + PROMPT])),
        "request maint",
        "exit",
    )
    assert MAINTENANCE_S in line.waited_s


def test_a_plan_is_confirmed_also_when_its_code_is_broken_over_two_rows() -> None:
    plan = (
        'hopper load 100 5 --json\r\n{"plan":["'
        + "x" * 60
        + '"],"confirm":"A0\r\n01","within_s":30.0}\r\nOK\r\n'
        + PROMPT
    )
    run(
        Line(BEGINS, ("hopper load 100 5 --json\r", [plan]), ("confirm A001\r", ["confirm A001\r\nOK\r\n" + PROMPT])),
        "hopper load 100 5 --json",
        "confirm",
    )


def test_it_ends_at_the_first_refusal_with_the_whole_sentence() -> None:
    refused = "test card\r\nERR mode Only in maintenance.\r\n    Type `request maint` first.\r\n" + PROMPT
    line = Line(BEGINS, ("test card\r", [refused]))
    with pytest.raises(Stopped) as stopped:
        run(line, "# by day", "", "test card", "exit")
    assert str(stopped.value) == "line 3: test card\nERR mode Only in maintenance. Type `request maint` first."


@pytest.mark.parametrize("row", ["language 日本語", "oos on " + "x" * 130])
def test_a_row_that_the_machine_would_refuse_whole_is_told_before_anything_is_typed(row: str) -> None:
    line = Line()
    with pytest.raises(Stopped, match="plain ASCII"):
        run(line, "status", row)
    assert line.typed == []


def test_a_script_that_ends_at_a_question_breaks_it_off() -> None:
    line = Line(
        BEGINS, ("hopper load\r", ["hopper load\r\nYEN (as 100): "]), ("\x03", ["\r\nERR cancelled\r\n" + PROMPT])
    )
    with pytest.raises(Stopped, match="while the machine asks: YEN"):
        run(line, "hopper load")
    assert line.typed[-1] == "\x03"


def test_a_machine_that_says_nothing_is_told() -> None:
    with pytest.raises(NotRunning, match="says nothing"):
        run(Line(("\x03", [])), "status")
