"""`unheard import PATH ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened
from unheard.cli.progress import bar
from unheard.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unheard.pipeline.importing import ImportReport, Refused

LISTED: Final = 10  # faulty rows that are shown; --json has more


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
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="THEIRS=OURS",
            help="Of a table: read the column THEIRS as OURS; `THEIRS=` leaves it out. May be given again.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import listening history, counts, playlists. A file imported twice adds nothing; overlaps add nothing."""
    from unheard.pipeline import importing, settings

    if source == "list":
        _list(importing.sources(), as_json=as_json)
        return
    columns = _renamed(column or [])
    where = opened(workspace)
    sections, _ = settings.read(where)
    with where.locked("import"), bar(quiet=as_json) as progress:
        steps = importing.import_all(
            where,
            paths,
            sections["dataset"],
            now=datetime.now(UTC),
            source=source,
            user=user,
            columns=columns,
            progress=progress,
        )
        refused = _tell_json(steps) if as_json else _tell(steps)
    if refused:
        raise typer.Exit(1)


def _tell(steps: Iterator[ImportReport | Refused]) -> int:
    """Show each file as it is done; how many were refused."""
    from unheard.pipeline.importing import Refused

    refused = 0
    for step in steps:
        if isinstance(step, Refused):
            refused += 1
            output.note(f"unheard: {step.message}")
        else:
            _show(step)
    return refused


def _tell_json(steps: Iterator[ImportReport | Refused]) -> int:
    """Print all files together; how many were refused."""
    from unheard.pipeline.importing import ImportReport, Refused

    done = list(steps)
    refused = [{"path": str(each.path), "error": each.message} for each in done if isinstance(each, Refused)]
    imported = [each.as_dict() for each in done if isinstance(each, ImportReport)]
    output.json({"imported": imported, "refused": refused})
    return len(refused)


def _list(sources: list[tuple[str, str]], *, as_json: bool) -> None:
    if as_json:
        output.json([{"source": name, "reads": about} for name, about in sources])
    else:
        output.table(None, ("source", "what it reads"), sources)


def _renamed(columns: list[str]) -> dict[str, str]:
    """THEIRS=OURS -> theirs: ours; their name may itself hold a "="."""
    found = {}
    for each in columns:
        theirs, equals, ours = each.rpartition("=")
        if not (equals and theirs):
            raise UsageError(f"--column {each!r}: write THEIRS=OURS, such as --column nick=user_id, or THEIRS=")
        found[theirs] = ours.strip()
    return found


def _show(report: ImportReport) -> None:
    name = Path(report.path).name
    if report.already_imported:
        output.text(f"{name}: imported before ({report.source}); nothing added")
        return
    rows = [("read", report.read)]
    rows += [(f"{table.replace('_', ' ')} taken", count) for table, count in report.taken.items()]
    rows += [("duplicates left out", report.duplicates)]
    rows += [(f"skipped: {reason}", count) for reason, count in report.skipped.items()]
    title = f"{name} ({report.source}){_whose(report)}"
    output.table(title, ("", "rows"), [(what, f"{count:,}") for what, count in rows], right=(1,))
    for fault in report.unreadable[:LISTED]:
        output.text(f"  {fault['place']}, line {fault['line']}: {fault['reason']}")
    n_listed = len(report.unreadable)
    if n_listed > LISTED:
        output.text(f"  ... and more; --json lists the first {n_listed:,}")
    for note in report.notes:
        output.text(f"  {note}")


def _whose(report: ImportReport) -> str:
    names = ", ".join(report.listener_names)
    if not report.listeners:
        return ""
    if report.listeners == len(report.listener_names):
        return f" of {names}"
    return f" of {report.listeners:,} listeners, such as {names}"
