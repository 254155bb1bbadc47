"""MusicBrainz ids of recordings, as URLs."""

from __future__ import annotations

from uuid import UUID


def recording_url(mbid: str | None) -> str | None:
    """URL of a recording; None where the id is missing or no MBID."""
    try:
        return f"https://musicbrainz.org/recording/{UUID(mbid)}" if mbid else None
    except ValueError:
        return None
