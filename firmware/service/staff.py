"""What the loop knows of the maintenance console, so that it needs none of its classes."""

from typing import Protocol

from firmware.desks import Answer, ConsoleAnswer


class Staff(Protocol):
    """The maintenance console, as the loop knows it."""

    @property
    def person(self) -> object | None:
        """Who is logged in."""
        ...

    @property
    def due_s(self) -> float:
        """When it wants to be told of the time at the latest."""
        ...

    def wants(self, answer: Answer) -> bool:
        """Whether a key or a coin belongs to a test that is going on."""
        ...

    def noticed(self, answer: Answer) -> None:
        """Here is what it wants."""
        ...

    def answered(self, ticket: int, answer: Answer) -> None:
        """A desk has answered what was sent under this ticket."""
        ...

    def hear(self, said: ConsoleAnswer) -> None:
        """Its own desk says something by itself."""
        ...

    def pass_time(self) -> None: ...
