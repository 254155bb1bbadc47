"""What is near a track, and why a track suits a listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.pipeline.worlds import WORLD

from unheard.errors import UnknownIdError
from unheard.pipeline import exploring, settings, trained
from unheard.pipeline.weekly import whole_ranking
from unheard.simulate.world import World

if TYPE_CHECKING:
    from unheard.config import Sections
    from unheard.pipeline.demo import Demo
    from unheard.pipeline.trained import Trained

ANN = "listener00001"


@pytest.fixture(scope="module")
def run(done: Demo) -> Trained:
    return trained.load(done.workspace)


@pytest.fixture(scope="module")
def sections(done: Demo) -> Sections:
    return settings.read(done.workspace)[0]


def popular(run: Trained) -> int:
    return int(run.popularity.argmax())


def test_similar_tracks_are_ordered_and_others(run: Trained) -> None:
    track = popular(run)
    near = exploring.similar(run, track, n=15)
    similarities = [each.similarity for each in near]
    assert len(near) == 15
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1 <= each <= 1 for each in similarities)
    assert run.catalog.tracks.id(track) not in {each.track_id for each in near}


def test_similar_tracks_are_of_the_same_scene(run: Trained) -> None:
    """The generated world knows which tracks lie together in truth."""
    world = World.generate(WORLD)
    names = zip(*(world.tracks_table.column(name).to_pylist() for name in ("artist", "title")), strict=True)
    truth = {f"{artist} - {title}": row for row, (artist, title) in enumerate(names)}
    vectors = world.music.vectors
    rng = np.random.default_rng(0)
    nearer = []
    for track in np.argsort(-run.popularity)[:20].tolist():
        own = truth.get(run.catalog.name(track))
        near = [truth[each.name] for each in exploring.similar(run, track, n=5) if each.name in truth]
        if own is not None:
            any_five = rng.integers(len(vectors), size=5)
            nearer.append(float((vectors[near] @ vectors[own]).mean() - (vectors[any_five] @ vectors[own]).mean()))
    assert np.mean(nearer) > 0.15


def test_n_may_be_more_than_there_are(run: Trained) -> None:
    assert len(exploring.similar(run, popular(run), n=10_000)) < len(run.catalog.tracks)


def test_a_track_is_known_by_id_and_by_name(run: Trained) -> None:
    track = popular(run)
    name = run.catalog.name(track)
    assert run.track(run.catalog.tracks.id(track)) == run.track(name) == run.track(name.upper()) == track


def test_an_unknown_track(run: Trained) -> None:
    with pytest.raises(UnknownIdError, match="no track is called 'Nonesuch'; give its id, or 'Artist - Title'"):
        run.track("Nonesuch")


def test_what_was_heard_has_no_place(run: Trained, sections: Sections) -> None:
    heard = int(run.interactions.plays[[run.listener(ANN)]].indices[0])
    told = exploring.explain(run, sections, ANN, heard)
    assert (told.heard, told.rank, told.score, told.signals) == (True, None, None, {})


def test_places_are_those_of_the_ranking(run: Trained, sections: Sections) -> None:
    ranking = whole_ranking(run, sections["blend"], ANN)
    for place in (1, 7, len(ranking.tracks)):
        told = exploring.explain(run, sections, ANN, int(ranking.tracks[place - 1]))
        assert (told.rank, told.of, told.heard) == (place, len(ranking.tracks), False)


def test_shares_are_plays_of_the_listener(run: Trained, sections: Sections) -> None:
    history = run.interactions.plays[[run.listener(ANN)]].indices.tolist()
    track = next(row for row in np.argsort(-run.popularity).tolist() if row not in history)
    told = exploring.explain(run, sections, ANN, track)
    own = {run.catalog.tracks.id(row) for row in history}
    values = [each.share for each in told.shares]
    assert 0 < len(told.shares) <= 5
    assert {each.track_id for each in told.shares} <= own
    assert values == sorted(values, reverse=True)
    assert min(values) > 0


def test_an_unknown_listener(run: Trained, sections: Sections) -> None:
    with pytest.raises(UnknownIdError, match="no listener is called 'nobody'"):
        exploring.explain(run, sections, "nobody", 0)
