"""What long work has done, its rate and the time left: one line on a terminal, nothing in a pipe.

The line is drawn by the process that does or gathers the work, when something is done: no thread, because the rig forks.
"""

import sys
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text


class _Done(ProgressColumn):
    """How many of how many, how many a second so far, and the time left at that rate."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        total, elapsed_s = task.total or 0.0, task.elapsed or 0.0
        words = f"{task.completed:,.0f} of {total:,.0f} {self._unit}"
        if task.completed and elapsed_s:
            rate = task.completed / elapsed_s
            words += f"  {rate:,.1f}/s  {timedelta(seconds=round((total - task.completed) / rate))} left"
        return Text(words)


class Shown:
    """`unit`: what is counted, in the plural. Standard error has the line; standard output stays for the results."""

    def __init__(self, unit: str, total: float = 0) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Done(unit),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stderr=False,  # the shares write there too
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, what: str, total: float) -> None:
        """A new part of the work begins; `total`: its own number of units, counted from 0."""
        self._progress.reset(self._task, description=what, total=total)
        self._progress.refresh()

    def done(self, units: float) -> None:
        self._progress.update(self._task, advance=units, refresh=True)
