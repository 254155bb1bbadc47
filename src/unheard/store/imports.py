"""The `sources/` folder: one sealed folder of Parquet an import, append-only, found again by content."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from unheard.errors import WorkspaceError
from unheard.schema import TABLES
from unheard.store import files

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.store.workspace import Workspace

MANIFEST: Final = "manifest.json"


@dataclass
class ImportWriter:
    """An import under way: rows are appended to numbered Parquet files in a folder that `seal` renames.

    A killed import leaves that folder behind; the next one with the same id starts it anew.
    """

    folder: Path
    import_id: str
    _parts: dict[str, int] = field(default_factory=dict)

    def append(self, table: str, rows: pa.Table) -> Path:
        """Write rows of one table as its next part; their schema must be that of `TABLES[table]`."""
        number = self._parts.get(table, 0)
        self._parts[table] = number + 1
        path = self.folder / f"{table}-{number:05d}.parquet"
        pq.write_table(rows.cast(TABLES[table]), path, compression="zstd", compression_level=1)
        return path

    def parts(self, table: str) -> list[Path]:
        """Parts of one table so far, in order."""
        return sorted(self.folder.glob(f"{table}-*.parquet"))

    def replace_all(self, table: str, rows: pa.Table) -> None:
        """Put these rows in the place of all parts of one table."""
        for part in self.parts(table):
            part.unlink()
        if rows.num_rows:
            self.append(table, rows)

    def replace(self, part: Path, rows: pa.Table) -> None:
        """Put other rows in the place of a part, or drop the part when there are none."""
        if rows.num_rows:
            pq.write_table(rows, part, compression="zstd", compression_level=1)
        else:
            part.unlink()

    def seal(self, workspace: Workspace, manifest: dict[str, Any]) -> None:
        """Make the import part of the sources, in one rename."""
        for path in self.folder.iterdir():
            files.sync(path)
        outputs = {path.name: files.digest(path) for path in sorted(self.folder.iterdir())}
        files.write_json(self.folder / MANIFEST, {"import_id": self.import_id, "outputs": outputs, **manifest})
        self.folder.rename(workspace.sources / self.import_id)
        files.sync(workspace.sources)


def begin(workspace: Workspace, import_id: str) -> ImportWriter:
    """Start an import; what a killed one left behind is removed first."""
    workspace.sources.mkdir(exist_ok=True)
    for leftover in workspace.sources.glob(".partial-*"):
        shutil.rmtree(leftover)
    folder = workspace.sources / f".partial-{import_id}"
    folder.mkdir()
    return ImportWriter(folder, import_id)


def abandon(writer: ImportWriter) -> None:
    """Drop an import that failed; what was stored before stays as it was."""
    shutil.rmtree(writer.folder, ignore_errors=True)


def imported(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Import id -> manifest of every sealed import, in the order in which they were made."""
    folders = [each for each in workspace.sources.glob("[!.]*") if (each / MANIFEST).is_file()]
    manifests = sorted((_manifest(folder) for folder in folders), key=lambda each: each["number"])
    return {each["import_id"]: each for each in manifests}


def _manifest(folder: Path) -> dict[str, Any]:
    found = files.read_json(folder / MANIFEST)
    if not ({"import_id", "outputs", "taken"} <= found.keys() and isinstance(found.get("number"), int)):
        raise WorkspaceError(f"{folder / MANIFEST} is damaged; remove {folder} and import its file again")
    return found


def refuse_damaged(workspace: Workspace) -> None:
    """`WorkspaceError` when an import's files are not what was sealed."""
    if wrong := damaged(workspace):
        file = imported(workspace)[wrong[0]].get("file", "its file")
        raise WorkspaceError(
            f"{workspace.sources / wrong[0]} changed since it was imported; remove that folder and import {file} "
            "again (`unheard doctor` looks at all imports)"
        )


def damaged(workspace: Workspace) -> list[str]:
    """Import ids whose files are not what was sealed."""
    return [
        import_id
        for import_id, manifest in imported(workspace).items()
        if any(
            not (path := workspace.sources / import_id / name).is_file() or files.digest(path) != digest
            for name, digest in manifest["outputs"].items()
        )
    ]


def table(workspace: Workspace, name: str, *, under_way: ImportWriter | None = None) -> pads.Dataset:
    """One table over all imports, and the one that is under way when given; streamed from its files."""
    folders = [workspace.sources / each for each in imported(workspace)]
    paths = [path for folder in folders for path in sorted(folder.glob(f"{name}-*.parquet"))]
    if under_way is not None:
        paths += under_way.parts(name)
    if not paths:
        return pads.dataset(TABLES[name].empty_table())
    return pads.dataset(paths, schema=TABLES[name], format="parquet")


def parts_of(writer: ImportWriter, name: str) -> pads.Dataset:
    """What an import under way has of one table so far."""
    parts = writer.parts(name)
    return pads.dataset(parts or TABLES[name].empty_table(), **({"schema": TABLES[name]} if parts else {}))
