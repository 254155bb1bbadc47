"""Catalogues and rankings made by hand, or drawn by the thousand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from unheard.playlist.rules import Feedback
from unheard.schema import Catalog, IdMap, Interest, Playlist, PlaylistTrack, Ranking, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK = "2026-W47"


def catalog(artists: Sequence[str | None], recordings: Sequence[str] | None = None) -> Catalog:
    """Track t0, t1... titled "Song 0", "Song 1"... of these artists; None is an unknown artist."""
    n = len(artists)
    table = pa.table(
        {
            "track_id": [f"t{row}" for row in range(n)],
            "title": [f"Song {row}" for row in range(n)],
            "artist": pa.array(artists, pa.string()),
            "artist_key": pa.array(artists, pa.string()),
            "recording_group": list(recordings) if recordings else [f"r{row}" for row in range(n)],
            "album": pa.nulls(n, pa.string()),
            "duration_ms": pa.array([200_000] * n, pa.int32()),
        }
    )
    return Catalog(IdMap([f"t{row}" for row in range(n)]), table)


def row(n_tracks: int, cells: dict[int, float]) -> csr_array:
    """A listener's history of these cells."""
    columns = np.array(sorted(cells), dtype=np.int32)
    values = np.array([cells[column] for column in columns], dtype=np.float32)
    return csr_array((values, columns, np.array([0, len(columns)])), shape=(1, n_tracks))


def ranking(
    tracks: Sequence[int],
    *,
    scores: Sequence[float] | None = None,
    interest: Sequence[int] | None = None,
    interests: Sequence[Interest] | None = None,
    user_id: str = "ann",
) -> Ranking:
    """A ranking of these tracks, best first; by default of one interest and with scores that fall by 0.1."""
    falling = [10 - 0.1 * place for place in range(len(tracks))]
    found = np.array(falling if scores is None else scores, dtype=np.float32)
    return Ranking(
        user_id,
        np.array(tracks, dtype=np.int32),
        found,
        np.zeros(len(tracks), dtype=np.int32) if interest is None else np.array(interest, dtype=np.int32),
        tuple(interests) if interests else (Interest(np.array([0], dtype=np.int32), 1.0),),
        {"model": found},
    )


@dataclass(frozen=True, eq=False)
class Drawn:
    """One generated listener of a generated collection."""

    catalog: Catalog
    history: csr_array
    feedback: Feedback
    ranking: Ranking


def drawn(seed: int) -> Drawn:
    """A listener in a collection of 1 to 300 tracks: few or many artists, unknown ones, near-duplicates."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(1, 300))
    numbers = generator.integers(0, int(generator.integers(1, n + 1)), n).tolist()
    unknown = (generator.random(n) < 0.3 * generator.random()).tolist()
    artists = [None if lost else f"Artist {number}" for number, lost in zip(numbers, unknown, strict=True)]
    copies = generator.integers(0, max(1, int(n * generator.uniform(0.3, 3))), n)
    about = catalog(artists, [f"r{copy}" for copy in copies])
    met = generator.choice(n, int(n * generator.random() * 0.8), replace=False)
    plays = np.array([-1.0, 1.0, 4.0, 40.0])[generator.integers(0, 4, len(met))]
    history = row(n, dict(zip(met.tolist(), plays.tolist(), strict=True)))
    feedback = Feedback(
        loved=generator.choice(n, min(n, 2), replace=False).astype(np.int32),
        disliked=generator.choice(n, int(generator.integers(0, min(n, 8) + 1)), replace=False).astype(np.int32),
    )
    return Drawn(about, history, feedback, _ranked(generator, history, n))


def _ranked(generator: np.random.Generator, history: csr_array, n: int) -> Ranking:
    played = history.indices[history.data > 0]
    count = min(int(generator.integers(1, 7)), max(1, len(played)))
    split = np.array_split(generator.permutation(played), count)
    share = generator.dirichlet(np.ones(count))
    interests = [Interest(own.astype(np.int32), float(part)) for own, part in zip(split, share, strict=True)]
    left = np.setdiff1d(np.arange(n), history.indices)
    scores = generator.normal(size=len(left))
    best = np.lexsort((left, -scores))
    return ranking(
        left[best].tolist(),
        scores=scores[best].tolist(),
        interest=generator.integers(0, count, len(left)).tolist(),
        interests=interests,
        user_id=f"listener {n}",
    )


def line(position: int, **known: object) -> PlaylistTrack:
    """One playlist line; what is not named is plain."""
    plain: dict[str, object] = {
        "track_id": f"t{position}",
        "title": f"Song {position}",
        "artist": "Somebody",
        "album": None,
        "duration_ms": 222_000,
        "recording_mbid": None,
        "audio_path": None,
        "score": 1.5,
        "signals": {"als": 0.25},
        "interest": 0,
        "familiar": False,
        "reason": Reason("Because you play A - B", "plays", ("t9",)),
    }
    return PlaylistTrack(position=position, **{**plain, **known})  # type: ignore[arg-type]


def playlist(*lines: PlaylistTrack, week: str = WEEK, note: str | None = None) -> Playlist:
    return Playlist("ann", week, "run-1", f"Unheard for ann, {week}", lines, note)
