"""`unheard weekly`: each listener's list of a week, made once and kept."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from unheard.blend.rank import explainer, rank
from unheard.pipeline.progress import Progress, silent
from unheard.playlist.build import build
from unheard.playlist.record import from_dict, to_dict
from unheard.playlist.weeks import before
from unheard.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unheard.blend.rank import RankSettings
    from unheard.config import Sections
    from unheard.pipeline.trained import Trained
    from unheard.playlist.rules import WeeklySettings
    from unheard.schema import Playlist, Ranking
    from unheard.store.workspace import Workspace


def weekly(
    workspace: Workspace,
    trained: Trained,
    settings: Sections,
    *,
    week: str,
    seed: int,
    user_ids: Sequence[str] | None = None,
    anew: bool = False,
    progress: Progress = silent,
) -> list[Playlist]:
    """The lists of a week, of all listeners or of those named, in the order of `user_ids`.

    A list that is stored is given as it is, whatever was trained or set since; `anew` makes it again.
    """
    users = list(user_ids) if user_ids is not None else trained.interactions.listeners.ids.to_pylist()
    for user_id in users:
        trained.listener(user_id)
    weeks = (week, *before(week, settings["playlist"].exclude_weeks))
    with open_database(workspace.database) as database:
        kept = {user: database.weekly(user, weeks) for user in users}
        wanted = [user for user in users if anew or week not in kept[user]]
        past = {
            user: [
                _as_known_now(from_dict(record), trained) for name, record in kept[user].items() if name != week
            ]
            for user in wanted
        }
        fresh = []
        for done, playlist in enumerate(make(trained, settings, wanted, past, week=week, seed=seed), start=1):
            fresh.append(to_dict(playlist))
            progress("weekly", done / len(wanted))
        database.store_weekly(fresh, anew=anew)
        return [from_dict(database.weekly(user, [week])[week]) for user in users]


def make(
    trained: Trained,
    settings: Sections,
    users: Sequence[str],
    past: dict[str, list[Playlist]],
    *,
    week: str,
    seed: int,
    explained: bool = True,
) -> Iterator[Playlist]:
    """Make the list of each of `users`, stored or not; `past`: their lists of the weeks before.

    Lists that nobody reads need not be `explained`: their tracks are the same, with a shorter reason.
    """
    if not users:
        return
    own: WeeklySettings = settings["playlist"]
    for user_id, ranking in zip(users, rankings(trained, settings["blend"], users), strict=True):
        history = trained.interactions.plays[[trained.listener(user_id)]]
        yield build(
            ranking,
            trained.catalog,
            week=week,
            run_id=trained.run_id,
            seed=seed,
            history=history,
            feedback=trained.feedback(user_id),
            past=past.get(user_id, ()),
            settings=own,
            vectors=trained.vectors,
            explain=explainer(
                trained.blend, history, ranking.interests, scales=ranking.scales, settings=settings["blend"]
            )
            if explained
            else None,
            deeper=functools.partial(whole_ranking, trained, settings["blend"], user_id),
        )


def rankings(trained: Trained, settings: RankSettings, users: Sequence[str]) -> Iterable[Ranking]:
    """Each listener's ranking."""
    rows = np.array([trained.listener(user) for user in users], dtype=np.int64)
    return rank(
        trained.blend,
        users,
        trained.interactions.plays[rows],
        settings=settings,
        excluded=[trained.feedback(user).disliked for user in users],
        recency=trained.recency[rows],
    )


def whole_ranking(trained: Trained, settings: RankSettings, user_id: str) -> Ranking:
    """A listener's ranking of the whole collection, for a list that the usual candidates cannot fill."""
    deep = dataclasses.replace(settings, candidates=len(trained.catalog.tracks))
    return next(iter(rankings(trained, deep, [user_id])))


def _as_known_now(playlist: Playlist, trained: Trained) -> Playlist:
    """An earlier list under today's track ids: tracks that were two may have become one since."""
    aliases = trained.aliases
    tracks = tuple(
        dataclasses.replace(line, track_id=aliases.get(line.track_id, line.track_id)) for line in playlist.tracks
    )
    return dataclasses.replace(playlist, tracks=tracks)


def turned(
    settings: Sections,
    *,
    adventure: float | None = None,
    obscurity: float | None = None,
    anchor: bool | None = None,
    size: int | None = None,
) -> Sections:
    """Settings with a listener's own dials for one list; `ConfigError` when one is out of its range."""
    blend: RankSettings = settings["blend"]
    dials = {
        name: value for name, value in (("adventure", adventure), ("obscurity", obscurity)) if value is not None
    }
    rules = {name: value for name, value in (("anchor", anchor), ("size", size)) if value is not None}
    return settings | {
        "blend": dataclasses.replace(blend, dials=dataclasses.replace(blend.dials, **dials)),
        "playlist": dataclasses.replace(settings["playlist"], **rules),
    }
