"""What every collaborative model must survive, whatever it is."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from tests.collaborative.worlds import checkerboard, power_law

from unheard.collaborative.als_problem import AlsSettings
from unheard.collaborative.contract import Explained, Factored, Fitted, Model, checked
from unheard.collaborative.ensemble import Ensemble
from unheard.collaborative.implicit_als import ImplicitAls
from unheard.collaborative.item_item import ItemItem, ItemItemSettings
from unheard.collaborative.models import restore
from unheard.collaborative.popularity import Popularity
from unheard.collaborative.vector_exp import VectorExp, VectorExpFitted, VectorExpSettings
from unheard.errors import ModelError

MODELS: dict[str, Callable[[], Model]] = {
    "popularity": Popularity,
    "ensemble": Ensemble,
    "item_item": lambda: ItemItem(ItemItemSettings(regularization=10)),
    "als": lambda: ImplicitAls(AlsSettings(dim=8, regularization=0.01)),
    "vector_exp": lambda: VectorExp(VectorExpSettings(dim=8, regularization=1, track_regularization=0.3)),
    "vector_exp, sampled": lambda: VectorExp(
        VectorExpSettings(dim=8, regularization=1, track_regularization=0.3, sampled_tracks=10)
    ),
    "item_item, sparse": lambda: ItemItem(ItemItemSettings(regularization=10, dense_limit=1, neighbours=8)),
}
PERSONAL = [name for name in MODELS if name != "popularity"]


@pytest.fixture(params=list(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]()


@pytest.fixture
def fitted(model: Model) -> Fitted:
    return model.fit(power_law(40, 30, seed=1), seed=3)


def test_scores_every_track_for_every_history(fitted: Fitted) -> None:
    scores = fitted.scores(power_law(7, 30, seed=2))
    assert scores.shape == (7, 30)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_a_row_scores_alike_alone_and_among_others(fitted: Fitted) -> None:
    histories = power_law(7, 30, seed=2)
    together = fitted.scores(histories)
    alone = fitted.scores(csr_array(histories[[4]]))
    np.testing.assert_allclose(alone[0], together[4], atol=1e-3)


def test_an_empty_history_and_no_history_are_scored(fitted: Fitted) -> None:
    assert np.isfinite(fitted.scores(csr_array(np.zeros((1, 30), dtype=np.float32)))).all()
    assert fitted.scores(csr_array(np.zeros((0, 30), dtype=np.float32))).shape == (0, 30)


def test_same_plays_and_seed_give_the_same_bits(model: Model) -> None:
    plays = power_law(40, 30, seed=1)
    first, second = (model.fit(plays, seed=5).scores(plays) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_fitting_leaves_the_plays_alone(model: Model) -> None:
    plays = power_law(40, 30, seed=1)
    before = plays.toarray()
    model.fit(plays, seed=5)
    np.testing.assert_array_equal(plays.toarray(), before)


def test_arrays_bring_the_model_back(fitted: Fitted) -> None:
    plays = power_law(9, 30, seed=2)
    back = restore(fitted.name, fitted.arrays(), asdict(fitted.settings))
    assert back.n_tracks == fitted.n_tracks == 30
    assert back.settings == fitted.settings
    np.testing.assert_array_equal(back.scores(plays), fitted.scores(plays))


def test_progress_ends_at_one(model: Model) -> None:
    shares: list[float] = []
    model.fit(power_law(40, 30, seed=1), seed=5, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_listeners_and_tracks_without_plays_are_no_trouble(model: Model) -> None:
    plays = csr_array(np.array([[3, 1, 0, 0], [0, 0, 0, 0], [1, 2, 0, 1]], dtype=np.float32))
    assert np.isfinite(model.fit(plays, seed=0).scores(plays)).all()


def test_contributions_sum_to_the_score(fitted: Fitted) -> None:
    if not isinstance(fitted, Explained) or fitted.name == "ensemble":  # whose places are no sums
        pytest.skip(f"{fitted.name} is no sum over plays")
    history = csr_array(power_law(5, 30, seed=2)[[2]])
    tracks = np.array([0, 7, 29])
    parts = fitted.contributions(history, tracks)
    assert parts.shape == (3, checked(history).nnz)
    of_no_play = fitted.tracks.bias[tracks] if isinstance(fitted, VectorExpFitted) else 0
    scores = fitted.scores(history)[0, tracks] - of_no_play
    np.testing.assert_allclose(parts.sum(axis=1), scores, rtol=1e-3, atol=1e-5)


def test_a_contribution_belongs_to_the_play_at_its_place(fitted: Fitted) -> None:
    if not isinstance(fitted, Explained) or fitted.name == "ensemble":  # whose places jump
        pytest.skip(f"{fitted.name} is no sum over plays")
    history = checked(csr_array(power_law(5, 30, seed=2)[[2]]))
    tracks = np.arange(30)
    shares, scores = fitted.contributions(history, tracks), fitted.scores(history)[0]
    without = np.tile(history.toarray(), (history.nnz, 1))
    without[np.arange(history.nnz), history.indices] = 0
    lost = (scores - fitted.scores(csr_array(without))).T  # [tracks, plays]
    # Less what a play does to all tracks alike, such as leaving the others more weight.
    agreement = np.corrcoef((shares - shares.mean(axis=0)).ravel(), (lost - lost.mean(axis=0)).ravel())
    assert agreement[0, 1] > 0.7


def test_contributions_are_alike_for_one_track_and_for_many(fitted: Fitted) -> None:
    if not isinstance(fitted, Explained):
        pytest.skip(f"{fitted.name} knows no plays")
    history = csr_array(power_law(5, 30, seed=2)[[2]])
    tracks = np.array([29, 0, 7, 0])
    alone = np.stack([fitted.contributions(history, tracks[[place]])[0] for place in range(4)])
    together = fitted.contributions(history, tracks)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
    assert fitted.contributions(history, tracks[:0]).shape == (0, checked(history).nnz)


def test_scores_are_products_of_the_factors(fitted: Fitted) -> None:
    if not isinstance(fitted, Factored):
        pytest.skip(f"{fitted.name} has no factors")
    histories = power_law(6, 30, seed=2)
    products = fitted.fold_in(histories) @ fitted.track_factors.T
    np.testing.assert_allclose(products, fitted.scores(histories), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", PERSONAL)
def test_finds_the_missing_square_of_the_checkerboard(name: str) -> None:
    plays = checkerboard(12)
    scores = np.where(plays.toarray() > 0, -np.inf, MODELS[name]().fit(plays, seed=1).scores(plays))
    np.testing.assert_array_equal(scores.argmax(axis=1), np.arange(12))


@pytest.mark.parametrize("name", PERSONAL)
def test_folds_in_a_new_listener(name: str) -> None:
    fitted = MODELS[name]().fit(checkerboard(12), seed=1)
    scores = fitted.scores(csr_array(([2.0, 1.0], ([0, 0], [1, 5])), shape=(1, 12)))[0]
    assert scores[[3, 7, 9, 11]].min() > scores[[0, 2, 4, 6, 8, 10]].max()


@pytest.mark.parametrize("name", PERSONAL)
def test_a_dislike_counts_against_what_goes_with_it(name: str) -> None:
    fitted = MODELS[name]().fit(checkerboard(12), seed=1)
    histories = np.zeros((2, 12), np.float32)
    histories[:, :2] = 1
    histories[1, 3] = -3
    before, after = fitted.scores(csr_array(histories))
    odd, even = [5, 7, 9, 11], [4, 6, 8, 10]
    assert after[odd].mean() - after[even].mean() < before[odd].mean() - before[even].mean()


def test_refuses_histories_of_another_width(fitted: Fitted) -> None:
    with pytest.raises(ModelError, match="31 tracks, the model was fitted on 30"):
        fitted.scores(csr_array(np.zeros((1, 31), dtype=np.float32)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_plays_that_are_not_finite(model: Model, bad: float) -> None:
    with pytest.raises(ModelError, match="NaN or infinite"):
        model.fit(csr_array(np.array([[1, bad]], dtype=np.float32)), seed=0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(-3, 3)), max_size=12))
def test_checked_sums_duplicates_and_drops_zeros(entries: list[tuple[int, int, int]]) -> None:
    rows, tracks, values = (np.array([e[k] for e in entries], dtype=np.float32) for k in range(3))
    clean = checked(csr_array((values, (rows.astype(int), tracks.astype(int))), shape=(4, 5)))
    expected = np.zeros((4, 5))
    for row, track, value in entries:
        expected[row, track] += value
    np.testing.assert_array_equal(clean.toarray(), expected)
    assert (clean.data != 0).all()


def test_restoring_an_unknown_model_names_those_there_are() -> None:
    with pytest.raises(ModelError, match="no collaborative model is called 'magic'"):
        restore("magic", {}, {})
