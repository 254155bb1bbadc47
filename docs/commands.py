"""Writes docs/commands.md: the help of every command, as the program prints it.

python docs/commands.py           write it
python docs/commands.py --check   fail when it is not what the program prints
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from unheard.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 100


def commands(command: Any, name: str, parent: Any = None) -> Iterator[tuple[str, str]]:
    """Every command under `command` with its help, in the order in which they were added."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True, max_content_width=WIDTH)
    context.terminal_width = WIDTH
    yield context.command_path, command.get_help(context)
    for each in command.list_commands(context) if hasattr(command, "list_commands") else []:
        yield from commands(command.get_command(context, each), each, context)


def page() -> str:
    """The whole page."""
    note = "Written by `python docs/commands.py` from the program itself; edit the program instead."
    parts = ["# Commands", "", note]
    for path, text in commands(typer.main.get_command(app), "unheard"):
        parts += ["", f"## {path}", "", "```text", text.strip(), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text("utf-8") != page() and "docs/commands.md is out of date: python docs/commands.py")
    PAGE.write_text(page(), "utf-8")
