"""The command line: words, options, tables. It computes nothing."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `unheard` command."""
    from unheard.cli.app import run

    run()
