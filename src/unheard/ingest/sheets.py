"""A CSV or Parquet file as record batches with the numbers of their rows, in bounded memory."""

from __future__ import annotations

import codecs
import csv
import functools
import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from unheard.errors import SourceError
from unheard.ingest import archive
from unheard.ingest.lines import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from unheard.ingest.contract import Tally

    Batches = Iterator[tuple[npt.NDArray[np.int64], pa.RecordBatch]]

BATCH_ROWS: Final = 1 << 20
BLOCK_BYTES: Final = 16 << 20  # of a CSV; no row may be longer
_UTF8_BYTES: Final = 1 << 20
_HEADER_BYTES: Final = 1 << 16
_NUMBERED: Final = 100_000  # broken rows whose numbers are kept, to number the rows after them


@dataclass(frozen=True)
class Sheet:
    """An open table: `names` are its columns; `batches` takes the columns wanted."""

    names: tuple[str, ...]
    batches: Callable[[list[str]], Batches]


def header_of(head: bytes) -> list[str]:
    """The cells of a CSV's first line; none where it is no text."""
    line = head.removeprefix(BYTE_ORDER_MARK).split(b"\n", 1)[0]
    try:
        cells = next(csv.reader([line.decode().rstrip("\r")], delimiter=delimiter_of(line)), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    return [] if any("\0" in cell for cell in cells) else cells


def delimiter_of(line: bytes) -> str:
    """Comma, semicolon, tab or bar: the one that the line has most of."""
    return max(",;\t|", key=lambda mark: line.count(mark.encode()))


@contextmanager
def open_sheet(path: Path, tally: Tally) -> Iterator[Sheet]:
    """Open a table by its first bytes."""
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    with _parquet(path, tally) if is_parquet else _csv(path, tally) as sheet:
        yield sheet


@contextmanager
def _parquet(path: Path, tally: Tally) -> Iterator[Sheet]:
    schema = pq.read_schema(path)
    names = _distinct(path, schema.names)
    words = [
        field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    # a buffer, so that a row group of any size is read a page at a time
    with pq.ParquetFile(path, read_dictionary=words, buffer_size=1 << 22, pre_buffer=False) as file:

        def batches(wanted: list[str]) -> Batches:
            done, total = 0, max(1, file.metadata.num_rows)
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False):
                yield np.arange(done + 1, done + 1 + batch.num_rows), batch
                done += batch.num_rows
                tally.bytes_read = tally.bytes_total * done // total

        yield Sheet(names, batches)


@contextmanager
def _csv(path: Path, tally: Tally) -> Iterator[Sheet]:
    with archive.stream(path, tally) as stream:
        line = stream.peek(_HEADER_BYTES).split(b"\n", 1)[0]
        names = _distinct(path, header_of(line))
        if not names:
            raise SourceError(f"{path}: its first line is no header of a table; save it as CSV in UTF-8")
        delimiter = delimiter_of(line)

        def batches(wanted: list[str]) -> Batches:
            broken, done = _Broken(path.name, tally), 0
            for batch in _csv_reader(stream, names, wanted, delimiter=delimiter, broken=broken):
                lines = _numbers(done, batch.num_rows, broken.numbers)
                done += batch.num_rows
                yield _without_blanks(lines, batch)

        yield Sheet(names, batches)


@dataclass
class _Broken:
    """Rows with too many or too few cells: told to the tally, and remembered to number the rows after them."""

    place: str
    tally: Tally
    numbers: list[int] = field(default_factory=list)

    def pass_over(self, row: pa_csv.InvalidRow) -> str:
        if row.actual_columns > 1 or row.text.strip():  # a blank line is nothing
            self.tally.read += 1
            reason = f"{row.actual_columns} columns instead of {row.expected_columns}"
            self.tally.fault(reason, self.place, row.number)
        if len(self.numbers) < _NUMBERED:
            self.numbers.append(row.number)
        return "skip"


class _Utf8(io.RawIOBase):
    """A stream with every byte that is not UTF-8 replaced; Arrow loses count of broken rows that hold one."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._rest = stream, b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = self._stream.read(_UTF8_BYTES)
            self._rest = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        n_bytes = min(len(buffer), len(self._rest))
        buffer[:n_bytes], self._rest = self._rest[:n_bytes], self._rest[n_bytes:]
        return n_bytes


def _csv_reader(
    stream: IO[bytes], names: tuple[str, ...], wanted: list[str], *, delimiter: str, broken: _Broken
) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        pa.PythonFile(io.BufferedReader(_Utf8(stream), _UTF8_BYTES), mode="r"),
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows_after_names=1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=broken.pass_over,
        ),
        # every cell as bytes: what cannot be read is a fault of its row, not of the file
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _without_blanks(
    lines: npt.NDArray[np.int64], batch: pa.RecordBatch
) -> tuple[npt.NDArray[np.int64], pa.RecordBatch]:
    """Leave out blank lines, which reach us as rows without a value."""
    blank = functools.reduce(pc.and_, (column.is_null() for column in batch.columns))
    if not pc.any(blank).as_py():
        return lines, batch
    said = pc.invert(blank)
    return lines[said.to_numpy(zero_copy_only=False)], batch.filter(said)


def _numbers(done: int, n_rows: int, broken: list[int]) -> npt.NDArray[np.int64]:
    """Row numbers in the file, the header being 1, of sound rows `done` and on; broken rows count too."""
    sound = np.arange(done, done + n_rows, dtype=np.int64) + 2
    before = np.array(broken, dtype=np.int64) - np.arange(len(broken))  # number, had no row before it been broken
    return sound + np.searchsorted(before, sound, side="right")


def _distinct(path: Path, names: list[str]) -> tuple[str, ...]:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise SourceError(f"{path}: has two columns {twice!r}; rename one of them")
    return tuple(names)
