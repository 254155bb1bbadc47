"""`unheard import`: read a file of any known source, leave out what is stored already, seal the rest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from unheard.dataset.build import TABLE_NAMES, resolve_tracks
from unheard.dataset.duplicates import stored_already, told_twice
from unheard.engines import sql
from unheard.errors import SourceError
from unheard.ingest.contract import Reader, ReadOptions, Tally
from unheard.ingest.detect import READERS, detect, find, reader
from unheard.pipeline.progress import Progress, labelled, silent
from unheard.store import files, imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from unheard.dataset.duplicates import Rows
    from unheard.dataset.settings import DatasetSettings
    from unheard.store.imports import ImportWriter
    from unheard.store.workspace import Workspace

STORED: Final = (*TABLE_NAMES, "labels")


@dataclass(frozen=True)
class ImportReport:
    """What one file gave. `taken` counts the stored rows of each table, duplicates left out."""

    path: str
    source: str
    import_id: str
    already_imported: bool
    read: int
    taken: dict[str, int]
    duplicates: int  # plays that this file tells twice, or that are stored already
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
    progress: Progress = silent,
) -> Iterator[ImportReport | Refused]:
    """Import files one after the other; a folder stands for every file under it that a reader knows.

    One bad file does not stop the others. `source` names the reader where it shall not be detected.
    """
    chosen = reader(source) if source is not None else None
    options = ReadOptions(now=now, user=user)
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
        _write(writer, source, path, options, tally, progress)
        duplicates = _drop_duplicates(workspace, writer, settings)
        _merge_counts(workspace, writer)
        _distinct_tracks(workspace, writer)
        manifest = _manifest(path, source, tally, writer, duplicates) | {"number": len(known) + 1}
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
    tally: Tally,
    progress: Callable[[float], None],
) -> None:
    for batch in reader.read(path, options, tally):
        writer.append(batch.table, batch.rows)
        progress(tally.bytes_read / max(tally.bytes_total, 1))


def _drop_duplicates(workspace: Workspace, writer: ImportWriter, settings: DatasetSettings) -> int:
    parts = writer.parts("listens")
    if not parts:
        return 0
    with sql.connect(workspace.scratch) as connection:
        drop = told_twice(connection, parts)
        if imports.table(workspace, "listens").count_rows():
            aliases = _aliases(connection, workspace, writer)
            stored = imports.table(workspace, "listens")
            found = stored_already(connection, parts, stored, aliases, tolerance_s=settings.overlap_s)
            drop = _union(drop, found)
    for name, rows in drop.items():
        part = next(each for each in parts if str(each) == name)
        table = files.read_table(part)
        keep = np.ones(table.num_rows, dtype=bool)
        keep[rows] = False
        writer.replace(part, table.filter(pa.array(keep)))
    return sum(len(rows) for rows in drop.values())


def _aliases(connection: duckdb.DuckDBPyConnection, workspace: Workspace, writer: ImportWriter) -> pa.Table:
    """Which tracks, stored and new together, are one recording."""
    tables = {name: imports.table(workspace, name, under_way=writer) for name in TABLE_NAMES}
    return resolve_tracks(connection, tables)


def _union(first: Rows, second: Rows) -> Rows:
    names = sorted({*first, *second})
    none = np.empty(0, dtype=np.int64)
    return {name: np.union1d(first.get(name, none), second.get(name, none)) for name in names}


def _merge_counts(workspace: Workspace, writer: ImportWriter) -> None:
    """Counts of one listener and track told in several rows of a file add up."""
    if writer.parts("play_counts"):
        with sql.connect(workspace.scratch) as connection:
            connection.register("told", imports.parts_of(writer, "play_counts"))
            merged = connection.sql(_SUM_OF_COUNTS).to_arrow_table()
        writer.replace_all("play_counts", merged)


def _distinct_tracks(workspace: Workspace, writer: ImportWriter) -> None:
    """Readers name a track once a batch; it is stored once an import, if anything that is stored names it."""
    if not writer.parts("tracks"):
        return
    with sql.connect(workspace.scratch) as connection:
        for name in STORED:
            connection.register(name, imports.parts_of(writer, name))
        distinct = connection.sql(_NAMED_TRACKS).to_arrow_table()
    writer.replace_all("tracks", distinct)


_NAMED_TRACKS: Final = " UNION ALL ".join(
    f"SELECT track_id FROM {name}" for name in STORED if name != "tracks"
).join(("SELECT DISTINCT * FROM tracks WHERE track_id IN (", ") ORDER BY ALL"))

_SUM_OF_COUNTS: Final = """
    SELECT user_id, track_id, sum(plays) AS plays, source FROM told
    GROUP BY user_id, track_id, source ORDER BY user_id, track_id, source
"""


def _manifest(path: Path, reader: Reader, tally: Tally, writer: ImportWriter, duplicates: int) -> dict[str, Any]:
    taken = {name: imports.parts_of(writer, name).count_rows() for name in STORED if writer.parts(name)}
    return {
        "file": path.name,
        "source": reader.name,
        "read": tally.read,
        "taken": {name: count for name, count in taken.items() if count},
        "duplicates": duplicates,
        "skipped": dict(sorted(tally.skipped.items())),
        "unreadable": [dataclasses.asdict(each) for each in tally.faults],
        "notes": tally.notes,
    }


def _report(path: Path, manifest: dict[str, Any], *, already: bool) -> ImportReport:
    """The report of an import, from its manifest; of a second import of the same content, what it added: nothing."""
    stored = sum(manifest["taken"].get(name, 0) for name in ("listens", "play_counts"))
    return ImportReport(
        path=str(path),
        source=manifest["source"],
        import_id=manifest["import_id"],
        already_imported=already,
        read=manifest["read"],
        taken={} if already else manifest["taken"],
        duplicates=manifest["duplicates"] + (stored if already else 0),
        skipped=manifest["skipped"],
        unreadable=manifest["unreadable"],
        notes=manifest["notes"],
    )
