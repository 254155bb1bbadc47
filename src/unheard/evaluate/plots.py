"""Plots as SVG text for a page: no fixed colours, so that the page's own, light or dark, apply."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unheard.evaluate.intervals import Interval

# colours that matplotlib draws with, and the page's variables that take their place
_INK, _FAINT, _RULE = "#010101", "#020202", "#030303"
_MODELS: Final = tuple(f"#0401{number:02x}" for number in range(8))
_PAGE_COLOURS: Final = {
    _INK: "var(--ink)",
    _FAINT: "var(--faint)",
    _RULE: "var(--rule)",
    **{colour: f"var(--model-{number})" for number, colour in enumerate(_MODELS)},
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # text stays text: it scales, and can be searched and read aloud
    "svg.hashsalt": "unheard",
    "text.parse_math": False,  # a model may be called "$x$"
    "font.family": "sans-serif",
    "font.size": 10,
}


def dots(values: Mapping[str, Interval], *, colours: Sequence[str], key: str) -> str:
    """One line a model: its mean as a dot with the number beside it, its interval as a bar. SVG text.

    `colours` (from `colour_of`) are aligned with the models; `key` makes the ids of this plot unlike others'.
    """
    names = list(values)
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width=3.9, height=0.55 + 0.32 * len(names))
        for row, (name, colour) in enumerate(zip(names, colours, strict=True)):
            value = values[name]
            if not np.isfinite(value.mean):
                continue
            if np.isfinite(value.low):
                axes.plot([value.low, value.high], [row, row], color=colour, linewidth=5, alpha=0.35)
            axes.plot(value.mean, row, "o", color=colour, markersize=7)
            right = max(value.mean, value.high) if np.isfinite(value.high) else value.mean
            axes.annotate(
                number(value.mean), (right, row), (8, 0), textcoords="offset points", va="center", color=_INK
            )
        axes.set_yticks(range(len(names)), names, color=_INK)
        axes.set_ylim(len(names) - 0.5, -0.5)
        top = max((v for value in values.values() for v in (value.mean, value.high) if np.isfinite(v)), default=1)
        axes.set_xlim(0, top * 1.22 or 1)
        axes.grid(visible=True, axis="x", color=_RULE, linewidth=0.8)
        return _svg(figure, key)


def cloud(points: Mapping[str, tuple[float, float]], *, x: str, y: str, colours: Sequence[str], key: str) -> str:
    """A labelled dot a model where two figures meet; `x` and `y` name the axes. SVG text."""
    known = {name: point for name, point in points.items() if np.isfinite(point).all()}
    right = max((point[0] for point in known.values()), default=0.0) * 1.12 or 1.0
    top = max((point[1] for point in known.values()), default=0.0) * 1.18 or 1.0
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width=5.4, height=3.7)
        # in parts of the frame, so that near is near to the eye
        places = {name: (point[0] / right, point[1] / top) for name, point in known.items()}
        offsets = _label_offsets(places)
        for name, colour in zip(points, colours, strict=True):
            if name in known:
                axes.plot(*known[name], "o", color=colour, markersize=9)
                across, up, side = offsets[name]
                axes.annotate(
                    name, known[name], (across, up), textcoords="offset points", va="center", ha=side, color=_INK
                )
        axes.set_xlim(0, right)
        axes.set_ylim(0, top)
        axes.set_xlabel(x, color=_FAINT)
        axes.set_ylabel(y, color=_FAINT)
        axes.grid(visible=True, color=_RULE, linewidth=0.8)
        return _svg(figure, key)


def _label_offsets(places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float, str]]:
    """Where each dot's label goes, in points and alignment: the first side where it covers no dot or label."""
    wide, high = 340.0, 225.0  # the frame in points, roughly
    taken = [(x * wide - 6, y * high - 6, x * wide + 6, y * high + 6) for x, y in places.values()]
    chosen = {}
    for name, (x, y) in sorted(places.items(), key=lambda item: item[1]):
        length = 5.8 * len(name)
        tries = [(9, 0, "left"), (-9, 0, "right"), (0, 14, "center"), (0, -14, "center"), (9, 14, "left")]
        for across, up, side in tries:
            left = x * wide + across - {"left": 0.0, "center": length / 2, "right": length}[side]
            box = (left, y * high + up - 6, left + length, y * high + up + 6)
            inside = box[0] > 0 and box[2] < wide and box[1] > 0
            if inside and not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        chosen[name] = (float(across), float(up), side)
    return chosen


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def colour_of(position: int) -> str:
    """Drawing colour of the model at a position; the same in all plots of a page."""
    return _MODELS[position % len(_MODELS)]


def number(value: float) -> str:
    """Three significant places where a figure is small, fewer where it is large."""
    if not np.isfinite(value):
        return "–"  # noqa: RUF001
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def _canvas(*, width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.tick_params(colors=_FAINT, length=0, labelsize=9.5)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure, axes


def _svg(figure: Figure, key: str) -> str:
    """The figure as an <svg> element with the page's colours, ids of its own and no size of its own."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{key}-", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 role="img"', text, count=1)
    for drawn, shown in _PAGE_COLOURS.items():
        text = text.replace(drawn, shown)
    return text
