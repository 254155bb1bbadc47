"""`unheard import PATH ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened
from unheard.cli.progress import bar

if TYPE_CHECKING:
    from unheard.pipeline.importing import ImportReport

LISTED = 10  # faulty rows that are shown; --json has more


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders whose files are taken one by one.")],
    *,
    source: Annotated[
        str | None,
        typer.Option("--as", help="Name the source instead of having it detected; `--as list` shows them all."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", help="Whose listening this is, where the file does not say or says it differently."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import listening history, counts, playlists. A file imported twice adds nothing; overlaps add nothing."""
    from unheard.pipeline import importing, settings

    if source == "list":
        output.table(None, ("source", "what it reads"), importing.sources())
        return
    where = opened(workspace)
    sections, _ = settings.read(where)
    failed: list[tuple[Path, str]] = []
    reports: list[ImportReport] = []
    with where.locked("import"), bar(quiet=as_json) as progress:
        for step in importing.import_all(
            where, paths, sections["dataset"], now=datetime.now(UTC), source=source, user=user, progress=progress
        ):
            if isinstance(step, importing.Refused):
                failed.append((step.path, step.message))
                if not as_json:
                    output.note(f"unheard: {step.message}")
            else:
                reports.append(step)
                if not as_json:
                    _show(step)
    if as_json:
        output.json(
            {
                "imported": [each.as_dict() for each in reports],
                "refused": [{"path": str(path), "error": message} for path, message in failed],
            }
        )
    if failed:
        raise typer.Exit(1)


def _show(report: ImportReport) -> None:
    name = Path(report.path).name
    if report.already_imported:
        output.text(f"{name}: imported before ({report.source}); nothing added")
        return
    rows = [("read", report.read), *((f"{table} taken", count) for table, count in report.taken.items())]
    rows += [("duplicates left out", report.duplicates)]
    rows += [(f"skipped: {reason}", count) for reason, count in report.skipped.items()]
    output.table(
        f"{name} ({report.source})", ("", "rows"), [(what, f"{count:,}") for what, count in rows], right=(1,)
    )
    for fault in report.unreadable[:LISTED]:
        output.text(f"  {fault['place']}, line {fault['line']}: {fault['reason']}")
    if len(report.unreadable) > LISTED:
        output.text(f"  ... and more; --json lists the first {len(report.unreadable):,}")
    for note in report.notes:
        output.text(f"  {note}")
