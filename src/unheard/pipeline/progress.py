"""How a long command tells how far it is; the doors decide how that looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Progress(Protocol):
    """Called as work goes on: `label` names what is under way, `share` is how much of it is done, 0 to 1."""

    def __call__(self, label: str, share: float, /) -> None: ...


def silent(label: str, share: float, /) -> None:
    """For a caller that shows none."""


def labelled(progress: Progress, label: str) -> Callable[[float], None]:
    """The callback of one piece of work, as the rooms take it."""
    return lambda share: progress(label, share)


def part(progress: Callable[[float], None], start: float, end: float) -> Callable[[float], None]:
    """The callback of a piece of work that is the share `start` to `end` of a larger one."""
    return lambda share: progress(start + (end - start) * share)
