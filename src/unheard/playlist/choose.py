"""Which candidates make the list: interests take turns by weight, each with its best track that still fits.

Seats. Every interest that has a candidate gets one seat first, the one with the least choice choosing first
(with fewer seats than interests the heaviest get them). Each further seat goes to the interest with the greatest
weight / (2 seats + 1), Sainte-Laguë's rule, as long as it has a candidate; what it cannot fill goes to the others.

Chance. Near-equal candidates change places from week to week: a score moves by at most `exploration` deviations of
its interest's leading scores. The draw hangs on (seed, listener, week) and the track alone, so nobody's list
depends on who was served before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unheard.playlist.complete import completed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from unheard.playlist.rules import WeeklySettings
    from unheard.schema import Catalog, Interest

    Rows = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]
    Scores = npt.NDArray[np.float64]

KNOWN_WELL = 10  # an anchor is by one of this many artists that the listener plays most


@dataclass(frozen=True, eq=False)
class Candidates:
    """Tracks that no rule bars; `artist` and `recording` number them so that only the same ones share a number."""

    tracks: Rows
    scores: Scores
    interest: Rows
    artist: npt.NDArray[np.intp]
    recording: npt.NDArray[np.intp]

    @classmethod
    def of(cls, tracks: Rows, scores: Scores, interest: Rows, catalog: Catalog) -> Candidates:
        artist, recording = _numbered(catalog.artists[tracks]), _numbered(catalog.recordings[tracks])
        return cls(tracks, scores, interest, artist, recording)


def _numbered(codes: Rows) -> npt.NDArray[np.intp]:
    """Equal codes -> equal numbers 0..k-1; each -1 (unknown) is one of its own."""
    distinct = np.where(codes < 0, -1 - np.arange(len(codes)), codes)
    return np.unique(distinct, return_inverse=True)[1]


class _Draft:
    """A list in the making: what is taken, and what each interest would take next."""

    def __init__(self, candidates: Candidates, settings: WeeklySettings) -> None:
        self.candidates, self.settings = candidates, settings
        self.chosen: list[int] = []
        self.free = np.ones(len(candidates.tracks), dtype=np.bool_)
        self.scores = candidates.scores.copy()
        self.step = settings.variety * spreads(candidates.scores, candidates.interest, settings.size)

    def take(self, index: int) -> None:
        self.chosen.append(index)
        artist = self.candidates.artist == self.candidates.artist[index]
        self.scores[artist] -= self.step[artist]
        if (
            self.candidates.artist[self.chosen] == self.candidates.artist[index]
        ).sum() >= self.settings.per_artist:
            self.free &= ~artist
        self.free &= self.candidates.recording != self.candidates.recording[index]

    def best(self, among: Mask) -> int | None:
        """Best free candidate `among` these; the earlier one of equals."""
        scores = np.where(self.free & among, self.scores, -np.inf)
        index = int(scores.argmax()) if len(scores) else 0
        return index if len(scores) and np.isfinite(scores[index]) else None


def choose(
    candidates: Candidates,
    interests: Sequence[Interest],
    *,
    settings: WeeklySettings,
    first: int | None = None,
) -> list[int]:
    """Indices into `candidates` of at most `settings.size` tracks, in the order they were taken.

    As many as the rules allow. `first`: a candidate that is taken before all others (the anchor).
    """
    draft = _Draft(candidates, settings)
    if first is not None:
        draft.take(first)
    mine = [candidates.interest == number for number in range(len(interests))]
    for number in _first_seats(candidates, interests, mine, settings.size):
        served = len(draft.chosen) and mine[number][draft.chosen].any()
        index = None if served else draft.best(mine[number])
        if index is not None and len(draft.chosen) < settings.size:
            draft.take(index)
    _further_seats(draft, interests, mine)
    return completed(candidates.artist, candidates.recording, draft.chosen, settings=settings)


def _first_seats(candidates: Candidates, interests: Sequence[Interest], mine: list[Mask], size: int) -> list[int]:
    """Interests in the order in which they take their first track: the least choice first."""
    heaviest = sorted(
        (number for number in range(len(interests)) if mine[number].any()),
        key=lambda number: -interests[number].weight,
    )
    return sorted(heaviest[:size], key=lambda number: len(np.unique(candidates.artist[mine[number]])))


def _further_seats(draft: _Draft, interests: Sequence[Interest], mine: list[Mask]) -> None:
    seats = [int(own[draft.chosen].sum()) if draft.chosen else 0 for own in mine]
    open_interests = set(range(len(interests)))
    while len(draft.chosen) < draft.settings.size and open_interests:
        number = max(open_interests, key=lambda at: (interests[at].weight / (2 * seats[at] + 1), -at))
        index = draft.best(mine[number])
        if index is None:
            open_interests.remove(number)
        else:
            draft.take(index)
            seats[number] += 1


def spreads(scores: Scores, interest: Rows, size: int) -> Scores:
    """Deviation of the leading scores of each candidate's interest, those that might be on a list of `size`."""
    found = np.zeros(len(scores))
    for number in np.unique(interest):
        own = interest == number
        found[own] = np.sort(scores[own])[::-1][: 4 * size].std()
    return found


def moved(
    scores: Scores,
    tracks: Rows,
    interest: Rows,
    *,
    n_tracks: int,
    generator: np.random.Generator,
    settings: WeeklySettings,
) -> Scores:
    """Scores of `tracks` after the week's chance."""
    # one draw a track of the collection: a track's luck does not hang on who else is a candidate
    luck = generator.random(n_tracks)[tracks] * 2 - 1
    return scores + settings.exploration * spreads(scores, interest, settings.size) * luck


def chance(seed: int, user_id: str, week: str) -> np.random.Generator:
    """A generator of one listener's week."""
    name = f"{seed}\0{week}\0{user_id}".encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(name, digest_size=16).digest()))


def anchor(
    candidates: Candidates, known_artists: Rows, catalog: Catalog, *, among: Sequence[int] | None = None
) -> int | None:
    """Best candidate by one of `known_artists` (`among` these); None where there is none."""
    familiar = np.isin(catalog.artists[candidates.tracks], known_artists)
    if among is not None:
        familiar &= np.isin(np.arange(len(familiar)), among)
    return int(np.where(familiar, candidates.scores, -np.inf).argmax()) if familiar.any() else None


def known_well(rows: Rows, plays: npt.NDArray[np.float32], catalog: Catalog) -> Rows:
    """Artists that a listener plays most, by the sum of log(1 + plays) over their tracks, as artist numbers."""
    artists = catalog.artists[rows]
    counted = (artists >= 0) & (plays > 0)
    found, inverse = np.unique(artists[counted], return_inverse=True)
    mass = np.bincount(inverse, weights=np.log1p(plays[counted]), minlength=len(found))
    return found[np.argsort(-mass, kind="stable")][:KNOWN_WELL].astype(np.int32)
