"""What listeners of a generated world do: discover, come back, skip, love and hate, at the hours they keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unheard.simulate.taste import MOST_INTERESTS

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.simulate.music import Music
    from unheard.simulate.settings import WorldSettings
    from unheard.simulate.taste import Tastes

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

PERIOD_WEEKS: Final = 4  # tastes and releases are looked at anew this often
RADIO_SHARE: Final = 0.15  # of discoveries that popularity alone brings
BUZZ: Final = 4.0  # how much more a new release is played in its first weeks
COMEBACKS: Final = 4.0  # mean returns to a track that is liked to the full
COMEBACK_DAYS: Final = 21.0  # mean time until a return
_BLOCK_CELLS: Final = 500_000  # chances worked on at once; small enough for a core's cache
_RUN: Final = 64
_DAY_MS: Final = 86_400_000
_WEEKDAYS: Final = (0.13, 0.13, 0.13, 0.14, 0.16, 0.17, 0.14)  # Monday first


@dataclass(frozen=True, eq=False)
class Listens:
    """Plays in order of listener and time; arrays are aligned."""

    listener: npt.NDArray[np.int32]
    track: npt.NDArray[np.int32]
    start_ms: Ints  # after the world's first midnight
    ms_played: npt.NDArray[np.int32]
    skipped: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Opinions:
    """Loves (1) and hates (-1), one a pair at most; arrays are aligned."""

    listener: npt.NDArray[np.int32]
    track: npt.NDArray[np.int32]
    at_ms: Ints
    value: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Meetings:
    """First plays of a track in a period; a pair may meet again in another one."""

    listener: Ints
    track: Ints
    day: Floats  # after the world's first day
    liking: Floats  # 0 to 1


def listen(
    music: Music, tastes: Tastes, settings: WorldSettings, rng: np.random.Generator
) -> tuple[Listens, Opinions]:
    """Play the whole time through."""
    n_periods = -(-settings.n_weeks // PERIOD_WEEKS)
    met = _joined([_period(music, tastes, settings, period, rng) for period in range(n_periods)])
    plays = _with_comebacks(met, tastes, settings, rng)
    listens, liking = _scheduled(plays, music, tastes, rng)
    return listens, _opinions(listens, liking, rng)


def liking(affinity: npt.NDArray[np.floating]) -> Floats:
    """How much a track of that affinity (cosine to the nearest interest) is liked: 0 to 1."""
    return np.asarray(1.0 / (1.0 + np.exp(-10.0 * (affinity.astype(np.float64) - 0.55))))


def draw(music: Music, settings: WorldSettings, *, from_day: float, to_day: float) -> Floats:
    """Pull of each track in a span of days before taste speaks: popularity once it is out, more when new."""
    age = from_day - music.released_day
    return np.where(
        music.released_day < to_day, music.popularity * np.where(age < 7 * settings.new_weeks, BUZZ, 1.0), 0.0
    )


def _period(
    music: Music, tastes: Tastes, settings: WorldSettings, period: int, rng: np.random.Generator
) -> _Meetings:
    """Tracks that listeners met in one period."""
    first, last = 7.0 * PERIOD_WEEKS * period, min(7.0 * PERIOD_WEEKS * (period + 1), settings.n_days)
    moment = (first + last) / 2 / settings.n_days
    vectors = tastes.at(moment)
    pull = draw(music, settings, from_day=first, to_day=last)
    # a met track is played about thrice, so a third of the plays are meetings
    expected = tastes.plays_per_week[:, None] * (last - first) / 7 / 3 * tastes.weights_at(moment)
    own = rng.poisson((1 - RADIO_SHARE) * expected)
    listener, track = _by_taste(own, vectors, music.vectors, pull, focus=settings.focus, rng=rng)
    chance_finds = rng.poisson(RADIO_SHARE * expected.sum(axis=1)) if pull.any() else np.zeros(len(own), int)
    radio = np.repeat(np.arange(len(own)), chance_finds)
    listener = np.concatenate([listener, radio])
    track = np.concatenate([track, _pick(np.cumsum(pull), len(radio), rng)])
    # nearest interest; unused ones are never near
    cosines = np.einsum("nkd,nd->nk", vectors[listener], music.vectors[track])
    affinity = np.where(tastes.weights[listener] > 0, cosines, -1.0).max(axis=1)
    day = np.maximum(rng.uniform(first, last, len(track)), music.released_day[track])
    return _Meetings(listener, track, day, liking(affinity))


def _by_taste(
    counts: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    tracks: npt.NDArray[np.float32],
    pull: Floats,
    *,
    focus: float,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Draw `counts` [listeners, interests] tracks from P(track) ~ pull x exp(focus x cosine)."""
    flat_counts, flat_vectors = counts.ravel(), vectors.reshape(-1, vectors.shape[2])
    busy = np.flatnonzero(flat_counts)
    open_tracks = np.flatnonzero(pull > 0)
    if not len(busy) or not len(open_tracks):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    # exp(focus x cosine + log pull) as one product, tracks filled up to whole runs with a chance of 0
    n_runs = -(-len(open_tracks) // _RUN)
    near = np.zeros((vectors.shape[2] + 1, n_runs * _RUN), dtype=np.float32)
    near[:-1, : len(open_tracks)] = focus * tracks[open_tracks].T
    near[-1] = -np.inf
    near[-1, : len(open_tracks)] = np.log(pull[open_tracks] / pull.max())
    picked = []
    step = max(1, _BLOCK_CELLS // near.shape[1])
    for start in range(0, len(busy), step):
        rows = busy[start : start + step]
        chances = flat_vectors[rows] @ near[:-1]
        chances += near[-1]
        np.exp(chances, out=chances)
        picked.append(_pick_each(chances.reshape(len(rows), n_runs, _RUN), flat_counts[rows], rng))
    return np.repeat(busy // MOST_INTERESTS, flat_counts[busy]), open_tracks[np.concatenate(picked)]


def _pick_each(chances: npt.NDArray[np.float32], counts: Ints, rng: np.random.Generator) -> Ints:
    """Draw `counts` [n] places for each row of `chances` [n, runs, places of a run].

    First a run, then a place in it: sums of runs are much cheaper than running sums over all places.
    """
    n_rows, n_runs, _ = chances.shape
    owner = np.repeat(np.arange(n_rows), counts)
    totals = chances.sum(axis=2).astype(np.float64)
    ends = np.cumsum(totals.ravel())
    row_ends = ends[n_runs - 1 :: n_runs]
    row_starts = np.concatenate([[0.0], row_ends[:-1]])
    points = row_starts[owner] + rng.random(len(owner)) * (row_ends - row_starts)[owner]
    run = np.searchsorted(ends, points, side="right")
    run = np.clip(run, owner * n_runs, owner * n_runs + n_runs - 1)  # rounding may pass a row's edge
    inside = np.cumsum(chances.reshape(n_rows * n_runs, -1)[run], axis=1, dtype=np.float64)
    # just below the total, or rounding could pass the last place
    points = np.minimum(rng.random(len(owner)) * inside[:, -1], np.nextafter(inside[:, -1], 0.0))
    place = (inside <= points[:, None]).sum(axis=1)
    return np.asarray((run - owner * n_runs) * chances.shape[2] + place)


def _pick(sums: Floats, n: int, rng: np.random.Generator) -> Ints:
    """Draw `n` places, each as often as its step in the running `sums` says."""
    if not len(sums) or sums[-1] <= 0:
        return np.zeros(0, dtype=np.int64)
    # just below the total, or rounding could pass the last place
    points = np.minimum(rng.random(n) * sums[-1], np.nextafter(sums[-1], 0.0))
    return np.asarray(np.searchsorted(sums, points, side="right"))


def _joined(parts: list[_Meetings]) -> _Meetings:
    return _Meetings(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("listener", "track", "day", "liking")
        )
    )


def _with_comebacks(
    met: _Meetings, tastes: Tastes, settings: WorldSettings, rng: np.random.Generator
) -> _Meetings:
    """Each meeting, and the returns to it before the world ends."""
    mean = 0.2 + COMEBACKS * met.liking**2 * tastes.loyalty[met.listener]
    returns = np.floor(rng.exponential(mean)).astype(np.int64)
    again = np.repeat(np.arange(len(returns)), returns)
    day = np.concatenate([met.day, met.day[again] + rng.exponential(COMEBACK_DAYS, len(again))])
    row = np.concatenate([np.arange(len(returns)), again])
    inside = day < settings.n_days
    row = row[inside]
    return _Meetings(met.listener[row], met.track[row], day[inside], met.liking[row])


def _scheduled(plays: _Meetings, music: Music, tastes: Tastes, rng: np.random.Generator) -> tuple[Listens, Floats]:
    """Put the plays of each listener's day one after the other around the hour they keep."""
    n = len(plays.track)
    # days of the week by custom, never before the track is out
    day = plays.day.astype(np.int64) // 7 * 7 + rng.choice(7, n, p=_WEEKDAYS)
    day = np.maximum(day, music.released_day[plays.track])
    order = np.lexsort((rng.random(n), day, plays.listener))
    listener, track, day = plays.listener[order], plays.track[order], day[order]
    liked = plays.liking[order]
    skipped = rng.random(n) < 0.03 + 0.55 * (1.0 - liked)
    duration = music.duration_ms[track].astype(np.int64)
    whole = np.where(rng.random(n) < 0.9, duration, (duration * rng.uniform(0.5, 1.0, n)).astype(np.int64))
    played = np.where(skipped, np.minimum(rng.integers(3_000, 29_000, n), duration // 2), whole)
    start, fits = _through_the_day(listener, day, played, tastes.hour, rng)
    listens = Listens(
        listener=listener[fits].astype(np.int32),
        track=track[fits].astype(np.int32),
        start_ms=(day * _DAY_MS + start)[fits],
        ms_played=played[fits].astype(np.int32),
        skipped=skipped[fits],
    )
    return listens, liked[fits]


def _through_the_day(
    listener: Ints, day: Ints, played: Ints, hour: Floats, rng: np.random.Generator
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Start of each play in ms of its day, on whole seconds, none overlapping; False where the day is full."""
    if not len(day):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    pause = np.where(rng.random(len(day)) < 0.05, rng.integers(600_000, 7_200_000, len(day)), 1_500)
    taken = -(-(played + pause) // 1_000) * 1_000
    head = np.ones(len(day), dtype=np.bool_)  # first play of a listener's day
    head[1:] = (listener[1:] != listener[:-1]) | (day[1:] != day[:-1])
    group = np.cumsum(head) - 1
    before = np.cumsum(taken) - taken
    before -= before[head][group]
    total = np.bincount(group, weights=taken).astype(np.int64)
    usual = (hour[listener[head]] + rng.normal(0.0, 2.0, len(total))) % 24 * 3_600_000
    first = np.minimum(usual.astype(np.int64) // 1_000 * 1_000, np.maximum(0, _DAY_MS - total))
    start = first[group] + before
    return start, start + taken <= _DAY_MS


def _opinions(listens: Listens, liked: Floats, rng: np.random.Generator) -> Opinions:
    """Some say what they think, once a track, as it plays."""
    chance = rng.random(len(liked))
    love = ~listens.skipped & (chance < 0.02 * liked**2)
    hate = listens.skipped & (chance < 0.05 * (1.0 - liked) ** 2)
    rows = np.flatnonzero(love | hate)
    pair = listens.listener[rows].astype(np.int64) << 32 | listens.track[rows]
    rows = np.sort(rows[np.unique(pair, return_index=True)[1]])
    return Opinions(
        listener=listens.listener[rows],
        track=listens.track[rows],
        at_ms=listens.start_ms[rows] + 2_000,
        value=np.where(love[rows], 1.0, -1.0),
    )
