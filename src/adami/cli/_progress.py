"""Progress with the time left, on standard error, for work that takes longer than two seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from adami.cli._session import err_console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0
"""Seconds without a word."""
LINE_EVERY = 5.0
"""Seconds between lines where there is no terminal to draw on."""


class Meter:
    """A callable ``(done, total, what)`` that draws a bar on a terminal and writes lines elsewhere.

    Parameters
    ----------
    quiet : bool
        Draw nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.console = err_console()
        self.start = time.monotonic()
        self.last_line = self.start
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        if self.quiet or now - self.start < PATIENCE:
            return
        if self.console.is_terminal:
            self._draw(done, total, what)
        elif now - self.last_line >= LINE_EVERY:
            self.last_line = now
            left = (now - self.start) / max(done, 1) * (total - done)
            said = f": {done} of {total}, about {left:.0f} s left" if done else " ..."
            self.console.print(f"{what}{said}", markup=False)

    def _draw(self, done: int, total: int, what: str) -> None:
        if self.bar is None:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TimeRemainingColumn(compact=True),
                TextColumn("left"),
                console=self.console,
                transient=True,
            )
            self.task = self.bar.add_task(what, total=total)
            self.bar.start()
        if self.task is not None:
            self.bar.update(self.task, description=what, completed=done, total=total)
