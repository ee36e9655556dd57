"""What the mechanism and the voice may use of `PrinterModel`."""

from collections.abc import Callable
from typing import Protocol

from host_sim.models.printer.answers import Condition, Counters
from host_sim.models.printer.commands import Command
from host_sim.models.printer.machines import Machine
from host_sim.models.printer.paper import PaperPath


class Body(Protocol):
    machine: Machine
    path: PaperPath
    counters: Counters
    condition: Condition
    powered: bool
    on_fault: Callable[[str], None]

    @property
    def now_s(self) -> float: ...

    def cut(self, kind: str) -> float:
        """Cut; returns the seconds it takes."""
        ...

    def retract(self) -> None: ...
    def eject(self) -> None: ...
    def automatic(self, n: int) -> None: ...
    def tell(self, command: Command) -> None: ...
    def complain(self, sentence: str) -> None:
        """Write down what the host did wrong."""
        ...
