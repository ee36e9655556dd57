"""The console's methods that the loop calls. With this protocol the loop imports nothing of `firmware.console`."""

from typing import Protocol

from firmware.desks import Answer, ConsoleAnswer


class Staff(Protocol):
    """Implemented by `firmware.console.console.Console`."""

    @property
    def person(self) -> object | None:
        """Who is logged in; None: nobody."""
        ...

    @property
    def due_s(self) -> float:
        """The monotonic instant at which `pass_time` must be called at the latest."""
        ...

    def wants(self, answer: Answer) -> bool:
        """Whether this is a key or coin for a running test; then the loop calls `noticed` and does nothing else."""
        ...

    def noticed(self, answer: Answer) -> None:
        """Take the answer for which `wants` said yes."""
        ...

    def begin(self) -> None:
        """The program runs: tell whoever waits at the line."""
        ...

    def answered(self, ticket: int, answer: Answer) -> None:
        """Take a desk's answer to the command that was sent with this ticket."""
        ...

    def hear(self, said: ConsoleAnswer) -> None:
        """Take what the console's own desk says without being asked: a typed line, or a lost line."""
        ...

    def pass_time(self) -> None: ...
