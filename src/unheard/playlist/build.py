"""One listener's list for one week, from their ranking to the finished playlist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unheard.errors import InputError
from unheard.playlist import choose as choosing
from unheard.playlist import reasons as giving
from unheard.playlist.order import arranged
from unheard.playlist.rules import Barred, Feedback, WeeklySettings, barred, recent_rows
from unheard.schema import Playlist, PlaylistTrack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from unheard.playlist.reasons import Explain
    from unheard.schema import Catalog, Ranking, Reason

    Rows = npt.NDArray[np.int32]


def build(
    ranking: Ranking,
    catalog: Catalog,
    *,
    week: str,
    run_id: str,
    seed: int,
    history: csr_array,
    feedback: Feedback | None = None,
    past: Iterable[Playlist] = (),
    settings: WeeklySettings | None = None,
    vectors: npt.NDArray[np.float32] | None = None,
    explain: Explain | None = None,
    deeper: Callable[[], Ranking] | None = None,
) -> Playlist:
    """Make the list of `ranking.user_id` for `week`; the same arguments give the same list.

    `history` [1, n_tracks]: the listener's row; every stored cell counts as heard.
    `past`: earlier lists of this listener, in any order; those of the weeks that count are not repeated.
    `vectors` [n_tracks, dim]: for the order. `explain`: see `reasons`.
    `deeper`: gives a ranking of the whole collection; asked only when `ranking` cannot fill the list.
    """
    settings, feedback = settings or WeeklySettings(), feedback or Feedback()
    if history.shape != (1, len(catalog.tracks)):
        raise InputError(f"a history of shape {history.shape} for a catalogue of {len(catalog.tracks)} tracks")
    recent = recent_rows(past, catalog, week, n_weeks=settings.exclude_weeks)
    wanted = _Wanted(catalog, week, seed, history, feedback, recent, settings)
    draft = _drafted(ranking, wanted)
    if len(draft.chosen) < settings.size and deeper is not None:
        draft = _drafted(deeper(), wanted)
    tracks = _lines(draft, wanted, vectors, explain)
    title = f"Unheard for {ranking.user_id}, {week}"
    return Playlist(ranking.user_id, week, run_id, title, tracks, _note(draft, wanted))


@dataclass(frozen=True, eq=False)
class _Wanted:
    """Whose list for when, and under which rules."""

    catalog: Catalog
    week: str
    seed: int
    history: csr_array
    feedback: Feedback
    recent: Rows
    settings: WeeklySettings


@dataclass(frozen=True, eq=False)
class _Draft:
    """What was chosen of a ranking: positions in it, the anchor's (if any) among them."""

    ranking: Ranking
    barred: Barred
    chosen: npt.NDArray[np.intp]
    anchor: int | None


def _drafted(ranking: Ranking, wanted: _Wanted) -> _Draft:
    catalog, history, settings = wanted.catalog, wanted.history, wanted.settings
    out = barred(ranking.tracks, catalog, heard=history.indices, feedback=wanted.feedback, recent=wanted.recent)
    kept = np.flatnonzero(~out.any)
    scores = choosing.moved(
        ranking.scores[kept].astype(np.float64),
        ranking.tracks[kept],
        ranking.interest[kept],
        n_tracks=len(catalog.tracks),
        generator=choosing.chance(wanted.seed, ranking.user_id, wanted.week),
        settings=settings,
    )
    candidates = choosing.Candidates.of(ranking.tracks[kept], scores, ranking.interest[kept], catalog)
    known = choosing.known_well(history.indices, history.data, catalog)
    anchor = choosing.anchor(candidates, known, catalog) if settings.anchor else None
    chosen = choosing.choose(candidates, ranking.interests, settings=settings, first=anchor)
    if anchor is not None and anchor not in chosen:  # it gave its place so that the list is full
        anchor = choosing.anchor(candidates, known, catalog, among=chosen)
    return _Draft(ranking, out, kept[chosen], None if anchor is None else int(kept[anchor]))


def _lines(
    draft: _Draft, wanted: _Wanted, vectors: npt.NDArray[np.float32] | None, explain: Explain | None
) -> tuple[PlaylistTrack, ...]:
    ranking, catalog = draft.ranking, wanted.catalog
    best_first = draft.chosen[np.argsort(-ranking.scores[draft.chosen], kind="stable")]
    rows = ranking.tracks[best_first]
    anchor = None if draft.anchor is None else int(np.flatnonzero(best_first == draft.anchor)[0])
    near = None if vectors is None else vectors[rows]
    order = arranged(near, catalog.artists[rows], anchor=anchor)
    listed = best_first[order]
    why = _reasons(draft, listed, wanted, explain)
    return tuple(
        _line(position, index, draft, known=known, reason=why[index])
        for position, (index, known) in enumerate(
            zip(listed.tolist(), catalog.lines(ranking.tracks[listed]), strict=True), start=1
        )
    )


def _reasons(
    draft: _Draft, listed: npt.NDArray[np.intp], wanted: _Wanted, explain: Explain | None
) -> dict[int, Reason]:
    """Reason of each of `listed`, positions in the ranking in the order of the list."""
    ranking = draft.ranking
    others = listed[listed != (-1 if draft.anchor is None else draft.anchor)]
    found = giving.reasons(
        ranking.tracks[others],
        ranking.interest[others],
        ranking.interests,
        history=wanted.history,
        catalog=wanted.catalog,
        explain=explain,
    )
    why = dict(zip(others.tolist(), found, strict=True))
    if draft.anchor is not None:
        why[draft.anchor] = giving.familiar(int(ranking.tracks[draft.anchor]), wanted.history, wanted.catalog)
    return why


def _line(position: int, index: int, draft: _Draft, *, known: Mapping[str, Any], reason: Reason) -> PlaylistTrack:
    ranking = draft.ranking
    return PlaylistTrack(
        position=position,
        track_id=known["track_id"],
        title=known["title"],
        artist=known["artist"],
        album=known.get("album"),
        duration_ms=known.get("duration_ms"),
        recording_mbid=known.get("recording_mbid"),
        audio_path=known.get("audio_path"),
        score=float(ranking.scores[index]),
        signals={name: float(values[index]) for name, values in ranking.signals.items()},
        interest=int(ranking.interest[index]),
        familiar=index == draft.anchor,
        reason=reason,
    )


def _note(draft: _Draft, wanted: _Wanted) -> str | None:
    """Say what a reader should know: a cold start, a missing anchor, and why a list is shorter."""
    settings = wanted.settings
    said = []
    if not any(len(interest.tracks) for interest in draft.ranking.interests):
        said.append("No plays that speak for a taste yet: this is what many listeners of this collection like.")
    if settings.anchor and draft.anchor is None:
        said.append("No familiar anchor: nothing unheard is left by the artists you play most.")
    if len(draft.chosen) < settings.size:
        said.append(_why_shorter(draft, wanted.history, settings))
    return " ".join(said) or None


def _why_shorter(draft: _Draft, history: csr_array, settings: WeeklySettings) -> str:
    out = draft.barred
    counts = {
        f"of {history.shape[1]} tracks you have met": history.nnz,
        "more are other versions of those": int(out.heard.sum()),
        "are disliked or by artists you dislike": int(out.disliked.sum()),
        f"were on a list of the last {settings.exclude_weeks} weeks": int(out.recent.sum()),
        f"would be more than {settings.per_artist} by an artist, or a recording twice": int((~out.any).sum())
        - len(draft.chosen),
    }
    parts = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    head = f"{len(draft.chosen)} tracks instead of {settings.size}"
    return f"{head}: {parts}." if parts else f"{head}: the collection holds no more."
