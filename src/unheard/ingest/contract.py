"""What every reader takes and gives, and the count that it keeps.

A fault of a file is a `SourceError`: the caller throws away what the reader gave before it.
A fault of a row is skipped, counted by reason, and listed by line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from unheard.errors import SourceError
from unheard.ingest.archive import BROKEN
from unheard.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

BATCH_ROWS: Final = 100_000
"""Rows that a reader written in Python gathers before it gives them away."""

LISTED_FAULTS: Final = 1_000
"""Row faults that are listed one by one; beyond them they are only counted."""

MINUTE_SOURCES: Final = frozenset({"lastfm_minute", "spotify_minute"})
"""Values of the column `source` whose times are cut to the minute; all others are exact to the second."""

DEFAULT_LISTENER: Final = "me"


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows for one table; `rows` has exactly the schema `TABLES[table]`."""

    table: str
    rows: pa.Table


@dataclass(frozen=True)
class Fault:
    """One row that was skipped: `place` is the file (inside an archive too), `line` counts from 1."""

    place: str
    line: int
    reason: str


class RowFault(Exception):  # noqa: N818 - what it is, not what to do about it
    """A row cannot be taken; the message is the reason under which it is counted."""


@dataclass(frozen=True)
class ReadOptions:
    """What the person importing decides; `now` is UTC and bounds what counts as a future time."""

    now: datetime
    user: str | None = None  # the listener of every row, whatever the file says
    columns: Mapping[str, str] = field(default_factory=dict)  # table only: name in the file -> ours, "" = drop

    @property
    def latest_us(self) -> int:
        """Last start of a play that is believed, in us since 1970: a day is left for wrong clocks."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return (self.now + timedelta(days=1) - epoch) // timedelta(microseconds=1)


@dataclass
class Tally:
    """Running counts of one file; a progress bar may look at it between two batches."""

    read: int = 0  # rows met, whatever became of them
    taken: Counter[str] = field(default_factory=Counter)  # rows given, by table
    skipped: Counter[str] = field(default_factory=Counter)  # rows not taken, by reason; faults among them
    faults: list[Fault] = field(default_factory=list)  # the first LISTED_FAULTS
    n_faults: int = 0
    notes: list[str] = field(default_factory=list)
    bytes_read: int = 0  # of the file as it lies on disk
    bytes_total: int = 0

    def skip(self, reason: str, rows: int = 1) -> None:
        """Count rows that are sound but not wanted (a podcast, a private session)."""
        self.skipped[reason] += rows

    def fault(self, reason: str, place: str, lines: int | Iterable[int]) -> None:
        """Count and list rows that are at fault."""
        numbers = [lines] if isinstance(lines, int) else [int(line) for line in lines]
        if not numbers:
            return
        self.skipped[reason] += len(numbers)
        self.n_faults += len(numbers)
        room = LISTED_FAULTS - len(self.faults)
        self.faults.extend(Fault(place, line, reason) for line in numbers[:room])

    def note(self, text: str) -> None:
        """Say something about the whole file, once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class Sample:
    """What a reader may look at to recognise its source."""

    name: str  # the file's name without its folder
    head: bytes  # its first 64 KiB, unpacked when it is a compressed stream, without a byte order mark
    members: tuple[str, ...] = ()  # names inside a zip; the first few of a tar


@dataclass(frozen=True)
class Reader:
    """One source: `name` is what `--as` takes, `about` says what it reads."""

    name: str
    about: str
    recognises: Callable[[Sample], bool]
    rows: Callable[[Path, ReadOptions, Tally], Iterator[Rows]]

    def read(self, path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
        """Give the file's rows in batches; `SourceError`, at any point, refuses the file as a whole."""
        try:
            refuse_nothing(path)
            tally.bytes_total = path.stat().st_size
            for batch in self.rows(path, options, tally):
                if batch.rows.num_rows:
                    tally.taken[batch.table] += batch.rows.num_rows
                    yield batch
        except SourceError as fault:
            if str(path) in str(fault):
                raise
            raise SourceError(f"{path}: {fault}") from fault
        except BROKEN as fault:
            raise SourceError(f"{path}: cannot be read as {self.name}: {_said(fault)}") from fault
        _refuse_hopeless(path, self.name, tally)
        tally.bytes_read = tally.bytes_total


def _said(fault: BaseException) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0][:300] if lines else type(fault).__name__


def refuse_nothing(path: Path) -> None:
    """`SourceError` for what is no file, or has nothing in it."""
    if not path.exists():
        raise SourceError(f"{path}: there is no such file")
    if path.is_dir():
        raise SourceError(f"{path}: is a folder; its files are imported one by one")
    if path.stat().st_size == 0:
        raise SourceError(f"{path}: is empty; write the export again")


def _refuse_hopeless(path: Path, name: str, tally: Tally) -> None:
    if tally.read == 0:
        raise SourceError(f"{path}: holds no rows that the reader {name!r} knows")
    if tally.n_faults and not tally.taken and tally.n_faults >= tally.read:
        first = tally.faults[0]
        raise SourceError(
            f"{path}: none of its {tally.read:,} rows can be read as {name}; "
            f"the first fault is in {first.place}, line {first.line}: {first.reason}"
        )


def rows_of(table: str, n_rows: int, columns: Mapping[str, object]) -> Rows:
    """Build `Rows`: each column a list, an Arrow or NumPy array, or one value for all; absent ones are null."""
    arrays = []
    for spec in TABLES[table]:
        value = columns.get(spec.name)
        if value is None or isinstance(value, str):
            arrays.append(pa.repeat(pa.scalar(value, spec.type), n_rows))
            continue
        array = value if isinstance(value, pa.Array | pa.ChunkedArray) else pa.array(value, from_pandas=False)
        arrays.append(array if array.type == spec.type else _as_type(array, spec.type))
    return Rows(table, pa.Table.from_arrays(arrays, schema=TABLES[table]))


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind) and pa.types.is_integer(array.type):
        return array.cast(pa.int64()).cast(kind)
    return array.cast(kind)
