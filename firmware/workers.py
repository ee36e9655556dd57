"""One thread a desk; the only file that starts threads.

A worker waits for a command, and polls its desk when none comes. It puts answers into the loop's queue and never calls the
loop. When a device fails, the worker answers the command with a `Fault` and posts the desk's `Health`. Then it tries to start
the desk again, at most once in `RESTART_FLOOR_S`. So a broken device neither stops the other desks nor uses up the CPU.
Opening a device is part of the desk's start. For a desk that never started the pauses double up to `LONGEST_PAUSE_S`.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from drivers.errors import DeviceError, Remedy
from drivers.ports import Clock
from firmware.desks import OF_MACHINE, Answer, C, Desk, DeskName, Health, News, Posted, Whose
from firmware.session.events import Fault

RESTART_FLOOR_S = 2.0
LONGEST_PAUSE_S = 16.0
STUCK_S = 240.0  # longer than all deadlines of one desk together; a worker busy for longer hangs
_log = logging.getLogger(__name__)


class Crew(Protocol):
    """All workers, as the loop sees them: threads on the machine, plain calls in virtual time."""

    def send(self, desk: DeskName[C], command: C, whose: Whose) -> None:
        """`whose`: for whom the desk does it; the loop finds the same value in `Posted.whose` of the answers."""
        ...

    def receive(self, timeout_s: float) -> Posted | None:
        """The next answer, or None when the time has passed."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None:
        """Let each desk finish its command and put its devices into a safe state."""
        ...

    def alive(self) -> bool:
        """Whether every vital desk has a worker that neither ended nor hangs; asked before each sign to the watchdog."""
        ...


class Shift:
    """The work of one desk without a thread; both kinds of crew use it.

    After a failure the desk is down. Then `do` answers a command with a `Fault` at once, unless `Desk.works_down` allows it.
    `Desk.start` is called no sooner than `RESTART_FLOOR_S` later, by `poll` or before a command: commands that come without
    a pause leave no time for `poll`. The desk is up again when `start` succeeds or when it posts a `Health` without reasons.
    """

    def __init__(self, desk: Desk[Any], clock: Clock) -> None:
        self.desk = desk
        self._clock = clock
        self._up = False
        self._started = False  # ever
        self._pause_s = RESTART_FLOOR_S
        self._retry_at_s = 0.0

    @property
    def up(self) -> bool:
        """Whether the desk's device worked when it was last used."""
        return self._up

    def begin(self) -> list[Posted]:
        return self._guarded(OF_MACHINE, self._start)

    def do(self, command: object, whose: Whose) -> list[Posted]:
        begun = self._begin_again()
        if not self._up and not self.desk.works_down(command):
            return [*begun, Posted(self.desk.name, whose, Fault(self.desk.name, "it is out of service"))]
        return [*begun, *self._guarded(whose, partial(self.desk.handle, command))]

    def poll(self) -> list[Posted]:
        return self._guarded(OF_MACHINE, self.desk.poll) if self._up else self._begin_again()

    def _begin_again(self) -> list[Posted]:
        """Start a desk that is down, if it is time."""
        return [] if self._up or self._clock.monotonic() < self._retry_at_s else self.begin()

    def end(self) -> None:
        """Stop the desk. A desk that is down cannot reach its devices, so it is not stopped."""
        if self._up:
            with suppress(DeviceError):
                self.desk.stop()

    def wait_s(self) -> float:
        return self.desk.poll_every_s() if self._up else RESTART_FLOOR_S

    def _start(self) -> Sequence[Answer]:
        answers = self.desk.start()
        self._up = self._started = True
        self._pause_s = RESTART_FLOOR_S
        return answers

    def _guarded(self, whose: Whose, work: Callable[[], Sequence[Answer]]) -> list[Posted]:
        try:
            answers = work()
        except DeviceError as error:
            return self._failed(error, whose)
        self._up = self._up or any(isinstance(answer, Health) and not answer.reasons for answer in answers)
        return [self._posted(answer, OF_MACHINE if isinstance(answer, News) else whose) for answer in answers]

    def _failed(self, error: DeviceError, whose: Whose) -> list[Posted]:
        name = self.desk.name
        person = error.remedy is Remedy.SUSPEND
        fault = self._posted(Fault(name, error.sentence, person=person, device=error.device), whose)
        if person:
            return [fault]
        self._up = False
        self._retry_at_s = self._clock.monotonic() + self._pause_s
        if not self._started:  # a device that worked before may hold a resident's money: it is tried again sooner
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return [fault, *(self._posted(answer, OF_MACHINE) for answer in self.desk.failed(error))]

    def _posted(self, answer: Answer, whose: Whose) -> Posted:
        return Posted(self.desk.name, whose, answer)


class ThreadCrew:
    """One daemon thread a desk. `stop` waits for each to finish its command; `alive` tells of a thread that died."""

    def __init__(self, desks: Iterable[Desk[Any]], clock: Clock) -> None:
        self._posted: queue.Queue[Posted] = queue.Queue(maxsize=1000)
        self._clock = clock
        self._began_s: dict[str, float | None] = {}  # since when each desk is busy; None: it waits
        self._inboxes: dict[str, queue.Queue[tuple[object, Whose] | None]] = {}
        self._not_vital: set[str] = set()
        self._threads: list[threading.Thread] = []
        for desk in desks:
            inbox: queue.Queue[tuple[object, Whose] | None] = queue.Queue(maxsize=100)
            self._inboxes[desk.name] = inbox
            if not desk.is_vital:
                self._not_vital.add(desk.name)
            shift = Shift(desk, clock)
            self._threads.append(threading.Thread(target=self._work, args=(shift, inbox), name=desk.name, daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def send(self, desk: DeskName[C], command: C, whose: Whose) -> None:
        if desk not in self._not_vital:
            self._inboxes[desk].put((command, whose))
            return
        with suppress(queue.Full):
            self._inboxes[desk].put_nowait((command, whose))

    def receive(self, timeout_s: float) -> Posted | None:
        try:
            return self._posted.get(timeout=max(timeout_s, 0.0))
        except queue.Empty:
            return None

    def stop(self, timeout_s: float = 5.0) -> None:
        for name, inbox in self._inboxes.items():
            with suppress(queue.Full):
                inbox.put(None, block=name not in self._not_vital)
        for thread in self._threads:
            thread.join(timeout_s)

    def alive(self) -> bool:
        now_s = self._clock.monotonic()
        vital = {name: began_s for name, began_s in list(self._began_s.items()) if name not in self._not_vital}
        stuck = any(began_s is not None and now_s - began_s > STUCK_S for began_s in vital.values())
        return not stuck and all(t.is_alive() for t in self._threads if t.name not in self._not_vital)

    def _work(self, shift: Shift, inbox: "queue.Queue[tuple[object, Whose] | None]") -> None:
        try:
            self._post(self._watched(shift, shift.begin))
            while True:
                try:
                    item = inbox.get(timeout=shift.wait_s())
                except queue.Empty:
                    self._post(self._watched(shift, shift.poll))
                    continue
                if item is None:
                    shift.end()
                    return
                self._post(self._watched(shift, partial(shift.do, *item)))
        except Exception:  # noqa: BLE001  no caller above a thread would catch it
            # A programming error must not leave a machine without this desk: `alive` turns false and the program ends.
            _log.exception("the %s worker fell", shift.desk.name)

    def _watched(self, shift: Shift, work: Callable[[], list[Posted]]) -> list[Posted]:
        self._began_s[shift.desk.name] = self._clock.monotonic()
        posted = work()
        self._began_s[shift.desk.name] = None
        return posted

    def _post(self, posted: Iterable[Posted]) -> None:
        for item in posted:
            self._posted.put(item)
