"""The page: whole, self-contained, and safe whatever models are called."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from unheard.evaluate import Measurement, report
from unheard.evaluate.intervals import Interval

if TYPE_CHECKING:
    from pathlib import Path

NASTY = '<script>alert("$x$")</script>&amp;'


def measurement(*models: str) -> Measurement:
    means = {
        model: {
            "ndcg@20": Interval(0.1 + row / 10, 0.09 + row / 10, 0.11 + row / 10),
            "popularity_lift@20": Interval(1.0 + row, 0.9, 2.0 + row),
            "auc": Interval(math.nan, math.nan, math.nan),
        }
        for row, model in enumerate(models)
    }
    totals = {model: {"coverage@20": 0.5} for model in models}
    return Measurement(means, totals, {"listeners": 1234}, dict.fromkeys(models, 1.5))


class Reader(HTMLParser):
    """Checks that tags close in order; gathers attributes that would load something, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href"} and not str(value).startswith("#"):
                self.loads.append(str(value))
            if name == "id":
                self.ids.append(str(value))
            assert not name.startswith("on")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "meta":
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_the_page_stands_alone() -> None:
    page = report.html(measurement("popularity", "als"), title="How good", about="A test.")
    reader = read(page)
    assert reader.loads == []
    assert "script" not in reader.tags
    assert reader.tags.count("svg") == 6  # four cards, two clouds
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    assert len(reader.ids) == len(set(reader.ids))
    assert "1,234" in reader.text
    assert (
        "als is ahead with nDCG@20 0.200 (0.190 to 0.210), clear of popularity at 0.100; 2.0 times" in reader.text
    )


def test_no_drawing_colour_is_left_in_the_page() -> None:
    page = report.html(measurement("popularity", "als"), title="t")
    assert not re.search(r"#0[1-4]0[1-4]", page)
    assert "var(--model-1)" in page


def test_names_from_outside_stay_text() -> None:
    reader = read(report.html(measurement(NASTY, "als"), title=NASTY, about=NASTY))
    assert "script" not in reader.tags
    assert NASTY in reader.text


def test_the_same_measurement_gives_the_same_page(tmp_path: Path) -> None:
    report.write(measurement("a", "b"), tmp_path / "one.html", title="t")
    report.write(measurement("a", "b"), tmp_path / "two.html", title="t")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.parametrize("models", [("a",), tuple("abcdefghij")])
def test_one_model_or_many(models: tuple[str, ...]) -> None:
    assert "is ahead" in read(report.html(measurement(*models), title="t")).text


def test_figures_without_a_value_are_dashes() -> None:
    nothing = Interval(math.nan, math.nan, math.nan)
    empty = Measurement({"a": {"ndcg@20": nothing}}, {"a": {}}, {}, {})
    assert "No model has a value" in read(report.html(empty, title="t")).text
    assert empty.to_json()["metrics"] == {"a": {"ndcg@20": None, "ndcg@20_ci": [None, None]}}
    assert "null" in empty.to_text()
