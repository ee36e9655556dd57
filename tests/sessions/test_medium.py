"""One medium that fails or is full: who is served, what the machine says, and when it recovers by itself (faults D1, D2)."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.config.unit import LineFilesUnusable, UnitError, UpdatesUnusable
from firmware.console.language import Language, texts
from firmware.console.rows import columns
from firmware.desks.line import LineDesk
from firmware.halted import TRY_AGAIN_S, Halted, reason_of
from firmware.journal.journal import JournalBroken, JournalCorrupt, JournalFull, JournalTrouble
from firmware.journal.seal import SealUnsafe
from firmware.paper.vault import Vault
from firmware.screens.fonts import LettersMissing
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.memory import MemoryStream
from host_sim.rig.console import SERIAL_LINE, ConsoleRig, Terminal
from host_sim.rig.crew import InlineCrew
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def serve_until_full(machine: RigMachine, card: WalletCard) -> None:
    """From now on the medium takes no new segment; the current one still has room for some sessions."""
    machine.disk.fill()
    for _ in range(200):
        machine.serve(Person(card), card.chip)
        if Reason.JOURNAL_FULL in machine.loop.reception.state.reasons:
            return
    raise AssertionError("it was never full")


def test_a_full_journal_lets_nobody_begin_and_the_console_goes_on(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve_until_full(machine, wallet["hanako"])
    assert isinstance(machine.loop.scene, show.Closed)
    assert machine.loop.scene.numbers == ("103",)
    sessions = len(machine.records(records.SessionClosed))
    machine.reader.insert(wallet["taro"].chip)
    machine.wait(30)
    assert len(machine.records(records.SessionClosed)) == sessions
    machine.reader.remove()
    assert "103" in machine.say_as("ueda", "status")
    machine.disk.heal()  # staff have made room
    machine.wait(15)
    assert isinstance(machine.loop.scene, show.Idle)
    serve(machine, Person(wallet["hanako"]))
    assert len(machine.records(records.SessionClosed)) == sessions + 1


def test_a_start_with_a_full_journal_says_so_too(wallet: Cards) -> None:
    machine = RigMachine()
    serve_until_full(machine, wallet["hanako"])
    machine.restart()
    machine.wait(5)
    assert isinstance(machine.loop.scene, show.Closed)
    assert machine.loop.scene.numbers == ("103",)


def test_a_medium_that_fails_twice_needs_a_person(wallet: Cards) -> None:
    """The first failure ends the run, and the next start serves. After the second the machine waits for a person."""
    machine = ConsoleRig()
    for failures in (1, 2):
        machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
        machine.disk.fail("sync", at=3)
        with pytest.raises(JournalTrouble):
            machine.serve(Person(wallet["hanako"]), wallet["hanako"].chip)
        machine.last_end = "medium"
        machine.restart()
        machine.wait(5)
        assert [code for code, _ in machine.loop.book.queue].count("medium_failed") == failures
    assert machine.loop.reception.state.reasons == {Reason.JOURNAL_BROKEN}
    machine.restart()  # and a restart does not clear it
    machine.wait(5)
    assert machine.loop.reception.state.reasons == {Reason.JOURNAL_BROKEN}
    machine.log_in("kato")
    for _ in range(2):
        item = [code for code, _ in machine.loop.book.queue].index("medium_failed") + 1
        machine.confirm(machine.say(f"resolve {item} seen card-replaced"), "goto")
    machine.say("logout")
    machine.wait(5)
    assert machine.loop.reception.state.reasons == frozenset()


# --- a machine that cannot start ------------------------------------------------------------------


class Halt:
    """A machine in virtual time that could not start and is halted."""

    def __init__(self, reason: Reason, detail: str, world: RigMachine, request: str = "") -> None:
        self.world, self.terminal, self.scenes = world, Terminal(), list[show.Scene]()
        self.shut = 0
        self.halted = Halted(
            reason,
            detail,
            show=self.scenes.append,
            shut_slot=self._shut,
            serial=MemoryStream(self.terminal, world.clock, SERIAL_LINE),
            crew=InlineCrew([LineDesk(self, Vault())], world.clock, {}, {}, {}),  # type: ignore[arg-type]
            heartbeat_s=20.0,
            clock=world.clock,
            request=request,
            alive=self._alive,
        )
        self.beats: list[Mapping[str, object]] = []
        self.typed = b"status\r"

    def _shut(self) -> None:
        self.shut += 1

    def heartbeat(self, state: Mapping[str, object]) -> None:
        self.beats.append(state)

    def _alive(self) -> None:
        self.terminal.type(self.typed)
        self.typed = b""


@pytest.mark.parametrize("reason", [Reason.LINE_FILES, Reason.JOURNAL_CORRUPT])
def test_only_a_machine_without_a_certificate_shows_its_request(reason: Reason) -> None:
    halt = Halt(reason, "tls/machine.pem is missing", RigMachine(), request="-----BEGIN CERTIFICATE REQUEST-----")
    halt.halted.run(lambda: False)
    (scene,) = halt.scenes
    assert isinstance(scene, show.Closed)
    assert scene.halted, "nobody reads a key, so the screen shows none"
    assert bool(scene.request) == (reason is Reason.LINE_FILES)


def test_a_machine_that_cannot_start_says_why_on_every_output_and_tries_again() -> None:
    halt = Halt(Reason.JOURNAL_CORRUPT, "00000002.journal is unreadable at byte 512", RigMachine())
    began_s = halt.world.clock.monotonic()
    halt.halted.run(lambda: False)
    assert halt.world.clock.monotonic() - began_s == pytest.approx(TRY_AGAIN_S, abs=1.0)
    assert halt.shut == 1
    (scene,) = halt.scenes
    assert isinstance(scene, show.Closed)
    assert scene.numbers == ("101",)
    shown = halt.terminal.shown.decode("ascii")
    assert shown.count("101 The journal is damaged before its end") == 2, (
        "once when it halts, and once for each line that is typed"
    )
    assert "00000002.journal is unreadable at byte 512" in " ".join(shown.split())
    assert "status\r\n" in shown
    assert max(len(line) for line in shown.splitlines()) <= 79
    assert len(halt.beats) == 3
    assert all(
        (beat.get("journal_head", ""), beat["state"], beat["reasons"]) == ("", "halted", ["journal_corrupt"])
        for beat in halt.beats
    )


@pytest.mark.parametrize("language", [Language.JA, Language.ROMAJI])
@pytest.mark.parametrize("reason", [Reason.LINE_FILES, Reason.UNIT])
def test_a_halted_machine_answers_in_japanese_when_it_is_asked_to(language: Language, reason: Reason) -> None:
    """Also where a sentence has letters that the line cannot show, or that are none."""
    halt = Halt(
        reason, "/etc/住所\udcff.pem is no PEM file: put this machine's certificate there", RigMachine(), request="PEM"
    )
    halt.typed = f"language xx\rlanguage {language}\r".encode()
    halt.halted.run(lambda: False)
    english, said = halt.terminal.shown.decode("utf-8").split(f"language {language}\r\n")
    assert "The machine takes, prints and pays nothing" in english
    rows = said.splitlines()
    assert max(map(columns, rows)) <= 79
    assert texts(language).told(reason.sentence) in "".join(rows) or language is Language.ROMAJI
    for english_word in ("The machine", "Mend it", "Type ", "certificate there", "???"):
        assert english_word not in said
    assert said.isascii() is (language is Language.ROMAJI)
    assert rows[-2:] == ["ERR halted", "halted> "]


def test_a_halted_machine_starts_again_at_once_when_a_person_asks_for_it() -> None:
    halt = Halt(Reason.UNIT, "x", RigMachine())
    halt.typed = b"again\r"
    began_s = halt.world.clock.monotonic()
    halt.halted.run(lambda: False)
    assert halt.world.clock.monotonic() < began_s + 5


def test_it_ends_at_once_when_it_is_told_to() -> None:
    halt = Halt(Reason.JOURNAL_BROKEN, "x", RigMachine())
    began_s = halt.world.clock.monotonic()
    halt.halted.run(lambda: halt.world.clock.monotonic() > began_s + 1)
    assert halt.world.clock.monotonic() < began_s + 2


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (JournalCorrupt("x"), 101),
        (JournalBroken("x"), 102),
        (JournalFull("x"), 103),
        (SealUnsafe("x"), 105),
        (UpdatesUnusable("x"), 132),
        (UnitError("x"), 141),
        (LettersMissing("x"), 142),
        (LineFilesUnusable("x"), 504),
    ],
    ids=["corrupt", "broken", "full", "seal", "updates", "unit", "letters", "line files"],
)
def test_each_trouble_has_its_number(error: Exception, number: int) -> None:
    assert reason_of(error).number == number


def test_a_card_that_comes_while_staff_lets_a_hopper_pay_disturbs_nothing(wallet: Cards) -> None:
    """A checkpoint is due then, and cannot be taken while coins move."""
    machine = ConsoleRig()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.enter_maintenance("kato")
    machine.memory.rest = lambda: type(machine.memory).rest(machine.memory, 0)  # type: ignore[method-assign]
    machine.loop.write(records.StaffPayIntent("test", 100, 1, 0, 0))
    machine.reader.insert(wallet["taro"].chip)
    machine.wait(3)
    machine.loop.write(records.StaffPayDone(100, 1, 0, 0, 0))
    machine.reader.remove()
    machine.say("exit")
    machine.wait(5)
    assert serve(machine, Person(wallet["hanako"])).seen


def test_staff_can_work_at_a_machine_whose_journal_is_full(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    serve_until_full(machine, wallet["hanako"])
    machine.enter_maintenance("kato")
    assert "300 yen came out" in machine.confirm(machine.say("hopper pay 3x100"), "goto")
    machine.disk.heal()
    machine.say("exit")
    machine.wait(20)
    serve(machine, Person(wallet["hanako"]))
    assert machine.memory.last_closed is not None
    assert machine.memory.last_closed.outcome == "issued"
