"""Docs that cannot go stale: commands in the program's own words, links that lead somewhere, real examples."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from unheard.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
COMMANDS = typer.main.get_command(app)


def names() -> list[str]:
    """Every command's words after `unheard`."""
    found = []
    for name, command in COMMANDS.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        found += [f"{name} {each}" for each in below] or [name]
    return found


def test_the_page_of_commands_is_what_the_program_prints() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "docs" / "commands.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", names())
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"unheard {name}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_name_commands_and_options_that_exist(page: Path) -> None:
    for line in re.findall(r"^\s*(?:\$ )?unheard ([^\n#]*)", page.read_text("utf-8"), flags=re.MULTILINE):
        words = line.split()
        assert words[0] in COMMANDS.commands, f"{page.name}: unheard {line}"  # type: ignore[attr-defined]


def test_files_that_docs_name_are_there() -> None:
    for page in PAGES:
        for path in re.findall(r"`((?:benchmarks|docs|src|tests)/[\w/.]+\.\w+)`", page.read_text("utf-8")):
            assert (ROOT / path).exists(), f"{page.name} names {path}"
