"""JSPF with MusicBrainz' extensions, as ListenBrainz and its clients read it.

Clients find a weekly list by `source_patch` "weekly-exploration". Paths of files stay out: JSPF goes to others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from unheard.playlist import weeks
from unheard.playlist.mbid import recording_url
from unheard.playlist.text import one_line

if TYPE_CHECKING:
    from unheard.schema import Playlist, PlaylistTrack

PLAYLIST_EXTENSION = "https://musicbrainz.org/doc/jspf#playlist"
TRACK_EXTENSION = "https://musicbrainz.org/doc/jspf#track"
SOURCE_PATCH = "weekly-exploration"
CREATOR = "unheard"


def text(playlist: Playlist, *, identifier: str = "") -> str:
    """JSPF text; see `document`."""
    return json.dumps(document(playlist, identifier=identifier), ensure_ascii=False, indent=2) + "\n"


def document(playlist: Playlist, *, identifier: str = "") -> dict[str, Any]:
    """The JSPF document as JSON values. `identifier`: the playlist's own URL where it is served."""
    made = weeks.starts(playlist.week).isoformat()
    return {
        "playlist": {
            "title": one_line(playlist.title),
            "creator": CREATOR,
            "annotation": one_line(playlist.note),
            "identifier": identifier,
            "date": made,
            "extension": {PLAYLIST_EXTENSION: _about(playlist, made)},
            "track": [_track(track, made) for track in playlist.tracks],
        }
    }


def _about(playlist: Playlist, made: str) -> dict[str, Any]:
    return {
        "public": False,
        "creator": CREATOR,
        "created_for": one_line(playlist.user_id),
        "last_modified_at": made,
        "additional_metadata": {
            "algorithm_metadata": {"source_patch": SOURCE_PATCH},
            "expires_at": weeks.expires(playlist.week).isoformat(),
        },
    }


def _track(track: PlaylistTrack, made: str) -> dict[str, Any]:
    url = recording_url(track.recording_mbid)
    line: dict[str, Any] = {
        "identifier": [url] if url else [],
        "title": one_line(track.title) or one_line(track.track_id),
        "creator": one_line(track.artist),
        "album": one_line(track.album),
        "annotation": one_line(track.reason.text),
        "extension": {
            TRACK_EXTENSION: {
                "added_by": CREATOR,
                "added_at": made,
                "artist_identifiers": [],
                "additional_metadata": {"unheard_track_id": one_line(track.track_id)},
            }
        },
    }
    if track.duration_ms and track.duration_ms > 0:
        line["duration"] = track.duration_ms
    return line
