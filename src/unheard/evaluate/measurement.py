"""What every evaluation gives back, and its JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unheard.evaluate import intervals

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from unheard.evaluate.intervals import Interval


@dataclass(frozen=True)
class Measurement:
    """Figures of several models over the same held-out plays.

    `means` maps model -> metric -> mean with its interval; `totals` maps model -> metric -> a figure of all lists
    together (coverage, Gini), which has no mean over listeners and so no interval.
    """

    means: Mapping[str, Mapping[str, Interval]]
    totals: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, int]
    seconds: Mapping[str, float]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.means)

    def to_json(self) -> dict[str, Any]:
        """`{"metrics": {MODEL: {METRIC: x, METRIC_ci: [lo, hi]}}, "counts": {}, "seconds": {}}`.

        A figure that nobody has a value for is null.
        """
        metrics: dict[str, dict[str, Any]] = {}
        for model, means in self.means.items():
            line: dict[str, Any] = {}
            for metric, interval in means.items():
                line[metric] = _number(interval.mean)
                line[f"{metric}_ci"] = [_number(interval.low), _number(interval.high)]
            line.update({metric: _number(value) for metric, value in self.totals[model].items()})
            metrics[model] = line
        return {"metrics": metrics, "counts": dict(self.counts), "seconds": dict(self.seconds)}

    def to_text(self) -> str:
        """The JSON as text, one figure a line."""
        return json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


PerListener = dict[str, "npt.NDArray[np.float64]"]


def summarize(
    values: Mapping[str, PerListener],
    totals: Mapping[str, Mapping[str, float]],
    *,
    counts: Mapping[str, int],
    seconds: Mapping[str, float],
    seed: int,
    clusters: npt.NDArray[np.integer[Any]] | None = None,
) -> Measurement:
    """Means and intervals of `values`: model -> metric -> one value a row, rows alike in all.

    `clusters` [rows] numbers whose row it is where a listener has several (one a week): listeners are then
    resampled, each with all of their rows.
    """
    keys = [(model, metric) for model, metrics in values.items() for metric in metrics]
    table = np.stack([values[model][metric] for model, metric in keys], axis=1)
    found = dict(zip(keys, intervals.over_listeners(table, seed=seed, clusters=clusters), strict=True))
    means = {model: {metric: found[model, metric] for metric in metrics} for model, metrics in values.items()}
    return Measurement(means, totals, counts, seconds)
