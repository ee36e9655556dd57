"""A crew without threads: each desk works when virtual time reaches the instant of its next work."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from firmware.desks import C, Desk, DeskName, Posted, Whose
from firmware.workers import Shift
from host_sim.clock import VirtualClock
from host_sim.rig.quiet import Quiet

Alarm = Callable[[], float | None]  # the next instant at which a poll could find something; None: not known
_SOONEST_S = 1e-4  # between two polls of a desk


class InlineCrew:
    """Satisfies `firmware.workers.Crew`. Time passes inside `receive` and inside whatever a desk waits for.

    A desk is polled as often as it asks. Polls that would find nothing are left out where the world knows when something
    happens (it calls `nudge`, or an `Alarm` gives the next instant) or can prove that nothing has (`quiet`). `still`: a proof
    that holds until anything else happens, so that all polls up to then are left out at once.
    """

    def __init__(
        self,
        desks: Iterable[Desk[Any]],
        clock: VirtualClock,
        alarms: Mapping[str, Alarm],
        quiet: Mapping[str, Quiet],
        still: Mapping[str, Quiet],
    ) -> None:
        self._clock = clock
        self._alarms = alarms
        self._quiet = quiet
        self._still = still
        self._shifts = {desk.name: Shift(desk, clock) for desk in desks}
        self._polls_at_s = dict.fromkeys(self._shifts, 0.0)
        self._nudged: set[str] = set()
        self._commands: deque[tuple[str, object, Whose]] = deque()
        self._posted: deque[Posted] = deque()

    def start(self) -> None:
        for name, shift in self._shifts.items():
            self._posted.extend(shift.begin())
            self._rest(name)

    def stop(self) -> None:
        for shift in self._shifts.values():
            shift.end()

    def alive(self) -> bool:
        return True

    def send(self, desk: DeskName[C], command: C, whose: Whose) -> None:
        self._commands.append((desk, command, whose))

    def nudge(self, desk: str) -> None:
        """Something happened at this desk's devices: poll the desk now."""
        self._nudged.add(desk)
        self._polls_at_s[desk] = self._clock.monotonic()

    def receive(self, timeout_s: float) -> Posted | None:
        clock, polls_at_s = self._clock, self._polls_at_s
        deadline_s = clock.now_s + timeout_s
        while not self._posted:
            if self._commands:
                name, command, whose = self._commands.popleft()
                self._posted.extend(self._shifts[name].do(command, whose))
                self._rest(name)
                continue
            name = min(polls_at_s, key=polls_at_s.__getitem__)
            at_s = min(polls_at_s[name], deadline_s)
            due_s = clock.next_due_s()
            if due_s < at_s:
                clock.advance_to(due_s)  # may call `nudge`
                continue
            clock.advance_to(at_s)
            if polls_at_s[name] > at_s:
                return None
            self._nudged.discard(name)
            if self._proves(self._still, name):
                self._leave_out(name, deadline_s)
                continue
            if not self._proves(self._quiet, name):
                self._posted.extend(self._shifts[name].poll())
            self._rest(name)
        return self._posted.popleft()

    def _proves(self, proofs: Mapping[str, Quiet], name: str) -> bool:
        proof = proofs.get(name)
        return proof is not None and self._shifts[name].up and proof()

    def _leave_out(self, name: str, deadline_s: float) -> None:
        """Leave out this desk's polls up to the next event; the one after it is at the instant at which it would have been."""
        others_s = (at_s for other, at_s in self._polls_at_s.items() if other != name)
        until_s = min(deadline_s, self._clock.next_due_s(), *others_s)
        every_s, at_s = max(self._shifts[name].wait_s(), _SOONEST_S), self._clock.now_s
        while True:
            at_s += every_s
            if at_s >= until_s:
                break
        self._polls_at_s[name] = at_s

    def _rest(self, name: str) -> None:
        """Plan the next poll of this desk; earlier than planned before if it now asks to be polled more often."""
        now_s, shift = self._clock.now_s, self._shifts[name]
        at_s = now_s + max(shift.wait_s(), _SOONEST_S)
        alarm = self._alarms.get(name)
        if alarm is not None and shift.up:
            wanted_s = alarm()
            at_s = inf if wanted_s is None else max(wanted_s, at_s)
            if name in self._nudged:
                at_s = now_s + _SOONEST_S
        self._polls_at_s[name] = at_s
