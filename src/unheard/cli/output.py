"""What a command prints: JSON for machines, tables for people."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


WIDTH: Final = 140
"""Characters of a table where no terminal says how wide it is."""


def json(value: Any) -> None:
    """Print a value as JSON."""
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n")


def text(line: str = "") -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Print a line beside the output, to standard error."""
    sys.stderr.write(line + "\n")


def width() -> int:
    """Characters of a line: the terminal's or $COLUMNS, else `WIDTH`."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH


def table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()
) -> None:
    """Print a table as wide as the terminal; `right` numbers the columns that are aligned right.

    Cells are printed as they are: what comes from outside may hold what looks like markup or control codes.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width(), highlight=False)
    if title:
        console.print(Text(_printable(title), style="bold"))
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(_printable(cell)) for cell in row))
    console.print(made)


def _printable(cell: object) -> str:
    return "".join(char if char.isprintable() else " " for char in ("" if cell is None else str(cell)))
