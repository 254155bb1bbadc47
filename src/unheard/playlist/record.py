"""A playlist as a plain dict of JSON values and back, as the store keeps it and as `--json` shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from unheard.errors import InputError
from unheard.schema import Playlist, PlaylistTrack, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1


def to_dict(playlist: Playlist) -> dict[str, Any]:
    """Everything a playlist holds, as dicts, lists, strings, numbers and None."""
    return {"version": VERSION, **asdict(playlist)}


def from_dict(record: Mapping[str, Any]) -> Playlist:
    """Build the playlist that `to_dict` wrote; `InputError` names what is missing or of the wrong kind."""
    if record.get("version") != VERSION:
        raise InputError(f"a stored playlist of version {record.get('version')!r}; this program reads {VERSION}")
    try:
        return Playlist(
            user_id=_text(record, "user_id"),
            week=_text(record, "week"),
            run_id=_text(record, "run_id"),
            title=_text(record, "title"),
            tracks=tuple(_track(line) for line in record["tracks"]),
            note=record.get("note"),
        )
    except KeyError as missing:
        raise InputError(f"a stored playlist lacks {missing}; make the list anew") from None
    except (TypeError, ValueError) as wrong:
        raise InputError(f"a stored playlist is damaged ({wrong}); make the list anew") from None


def _track(line: Mapping[str, Any]) -> PlaylistTrack:
    reason = line["reason"]
    return PlaylistTrack(
        position=int(line["position"]),
        track_id=_text(line, "track_id"),
        title=line["title"],
        artist=line["artist"],
        album=line["album"],
        duration_ms=None if line["duration_ms"] is None else int(line["duration_ms"]),
        recording_mbid=line["recording_mbid"],
        audio_path=line["audio_path"],
        score=float(line["score"]),
        signals={str(name): float(value) for name, value in line["signals"].items()},
        interest=int(line["interest"]),
        familiar=bool(line["familiar"]),
        reason=Reason(_text(reason, "text"), _text(reason, "kind"), tuple(reason["track_ids"])),
    )


def _text(record: Mapping[str, Any], field: str) -> str:
    value = record[field]
    if not isinstance(value, str):
        raise TypeError(f"{field} = {value!r} is no text")
    return value
