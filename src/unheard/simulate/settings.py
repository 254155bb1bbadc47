"""How large and how lively a generated world is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from unheard.errors import UsageError


@dataclass(frozen=True)
class WorldSettings:
    n_listeners: int = 300
    n_tracks: int = 2_000
    n_weeks: int = 26  # of listening, ending at `end`
    plays_per_week: float = 25.0  # mean over listeners; the busiest play many times that
    n_scenes: int = 24
    tracks_per_artist: float = 8.0  # mean; a few have many, most few
    new_share: float = 0.1  # of the tracks come out in the last weeks
    new_weeks: int = 4
    never_played_share: float = 0.05  # of the tracks are in the collection and nobody ever plays them
    variant_share: float = 0.04  # of the tracks are a remaster or live version of another one
    dim: int = 16  # of the space that tastes and tracks lie in
    focus: float = 9.0  # how strongly taste decides what is played; 0 leaves popularity alone
    drift: float = 0.5  # how far an interest moves over the whole time, in its own length
    end: date = date(2026, 11, 16)  # first day after the last week; a Monday
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_listeners", "n_tracks", "n_weeks", "n_scenes", "dim"):
            if getattr(self, name) < 1:
                raise UsageError(f"a world of {name} = {getattr(self, name)}; it must be at least 1")
        for name in ("new_share", "never_played_share", "variant_share"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} = {getattr(self, name)}; it must lie in [0, 1)")
        if self.end.weekday() != 0:
            raise UsageError(f"end = {self.end}; a world's weeks end on a Monday")
        if not 1 <= self.new_weeks <= self.n_weeks:
            raise UsageError(f"new_weeks = {self.new_weeks}; it must lie in 1..n_weeks = {self.n_weeks}")

    @property
    def n_days(self) -> int:
        return 7 * self.n_weeks

    @property
    def start(self) -> datetime:
        """Midnight UTC of the first day, a Monday."""
        first = self.end - timedelta(days=self.n_days)
        return datetime(first.year, first.month, first.day, tzinfo=UTC)

    @property
    def n_artists(self) -> int:
        return max(1, round(self.n_tracks / max(1.0, self.tracks_per_artist)))
