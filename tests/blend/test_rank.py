"""Rankings: what is left out, who wins a track, what the dials do, what a stranger gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, vstack
from tests.blend.worlds import Closeness, Constant, World, history, planted

from unheard.blend.contract import Blend, Member
from unheard.blend.dials import Dials
from unheard.blend.rank import RankSettings, explainer, rank
from unheard.errors import ConfigError, InputError, ModelError

if TYPE_CHECKING:
    from unheard.schema import Ranking

TWO_TASTES = dict.fromkeys(range(10), 7.0) | dict.fromkeys(range(40, 50), 3.0)


def one(world: World, cells: dict[int, float], **knobs: object) -> Ranking:
    row = history(len(world.group), cells)
    return next(iter(rank(world.blend, ["ann"], row, **knobs)))  # type: ignore[arg-type]


def test_each_interest_puts_forward_its_own_group() -> None:
    world = planted(noise=0.05)
    ranking = one(world, TWO_TASTES, settings=RankSettings(candidates=20))
    for number, group in ((0, 0), (1, 1)):
        mine = ranking.tracks[ranking.interest == number]
        assert len(mine) == 20
        assert (world.group[mine] == group).all()


def test_a_small_interest_leads_its_own_candidates() -> None:
    world = planted(noise=0.05)
    cells = dict.fromkeys(range(30), 50.0) | dict.fromkeys(range(40, 46), 1.0)
    ranking = one(world, cells, settings=RankSettings(candidates=10))
    small = ranking.tracks[ranking.interest == 1]
    assert len(small) == 10
    assert (world.group[small] == 1).all()


def test_the_average_of_two_tastes_is_not_what_they_get() -> None:
    """Group 2 lies exactly between 0 and 1: the mean listener's favourite, nobody's taste."""
    world = planted(noise=0.05)
    vectors = world.vectors.copy()
    vectors[world.group == 2] += np.array([0.6, 0.6, -1, 0, 0, 0, 0, 0], dtype=np.float32)
    blend = Blend((Member(Closeness(vectors)),), vectors, world.blend.popularity, world.blend.artists)
    ranking = next(iter(rank(blend, ["ann"], history(160, dict.fromkeys([*range(10), *range(40, 50)], 1.0)))))
    whole = Closeness(vectors).scores(history(160, dict.fromkeys([*range(10), *range(40, 50)], 1.0)))[0]
    assert world.group[whole.argmax()] == 2
    assert set(world.group[ranking.tracks[:20]].tolist()) == {0, 1}


def test_scores_fall_and_no_track_comes_twice() -> None:
    ranking = one(planted(), TWO_TASTES)
    assert (np.diff(ranking.scores) <= 0).all()
    assert len(np.unique(ranking.tracks)) == len(ranking.tracks)


def test_a_track_belongs_to_the_interest_that_wants_it_most() -> None:
    world = planted(noise=0.05)
    ranking = one(world, TWO_TASTES, settings=RankSettings(candidates=160))
    assert ranking.interests[0].tracks.max() < 40
    for group in (0, 1):
        assert (ranking.interest[world.group[ranking.tracks] == group] == group).all()


def test_everything_met_disliked_or_not_allowed_is_left_out() -> None:
    world = planted()
    allowed = np.ones(160, dtype=np.bool_)
    allowed[20:25] = False
    cells = {**TWO_TASTES, 11: -1.0, 12: 0.0}
    ranking = one(
        world,
        cells,
        allowed=allowed,
        excluded=[np.array([13, 14])],
        settings=RankSettings(candidates=160),
    )
    gone = set(cells) | {13, 14} | set(range(20, 25))
    assert set(ranking.tracks.tolist()) == set(range(160)) - gone


@pytest.mark.parametrize("cells", [{}, {3: -2.0}])
def test_a_cold_listener_gets_what_many_like_and_it_says_so(cells: dict[int, float]) -> None:
    world = planted()
    ranking = one(world, cells)
    liked = world.blend.popularity[ranking.tracks]
    assert (np.diff(liked) <= 0).all()
    assert list(ranking.signals) == ["popularity"]
    assert len(ranking.interests) == 1
    assert len(ranking.interests[0].tracks) == 0
    assert not set(cells) & set(ranking.tracks.tolist())


def test_a_history_that_no_model_knows_falls_back_to_popularity() -> None:
    world = planted()
    mute = replace(world.blend, members=(Member(Constant(160)),))
    ranking = next(iter(rank(mute, ["ann"], history(160, {0: 1.0}))))
    assert (np.diff(world.blend.popularity[ranking.tracks]) <= 0).all()


def test_a_batch_gives_each_listener_what_they_get_alone() -> None:
    world = planted()
    rows = [history(160, TWO_TASTES), history(160, {}), history(160, {90: 2.0, 91: 1.0})]
    batch = list(rank(world.blend, ["a", "b", "c"], csr_array(vstack(rows, format="csr"))))
    assert [ranking.user_id for ranking in batch] == ["a", "b", "c"]
    for together, row in zip(batch, rows, strict=True):
        alone = next(iter(rank(world.blend, [together.user_id], row)))
        assert together.tracks.tolist() == alone.tracks.tolist()
        np.testing.assert_allclose(together.scores, alone.scores, rtol=1e-5)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    world = planted()
    rows = csr_array(vstack([history(160, {start + at: 1.0 for at in range(9)}) for start in range(0, 140, 20)]))
    names = [str(number) for number in range(rows.shape[0])]
    whole = list(rank(world.blend, names, rows))
    monkeypatch.setattr("unheard.blend.rank.BLOCK_CELLS", 200)
    parts = list(rank(world.blend, names, rows))
    assert [one.tracks.tolist() for one in parts] == [one.tracks.tolist() for one in whole]


def test_every_member_gives_its_signal_and_weights_count() -> None:
    world = planted()
    other = Closeness(np.roll(world.vectors, 40, axis=0), name="other")
    blend = replace(world.blend, members=(Member(world.blend.members[0].scorer, 3.0), Member(other, 1.0)))
    ranking = next(iter(rank(blend, ["ann"], history(160, TWO_TASTES))))
    assert set(ranking.signals) == {"closeness", "other", "popularity"}
    expected = 0.75 * ranking.signals["closeness"] + 0.25 * ranking.signals["other"]
    np.testing.assert_allclose(ranking.scores, expected, rtol=1e-5)


def share_new(world: World, ranking: Ranking, cells: dict[int, float]) -> float:
    met = world.blend.artists[list(cells)]
    return float((~np.isin(world.blend.artists[ranking.tracks[:30]], met)).mean())


def test_adventure_turns_from_known_artists_to_new_ones() -> None:
    world = planted()
    cells = {track: 1.0 for track in range(80) if track % 5 < 2 and track % 2 == 0}
    shares = [
        share_new(
            world,
            one(world, cells, settings=RankSettings(dials=Dials(adventure=dial))),
            cells,
        )
        for dial in (0.0, 0.5, 1.0)
    ]
    assert shares[0] < shares[1] < shares[2] or shares[0] < shares[2] == 1.0


def test_obscurity_turns_from_popular_to_obscure() -> None:
    world = planted()
    popular = [
        float(
            world.blend.popularity[
                one(world, TWO_TASTES, settings=RankSettings(dials=Dials(obscurity=dial))).tracks[:30]
            ].mean()
        )
        for dial in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert sorted(popular, reverse=True) == popular
    assert popular[0] > popular[-1] + 20


def test_dials_in_the_middle_change_nothing() -> None:
    world = planted()
    plain = one(world, TWO_TASTES)
    signal = plain.signals["closeness"]
    np.testing.assert_array_equal(plain.scores, signal)


def test_dials_bring_in_no_track_that_was_no_candidate() -> None:
    world = planted()
    plain = one(world, TWO_TASTES, settings=RankSettings(candidates=25))
    turned = one(world, TWO_TASTES, settings=RankSettings(candidates=25, dials=Dials(adventure=1, obscurity=1)))
    assert set(turned.tracks.tolist()) == set(plain.tracks.tolist())


def test_the_plays_behind_a_score_sum_to_it() -> None:
    world = planted()
    row = history(160, {**TWO_TASTES, 70: -1.0})
    ranking = next(iter(rank(world.blend, ["ann"], row)))
    explain = explainer(world.blend, row, ranking.interests)
    for number in (0, 1):
        at = np.flatnonzero(ranking.interest == number)[:5]
        shares = explain(ranking.interests[number], ranking.tracks[at])
        assert shares.shape == (5, row.nnz)
        # z = (score - mean) / deviation: the shares make up the score, the mean is the same for all tracks
        gap = shares.sum(axis=1) - ranking.scores[at]
        assert np.ptp(gap) < 1e-4


def test_a_model_that_cannot_explain_leaves_its_share_out() -> None:
    world = planted()
    mute = replace(world.blend, members=(Member(Constant(160)),))
    row = history(160, {0: 1.0})
    ranking = next(iter(rank(mute, ["ann"], row)))
    assert not explainer(mute, row, ranking.interests)(ranking.interests[0], ranking.tracks[:3]).any()


@dataclass(frozen=True)
class Fixed:
    """A scorer that gives every history the same scores."""

    values: npt.NDArray[np.float32]
    name: str = "fixed"

    def scores(self, histories: csr_array) -> npt.NDArray[np.float32]:
        return np.tile(self.values, (histories.shape[0], 1))


@given(
    scores=st.lists(st.integers(-3, 3), min_size=1, max_size=40),
    met=st.sets(st.integers(0, 39)),
    unwanted=st.sets(st.integers(0, 39)),
    n=st.integers(1, 45),
)
def test_candidates_are_exact_with_ties_by_row(
    scores: list[int], met: set[int], unwanted: set[int], n: int
) -> None:
    values = np.array(scores, dtype=np.float32)
    n_tracks = len(scores)
    zeros = np.zeros((n_tracks, 2), dtype=np.float32)
    blend = Blend((Member(Fixed(values)),), zeros, np.zeros(n_tracks), np.full(n_tracks, -1, dtype=np.int32))
    cells = {row: 1.0 for row in met if row < n_tracks} or {0: 1.0}
    out = np.array(sorted(row for row in unwanted if row < n_tracks), dtype=np.int32)
    settings = RankSettings(candidates=n)
    ranking = next(iter(rank(blend, ["ann"], history(n_tracks, cells), excluded=[out], settings=settings)))
    free = set(range(n_tracks)) - set(cells) - set(out.tolist())
    assert ranking.tracks.tolist() == sorted(free, key=lambda row: (-values[row], row))[:n]


def test_the_scales_of_a_ranking_are_those_that_an_explanation_finds_again() -> None:
    world = planted()
    row = history(160, TWO_TASTES)
    ranking = next(iter(rank(world.blend, ["ann"], row)))
    found_again = explainer(world.blend, row, ranking.interests)
    at_hand = explainer(world.blend, row, ranking.interests, scales=ranking.scales)
    tracks = ranking.tracks[:5]
    interest = ranking.interests[0]
    np.testing.assert_allclose(at_hand(interest, tracks), found_again(interest, tracks), rtol=1e-5)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_listener_is_ever_offered_what_they_met(data: st.DataObject) -> None:
    world = planted(groups=3, each=10)
    cells = data.draw(st.dictionaries(st.integers(0, 29), st.sampled_from([-2.0, 0.0, 1.0, 30.0]), max_size=30))
    disliked = np.array(sorted(data.draw(st.sets(st.integers(0, 29), max_size=5))), dtype=np.int32)
    dials = Dials(adventure=data.draw(st.floats(0, 1)), obscurity=data.draw(st.floats(0, 1)))
    ranking = one(
        world,
        cells,
        excluded=[disliked],
        settings=RankSettings(candidates=data.draw(st.integers(1, 40)), dials=dials),
    )
    assert not set(ranking.tracks.tolist()) & (set(cells) | set(disliked.tolist()))
    assert np.isfinite(ranking.scores).all()
    assert (ranking.interest < len(ranking.interests)).all()


class Broken(Closeness):
    def scores(self, histories: csr_array) -> npt.NDArray[np.float32]:
        return np.full((histories.shape[0], len(self.vectors)), np.nan, dtype=np.float32)


class Narrow(Closeness):
    def scores(self, histories: csr_array) -> npt.NDArray[np.float32]:
        return np.zeros((histories.shape[0], 3), dtype=np.float32)


def test_refusals_name_the_rule() -> None:
    world = planted()
    row = history(160, {0: 1.0})
    with pytest.raises(ConfigError, match=r"adventure = 1.5; a dial goes from 0 to 1"):
        Dials(adventure=1.5)
    with pytest.raises(ConfigError, match="obscurity = nan"):
        Dials(obscurity=float("nan"))
    with pytest.raises(ConfigError, match="has weight 0; a weight is above 0"):
        Member(world.blend.members[0].scorer, 0)
    with pytest.raises(ConfigError, match="each name once"):
        replace(world.blend, members=world.blend.members * 2)
    with pytest.raises(ConfigError, match="at least one"):
        replace(world.blend, members=())
    with pytest.raises(InputError, match="one row a track"):
        replace(world.blend, artists=world.blend.artists[:5])
    with pytest.raises(ConfigError, match="candidates is at least 1"):
        RankSettings(candidates=0)
    with pytest.raises(InputError, match="for 2 listeners and 160 tracks"):
        next(iter(rank(world.blend, ["a", "b"], row)))
    with pytest.raises(InputError, match="recency has 0 cells"):
        next(iter(rank(world.blend, ["a"], row, recency=history(160, {}))))
    with pytest.raises(ModelError, match="not finite"):
        next(iter(rank(replace(world.blend, members=(Member(Broken(world.vectors)),)), ["a"], row)))
    with pytest.raises(ModelError, match=r"scores of shape \(1, 3\)"):
        next(iter(rank(replace(world.blend, members=(Member(Narrow(world.vectors)),)), ["a"], row)))
