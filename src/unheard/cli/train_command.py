"""`unheard train`."""

from __future__ import annotations

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened
from unheard.cli.progress import bar


def train(*, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Bring every stage up to date with what was imported and set; resumes where a stopped run was."""
    from unheard.pipeline import settings, training

    where = opened(workspace)
    sections, seed = settings.read(where)
    with where.locked("train"), bar(quiet=as_json) as progress:
        report = training.train(where, sections, seed=seed, progress=progress)
    if as_json:
        output.json({"run_id": report.run_id, "made": report.made, "up_to_date": report.up_to_date})
        return
    for name in report.up_to_date:
        output.text(f"{name}: up to date")
    for name in report.made:
        output.text(f"{name}: made")
    output.text(f"Run {report.run_id} is in service. Next: unheard weekly")
