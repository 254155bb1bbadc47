"""A progress bar with an estimate, on a terminal and on anything that takes over two seconds."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from unheard.pipeline.progress import Progress

PATIENCE_S: Final = 2.0
REPORT_EVERY_S: Final = 30.0


@contextmanager
def bar(*, quiet: bool) -> Iterator[Progress]:
    """Yield a progress callback; bars go to standard error, so that output stays clean for a pipe."""
    if quiet:
        yield lambda _label, _share: None
    elif sys.stderr.isatty():
        with _rich_bar() as callback:
            yield callback
    else:
        yield _lines()


@contextmanager
def _rich_bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, tuple[float, TaskID | None]] = {}

        def callback(label: str, share: float, /) -> None:
            begun, task = tasks.setdefault(label, (time.monotonic(), None))
            if task is None and time.monotonic() - begun > PATIENCE_S and share < 1:
                task = progress.add_task(label, total=1.0)
                tasks[label] = (begun, task)
            if task is not None:
                progress.update(task, completed=share)

        yield callback


def _lines() -> Progress:
    """Where nobody watches (cron, a log file): a line now and then."""
    said: dict[str, float] = {}

    def callback(label: str, share: float, /) -> None:
        now = time.monotonic()
        if now - said.setdefault(label, now) > REPORT_EVERY_S:
            said[label] = now
            print(f"{label}: {share:.0%}", file=sys.stderr)  # noqa: T201 - a door speaks

    return callback
