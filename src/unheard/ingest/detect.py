"""Which reader takes a file: by what it holds and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unheard.errors import SourceError
from unheard.ingest import archive, lastfm, listenbrainz, playlist, spotify, table
from unheard.ingest.contract import Reader, Sample, refuse_nothing
from unheard.ingest.lines import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from pathlib import Path

READERS: Final[tuple[Reader, ...]] = (
    listenbrainz.READER,
    spotify.READER,
    lastfm.READER,
    playlist.READER,
    table.READER,
)

HEAD_BYTES: Final = 1 << 16
_TABLES: Final = (".csv", ".tsv")


def reader(name: str) -> Reader:
    """The reader of that name; `SourceError` lists those there are."""
    found = next((one for one in READERS if one.name == name), None)
    if found is None:
        raise SourceError(f"no reader {name!r}; there are {', '.join(one.name for one in READERS)}")
    return found


def detect(path: Path) -> Reader:
    """The one reader that recognises the file; `SourceError` where it is none or several."""
    sample = _sample(path)
    found = [one for one in READERS if one.recognises(sample)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(f"--as {one.name}" for one in found)
        raise SourceError(f"{path}: could be several things; say which with {names}")
    if sample.name.lower().endswith(_TABLES) and b"\0" not in sample.head:
        return table.READER  # which says what is wrong with the columns
    raise SourceError(f"{path}: {_unlike(sample)}. What can be read: {_readable()}; --as NAME insists on one")


def find(folder: Path) -> list[Path]:
    """The files under a folder that a reader recognises, in order; hidden ones and links are passed over."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    shown = (path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    ordered = sorted(shown, key=lambda path: archive.by_number(path.relative_to(folder).as_posix()))
    return [path for path in ordered if _is_recognised(path)]


def _is_recognised(path: Path) -> bool:
    try:
        detect(path)
    except SourceError:
        return False
    return True


def _readable() -> str:
    return "; ".join(f"{one.name}: {one.about}" for one in READERS)


def _unlike(sample: Sample) -> str:
    if sample.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16 text; save it as UTF-8"
    if sample.members:
        return f"holds {len(sample.members):,} files, none of them of a known export ({sample.members[0]!r}...)"
    return "is binary and of no known kind" if b"\0" in sample.head else "is of no known kind"


def _sample(path: Path) -> Sample:
    refuse_nothing(path)
    try:
        if archive.is_zip(path):
            with archive.open_zip(path) as zipped:
                return Sample(path.name, b"", zipped.names or ("nothing",))
        with archive.stream(path) as stream:
            head = stream.read(HEAD_BYTES)
    except SourceError:
        raise
    except archive.BROKEN as fault:
        raise SourceError(f"{path}: cannot be opened: {fault}") from fault
    if head[257:262] == b"ustar":
        return Sample(path.name, head, archive.first_names(path))
    return Sample(path.name, head.removeprefix(BYTE_ORDER_MARK))
