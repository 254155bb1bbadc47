"""`unheard doctor`."""

from __future__ import annotations

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened


def doctor(*, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Check the machine and the workspace: what is there, what is damaged, what to do next."""
    from unheard.pipeline import checking

    findings = checking.check(opened(workspace))
    if as_json:
        output.json([{"what": each.what, "ok": each.ok, "detail": each.detail} for each in findings])
    else:
        rows = [("ok" if each.ok else "PROBLEM", each.what, each.detail) for each in findings]
        output.table(None, ("", "what", "detail"), rows)
    if not all(each.ok for each in findings):
        raise typer.Exit(1)
