"""A generated world: who listened to what, and, unlike in any real data, what they truly like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from unheard.schema import TABLES
from unheard.simulate import listening, music, taste

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.simulate.listening import Listens, Opinions
    from unheard.simulate.music import Music
    from unheard.simulate.settings import WorldSettings
    from unheard.simulate.taste import Tastes

    Rows = npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class World:
    """Everything about a world; the same settings give the same world bit for bit."""

    settings: WorldSettings
    music: Music
    tastes: Tastes
    listens: Listens
    opinions: Opinions

    @classmethod
    def generate(cls, settings: WorldSettings) -> World:
        # one stream a part, so that more tracks do not change who the listeners are
        streams = [np.random.default_rng([settings.seed, part]) for part in range(3)]
        tracks = music.compose(settings, streams[0])
        tastes = taste.settle(tracks.scene_centres, settings, streams[1])
        listens, opinions = listening.listen(tracks, tastes, settings, streams[2])
        return cls(settings, tracks, tastes, listens, opinions)

    @cached_property
    def user_ids(self) -> list[str]:
        """Id of each listener, by row."""
        return [f"listener{row:05d}" for row in range(self.settings.n_listeners)]

    @cached_property
    def track_ids(self) -> list[str]:
        """Id of each track, by row."""
        return music.track_ids(self.music.n_tracks)

    @cached_property
    def tracks_table(self) -> pa.Table:
        """Columns of `TABLES["tracks"]`, by row."""
        return music.table(self.music, self.settings)

    @cached_property
    def listens_table(self) -> pa.Table:
        """Columns of `TABLES["listens"]`, in order of listener and time."""
        listens = self.listens
        n = len(listens.track)
        return pa.table(
            {
                "user_id": _take(self.user_ids, listens.listener),
                "track_id": _take(self.track_ids, listens.track),
                "listened_at": self.times(listens.start_ms),
                "ms_played": listens.ms_played,
                "skipped": listens.skipped,
                "source": pa.repeat("simulate", n),
            },
            schema=TABLES["listens"],
        )

    @cached_property
    def feedback_table(self) -> pa.Table:
        """Columns of `TABLES["feedback"]`, in order of listener and time."""
        said = self.opinions
        return pa.table(
            {
                "user_id": _take(self.user_ids, said.listener),
                "track_id": _take(self.track_ids, said.track),
                "at": self.times(said.at_ms),
                "value": said.value,
            },
            schema=TABLES["feedback"],
        )

    def times(self, after_start_ms: npt.NDArray[np.int64]) -> pa.Array:
        """Timestamps of moments given in ms after the world's first midnight."""
        start_us = int(self.settings.start.timestamp()) * 1_000_000
        return pa.array(start_us + 1_000 * after_start_ms, pa.timestamp("us", tz="UTC"))

    def affinity(self, listeners: Rows, *, week: float | None = None) -> npt.NDArray[np.float32]:
        """How near each track is to the nearest interest of each listener: cosines, float32 [n, n_tracks].

        `week` counts from 0 at the world's start; None is its end.
        """
        moment = 1.0 if week is None else week / self.settings.n_weeks
        nearest = np.full((len(listeners), self.music.n_tracks), -1.0, dtype=np.float32)
        vectors = self.tastes.at(moment)[listeners]
        for interest in range(vectors.shape[1]):
            used = self.tastes.weights[listeners, interest] > 0
            cosines = vectors[:, interest] @ self.music.vectors.T
            np.maximum(nearest, cosines, out=nearest, where=used[:, None])
        return nearest

    def chances(self, listeners: Rows, *, week: float | None = None) -> npt.NDArray[np.float32]:
        """How likely a listener's next discovery is each track: float32 [n, n_tracks], rows sum to 1.

        What an oracle would rank by: tastes, popularity, release dates. `week` as in `affinity`.
        """
        week = self.settings.n_weeks if week is None else week
        pull = listening.draw(self.music, self.settings, from_day=7 * week, to_day=7 * (week + 1))
        pull = (pull / max(pull.sum(), 1e-12)).astype(np.float32)
        moment = week / self.settings.n_weeks
        vectors, weights = self.tastes.at(moment)[listeners], self.tastes.weights_at(moment)[listeners]
        total = np.tile(listening.RADIO_SHARE * pull, (len(listeners), 1))
        for interest in range(vectors.shape[1]):
            share = np.exp(self.settings.focus * (vectors[:, interest] @ self.music.vectors.T)) * pull
            share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-30)
            total += (1 - listening.RADIO_SHARE) * weights[:, [interest]].astype(np.float32) * share
        return np.asarray(total)


def _take(names: list[str], rows: npt.NDArray[np.int32]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(rows))
