"""`unheard evaluate weekly`: would last week's lists have held what their listeners went on to discover?

Each held-out week is cut at its Monday, 00:00 UTC. Makers of lists get the rows before the cut and nothing else;
the cut is made here, so that no maker can leak. Truth is what a listener played in that week for the first time
ever and that the training plays know; a track new to everybody is counted, since no play could have led to it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from unheard.errors import InputError, UsageError
from unheard.evaluate import metrics, variety
from unheard.evaluate.measurement import PerListener, summarize
from unheard.schema import TABLES, IdMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from unheard.evaluate.measurement import Measurement
    from unheard.schema import Catalog

    Ints = npt.NDArray[np.int64]

LENGTH: Final = 30
LEAST_PAST_WEEKS: Final = 4  # of listening before the first cut; less says nothing about a model
RANDOM_POOL: Final = 1_000  # ListenBrainz draws its lists from the best so many
RANDOM_DRAW: Final = 50  # so many at random
RANDOM_RULE: Final = "random_50_of_1000"
_WEEK_US: Final = 7 * 86_400 * 1_000_000
_DAY_US: Final = 86_400 * 1_000_000
_FIRST_MONDAY_US: Final = 4 * _DAY_US  # 1970-01-05


@dataclass(frozen=True, eq=False)
class Past:
    """All that may be known at a cut: rows of `TABLES` before it."""

    cut: datetime
    listens: pa.Table
    feedback: pa.Table


class Maker(Protocol):
    """Fits whatever it fits to the past and lists tracks."""

    def __call__(self, past: Past, listeners: Sequence[str], /, *, n: int) -> Mapping[str, Sequence[str]]:
        """Give up to `n` track ids for each listener, best first; one who gets no list may be missing."""


def measure_weekly(
    listens: pa.Table,
    makers: Mapping[str, Maker],
    *,
    weeks: int = 4,
    random_of: str | None = None,
    feedback: pa.Table | None = None,
    catalog: Catalog | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Measurement:
    """Hold out the last `weeks` whole weeks, one after the other, and measure the lists of `makers` at 30.

    `listens`, `feedback`: rows of `TABLES`; feedback without a time is left out, it could be from any week. A
    skipped play is no discovery, but what was skipped before is no longer new. `random_of` names a maker that is
    asked for 1,000 tracks, of which 50 are drawn at random and the first 30 measured as `random_50_of_1000`.
    `catalog` tells artists apart; without it artist variety is not measured.
    A value belongs to one listener and week; intervals resample listeners. Coverage is that of a mean week.
    `InputError` when nothing carries a time or the history is too short.
    """
    if weeks < 1 or not makers or (random_of is not None and random_of not in makers):
        raise UsageError(f"weeks={weeks}, makers={list(makers)}, random_of={random_of!r}: nothing to measure")
    history = _History.of(listens, feedback)
    cuts = last_mondays(history.at_us, weeks)
    artists = None if catalog is None else _artists(history.tracks, catalog)
    parts = []
    for done, cut_us in enumerate(cuts):
        rng = np.random.default_rng([seed, done])
        week = history.week(cut_us)
        parts.append(_measure_week(history, week, makers, random_of=random_of, artists=artists, rng=rng))
        if progress:
            progress((done + 1) / len(cuts))
    return _joined(parts, seed=seed)


def last_mondays(at_us: Ints, weeks: int) -> list[int]:
    """Mondays, in us since 1970, that begin the last `weeks` whole weeks, the earliest first.

    The week of the last listen is whole when that listen falls on its Sunday.
    """
    if not len(at_us):
        raise InputError(
            "no listen carries a time, and what has none cannot be held out by week; "
            "import a source with timestamps (play counts alone have none)"
        )
    last = int(at_us.max())
    monday = last - (last - _FIRST_MONDAY_US) % _WEEK_US
    end = monday + _WEEK_US if last >= monday + 6 * _DAY_US else monday
    cuts = [end - _WEEK_US * back for back in range(weeks, 0, -1)]
    n_past = (cuts[0] - int(at_us.min())) / _WEEK_US
    if n_past < LEAST_PAST_WEEKS:
        span = (last - int(at_us.min())) / _WEEK_US
        raise InputError(
            f"the listens span {span:.1f} weeks, which leaves {max(0.0, n_past):.1f} before the first of {weeks} "
            f"held-out weeks; {LEAST_PAST_WEEKS} are needed: import more history or hold out fewer weeks"
        )
    return cuts


@dataclass(frozen=True, eq=False)
class _Week:
    """One held-out week: what the past knows, and what listeners discovered."""

    past: Past
    listeners: list[str]  # those with truth, in order of id
    clusters: Ints  # a number for each of them that is theirs in every week
    truth: sparse.csr_array  # [listeners, tracks + 1]; the last column stands for tracks the past never met
    known: sparse.csr_array  # what they met before, the same shape
    audience: Ints  # [tracks + 1], listeners who met each track before
    n_listeners: int  # who listened before
    counts: dict[str, int]


@dataclass(frozen=True, eq=False)
class _History:
    """The tables, and their rows as numbers."""

    listens: pa.Table
    feedback: pa.Table
    listeners: IdMap
    tracks: IdMap
    at_us: Ints
    pairs: Ints  # listener row x number of tracks + track row
    heard: npt.NDArray[np.bool_]  # not skipped

    @classmethod
    def of(cls, listens: pa.Table, feedback: pa.Table | None) -> _History:
        missing = {"user_id", "track_id", "listened_at"} - set(listens.column_names)
        if missing:
            raise InputError(f"listens lack {sorted(missing)}; they have {listens.column_names}")
        listeners, tracks = (IdMap(pc.unique(listens[name]).sort()) for name in ("user_id", "track_id"))
        pairs = listeners.rows(listens["user_id"]).astype(np.int64) * len(tracks)
        pairs += tracks.rows(listens["track_id"])
        heard = np.ones(len(pairs), dtype=np.bool_)
        if "skipped" in listens.column_names:
            heard = ~pc.fill_null(listens["skipped"], fill_value=False).to_numpy()
        said = TABLES["feedback"].empty_table() if feedback is None else feedback
        return cls(listens, said, listeners, tracks, _microseconds(listens["listened_at"]), pairs, heard)

    def week(self, cut_us: int) -> _Week:
        before = self.at_us < cut_us
        inside = (self.at_us >= cut_us) & (self.at_us < cut_us + _WEEK_US) & self.heard
        met = np.unique(self.pairs[before])
        discovered = np.setdiff1d(self.pairs[inside], met)
        who, what = np.divmod(discovered, len(self.tracks))
        audience = np.bincount(met % len(self.tracks), minlength=len(self.tracks) + 1)
        has_past = np.zeros(len(self.listeners), dtype=np.bool_)
        has_past[met // len(self.tracks)] = True
        seen = audience[what] > 0
        judged = seen & has_past[who]
        measured = np.unique(who[judged])
        counts = {
            "listener_weeks_measured": len(measured),
            "discoveries": len(discovered),
            "discoveries_measured": int(judged.sum()),
            "discoveries_of_tracks_new_to_all": int((~seen & has_past[who]).sum()),
            "discoveries_of_new_listeners": int((~has_past[who]).sum()),
        }
        return _Week(
            past=self._past(before, cut_us),
            listeners=self.listeners.take(measured),
            clusters=measured,
            truth=self._cells(discovered[judged], measured),
            known=self._cells(met, measured),
            audience=audience,
            n_listeners=int(has_past.sum()),
            counts=counts,
        )

    def _past(self, before: npt.NDArray[np.bool_], cut_us: int) -> Past:
        cut = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=cut_us)
        at = self.feedback["at"]
        early = pc.fill_null(pc.less(at, pa.scalar(cut, at.type)), fill_value=False)
        return Past(cut, self.listens.filter(pa.array(before)), self.feedback.filter(early))

    def _cells(self, pairs: Ints, measured: Ints) -> sparse.csr_array:
        """Those of sorted `pairs` that belong to a listener of `measured`: [measured, tracks + 1]."""
        who, what = np.divmod(pairs, len(self.tracks))
        place = np.minimum(np.searchsorted(measured, who), max(0, len(measured) - 1))
        mine = measured[place] == who if len(measured) else np.zeros(len(who), dtype=np.bool_)
        shape = (len(measured), len(self.tracks) + 1)
        return sparse.csr_array((np.ones(int(mine.sum()), np.float32), (place[mine], what[mine])), shape=shape)


def _measure_week(
    history: _History,
    week: _Week,
    makers: Mapping[str, Maker],
    *,
    random_of: str | None,
    artists: Ints | None,
    rng: np.random.Generator,
) -> _Part:
    part = _Part({}, {}, {}, week.clusters, dict(week.counts))
    for name, make in makers.items():
        start = time.perf_counter()
        asked = RANDOM_POOL if name == random_of else LENGTH
        made = make(week.past, week.listeners, n=asked) if week.listeners else {}
        part.seconds[name] = time.perf_counter() - start
        part.add(name, _rows(made, week, history.tracks, asked), week, artists)
        if name == random_of:
            drawn = {user: _draw(list(made.get(user, ())), rng) for user in week.listeners}
            part.seconds[RANDOM_RULE] = part.seconds[name]
            part.add(RANDOM_RULE, _rows(drawn, week, history.tracks, RANDOM_DRAW), week, artists)
    return part


def _draw(tracks: list[str], rng: np.random.Generator) -> list[str]:
    """Fifty at random, in the order drawn."""
    picks = rng.permutation(len(tracks))[:RANDOM_DRAW]
    return [tracks[pick] for pick in picks]


def _rows(made: Mapping[str, Sequence[str]], week: _Week, tracks: IdMap, asked: int) -> npt.NDArray[np.int64]:
    """The first 30 of each list as track rows: [listeners, 30]; -1 where it ends, the last row for strangers."""
    lists = np.full((len(week.listeners), LENGTH), -1, dtype=np.int64)
    for row, user in enumerate(week.listeners):
        ids = list(made.get(user, ()))
        if len(set(ids)) != len(ids) or len(ids) > asked:
            raise UsageError(
                f"the list of {user!r} has {len(ids)} tracks, {len(set(ids))} distinct; at most {asked}"
            )
        known = tracks.rows(ids[:LENGTH]).astype(np.int64)
        lists[row, : len(known)] = np.where(known >= 0, known, len(tracks))
    # a track that only the future knows is a stranger too
    return np.where((lists >= 0) & (week.audience[lists] == 0), len(tracks), lists)


@dataclass(frozen=True, eq=False)
class _Part:
    """Values of one week."""

    values: dict[str, PerListener]
    totals: dict[str, dict[str, float]]
    seconds: dict[str, float]
    clusters: Ints
    counts: dict[str, int]

    def add(self, name: str, lists: Ints, week: _Week, artists: Ints | None) -> None:
        """Measure the lists of one maker."""
        at = f"@{LENGTH}"
        hit, sizes = metrics.hits(lists, week.truth), metrics.truth_sizes(week.truth)
        values = {
            f"hit_rate{at}": metrics.hit_rate(hit, sizes, LENGTH),
            f"recall{at}": metrics.recall(hit, sizes, LENGTH),
            f"precision{at}": metrics.precision(hit, sizes, LENGTH),
            f"ndcg{at}": metrics.ndcg(hit, sizes, LENGTH),
            f"popularity{at}": variety.popularity(lists, week.audience, week.n_listeners),
            f"popularity_lift{at}": variety.popularity_lift(lists, week.audience, week.known),
            f"novelty{at}": variety.novelty(lists, week.audience, week.n_listeners),
        }
        if artists is not None:
            values[f"artist_variety{at}"] = variety.artist_variety(lists, artists)
            values[f"artist_repeats{at}"] = variety.artist_repeats(lists, artists)
        self.values[name] = values
        catalogue = week.audience > 0
        self.totals[name] = {
            f"coverage{at}": variety.coverage(lists, catalogue),
            f"gini{at}": variety.gini(np.where(lists < len(catalogue) - 1, lists, -1), catalogue),
        }
        self.counts[f"heard_before_{name}"] = int(metrics.hits(lists, week.known).sum())


def _artists(tracks: IdMap, catalog: Catalog) -> Ints:
    """Artist number of each track row and, last, of tracks that nobody met: -1 where it is unknown."""
    rows = catalog.tracks.rows(tracks.ids)
    artists = np.where(rows >= 0, catalog.artists[np.maximum(rows, 0)], -1)
    return np.append(artists, -1).astype(np.int64)


def _joined(parts: Sequence[_Part], *, seed: int) -> Measurement:
    """All weeks together."""
    first = parts[0]
    clusters = np.concatenate([part.clusters for part in parts])
    counts = {name: sum(part.counts[name] for part in parts) for name in first.counts}
    counts = {"weeks": len(parts), "listeners_measured": len(np.unique(clusters)), **counts}
    if not len(clusters):
        raise InputError(f"nobody discovered a track that others knew in the held-out weeks: {counts}")
    values: dict[str, PerListener] = {
        name: {metric: np.concatenate([part.values[name][metric] for part in parts]) for metric in metrics_of}
        for name, metrics_of in first.values.items()
    }
    totals = {
        name: {metric: float(np.mean([part.totals[name][metric] for part in parts])) for metric in metrics_of}
        for name, metrics_of in first.totals.items()
    }
    seconds = {name: round(sum(part.seconds[name] for part in parts), 3) for name in first.seconds}
    return summarize(values, totals, counts=counts, seconds=seconds, seed=seed, clusters=clusters)


def popularity(past: Past, listeners: Sequence[str], /, *, n: int) -> dict[str, list[str]]:
    """A `Maker`: the tracks that most listeners heard, those that the listener met left out; ties by id."""
    pairs = past.listens.group_by(["user_id", "track_id"], use_threads=False).aggregate([])
    fans = pairs.group_by("track_id", use_threads=False).aggregate([("user_id", "count")])
    order = fans.sort_by([("user_id_count", "descending"), ("track_id", "ascending")])["track_id"].to_pylist()
    mine = pairs.filter(pc.is_in(pairs["user_id"], pa.array(list(listeners), pa.string())))
    met: dict[str, set[str]] = {user: set() for user in listeners}
    for user, track in zip(mine["user_id"].to_pylist(), mine["track_id"].to_pylist(), strict=True):
        met[user].add(track)
    # nobody needs to look further down than what they met and n more
    return {
        user: [track for track in order[: n + len(met[user])] if track not in met[user]][:n] for user in listeners
    }


def _microseconds(times: pa.ChunkedArray) -> Ints:
    """Timestamps as us since 1970."""
    return np.asarray(times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy())
