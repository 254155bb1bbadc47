"""Listens that arrive one by one -> batches, each after the tracks that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unheard.ingest.contract import BATCH_ROWS, DEFAULT_LISTENER, ReadOptions, Rows, Tally, rows_of
from unheard.ingest.names import Tracks, clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Gather:
    """Columns of `listens` until a batch is full."""

    def __init__(self) -> None:
        self.tracks = Tracks()
        self._begin()

    def _begin(self) -> None:
        self._user_ids: list[str] = []
        self._track_ids: list[str] = []
        self._at_us: list[int] = []
        self._ms_played: list[int | None] = []
        self._skipped: list[bool | None] = []
        self._sources: list[str] = []

    def add(
        self,
        user_id: str,
        track_id: str,
        at_us: int,
        *,
        source: str,
        ms_played: int | None = None,
        skipped: bool | None = None,
    ) -> None:
        """Take one listen; everything in it is clean by now."""
        self._user_ids.append(user_id)
        self._track_ids.append(track_id)
        self._at_us.append(at_us)
        self._ms_played.append(ms_played)
        self._skipped.append(skipped)
        self._sources.append(source)

    @property
    def is_full(self) -> bool:
        return len(self._at_us) >= BATCH_ROWS

    def drain(self) -> Iterator[Rows]:
        """Give what was gathered and start afresh."""
        n_rows = len(self._at_us)
        columns = {
            "user_id": self._user_ids,
            "track_id": self._track_ids,
            "listened_at": self._at_us,
            "ms_played": self._ms_played,
            "skipped": self._skipped,
            "source": self._sources,
        }
        self._begin()
        yield self.tracks.drain()
        yield rows_of("listens", n_rows, columns)


def listener(options: ReadOptions, tally: Tally, named: str | None = None) -> str:
    """The listener of a file with only one: `--user`, else whom the file names, else 'me', which is said."""
    user = clean(options.user, "user") or clean(named, "user")
    return user or unnamed(tally)


def overruled(tally: Tally, user: str, named: Collection[object]) -> None:
    """Say so where `--user` makes one listener of several that the rows name."""
    if len(named) > 1:
        tally.note(f"its rows name several listeners; all are taken as {user!r}, as --user says")


def unnamed(tally: Tally) -> str:
    """The listener of rows that name none."""
    tally.note(f"listener {DEFAULT_LISTENER!r}, since the file does not name one; --user names another")
    return DEFAULT_LISTENER
