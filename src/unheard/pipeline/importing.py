"""`unheard import`: read a file of any known source, leave out what is stored already, seal the rest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unheard.engines import sql
from unheard.errors import SourceError, UsageError
from unheard.ingest import table as tables
from unheard.ingest.contract import Reader, ReadOptions, Tally
from unheard.ingest.detect import READERS, detect, find, reader
from unheard.pipeline.progress import Progress, labelled, silent
from unheard.pipeline.sifting import STORED, drop_duplicates, keep_named_tracks
from unheard.store import files, imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from unheard.dataset.settings import DatasetSettings
    from unheard.store.imports import ImportWriter
    from unheard.store.workspace import Workspace

WITH_LISTENERS: Final = ("listens", "play_counts", "feedback")
NAMED_LISTENERS: Final = 5  # in a report; of more, how many there are


@dataclass(frozen=True)
class ImportReport:
    """What one file gave. `taken` counts the stored rows of each table, duplicates left out."""

    path: str
    source: str
    import_id: str
    already_imported: bool
    read: int
    taken: dict[str, int]
    listeners: int  # whose plays, counts or feedback the file holds
    listener_names: list[str]  # the first few of them
    duplicates: int  # rows that this file tells twice, or that are stored already
    skipped: dict[str, int]  # reason -> rows
    unreadable: list[dict[str, Any]]  # place, line and reason of the first faulty rows
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why; the others go on."""

    path: Path
    message: str


def sources() -> list[tuple[str, str]]:
    """Name of every source that can be read, and what it reads."""
    return [(each.name, each.about) for each in READERS]


def import_all(
    workspace: Workspace,
    paths: Sequence[Path],
    settings: DatasetSettings,
    *,
    now: datetime,
    source: str | None = None,
    user: str | None = None,
    columns: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Iterator[ImportReport | Refused]:
    """Import files one after the other; a folder stands for every file under it that a reader knows.

    One bad file does not stop the others. `source` names the reader where it shall not be detected; `columns`
    (theirs -> ours, "" to drop one) is for tables. `UsageError` for a source that there is not.
    """
    chosen = _named(source) if source is not None else None
    options = ReadOptions(now=now, user=user, columns=columns or {})
    for path in paths:
        try:
            found = _files(path, chosen)
        except SourceError as error:
            yield Refused(path, str(error))
            continue
        for each in found:
            try:
                yield import_file(
                    workspace, each, settings, options, using=chosen, progress=labelled(progress, each.name)
                )
            except SourceError as error:
                yield Refused(each, str(error))


def _named(source: str) -> Reader:
    try:
        return reader(source)
    except SourceError as error:
        raise UsageError(f"--as {source}: {error}") from None


def _files(path: Path, chosen: Reader | None) -> list[Path]:
    if not path.exists():
        raise SourceError(f"{path} does not exist; check the spelling")
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.is_file()) if chosen else find(path)
    if not found:
        raise SourceError(f"{path} holds no file that a reader knows; `unheard import . --as list` shows them all")
    return found


def import_file(
    workspace: Workspace,
    path: Path,
    settings: DatasetSettings,
    options: ReadOptions,
    *,
    using: Reader | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> ImportReport:
    """Add one file's rows to the sources, or nothing at all.

    A file whose content was imported before adds nothing, under whatever name it lies. The caller holds the
    workspace's lock. Raises `SourceError` for a file that cannot be taken; what was stored before stays.
    """
    source = using or detect(path)
    import_id = _import_id(path, source, options)
    known = imports.imported(workspace)
    if import_id in known:
        return _report(path, known[import_id], already=True)
    writer = imports.begin(workspace, import_id)
    try:
        tally = Tally()
        _write(writer, source, path, options, tally=tally, progress=progress)
        listeners = _listeners(workspace, writer)
        duplicates = drop_duplicates(workspace, writer, settings)
        if set(tally.taken) != {"tracks"}:  # a catalogue alone is stored as it is
            keep_named_tracks(workspace, writer)
        manifest = _manifest(path, source, tally, writer) | {
            "listeners": len(listeners),
            "listener_names": listeners[:NAMED_LISTENERS],
            "duplicates": duplicates,
            "number": 1 + max((each["number"] for each in known.values()), default=0),
        }
        writer.seal(workspace, manifest)
    except BaseException:
        # Ctrl-C too: nothing half-read may stay behind.
        imports.abandon(writer)
        raise
    return _report(path, manifest | {"import_id": import_id}, already=False)


def _import_id(path: Path, reader: Reader, options: ReadOptions) -> str:
    content = files.digest(path) if path.is_file() else ""
    return files.digest_of([content, reader.name, options.user, sorted(options.columns.items())])[:20]


def _write(
    writer: ImportWriter,
    reader: Reader,
    path: Path,
    options: ReadOptions,
    *,
    tally: Tally,
    progress: Callable[[float], None],
) -> None:
    if options.columns and reader.name != tables.READER.name:
        tally.note(f"--column is for tables; this file was read as {reader.name}, which has its own columns")
    for batch in reader.read(path, options, tally):
        writer.append(batch.table, batch.rows)
        progress(tally.bytes_read / max(tally.bytes_total, 1))


def _listeners(workspace: Workspace, writer: ImportWriter) -> list[str]:
    with sql.connect(workspace.scratch) as connection:
        for name in WITH_LISTENERS:
            connection.register(name, imports.parts_of(writer, name))
        return [user_id for (user_id,) in connection.execute(_LISTENERS).fetchall()]


_LISTENERS: Final = """
    SELECT user_id FROM listens UNION SELECT user_id FROM play_counts UNION SELECT user_id FROM feedback
    ORDER BY user_id
"""


def _manifest(path: Path, reader: Reader, tally: Tally, writer: ImportWriter) -> dict[str, Any]:
    taken = {name: imports.parts_of(writer, name).count_rows() for name in STORED if writer.parts(name)}
    return {
        "file": path.name,
        "source": reader.name,
        "read": tally.read,
        "taken": {name: count for name, count in taken.items() if count},
        "skipped": dict(sorted(tally.skipped.items())),
        "unreadable": [dataclasses.asdict(each) for each in tally.faults],
        "notes": tally.notes,
    }


def _report(path: Path, manifest: dict[str, Any], *, already: bool) -> ImportReport:
    """The report of an import, from its manifest; `already`: it adds nothing a second time."""
    stored = sum(manifest["taken"].get(name, 0) for name in WITH_LISTENERS)
    return ImportReport(
        path=str(path),
        source=manifest["source"],
        import_id=manifest["import_id"],
        already_imported=already,
        read=manifest["read"],
        taken={} if already else manifest["taken"],
        listeners=manifest["listeners"],
        listener_names=manifest["listener_names"],
        duplicates=manifest["duplicates"] + (stored if already else 0),
        skipped=manifest["skipped"],
        unreadable=manifest["unreadable"],
        notes=manifest["notes"],
    )
