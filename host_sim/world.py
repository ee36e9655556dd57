"""One simulated world in one run directory: the machine's devices, the centre, the line between, and a person's hands.

The devices are models behind pseudo-terminals, a virtual card reader, a unix socket for the keys and a TCP line that
can fail; the firmware needs no change for them. Firmware and centre are processes of their own that get a unit file and a
directory. The front panel, `issue`, scenarios and the process tests call the same methods.

Methods may be called from several threads.
"""

import contextlib
import json
import os
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import Image

from host_sim import running, serial_cable, service
from host_sim.adapters import pcscd, pty
from host_sim.adapters.fingers import Fingers
from host_sim.adapters.line import FaultyLine
from host_sim.adapters.pins import CASE_OPEN, EARPHONE_IN
from host_sim.adapters.pty import PtyLine
from host_sim.adapters.vpcd import VpcdSlot
from host_sim.board_side import BOARD, BoardSide, on_board
from host_sim.centre import sample
from host_sim.centre.city.file import CityError
from host_sim.centre.database import Busy, DatabaseTrouble
from host_sim.centre.server import take_over
from host_sim.coins import CoinSide, NoCoins
from host_sim.glass import Onlooker
from host_sim.journal_tail import JournalTail
from host_sim.models.card_reader import CardReaderModel
from host_sim.models.key_matrix import CLERK_LAYOUT, LAYOUT
from host_sim.models.zoo import Device, Kind
from host_sim.models.zoo.room import NoRoom, Room
from host_sim.papers import PaperSide
from host_sim.running import HANG_S, Child, NotRunning
from host_sim.sounds import SoundSide
from host_sim.switches import Switchboard
from host_sim.tap import Tapped, latest
from host_sim.unit_file import NotAUnit, UnitFile
from host_sim.wall_clock import WallClock
from host_sim.wallet import Wallet

HOUSE = Path(__file__).resolve().parent.parent
STORE = HOUSE / "hardware" / "units" / "dev-store.toml"
VOICES = HOUSE / "build" / "voices"  # `make voices` makes them; without them the words are shown and not heard
PLAYER = Path(__file__).with_name("adapters") / "sound"  # the folder of what stands in for ALSA's aplay
KEYS = frozenset(name for row in LAYOUT for name in row)
CLERK_KEYS = frozenset(name for row in CLERK_LAYOUT for name in row)
PINS = "keys.sock"  # the socket of the simulated pins
_TAP_MS = 70
_JOURNAL_LINES, _FRAMES = 60, 40


class World:
    """Make it, `start` it, use it and `stop` it, or use it as a context manager."""

    # Made by `start`.
    start_ms: int
    wallet: Wallet
    centre: Child
    firmware: Child
    slot: VpcdSlot
    line: FaultyLine
    board: BoardSide | None
    coins: CoinSide | NoCoins
    papers: PaperSide
    sounds: SoundSide
    taps: Mapping[str, Tapped]
    switches: Switchboard

    def __init__(self, run: Path, unit: Path = STORE, *, patience_s: float = 0.0, zoo: Sequence[Device] = ()) -> None:
        """`patience_s`: how long to wait for the virtual reader where only one world can have one. `zoo`: devices that stand
        in for the ordinary ones. Raises `NotRunning` when they cannot stand in this unit."""
        self.run = run.resolve()
        try:
            self.unit = UnitFile(unit, Room(zoo))
        except (NoRoom, NotAUnit) as trouble:
            raise NotRunning(str(trouble)) from None
        self.run.mkdir(parents=True, exist_ok=True)
        self.clock = WallClock(self.run)
        self.screen_path = self.run / self.unit.text("screen", "path")
        self.has_clerk = self.unit.has("clerk")  # a counter terminal
        self.clerk_screen_path = self.run / self.unit.table("clerk")["screen"]["path"] if self.has_clerk else None
        self._glass = _size_of(self.unit.table("screen"))
        self._clerk_glass = _size_of(self.unit.table("clerk")["screen"]) if self.has_clerk else None
        self._patience_s = patience_s
        self._stack = contextlib.ExitStack()
        self._hand = threading.RLock()  # one act at a time
        self._card: str | None = None
        self._journal = JournalTail(self.run / "journal")
        self._journal_lines: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- starting and stopping ------------------------------------------------------------------

    def start(self) -> None:
        """Start everything and wait for the machine's first screen. If it raises `NotRunning`, everything is stopped again."""
        begun_s = time.monotonic()
        try:
            self._start()
            self.start_ms = round((time.monotonic() - begun_s) * 1000)
        except (pcscd.NoReader, OSError) as trouble:
            self.stop()
            raise NotRunning(str(trouble)) from trouble
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self._stack.enter_context(running.only_one(self.run / ".world.lock", f"The run directory {self.run}"))
        self._must_be_its_directory()
        (self.run / "state.json").unlink(missing_ok=True)
        self.move_door(opened=False)
        self.plug_earphone(on=False)
        self.wallet = Wallet.open(self.run / "wallet", self.clock.now().date())
        self._stack.callback(self.wallet.save)
        self._start_centre()
        self._card_service = self._stack.enter_context(pcscd.for_a_world(self._patience_s))
        reader = CardReaderModel(**self.unit.room.settings(Kind.READER))
        self.slot = VpcdSlot(port=self._card_service.port, model=reader)
        self._stack.callback(self.slot.remove)
        self._make_devices()
        self._start_firmware()

    def _must_be_its_directory(self) -> None:
        """A journal, coins and paper are one machine's: another machine must not go on with them."""
        before = self.run / "unit.toml"
        if not before.exists():
            return
        with contextlib.suppress(
            OSError, KeyError, tomllib.TOMLDecodeError
        ):  # of another checkout: told by what reads it
            was, now = UnitFile(before).text("unit", "name"), self.unit.text("unit", "name")
            if was != now:
                raise NotRunning(
                    f"{self.run} belongs to the machine {was}, and this unit file is of {now}. "
                    f"Take another directory (--directory DIR), or delete that one."
                )

    def _start_centre(self) -> None:
        self._centre_port = running.free_port()
        arguments = ["host_sim.centre", "serve", "--run", str(self.run), "--port", str(self._centre_port)]
        self.centre = Child("centre", arguments, self.run / "centre.log", {})
        self._stack.callback(self.centre.stop)
        if (self.run / "centre" / "centre.db").exists():
            self._take_over()
        self.centre.start()
        self.centre.wait_until(lambda: running.listening(self._centre_port))
        self.line = FaultyLine(self._centre_port)
        self._stack.callback(self.line.close)

    def _take_over(self) -> None:
        """The checkout may be another one than the last time."""
        try:
            take_over(self.run)
        except (Busy, CityError, DatabaseTrouble) as trouble:
            raise NotRunning(f"{trouble} Or take a new run directory than {self.run} (--directory DIR).") from trouble

    def _make_devices(self) -> None:
        self.board = BoardSide(self.unit, self.run) if self.unit.has(BOARD) else None
        self.coins = CoinSide(self.unit, self.run, self._hand_at_slot) if self.unit.has("coin") else NoCoins()
        self.papers = PaperSide(self.unit, self.run)
        self.sounds = SoundSide(self.run)
        self.taps = {
            **({"coin": Tapped("coin", self.coins.bus)} if isinstance(self.coins, CoinSide) else {}),
            "printer": Tapped("printer", self.papers.certificate, record=True),
            "receipt": Tapped("receipt", self.papers.receipt),
        }
        lines = {name: PtyLine(tap, self.run / self.unit.port(name)) for name, tap in self.taps.items()}
        self.papers.lines = lines
        if isinstance(self.coins, CoinSide):
            self.coins.line = lines["coin"]
        self._stack.callback(self._remember)
        others = () if self.board is None else (self.board.line,)
        self._stack.enter_context(pty.serve((*lines.values(), *others, *serial_cable.cable(self.unit, self.run))))
        self.switches = Switchboard(self)

    def _hand_at_keys(self, side: str) -> Fingers | BoardSide:
        board = self.board
        if board is None or board.side != side:
            return Fingers(self.run / PINS)
        if not self.firmware.alive:
            raise ConnectionError
        return board

    def _hand_at_slot(self) -> Fingers | BoardSide:
        board = self.board
        return board if board is not None and on_board(self.unit, "coin.pulse") else Fingers(self.run / PINS)

    def _remember(self) -> None:
        self.coins.remember()
        self.papers.remember()

    def _start_firmware(self) -> None:
        """Start the machine with this world's unit file and the simulated pins of gpiozero."""
        keys = self.run / PINS
        unit = self.run / "unit.toml"
        unit.write_text(self.unit.below(self.run, centre_port=self.line.port, voices=VOICES))
        runtime = self.run / "runtime"
        runtime.mkdir(exist_ok=True)
        environment = {"GPIOZERO_PIN_FACTORY": "kofuki_sim", "KOFUKI_SIM_KEYS": str(keys)}
        environment |= {"KOFUKI_SIM_ZOO": ",".join(device.name for device in self.unit.room.devices)}
        environment |= {"PATH": f"{PLAYER}:{os.environ['PATH']}", "KOFUKI_SIM_SOUND": str(self.sounds.folder)}
        environment |= {"RUNTIME_DIRECTORY": str(runtime)}  # as systemd has it
        environment |= self._card_service.environment
        self.firmware = Child(
            "machine", service.command(self.unit, unit, self.run), self.run / "firmware.log", environment
        )
        self._stack.callback(self.firmware.stop)
        self._power_on()
        self._stack.callback(service.Manager(self.firmware, self._power_on, self._hand).close)

    def _power_on(self) -> None:
        (self.run / "state.json").unlink(missing_ok=True)
        self.firmware.start()
        self.firmware.wait_until(self._is_up)

    def _is_up(self) -> bool:
        """Whether it publishes its state and takes keys; a halted machine takes no keys."""
        halted = self.machine().get("availability") == "HALTED"
        return halted or (bool(self.machine()) and self._takes_keys())

    def _takes_keys(self) -> bool:
        board = self.board
        heard = board is None or board.side is None or board.is_heard()
        return heard and ((self.run / PINS).exists() or (board is not None and board.side == "resident"))

    def restart(self) -> None:
        """Switch the machine off and on again; its devices and the centre stay."""
        with self._hand:
            self.firmware.stop()
            self._power_on()

    def stop(self) -> None:
        """Stop everything in the opposite order. Does nothing when nothing runs."""
        self._stack.close()

    # --- what a person sees ---------------------------------------------------------------------

    def machine(self) -> Mapping[str, Any]:
        """The machine's published state (`state.json`); empty while there is none."""
        try:
            told: Mapping[str, Any] = json.loads((self.run / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return told

    def wait_for(self, seen: Callable[[Mapping[str, Any]], bool], timeout_s: float = HANG_S) -> Mapping[str, Any]:
        """Wait until `seen` is true of the published state. Raises `NotRunning` with the last state."""
        end_s = time.monotonic() + timeout_s
        while not seen(machine := self.machine()):
            if time.monotonic() > end_s:
                raise NotRunning(
                    f"After {timeout_s:.0f} s the machine's state was still {dict(machine)}; read firmware.log."
                )
            time.sleep(0.02)
        return machine

    def wait_for_service(self) -> None:
        """Wait until the machine would take a card."""
        self.wait_for(lambda told: (told.get("state"), told.get("availability")) == ("IDLE", "IN_SERVICE"))

    def onlookers(self) -> list[Onlooker]:
        """One in front of each glass: the resident's, and the clerk's if there is one."""
        glasses = [(self.screen_path, self._glass), (self.clerk_screen_path, self._clerk_glass)]
        return [Onlooker(path, size) for path, size in glasses if path is not None and size is not None]

    def screen(self) -> Image.Image | None:
        return self.onlookers()[0].look()

    def clerk_screen(self) -> Image.Image | None:
        """The clerk's glass of a counter terminal."""
        return self.onlookers()[1].look() if self.has_clerk else None

    def paper(self, number: int) -> Image.Image | None:
        """A sheet in one of the trays, by the number `status` gives it."""
        return self.papers.picture(number)

    def introduction(self) -> dict[str, Any]:
        """What does not change while the world runs: cards, place, coins."""
        city = sample.residents()
        cards = []
        for name, entry in self.wallet.cards.items():
            number = city.cast.get(entry.holder or "")
            named = city.residents[number].name if number else ""
            about = {"name": name, "kind": entry.kind, "about": entry.about, "pin": entry.pin, "trouble": entry.trouble}
            cards.append({**about, "holder_name": named.replace("\u3000", "")})
        return {
            "cards": cards,
            "place": self.unit.table("unit")["place"]["ja"],
            "denominations": self.unit.table("coin")["accepts_yen"] if self.unit.has("coin") else [],
            "has_clerk": self.has_clerk,
            "has_speaker": self.unit.has("speaker"),
            "has_voices": (VOICES / "voices.json").exists(),
            "zoo": [
                {"name": device.name, "kind": device.kind, "what": device.called} for device in self.unit.room.devices
            ],
        }

    def status(self) -> dict[str, Any]:
        """Everything the panel draws, as JSON values."""
        machine = {name: value for name, value in self.machine().items() if name != "updated_monotonic"}
        with self._hand:
            self._journal_lines = [*self._journal_lines, *(line.text for line in self._journal.new())][-_JOURNAL_LINES:]
        return {
            "machine": machine,
            "running": {"firmware": self.firmware.alive, "centre": self.centre.alive},
            "card": self._card if self.slot.occupied else None,
            "coins": self.coins.status(),
            "lamps": None if self.board is None else self.board.lamps(),
            "papers": self.papers.status(),
            "switches": self.switches.status(),
            "sound": self.sounds.status(),
            "earphone": (self.run / EARPHONE_IN).exists(),
            "clock": {"now": self.clock.now().replace(tzinfo=None).isoformat(), "offset_s": self.clock.offset_s},
            "journal": self._journal_lines,
            "frames": [
                {"line": said.line, "from": "host" if said.from_host else "device", "text": said.text}
                for said in latest(self.taps.values(), _FRAMES)
            ],
        }

    # --- hands ----------------------------------------------------------------------------------

    def insert_card(self, name: str) -> None:
        with self._hand:
            card = self.wallet.cards.get(name)
            if card is None:
                raise LookupError(f"There is no card {name}. Use one of: {', '.join(self.wallet.cards)}.")
            self.slot.insert(card.chip)
            self._card = name

    def remove_card(self) -> None:
        with self._hand:
            self.slot.remove()
            self._card = None
            self.wallet.save()

    def press(self, key: str, hold_ms: int = _TAP_MS) -> None:
        """Tap one of the sixteen keys; returns when the finger is up again."""
        self._tap(key, KEYS, hold_ms, "resident")

    def press_clerk(self, key: str, hold_ms: int = _TAP_MS) -> None:
        """Tap one of the fifteen keys of a counter terminal's clerk."""
        self._tap(key, CLERK_KEYS if self.has_clerk else frozenset(), hold_ms, "clerk")

    def _tap(self, key: str, known: frozenset[str], hold_ms: int, side: str) -> None:
        if key not in known:
            told = f"Use one of: {', '.join(sorted(known))}." if known else "This machine has no clerk's side."
            raise LookupError(f"There is no key {key}. {told}")
        try:
            with self._hand, self._hand_at_keys(side) as fingers:
                fingers.tap(key, hold_ms=hold_ms, side=side)
        except OSError:
            raise NotRunning(
                "The machine is off, so its keys do nothing. Switch it on with: python -m host_sim restart"
            ) from None

    def move_door(self, *, opened: bool) -> None:
        """Open or shut the case, whether the machine is on or off."""
        if opened:
            (self.run / CASE_OPEN).touch()
        else:
            (self.run / CASE_OPEN).unlink(missing_ok=True)

    def plug_earphone(self, *, on: bool) -> None:
        """Put an earphone into its socket, or pull it out."""
        if on:
            (self.run / EARPHONE_IN).touch()
        else:
            (self.run / EARPHONE_IN).unlink(missing_ok=True)

    def slot_open(self) -> bool:
        """The lamp beside the coin slot."""
        return bool(self.coins.status()["slot_open"])

    def drop_coin(self, yen: int) -> None:
        """Drop a coin into the slot; 0 is a foreign coin, which comes back."""
        self.coins.drop(yen)

    def take_paper(self) -> Sequence[Image.Image]:
        return self.papers.take("certificate")

    def take_receipt(self) -> Sequence[Image.Image]:
        return self.papers.take("receipt")

    def take_change(self) -> Sequence[int]:
        """The yen values of the coins in the change cup."""
        return self.coins.take_change()

    def take_returned(self) -> Sequence[int]:
        return self.coins.take_returned()

    def set_clock(self, to: str) -> None:
        """Set the time in Japan: `now`, `22:55`, `12-31`, `sunday` or a date and time."""
        self.clock.set(to)

    # --- trouble --------------------------------------------------------------------------------

    def switch(self, name: str, on: bool = True) -> None:
        """Turn a fault on or off; `switches.TROUBLES` has their names."""
        with self._hand:
            self.switches.set(name, on)

    def paper_out(self, on: bool = True) -> None:
        self.switch("paper_out", on)

    def cover_open(self, on: bool = True) -> None:
        self.switch("cover_open", on)

    def line_down(self, on: bool = True) -> None:
        self.switch("line_down", on)

    def hopper_empty(self, on: bool = True) -> None:
        self.switch("hopper_empty", on)


def _size_of(screen: Mapping[str, Any]) -> tuple[int, int]:
    """The pixels of a glass, across and down."""
    width, height = screen.get("glass", "800x480").split("x")
    return int(width), int(height)
