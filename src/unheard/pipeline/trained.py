"""A run in memory, as weekly lists, similarity and explanations read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from unheard.blend.contract import Blend, Member
from unheard.errors import UnknownIdError
from unheard.pipeline import training
from unheard.playlist.rules import Feedback
from unheard.schema import Embeddings
from unheard.store import stages

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.collaborative.contract import Fitted
    from unheard.collaborative.settings import CollaborativeSettings
    from unheard.dataset.build import Dataset
    from unheard.schema import Catalog, Interactions
    from unheard.store.workspace import Workspace

RECENT_DAYS: Final = 180.0
"""Half-life of a play's weight when a listener's interests are found."""


@dataclass(frozen=True, eq=False)
class Trained:
    """One finished run: its data set, its model, and what follows from them."""

    run_id: str
    data: Dataset
    model: Fitted
    track_space: Embeddings
    listener_space: Embeddings

    @property
    def catalog(self) -> Catalog:
        return self.data.catalog

    @property
    def interactions(self) -> Interactions:
        return self.data.interactions

    @cached_property
    def vectors(self) -> npt.NDArray[np.float32]:
        """float32 [n_tracks, dim]: the factor space in which tracks are near or far; zeros where nobody played."""
        vectors = self.track_space.values.copy()
        vectors[self.popularity == 0] = 0
        return vectors

    @cached_property
    def popularity(self) -> npt.NDArray[np.int64]:
        """int64 [n_tracks]: listeners whose plays speak for each track."""
        plays = self.interactions.plays
        return np.bincount(plays.indices[plays.data > 0], minlength=plays.shape[1]).astype(np.int64)

    @cached_property
    def blend(self) -> Blend:
        """What a ranking asks: the fitted model over this catalogue."""
        return Blend((Member(self.model),), self.vectors, self.popularity, self.catalog.artists)

    @cached_property
    def recency(self) -> sparse.csr_array:
        """0-1 a cell of the plays: halves every `RECENT_DAYS` before the last play; 1 where no time is known."""
        last = self.data.last_played_s
        age_days = (last.max(initial=0) - last) / 86_400
        weights = np.where(last > 0, 0.5 ** (age_days / RECENT_DAYS), 1.0).astype(np.float32)
        plays = self.interactions.plays
        return sparse.csr_array((weights, plays.indices, plays.indptr), shape=plays.shape)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Every id that a source ever used -> today's track id."""
        table = self.data.aliases
        return dict(
            zip(table.column("source_track_id").to_pylist(), table.column("track_id").to_pylist(), strict=True)
        )

    @cached_property
    def _feedback(self) -> dict[str, Feedback]:
        table = self.data.feedback
        tracks = np.asarray(table.column("track"), dtype=np.int32)
        values = np.asarray(table.column("value"), dtype=np.float64)
        users = table.column("user_id").to_pylist()
        rows: dict[str, list[int]] = {}
        for row, user_id in enumerate(users):
            rows.setdefault(user_id, []).append(row)
        return {
            user_id: Feedback(loved=tracks[own][values[own] > 0], disliked=tracks[own][values[own] < 0])
            for user_id, own in rows.items()
        }

    def feedback(self, user_id: str) -> Feedback:
        """What one listener said outright."""
        return self._feedback.get(user_id, Feedback())

    def listener(self, user_id: str) -> int:
        """Row of a listener; `UnknownIdError` says who there is."""
        if user_id not in self.interactions.listeners:
            known = self.interactions.listeners
            some = ", ".join(known.take(np.arange(min(5, len(known)))))
            raise UnknownIdError(f"no listener is called {user_id!r}; there are {len(known):,}, such as {some}")
        return self.interactions.listeners.row(user_id)

    def track(self, words: str) -> int:
        """Row of a track by its id, or by its name as 'Artist - Title' or a title that only one track has."""
        if words in self.catalog.tracks:
            return self.catalog.tracks.row(words)
        found = self._named(words)
        if len(found) == 1:
            return found[0]
        if not found:
            raise UnknownIdError(
                f"no track is called {words!r}; give its id, or 'Artist - Title' as it is written"
            )
        choices = "; ".join(f"{self.catalog.tracks.id(row)} ({self.catalog.name(row)})" for row in found[:5])
        raise UnknownIdError(f"{len(found)} tracks are called {words!r}: name one by its id: {choices}")

    def _named(self, words: str) -> list[int]:
        wanted = words.casefold().strip()
        titles = self.catalog.table.column("title").to_pylist()
        artists = self.catalog.table.column("artist").to_pylist()
        names = enumerate(zip(artists, titles, strict=True))
        full = [row for row, (a, t) in names if f"{a} - {t}".casefold() == wanted]
        return full or [row for row, title in enumerate(titles) if title and title.casefold() == wanted]


def fit(data: Dataset, settings: CollaborativeSettings, *, seed: int, run_id: str) -> Trained:
    """Fit all models to a data set in memory, and store nothing."""
    plays = data.interactions.plays
    space = training.fit_space(plays, settings, seed=seed, progress=_unseen)
    return Trained(
        run_id,
        data,
        training.fit_model(plays, settings, seed=seed, progress=_unseen),
        Embeddings("tracks", data.interactions.tracks, space.tracks),
        Embeddings("listeners", data.interactions.listeners, space.listeners),
    )


def _unseen(share: float, /) -> None:
    """Progress that nobody watches."""


def load(workspace: Workspace) -> Trained:
    """The run in service; `NotTrainedError` when there is none."""
    run = stages.current_run(workspace)
    for stage in training.STAGES:
        run.sound(stage.name)
    data = training.load_dataset(run)
    listeners, tracks = training.load_factors(run, data)
    return Trained(run.run_id, data, training.load_model(run), tracks, listeners)
