"""A measurement as one HTML page to read: no scripts, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final

from unheard.evaluate import plots
from unheard.evaluate.intervals import Interval
from unheard.evaluate.page import STYLE
from unheard.store.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from unheard.evaluate.measurement import Measurement

# family of metrics -> what it is called, and what it says
ACCURACY: Final = {
    "ndcg": ("nDCG", "Rank counts: a hit at the top is worth more than one further down; 1 is a perfect order."),
    "recall": ("Recall", "Share of the held-out tracks that the list holds, of as many as it could hold."),
    "hit_rate": ("Hit rate", "Share of lists that hold at least one held-out track."),
    "precision": ("Precision", "Share of the list's places that hold a held-out track."),
    "map": ("mAP", "Mean of the precision at each hit: rewards hits that stand close together at the top."),
    "auc": ("AUC", "Chance that a held-out track ranks above one that is not; 0.5 is chance."),
}
CHARACTER: Final = {
    "coverage": ("Coverage", "Share of the catalogue that stands on at least one list."),
    "gini": ("Gini", "How unevenly places are given out: 0 all tracks alike, 1 a few tracks take all."),
    "popularity": ("Popularity", "Mean share of listeners who already know a listed track."),
    "popularity_lift": (
        "Popularity lift",
        "Audience of the listed tracks over that of the listener's own; 1 is alike.",
    ),
    "novelty": ("Novelty", "Mean self-information in bits: each bit halves the share of listeners who know it."),
    "artist_variety": ("Artist variety", "Distinct artists over tracks of a list; 1 is never an artist twice."),
    "artist_repeats": ("Artist repeats", "Share of tracks whose artist already stands higher on the list."),
}
# what the table says well enough without a plot
_TABLE_ONLY: Final = ("precision", "artist_repeats")
_FOOTNOTE: Final = (
    "Bars are bootstrap 95&nbsp;% intervals over listeners (1,000 draws, the same for all models). "
    "Metrics are exact over the whole catalogue; equal scores go to the lower track number."
)


def write(measurement: Measurement, path: Path, *, title: str, about: str = "") -> None:
    """Write the page to `path`, whole or not at all. `title` and `about` are plain text."""
    write_text(path, html(measurement, title=title, about=about))


def html(measurement: Measurement, *, title: str, about: str = "") -> str:
    """The page as text; every name that comes from outside is escaped."""
    body = [
        f"<header><h1>{escape(title)}</h1>",
        f'<p class="about">{escape(about)}</p>' if about else "",
        f'<p class="verdict">{verdict(measurement)}</p></header>',
        _section(measurement, "Accuracy", ACCURACY, "How well the lists found what was held out."),
        _section(measurement, "Character", CHARACTER, "What the lists are like beside being right."),
        _balance(measurement),
        "<div class='cards two'>",
        _facts("What was measured", "count", measurement.counts.items()),
        _facts("Time to fit and list", "seconds", measurement.seconds.items()),
        "</div>",
        f"<footer>{_FOOTNOTE}</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>"
        + "\n".join(part for part in body if part)
        + "</main></body></html>\n"
    )


def verdict(measurement: Measurement) -> str:
    """One sentence: which model orders best, and whether that is beyond doubt. HTML."""
    metric = headline(measurement)
    ranked = sorted(
        (
            (model, means[metric])
            for model, means in measurement.means.items()
            if math.isfinite(means[metric].mean)
        ),
        key=lambda pair: -pair[1].mean,
    )
    if not ranked:
        return "No model has a value."
    (best, value), rest = ranked[0], ranked[1:]
    name = escape(_label(metric))
    said = f"<strong>{escape(best)}</strong> is ahead with {name} <strong>{plots.number(value.mean)}</strong>"
    said += f" ({plots.number(value.low)} to {plots.number(value.high)})"
    if rest:
        second, next_value = rest[0]
        apart = "clear of" if value.low > next_value.high else "too close to be told apart from"
        said += f", {apart} {escape(second)} at {plots.number(next_value.mean)}"
    floor = measurement.means.get("popularity", {}).get(metric)
    if floor and floor.mean > 0 and best != "popularity":
        said += f"; {value.mean / floor.mean:.1f} times popularity"
    return said + "."


def headline(measurement: Measurement) -> str:
    """The metric that models are ranked by: nDCG at the largest K."""
    found = _metrics(measurement, "ndcg") or list(next(iter(measurement.means.values())))
    return found[-1]


def _metrics(measurement: Measurement, family: str) -> list[str]:
    """Metrics of one family, K rising."""
    first = measurement.models[0]
    names = [*measurement.means[first], *measurement.totals[first]]
    mine = [name for name in names if name.partition("@")[0] == family]
    return sorted(mine, key=lambda name: int(name.partition("@")[2] or 0))


def _label(metric: str) -> str:
    family, at, k = metric.partition("@")
    return {**ACCURACY, **CHARACTER}.get(family, (family, ""))[0] + at + k


def _values(measurement: Measurement, metric: str) -> dict[str, Interval]:
    """One metric of each model; a figure of all lists together has no bounds."""
    nothing = Interval(math.nan, math.nan, math.nan)
    found = {}
    for model, means in measurement.means.items():
        total = measurement.totals[model].get(metric)
        found[model] = means.get(metric, nothing) if total is None else Interval(total, math.nan, math.nan)
    return found


def _section(measurement: Measurement, heading: str, families: dict[str, tuple[str, str]], lead: str) -> str:
    metrics = [metric for family in families for metric in _metrics(measurement, family)]
    if not metrics:
        return ""
    plotted = [_metrics(measurement, family) for family in families if family not in _TABLE_ONLY]
    shown = [found[-1] for found in plotted if found]
    cards = "".join(_card(measurement, metric, families[metric.partition("@")[0]][1]) for metric in shown)
    table = _table(measurement, metrics, higher_is_better=families is ACCURACY)
    return f"<section><h2>{heading}</h2><p>{lead}</p><div class='cards'>{cards}</div>{table}</section>"


def _card(measurement: Measurement, metric: str, meaning: str) -> str:
    colours = [plots.colour_of(position) for position in range(len(measurement.models))]
    key = "".join(part for part in metric if part.isalnum())
    drawn = plots.dots(_values(measurement, metric), colours=colours, key=key)
    return f"<figure><figcaption><b>{escape(_label(metric))}</b> {meaning}</figcaption>{drawn}</figure>"


def _table(measurement: Measurement, metrics: Sequence[str], *, higher_is_better: bool) -> str:
    """All figures, a row a metric, a column a model; the best of a row in bold where more is better."""
    head = "".join(
        f"<th scope='col'><i style='background:var(--model-{position % 8})'></i>{escape(model)}</th>"
        for position, model in enumerate(measurement.models)
    )
    rows = []
    for metric in metrics:
        values = _values(measurement, metric)
        best = max((value.mean for value in values.values() if math.isfinite(value.mean)), default=math.nan)
        cells = [_cell(value, bold=higher_is_better and value.mean == best) for value in values.values()]
        rows.append(f"<tr><th scope='row'>{escape(_label(metric))}</th>{''.join(cells)}</tr>")
    body = f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<div class='wide'><table>{body}</table></div>"


def _cell(value: Interval, *, bold: bool) -> str:
    mean = plots.number(value.mean)
    shown = f"<b>{mean}</b>" if bold else mean
    if not math.isfinite(value.low):
        return f"<td>{shown}</td>"
    return f"<td>{shown}<small>{plots.number(value.low)} – {plots.number(value.high)}</small></td>"  # noqa: RUF001


def _balance(measurement: Measurement) -> str:
    """Accuracy against popularity and coverage: a model may be right by saying what all know."""
    if len(measurement.models) < 2:
        return ""
    metric = headline(measurement)
    clouds = []
    for family, words in (("popularity_lift", "popularity lift"), ("coverage", "coverage")):
        found = _metrics(measurement, family)
        if found:
            across, up = _values(measurement, found[-1]), _values(measurement, metric)
            points = {model: (across[model].mean, up[model].mean) for model in measurement.models}
            colours = [plots.colour_of(position) for position in range(len(points))]
            drawn = plots.cloud(points, x=_label(found[-1]), y=_label(metric), colours=colours, key=f"by{family}")
            clouds.append(f"<figure><figcaption><b>Accuracy by {words}</b></figcaption>{drawn}</figure>")
    lead = "Being right by naming what everybody plays is easy; further left and higher up is harder;"
    return (
        f"<section><h2>Balance</h2><p>{lead} more coverage means that more of the collection is heard.</p>"
        f"<div class='cards two'>{''.join(clouds)}</div></section>"
        if clouds
        else ""
    )


def _facts(heading: str, unit: str, facts: Iterable[tuple[str, float]]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(name.replace('_', ' '))}</th><td>{value:,}</td></tr>"
        for name, value in facts
    )
    head = f"<thead><tr><th></th><th scope='col'>{unit}</th></tr></thead>"
    return f"<section><h2>{heading}</h2><table>{head}<tbody>{rows}</tbody></table></section>"
