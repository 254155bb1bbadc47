"""What may not be on a listener's weekly list, and the settings of the list.

A track is left out when it, or another track of its recording group,

- was met before: any stored cell of the history, a skip as much as a play;
- is disliked, or stood on one of the last weeks' lists;

and when its artist is out. An artist is out when the listener disliked the artist itself, or at least two
different recordings of theirs and loved none of their tracks. One disliked track says nothing about its artist,
and tracks whose artist is unknown have no artist in common.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from unheard.errors import ConfigError
from unheard.playlist import weeks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from unheard.schema import Catalog, Playlist

    Rows = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

DISLIKES_OF_AN_ARTIST = 2  # recordings disliked before their artist is out


def _none() -> Rows:
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class WeeklySettings:
    """What a weekly list is."""

    size: int = 30  # tracks
    per_artist: int = 2  # tracks by one artist, at the most
    exclude_weeks: int = 4  # weeks before this one whose lists are not repeated
    anchor: bool = False  # one unheard track by an artist that the listener knows well
    exploration: float = 0.3  # 0: strictly by score; how far the week's chance moves a score, in deviations
    variety: float = 0.5  # deviations that an artist's next track must be better by

    def __post_init__(self) -> None:
        if self.size < 1 or self.per_artist < 1 or self.exclude_weeks < 0:
            raise ConfigError(f"{self}: size and per_artist are at least 1, exclude_weeks at least 0")
        for knob in ("exploration", "variety"):
            value = getattr(self, knob)
            if not (np.isfinite(value) and value >= 0):
                raise ConfigError(f"{knob} = {value}; it is 0 or more")


@dataclass(frozen=True, eq=False)
class Feedback:
    """What a listener said outright: rows of tracks, and of `Catalog.artists` for artists."""

    loved: Rows = field(default_factory=_none)
    disliked: Rows = field(default_factory=_none)
    disliked_artists: Rows = field(default_factory=_none)


@dataclass(frozen=True, eq=False)
class Barred:
    """Why each candidate is left out, bool [n] each; the first reason that fits counts."""

    heard: Mask
    disliked: Mask
    recent: Mask

    @property
    def any(self) -> Mask:
        out: Mask = self.heard | self.disliked | self.recent
        return out


def barred(tracks: Rows, catalog: Catalog, *, heard: Rows, feedback: Feedback, recent: Rows) -> Barred:
    """Check the candidates `tracks` against all that bars a track."""
    met = _same_recording(tracks, heard, catalog)
    disliked = _same_recording(tracks, feedback.disliked, catalog)
    disliked |= np.isin(catalog.artists[tracks], artists_out(catalog, feedback))
    return Barred(met, disliked & ~met, _same_recording(tracks, recent, catalog) & ~met & ~disliked)


def artists_out(catalog: Catalog, feedback: Feedback) -> Rows:
    """Artists that the listener wants nothing of, as numbers of `Catalog.artists`."""
    artists, recordings = catalog.artists[feedback.disliked], catalog.recordings[feedback.disliked]
    # a track without a recording group is a recording of its own
    recordings = np.where(recordings < 0, -1 - feedback.disliked, recordings)
    pairs = np.unique(np.stack([artists, recordings], axis=1), axis=0)
    found, times = np.unique(pairs[:, 0], return_counts=True)
    often = np.setdiff1d(found[times >= DISLIKES_OF_AN_ARTIST], catalog.artists[feedback.loved])
    out = np.union1d(often, feedback.disliked_artists)
    return out[out >= 0].astype(np.int32)


def recent_rows(past: Iterable[Playlist], catalog: Catalog, week: str, *, n_weeks: int) -> Rows:
    """Rows of the tracks on `past` lists of the `n_weeks` weeks before `week`; this week's own do not count."""
    counted = set(weeks.before(week, n_weeks))
    ids = [track.track_id for playlist in past if playlist.week in counted for track in playlist.tracks]
    rows = np.unique(catalog.tracks.rows(ids))
    return rows[rows >= 0]


def _same_recording(tracks: Rows, others: Rows, catalog: Catalog) -> Mask:
    groups = np.unique(catalog.recordings[others])
    same: Mask = np.isin(tracks, others) | np.isin(catalog.recordings[tracks], groups[groups >= 0])
    return same
