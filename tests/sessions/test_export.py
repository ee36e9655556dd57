"""`journal export` at the machine's line, and what `python -m firmware.journal read` makes of a laptop's log of it."""

import random
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from firmware.journal import carried
from firmware.journal.__main__ import main
from firmware.journal.journal import stored
from host_sim.rig.console import ConsoleRig
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import claim_of_200

Cards = Mapping[str, WalletCard]


@pytest.fixture
def owing(wallet: Cards) -> tuple[ConsoleRig, str, str]:
    """The machine that owes a claim, the claim's code, and the log of a terminal that exported the whole journal."""
    machine, code = claim_of_200(wallet)
    machine.say("logout")
    machine.log_in("goto")
    machine.say("journal export 1")
    return machine, code, machine.shown_since(0)


def key_of(machine: ConsoleRig) -> str:
    return machine.say("journal verify").split("key ")[1][:64]


def run(tmp_path: Path, *logs: str, words: tuple[str, ...] = ()) -> int:
    paths = [tmp_path / f"log-{number}.txt" for number, _ in enumerate(logs)]
    for path, log in zip(paths, logs, strict=True):
        path.write_text(log, encoding="ascii", newline="")
    return main(["read", *map(str, paths), *words])


def test_a_claims_evidence_is_read_on_a_laptop_and_proved(
    owing: tuple[ConsoleRig, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine, code, log = owing
    page = tmp_path / "claim.html"
    words = ("--key", key_of(machine), "--claim", code, "--html", str(page))
    assert run(tmp_path, log.replace("\n", "\r\n"), words=words) == 0
    told = capsys.readouterr().out
    (sid,) = machine.centre.claims
    assert "200 yen, collected here 0" in told
    assert "one unbroken chain\nsigned up to record" in told
    assert "!" not in told
    order = [told.index(title) for title in ("before: none", "session itself\n", "after: none", "claim since")]
    assert order == sorted(order)
    sheet = page.read_text(encoding="utf-8")
    for shown in (told, sheet):
        assert "ClaimIntent" in shown
        assert code not in shown
        assert sid not in shown
    assert '<th>未払い<small lang="en">not paid</small></th><td class="yen">200 円</td>' in sheet
    assert '<td>預り予定<small lang="en">ClaimIntent</small></td>' in sheet
    assert run(tmp_path, log, words=("--session", sid[:8])) == 0
    told = capsys.readouterr().out
    assert f"SessionOpened sid={sid[:8]}~" in told
    assert "ConsoleAct" not in told.split("--- its claim since")[0]
    assert "! The export itself names this key" in told
    late = machine.say("journal export 18")  # after the beginning of the session
    assert run(tmp_path, late, words=("--claim", code)) == 0
    assert "! The session began before record 18" in capsys.readouterr().out


class Read(HTMLParser):
    """The texts of a page in order, each with whether it is marked as English, and which tags are open at its end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, bool]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and data.strip():
            self.texts.append((data.strip(), "small" in self.open))


@pytest.mark.parametrize("how", ["claim", "session", "all", "cut off", "late"])
def test_the_page_says_everything_in_japanese_first(
    owing: tuple[ConsoleRig, str, str], tmp_path: Path, how: str
) -> None:
    """Every English text stands below one in Japanese; only ids, numbers and values of records have no letters of their own."""
    machine, code, log = owing
    (sid,) = machine.centre.claims
    words = {"claim": ("--claim", code), "session": ("--session", sid[:8]), "late": ("--claim", code)}.get(how, ())
    log = {"cut off": log[: log.rindex("\nend ")], "late": machine.say("journal export 18")}.get(how, log)
    page = tmp_path / "page.html"
    run(tmp_path, log, words=(*words, "--html", str(page)))
    read = Read(page.read_text(encoding="utf-8"))
    assert set(read.open) <= {"html"}
    english = [place for place, (_, marked) in enumerate(read.texts) if marked]
    assert len(english) > 30
    for place in english:
        above = read.texts[place - 1]
        assert re.search("[ぁ-んァ-ヶ一-龠]", above[0]), (above, read.texts[place])
        assert not above[1]


def test_what_was_exported_is_what_the_journal_holds(owing: tuple[ConsoleRig, str, str]) -> None:
    machine, _, log = owing
    export = carried.read({"log": log})
    assert export.missing_from is None
    assert [stored(entry) for entry in export.entries] == list(machine.console.hands.history())[: len(export.entries)]


def test_a_log_that_was_cut_off_anywhere_is_continued(owing: tuple[ConsoleRig, str, str]) -> None:
    """Each cut tells from which record to go on; the two logs together are the whole export."""
    machine, _, log = owing
    whole = carried.read({"log": log})
    chance = random.Random(11)
    begin, end = log.index("before "), log.rindex("end ")
    for _ in range(20):
        cut = log[: chance.randrange(begin + 72, end)]
        part = carried.read({"log": cut})
        good = len(part.entries)
        assert part.entries == whole.entries[:good]
        if part.missing_from is not None:
            rest = machine.say(f"journal export {part.missing_from}")
            joined = carried.read({"first": cut, "second": rest})
            assert joined.entries[: len(whole.entries)] == whole.entries
            assert joined.missing_from is None


def test_no_changed_letter_goes_unseen(owing: tuple[ConsoleRig, str, str]) -> None:
    _, _, log = owing
    chance = random.Random(5)
    whole = carried.read({"log": log})
    begin, end = log.index("before ") + 72, log.rindex("\nend ")
    for _ in range(200):
        at = chance.randrange(begin, end)
        if log[at] == "\n":
            continue
        letter = chance.choice([c for c in "AZaz09+/ ~" if c != log[at]])
        changed = log[:at] + letter + log[at + 1 :]
        with pytest.raises(carried.Unreadable) as refused:
            carried.read({"log": changed})
        assert "journal export" in str(refused.value)
    assert carried.read({"log": log}).entries == whole.entries


def test_a_file_that_is_not_the_machines_is_refused_in_a_sentence(
    owing: tuple[ConsoleRig, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, code, log = owing
    begin, end = log.index("kofuki-export"), log.rindex("\nend ")
    other = log[begin:end].replace("rig-01", "rig-02", 1)
    half = log[begin:].replace("kofuki-export 1 rig-01 1", "kofuki-export 9 x 1", 1)
    refusals = {
        "holds no export": (("nothing of it",), ()),
        "several machines: rig-01, rig-02": ((log, other), ()),
        "is an export of form 9": ((half,), ()),
        "not signed by the key that was given": ((log,), ("--key", "00" * 32)),
        "no claim with this code": ((log,), ("--claim", "ABCDEFGH")),
        "CODE is the nine letters": ((log,), ("--claim", "no")),
        "No session 0123456789 is whole": ((log,), ("--session", "0123456789")),
    }
    assert code != "ABCDEFGH"
    for sentence, (logs, words) in refusals.items():
        assert run(tmp_path, *logs, words=words) == 1
        told = capsys.readouterr()
        assert sentence in told.err, told.err
        assert told.out == ""
    assert main(["read", str(tmp_path / "none.txt")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert run(tmp_path, log, words=("--html", str(tmp_path / "none" / "page.html"))) == 1
    assert "cannot be written" in capsys.readouterr().err
    for key in ("zz", "00" * 31, "00 " * 32):
        with pytest.raises(SystemExit):
            run(tmp_path, log, words=("--key", key))
        assert "give the 64 hex digits" in capsys.readouterr().err
    for command in ("show", "verify"):
        assert main([command, str(tmp_path / "none")]) == 1, "a folder that is not there is no journal without a fault"
        assert "holds no journal" in capsys.readouterr().err


def test_a_cable_pulled_in_the_middle_ends_the_export_and_logs_out(wallet: Cards) -> None:
    machine, _ = claim_of_200(wallet)
    machine.say("logout")
    machine.log_in("goto")
    machine.type("journal export 1")
    machine.run_until(lambda: b"\r\n9 " in machine.terminal.shown, 10)
    machine.serial.hang_up()
    log = machine.shown_since(0)
    machine.run_until(lambda: machine.console.person is None, 60)
    machine.serial.plug_in()
    back_s = machine.clock.monotonic() + 5
    machine.run_until(lambda: machine.clock.monotonic() > back_s)
    part = carried.read({"log": log})
    assert part.missing_from is not None
    machine.enter_maintenance("goto")
    assert carried.read({"a": log, "b": machine.say(f"journal export {part.missing_from}")}).missing_from is None
