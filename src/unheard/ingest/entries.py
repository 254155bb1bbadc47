"""A JSON array of flat objects -> the wanted fields of each, without holding the array."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final

import ijson

from unheard.errors import SourceError
from unheard.ingest.lines import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 64
"""Levels of nesting; the exports have two, and what has thousands is made to do harm."""

_READ_BYTES: Final = 1 << 18
_OPENS: Final = ("start_map", "start_array")
_CLOSES: Final = ("end_map", "end_array")


def entries(stream: IO[bytes], place: str, wanted: frozenset[str]) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Give (number from 1, wanted fields that hold a plain value); None for an entry that is no object.

    Fields that are not wanted are never held. `SourceError` where the JSON itself is broken.
    """
    if stream.peek(3).startswith(BYTE_ORDER_MARK):  # type: ignore[attr-defined]
        stream.read(3)
    try:
        events = ijson.basic_parse(stream, buf_size=_READ_BYTES)
        if next(events)[0] != "start_array":
            raise SourceError(f"{place}: is JSON, but no array of plays")
        yield from _entries(events, place, wanted)
    except ijson.JSONError as fault:
        said = str(fault).strip().splitlines()[0]
        raise SourceError(f"{place}: is no sound JSON ({said}); it may be cut short: fetch it again") from fault


def _bound(depth: int, place: str) -> None:
    if depth > MAX_DEPTH:
        raise SourceError(f"{place}: nests deeper than {MAX_DEPTH} levels; no export does")


def _entries(
    events: Iterator[tuple[str, Any]], place: str, wanted: frozenset[str]
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    depth, number, key = 1, 0, ""
    entry: dict[str, Any] | None = None
    for event, value in events:
        if event in _OPENS:
            depth += 1
            if depth == 2:
                number, entry = number + 1, {} if event == "start_map" else None
            _bound(depth, place)
        elif event in _CLOSES:
            if depth == 2:
                yield number, entry
            depth -= 1
        elif depth == 2 and entry is not None:
            if event == "map_key":
                key = value
            elif key in wanted:
                entry[key] = value
        elif depth == 1:
            number += 1
            yield number, None
