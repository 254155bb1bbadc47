"""`unheard evaluate collaborative` and `weekly`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unheard.cli import output
from unheard.cli.options import WorkspaceOption, opened
from unheard.cli.progress import bar

if TYPE_CHECKING:
    from unheard.evaluate.measurement import Measurement

app = typer.Typer(
    help="Measure models and lists on held-out plays; exact over the whole catalogue, with intervals.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

JsonFile = Annotated[Path | None, typer.Option("--json", help="File to write the figures into, as JSON.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="File to write a report with plots into, as HTML.")
]
SeedOption = Annotated[int, typer.Option(help="Seed of the models and of the intervals.")]


@app.command()
def collaborative(
    *,
    train: Annotated[Path, typer.Option(help="Parquet or CSV: user_id, track_id, plays.")],
    test: Annotated[Path, typer.Option(help="The held-out plays: read for scoring alone.")],
    models: Annotated[
        str, typer.Option(help="Which models, with commas between.")
    ] = "popularity,als,vector_exp,item_item,ensemble",
    at: Annotated[
        str, typer.Option(help="Lengths of the lists that are judged, with commas between.")
    ] = "20,50,100",
    seed: SeedOption = 1,
    json: JsonFile = None,
    report: ReportFile = None,
) -> None:
    """Fit models on TRAIN alone, rank every other track of it for each listener, and score with TEST."""
    from unheard.pipeline import measuring

    with bar(quiet=False) as progress:
        found = measuring.collaborative(
            train, test, models=_parts(models), at=_numbers(at), seed=seed, progress=progress
        )
    _tell(found, json, report, title=f"Collaborative models on {test.name}")


@app.command()
def weekly(
    *,
    weeks: Annotated[
        int, typer.Option(min=1, help="How many of the last weeks are held out, one after the other.")
    ] = 4,
    seed: SeedOption = 1,
    json: JsonFile = None,
    report: ReportFile = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Hold out the workspace's own last weeks by time, and measure the lists that it would have made."""
    from unheard.pipeline import past_weeks

    with bar(quiet=False) as progress:
        found = past_weeks.weekly(opened(workspace), n_weeks=weeks, seed=seed, progress=progress)
    _tell(found, json, report, title=f"Weekly lists of the last {weeks} weeks")


def _tell(found: Measurement, json: Path | None, report: Path | None, *, title: str) -> None:
    from unheard.pipeline import measuring

    if json is not None:
        measuring.write_json(found, json)
        output.note(f"written: {json}")
    if report is not None:
        measuring.write_report(found, report, title=title)
        output.note(f"written: {report}")
    for heading, columns, rows in measuring.tables(found):
        output.table(heading, columns, rows, right=tuple(range(1, len(columns))))


def _parts(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _numbers(words: str) -> list[int]:
    from unheard.errors import UsageError

    try:
        return [int(word) for word in _parts(words)]
    except ValueError:
        raise UsageError(f"--at {words!r}: whole numbers with commas between, such as 20,50,100") from None
