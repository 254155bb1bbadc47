"""The page on evaluation: its example runs, and it leaves out no metric."""

from __future__ import annotations

import re
from pathlib import Path

from unheard.evaluate import report
from unheard.evaluate.measurement import Measurement

PAGE = (Path(__file__).parents[2] / "docs" / "evaluate.md").read_text("utf-8")


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "docs/evaluate.md", "exec"), names)
    assert isinstance(names["found"], Measurement)


def test_every_metric_of_the_report_is_explained() -> None:
    for family in [*report.ACCURACY, *report.CHARACTER]:
        assert re.search(rf"^\| `{family}(@K)?` \|", PAGE, flags=re.MULTILINE), family
