"""`unheard evaluate`: models and lists brought together with the measurement of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unheard.collaborative.models import named
from unheard.errors import UsageError
from unheard.evaluate import report
from unheard.evaluate import tables as held_out
from unheard.evaluate.collaborative import measure
from unheard.pipeline.progress import Progress, labelled, silent
from unheard.store import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from unheard.evaluate.measurement import Measurement

MODELS: Final = ("popularity", "als", "vector_exp", "item_item", "ensemble")


def collaborative(
    train: Path,
    test: Path,
    *,
    models: Sequence[str] = MODELS,
    at: Sequence[int] = (20, 50, 100),
    seed: int = 1,
    progress: Progress = silent,
) -> Measurement:
    """Fit `models` on the plays of one file, and score their rankings with those of another."""
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        raise UsageError(f"models {unknown or 'none'}; there are {', '.join(MODELS)}")
    data = held_out.read(train, test)
    return measure(
        data.train,
        data.test,
        {name: named(name) for name in models},
        at=at,
        seed=seed,
        left_out=data.counts,
        progress=labelled(progress, "evaluate"),
    )


def write_report(found: Measurement, path: Path, *, title: str) -> None:
    """The figures as one HTML page with plots."""
    report.write(found, path, title=title)


def write_json(found: Measurement, path: Path) -> None:
    """The figures as JSON."""
    files.write_text(path, found.to_text())


def tables(found: Measurement) -> list[tuple[str, list[str], list[list[str]]]]:
    """The figures as tables to read: title, columns and rows, metrics down and models across."""
    metrics = list(dict.fromkeys(name for each in found.means.values() for name in each))
    rows = [[metric, *(_cell(found, model, metric) for model in found.models)] for metric in metrics]
    totals = list(dict.fromkeys(name for each in found.totals.values() for name in each))
    rows += [
        [name, *(f"{found.totals[model].get(name, float('nan')):.4f}" for model in found.models)]
        for name in totals
    ]
    rows.append(["seconds to fit", *(f"{found.seconds.get(model, 0):.1f}" for model in found.models)])
    counts = [[name.replace("_", " "), f"{count:,}"] for name, count in found.counts.items()]
    return [
        ("Means over listeners, with 95 % bootstrap intervals", ["metric", *found.models], rows),
        ("Counts", ["", "rows"], counts),
    ]


def _cell(found: Measurement, model: str, metric: str) -> str:
    interval = found.means[model].get(metric)
    return "" if interval is None else f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
