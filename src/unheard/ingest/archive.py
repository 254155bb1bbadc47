"""Files, compressed streams, zips and tars, opened with bounds on what they may unpack to.

Nothing is ever unpacked to disk, so a member's path can do no harm; it only names the member.
"""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from unheard.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unheard.ingest.contract import Tally

MAX_RATIO: Final = 200
"""Bytes out for a byte in; real exports reach about 30."""

FREE_BYTES: Final = 64 << 20
"""What anything may unpack to before the ratio is looked at."""

MAX_MEMBERS: Final = 100_000

BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,  # Arrow's "invalid" and undecodable text are ValueErrors
    NotImplementedError,  # a compression that the zip module does not know
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    pa.ArrowException,
)
"""What the libraries below raise on files that are damaged, cut short or something else than they seem."""

_MAGIC: Final = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst"}


class _CountedFile(io.FileIO):
    """A file that says in the tally how far it was read."""

    def __init__(self, path: Path, tally: Tally | None) -> None:
        super().__init__(path)
        self._tally = tally

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]
        n_bytes = super().readinto(buffer)
        if self._tally is not None and n_bytes:
            self._tally.bytes_read = min(self._tally.bytes_read + n_bytes, self._tally.bytes_total)
        return n_bytes


class _Bounded(io.RawIOBase):
    """An unpacked stream that refuses to grow past MAX_RATIO times the packed file."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream, self._path, self._given = stream, path, 0
        self._bound = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._given += len(chunk)
        if self._given > self._bound:
            raise SourceError(_bomb(self._path, self._given))
        return len(chunk)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _bomb(path: Path, n_bytes: int) -> str:
    return (
        f"{path}: unpacks to {n_bytes:,} bytes or more, over {MAX_RATIO} times its own size; "
        "if it is sound, unpack it yourself and import the files in it"
    )


@contextmanager
def stream(path: Path, tally: Tally | None = None) -> Iterator[io.BufferedReader[Any]]:
    """The bytes of a file, unpacked where it is a gz, bz2, xz or zst stream."""
    with io.BufferedReader(_CountedFile(path, tally), 1 << 20) as raw:
        kind = next((kind for magic, kind in _MAGIC.items() if raw.peek(8).startswith(magic)), None)
        if kind is None:
            yield raw
            return
        with io.BufferedReader(_Bounded(_unpacked(raw, kind), path), 1 << 20) as unpacked:
            yield unpacked


def _unpacked(raw: io.BufferedReader[Any], kind: str) -> IO[bytes]:
    match kind:
        case "gz":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
        case "bz2":
            return bz2.BZ2File(raw)
        case "xz":
            return lzma.LZMAFile(raw)
        case _:
            return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"))


@dataclass(frozen=True)
class Zip:
    """An open zip whose sizes were looked at; `names` are its files, in the order of their numbers."""

    path: Path
    names: tuple[str, ...]
    opened: zipfile.ZipFile

    @contextmanager
    def member(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of one file, never more than the zip's directory says."""
        with self.opened.open(name) as stream_:
            yield stream_


def is_zip(path: Path) -> bool:
    """Whether the file begins as a zip does (it may still be cut short)."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def open_zip(path: Path, tally: Tally | None = None) -> Iterator[Zip]:
    """Open a zip after its directory was checked: encryption, number of members, what they unpack to."""
    with io.BufferedReader(_CountedFile(path, tally)) as raw:
        try:
            opened = zipfile.ZipFile(raw)
        except zipfile.BadZipFile as fault:
            raise SourceError(f"{path}: is a damaged or truncated zip ({fault}); fetch it again") from fault
        with opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            _check(path, members)
            names = {member.filename for member in members if not _elsewhere(member.filename)}
            yield Zip(path, tuple(sorted(names, key=by_number)), opened)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise SourceError(f"{path}: holds {len(members):,} files; {MAX_MEMBERS:,} is the most that is read")
    locked = next((member.filename for member in members if member.flag_bits & 0x1), None)
    if locked is not None:
        raise SourceError(f"{path}: {locked!r} in it is encrypted; unpack it yourself and import the files")
    # against the whole file, so that members which share their packed bytes are seen too
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(FREE_BYTES, MAX_RATIO * path.stat().st_size):
        raise SourceError(_bomb(path, unpacked))


def _elsewhere(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith("/") or ".." in parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")


def by_number(name: str) -> list[tuple[int, str]]:
    """Sort key: runs of digits count as numbers, so that month 10 follows 9."""
    pieces = re.split(r"(\d+)", name)
    return [(int(piece[:18]), "") if piece.isascii() and piece.isdigit() else (-1, piece) for piece in pieces]


def first_names(path: Path, most: int = 20) -> tuple[str, ...]:
    """Names of the first files in a tar."""
    try:
        with stream(path) as opened:
            return tuple(name for name, _ in itertools.islice(tar_members(opened), most))
    except BROKEN as fault:
        raise SourceError(f"{path}: is a damaged or truncated tar ({fault}); fetch it again") from fault


def tar_members(stream_: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and bytes of each file in a tar, in the order in which they lie."""
    with tarfile.open(fileobj=stream_, mode="r|") as tar:
        for member in tar:
            opened = tar.extractfile(member) if member.isfile() else None
            if opened is not None:
                yield member.name, opened
            tar.members.clear()  # type: ignore[attr-defined]  # tarfile remembers every member otherwise
