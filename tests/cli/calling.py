"""The command as a person calls it, in this process: words in; exit code, output and messages out."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import orjson

from unheard.cli import app

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


def unheard(*words: str | Path) -> Ended:
    """Run one command; a traceback would be a fault of the command line, whatever the words."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["unheard", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            app.run()
        except SystemExit as end:
            code = int(end.code or 0)
    ended = Ended(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in ended.out + ended.err
    assert "fault of unheard itself" not in ended.err, ended.err
    return ended
