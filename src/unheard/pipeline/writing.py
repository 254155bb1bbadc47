"""Weekly lists as files: one a listener, or one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import orjson

from unheard.errors import UsageError
from unheard.playlist import weeks
from unheard.playlist.formats import WRITERS, write
from unheard.playlist.record import to_dict
from unheard.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from unheard.schema import Playlist


TABLE: Final = "table"  # the one that is only printed


def week_of(now: datetime) -> str:
    """Name of the week that `now` (UTC) lies in."""
    return weeks.name(now.date())


def refuse_unknown(format_name: str) -> None:
    """`UsageError` for a format that there is not, before any list is made."""
    if format_name not in (TABLE, *WRITERS):
        raise UsageError(f"--format {format_name}: there are {', '.join((TABLE, *WRITERS))}")


def in_one(lists: Sequence[Playlist], format_name: str) -> str:
    """Every list in one text: JSON as an array, the other formats for one listener only."""
    if format_name == "json":
        return orjson.dumps([to_dict(each) for each in lists], option=orjson.OPT_INDENT_2).decode("utf-8")
    if len(lists) != 1:
        raise UsageError(
            f"a {format_name} file holds one list and there are {len(lists)}; name a listener with --user, "
            "or a folder for one file each with --out"
        )
    return write(lists[0], format_name)


def write_all(lists: Sequence[Playlist], format_name: str, folder: Path) -> Iterator[Path]:
    """Write `LISTENER.WEEK.FORMAT` for each list; characters that a path cannot hold are percent-encoded."""
    for each in lists:
        # Not only "/": a name such as ".." must stay a name.
        name = quote(each.user_id, safe=" @+,")
        if name.startswith("."):
            name = name.replace(".", "%2E")
        path = folder / f"{name[:150]}.{each.week}.{format_name}"
        files.write_text(path, write(each, format_name, folder=folder))
        yield path
