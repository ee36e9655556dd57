"""The closed grammar: which role may give which command in which mode (security rule 12), and any bytes on the wire (fault K1)."""

import itertools
import random
import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.console.access import Role
from firmware.console.command import Call, Kind, When, parse
from firmware.console.grammar import Decision, Refused
from firmware.console.line import LINE_MAX, Line, LineReader
from firmware.console.table import COMMANDS

# The table of commands (security rule 12), written a second time: who (- before a login, Viewer, Technician,
# Cash, Security), in which mode (S service, M maintenance), and what two persons' role is needed, if any.
RIGHTS = """
help                     -VTCS SM
version                  -VTCS SM
login tanaka             -VTCS SM
logout                    VTCS SM
who                       VTCS SM
language ja              -VTCS SM
status                    VTCS SM
reasons                   -VTCS SM
devices                   VTCS SM
counters                  VTCS SM
uncertain                 VTCS SM
journal tail 5            VTCS SM
journal verify            VTCS M
journal export 5          S    M
claim ABCD-EFGH           TCS  M
clock show                VTCS SM
readiness                TCS  SM
frames coin 20            T    SM
config show timeouts      VTCS SM
config set hours.default.everyday 06:30-23:00  TS  M
config unset centre.host  TS   M
config diff               TCS  SM
config check              TCS  SM
config commit             TS   M  security
config keep               TS   SM
config rollback           TS   M  security
update status             VTCS SM
update apply              TS   M  security
update rollback           TS   M  security
update board              TS   M  security
system status             VTCS SM
system keep               TS   M  security
system rollback           TS   M  security
request maint             TCS  S
exit                      TCS  M
oos on broken-glass       TS   SM
test card                 T    M
test keypad               T    M
test door                 T    M
test acceptor             T    M
test slot                 T    M
test hopper               T    M
test printer              T    M
test receipt              T    M
test line                 T    M
test screen               T    M
test sound                T    M
test board                T    M
test all                  T    M
hopper float 100 60       C    M  cash
hopper load 100 60        TC   M
hopper pay 3x100,1x500    TC   M  cash
hopper unload 100         TC   M  cash
acceptor coins            T    M
acceptor pair 123456      TCS  M  security
cashbox emptied 12300     C    M  cash
paper load 500            TC   M
paper cut                 T    M
reconcile                 TCS  M
close                     C    M
close print               C    M
collect ABCDEFGH          TC   M  cash
resolve 1 void counted    TCS  SM security
lockout list              TCS  SM
lockout clear             TS   M  security
line clear                TCS  M  security
reboot                    TS   M
confirm 7F3A              VTCS SM
"""
ROLES = dict(zip("-VTCS", (None, *Role), strict=True))
MODES = {"S": When.SERVICE, "M": When.MAINT}
ROWS = re.findall(r"^(.+?) {2,}(\S+) +([SM]+)(?: +(\w+))?$", RIGHTS, re.MULTILINE)


@pytest.mark.parametrize(("line", "who", "when", "pair"), ROWS)
def test_command_role_and_mode(line: str, who: str, when: str, pair: str) -> None:
    for (letter, role), (initial, mode) in itertools.product(ROLES.items(), MODES.items()):
        if letter in who and initial in when:
            assert parse(COMMANDS, line, role, mode).command.pair == (pair or None)
        else:
            with pytest.raises(Refused) as refused:
                parse(COMMANDS, line, role, mode)
            assert refused.value.code in {"login", "role", "mode"}


def test_the_table_above_has_every_command() -> None:
    assert [parse_anywhere(line).command.verb for line, *_ in ROWS] == [command.verb for command in COMMANDS]


def parse_anywhere(line: str) -> Call:
    for role, mode in itertools.product(Role, MODES.values()):
        try:
            return parse(COMMANDS, line, role, mode)
        except Refused as refused:
            if refused.code not in {"role", "mode"}:
                raise
    raise AssertionError(line)


def test_what_moves_money_or_closes_a_case_has_a_dry_run() -> None:
    planning = {command.verb for command in COMMANDS if command.kind is Kind.PLANS}
    moving = {
        "hopper.float",
        "hopper.load",
        "hopper.pay",
        "hopper.unload",
        "lockout.clear",
        "cashbox.emptied",
        "collect",
        "resolve",
        "line.clear",
        "reconcile",
    }
    changing = {"reboot", "acceptor.pair", "config.commit", "config.keep", "config.rollback"}
    changing |= {"update.apply", "update.rollback", "update.board", "system.keep", "system.rollback"}
    assert planning == moving | changing
    assert all(command.kind is Kind.PLANS for command in COMMANDS if command.pair)


def test_a_question_mark_before_or_after_a_command_is_help() -> None:
    for line, topic in (("?", ""), ("? hopper load", "hopper load"), ("hopper load 100 ?", "hopper load 100")):
        call = parse(COMMANDS, line, None, When.SERVICE)
        assert (call.command.verb, call.values) == ("help", (topic,))


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "hopper pay 3x100 4x100",
            "These are too many words; each argument is one word, without a space. Type: hopper pay PLAN",
        ),
        ("hopper pay 3x", "PLAN is coins x yen, for example 3x100,1x500:"),
        ("hopper pay -3x100", "PLAN is coins x yen,"),
        ("hopper pay 300x100", "PLAN is coins x yen,"),
        (
            "hopper load ten 60",
            "YEN is what one coin of the hopper is worth, at most 6 digits. Type: hopper load",
        ),
        ("hopper load 10 many", "N is how many coins, 1 or more, at most 6 digits. Type: hopper load YEN N"),
        ("paper load many", "N is how many sheets,"),
        ("paper load 1000000000", "N is how many sheets,"),
        ("cashbox emptied 1,000", "YEN is an amount,"),
        ("acceptor pair 123456789", "SERIAL is the acceptor's serial number, at most 8 digits."),
        ("collect ABCD", "CODE is the nine letters and digits on the claim slip,"),
        ("collect ABCDEFG1", "CODE is the nine letters and digits on the claim slip,"),
        (
            "journal tail 5 5",
            "These are too many words; each argument is one word, without a space. Type: journal tail [N]",
        ),
        ("journal tail all", "N is how many records,"),
        ("resolve first void counted", "N is the number of an item of `uncertain`,"),
        ("resolve 1 burnt because", "The decision is one of issued, void, paid, unpaid, seen, told;"),
        ("resolve 1 void 9", "REASON is one word:"),
        ("oos on ../../etc/passwd", "REASON is one word:"),
        ("oos perhaps", "Type on or off. Type: oos on|off [REASON]"),
        ("config set hours x", "KEY is two or three words joined by dots,"),
        ("login Tanaka", "A name is 2 to 20 of a-z, 0-9 and -, and begins with a letter. Type: login NAME"),
        ("confirm 7F3", "CODE is the four characters at the end of the dry run."),
    ],
)
def test_a_wrong_argument_is_answered_with_what_is_allowed(line: str, sentence: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(sentence)}") as refused:
        parse_anywhere(line)
    assert refused.value.code == "arguments"


@pytest.mark.parametrize(
    ("line", "values", "verb"),
    [
        ("hopper pay 3x100,1x500,2x100", ({100: 5, 500: 1},), "hopper.pay/3x100+1x500+2x100"),
        ("hopper load 100 060", (100, 60), "hopper.load/100/060"),
        ("collect abcd-efgh", ("ABCDEFGH",), "collect/ab......"),
        ("claim ABCDEFGH", ("ABCDEFGH",), "claim/ab......"),
        ("resolve 1 told counted", (1, Decision.TOLD, "counted"), "resolve/1/told/counted"),
        ("oos on broken-glass", (True, "broken-glass"), "oos/on/broken-glass"),
        ("oos off", (False, ""), "oos/off"),
        ("journal export", (0,), "journal.export"),
        ("journal tail 5", (5,), "journal.tail/5"),
        ("confirm 7f3a", ("7F3A",), "confirm/7f3a"),
    ],
)
def test_a_line_becomes_values_and_the_words_of_its_record(line: str, values: tuple[object, ...], verb: str) -> None:
    """Journals of machines in the field hold these words as `ConsoleAct.verb`, so they must not change."""
    call = parse_anywhere(line)
    assert call.values == values
    assert call.verb == verb


# --- lines ----------------------------------------------------------------------------------------


def lines_of(data: bytes) -> tuple[list[Line], bytes, LineReader]:
    reader, lines, echoed = LineReader(), [], bytearray()
    for byte in data:
        echo, line = reader.feed(byte)
        echoed += echo
        if line is not None:
            lines.append(line)
    return lines, bytes(echoed), reader


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"status\r", ["status"]),
        (b"status\n", ["status"]),
        (b"status\r\nwho\r\n", ["status", "who"]),
        (b"a\r\rb\n\nc\r\n", ["a", "", "b", "", "c"]),
        (b"stauts\x08\x08\x08tus\r", ["status"]),
        (b"rubbish\x15who\r", ["who"]),
        (b"\x7f\x7fwho\r", ["who"]),
    ],
)
def test_ends_of_lines_and_corrections(data: bytes, texts: list[str]) -> None:
    assert [line.text for line in lines_of(data)[0]] == texts


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"a" * 1_000_000 + b"\r", "long"),  # fault K1
        (b"hopper\x00 pay 3x100\r", "noise"),
        (b"\x1b[2J\x1b[Hstatus\r", "noise"),
        ("状態\r".encode(), "noise"),
        (b"\xff\xfe\r", "noise"),
    ],
)
def test_a_line_with_forbidden_bytes_is_refused_whole_and_never_echoed(data: bytes, trouble: str) -> None:
    lines, echoed, reader = lines_of(data)
    assert lines == [Line("", trouble)]
    assert len(echoed) <= LINE_MAX + 2
    assert set(echoed) <= {*range(32, 127), 13, 10, 8}
    assert reader.noise + reader.overlong > 0
    assert lines_of(data + b"who\r")[0][-1].text == "who"  # the next line is read as usual


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_at_all(data: bytes, secret: bool) -> None:
    reader, echoed = LineReader(), bytearray()
    reader.echoing = not secret
    for byte in data:
        echo, line = reader.feed(byte)
        echoed += echo
        if line is not None:
            assert len(line.text) <= LINE_MAX
            assert line.text.isascii()
            assert line.text.isprintable() or line.text == ""
    assert set(echoed) <= ({13, 10} if secret else {*range(32, 127), 13, 10, 8})


def test_a_hundred_thousand_lines_of_rubbish() -> None:
    """Security rules 14, 16: the grammar is closed: each line becomes a command or is refused."""
    chance, understood, refused, codes = random.Random(7), 0, 0, set()
    for line in itertools.islice(rubbish(chance), 100_000):
        role, mode = chance.choice([None, *Role]), chance.choice(list(MODES.values()))
        try:
            call = parse(COMMANDS, line, role, mode)
        except Refused as error:
            refused += 1
            codes.add(error.code)
        else:
            understood += 1
            assert role in call.command.roles
            if call.command.acts:  # the journal limits this word's length
                assert re.fullmatch(r"[a-z0-9][a-z0-9_.:+/-]{0,79}", call.verb)
    assert understood > 1000
    assert refused > 50_000
    assert codes == {"empty", "unknown", "login", "role", "mode", "arguments"}


def rubbish(chance: random.Random) -> Iterable[str]:
    words = sorted({word for command in COMMANDS for word in command.words})
    words += [
        "3x100",
        "1x500,2x10",
        "99",
        "ABCDEFGH",
        "7F3A",
        "on",
        "void",
        "tanaka",
        "--json",
        "?",
        "$(reboot)",
        "../x",
        ";",
    ]
    while True:
        kind = chance.random()
        if kind < 0.2:
            yield "".join(chance.choices([chr(n) for n in range(32, 127)], k=chance.randrange(LINE_MAX)))
            continue
        picked = chance.choices(words, k=chance.randrange(1, 5))
        if kind < 0.6:
            command = chance.choice(COMMANDS)
            picked = [*command.words, *picked[: len(command.takes)]]
        text = " ".join(picked)
        if kind > 0.9 and text:
            at = chance.randrange(len(text))
            text = text[:at] + chr(chance.randrange(32, 127)) + text[at + 1 :]
        yield text
