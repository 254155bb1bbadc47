"""Implicit ALS: against answers known by hand and a plain dense solver."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.sparse import csr_array

from unheard.collaborative.als import Factors, als
from unheard.collaborative.als_problem import AlsSettings, accepted
from unheard.collaborative.fold_in import FoldIn
from unheard.errors import ConfigError, ModelError

FloatMatrix = npt.NDArray[np.float64]


def random_plays(n_listeners: int, n_tracks: int, *, seed: int, share: float = 0.2) -> csr_array:
    """Signed plays; the first listener and the last track have none."""
    rng = np.random.default_rng(seed)
    strength = rng.geometric(0.4, size=(n_listeners, n_tracks)) * np.where(
        rng.random((n_listeners, n_tracks)) < 0.2, -1.0, 1.0
    )
    strength[rng.random(strength.shape) > share] = 0.0
    strength[0] = 0.0
    strength[:, -1] = 0.0
    return csr_array(strength.astype(np.float32))


def dense_weights(plays: FloatMatrix, s: AlsSettings) -> tuple[FloatMatrix, FloatMatrix]:
    """Weight and target of every cell so that the loss is sum of weight * s^2 - 2 * target * s + a constant."""
    size = np.abs(plays)
    weight = {
        "product": s.alpha * size,
        "linear": 1 + s.alpha * size,
        "log": 1 + s.alpha * np.log1p(size / s.epsilon),
        "added": s.unobserved_weight + s.alpha * size,
    }[s.confidence]
    weight = np.where(size > 0, weight, s.unobserved_weight)
    own = weight - (s.unobserved_weight if s.confidence == "added" else 0.0)
    return weight, np.where(plays > 0, own, 0.0)


def dense_ridge(plays: FloatMatrix, s: AlsSettings) -> npt.NDArray[np.float64]:
    cells: npt.NDArray[np.float64] = (plays != 0).sum(axis=1) + s.unobserved_weight * plays.shape[1]
    return s.regularization * cells**s.nu


def dense_rows(plays: FloatMatrix, others: FloatMatrix, s: AlsSettings) -> FloatMatrix:
    """Solve each row of `plays` by the normal equations."""
    weights, targets = dense_weights(plays, s)
    ridge = dense_ridge(plays, s)
    rows = [
        np.linalg.solve(others.T @ (w[:, None] * others) + r * np.eye(others.shape[1]), others.T @ t)
        for w, t, r in zip(weights, targets, ridge, strict=True)
    ]
    return np.array(rows)


def dense_loss(plays: FloatMatrix, factors: Factors, s: AlsSettings) -> float:
    listeners, tracks = factors.listeners.astype(np.float64), factors.tracks.astype(np.float64)
    weights, targets = dense_weights(plays, s)
    scores = listeners @ tracks.T
    ridge = dense_ridge(plays, s) @ (listeners**2).sum(axis=1) + dense_ridge(plays.T, s) @ (tracks**2).sum(axis=1)
    return float((weights * scores**2 - 2 * targets * scores).sum() + targets.sum() + ridge)


def scores(factors: Factors) -> FloatMatrix:
    return (factors.listeners @ factors.tracks.T).astype(np.float64)


@pytest.mark.parametrize("dim", [1, 7, 40, 64, 128])
@pytest.mark.parametrize("nu", [0.0, 1.0])
@pytest.mark.parametrize("confidence", ["product", "linear", "log", "added"])
def test_a_sweep_solves_the_normal_equations(dim: int, nu: float, confidence: str) -> None:
    s = AlsSettings(dim=dim, epochs=1, nu=nu, confidence=confidence, steps=200, regularization=0.1)  # type: ignore[arg-type]
    plays = random_plays(60, 45, seed=dim)
    factors = als(plays, s, seed=0)
    expected = dense_rows(plays.toarray().astype(np.float64), factors.tracks.astype(np.float64), s)
    np.testing.assert_allclose(factors.listeners, expected, rtol=2e-3, atol=2e-4)
    assert not factors.listeners[0].any()
    assert not factors.tracks[-1].any()


@pytest.mark.parametrize("dim", [1, 7, 40, 64, 128])
@pytest.mark.parametrize("confidence", ["product", "added"])
def test_conjugate_gradient_and_cholesky_agree(dim: int, confidence: str) -> None:
    s = AlsSettings(dim=dim, epochs=3, confidence=confidence, steps=200, regularization=0.1)  # type: ignore[arg-type]
    plays = random_plays(60, 45, seed=dim)
    exact = als(plays, replace(s, steps=0), seed=0)
    np.testing.assert_allclose(scores(als(plays, s, seed=0)), scores(exact), atol=2e-3)


def test_a_checkerboard_is_completed() -> None:
    """Even listeners like even tracks, odd ones odd tracks; each has not yet heard one track of their kind."""
    board = (np.arange(20)[:, None] + np.arange(20)[None, :]) % 2 == 0
    heard = board & ~np.eye(20, dtype=bool)
    s = AlsSettings(dim=4, regularization=0.001, unobserved_weight=0.1)
    found = scores(als(csr_array(heard.astype(np.float32)), s, seed=3))
    found[heard] = -np.inf
    assert found.argmax(axis=1).tolist() == list(range(20))


def test_a_skip_lowers_the_score_below_that_of_an_unknown_track() -> None:
    plays = np.zeros((30, 10), np.float32)
    plays[:, :5] = 1
    plays[0, 4] = 0
    unknown = scores(als(csr_array(plays), AlsSettings(dim=2), seed=0))[0, 4]
    plays[0, 4] = -5
    assert scores(als(csr_array(plays), AlsSettings(dim=2), seed=0))[0, 4] < unknown


def test_the_loss_falls_with_every_sweep() -> None:
    s = AlsSettings(dim=8, epochs=8, steps=50)
    plays = random_plays(80, 50, seed=5)
    losses: list[float] = []
    dense = plays.toarray().astype(np.float64)
    als(plays, s, seed=1, progress=lambda factors: losses.append(dense_loss(dense, factors, s)))
    assert len(losses) == 8
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(losses))


@pytest.mark.parametrize("steps", [0, 3])
def test_a_run_that_was_cut_resumes_to_the_same_bits(steps: int) -> None:
    s = AlsSettings(dim=10, epochs=6, steps=steps)
    plays = random_plays(300, 200, seed=2)
    kept: list[Factors] = []

    def keep(factors: Factors) -> None:
        kept.append(Factors(factors.listeners.copy(), factors.tracks.copy(), factors.epochs))

    whole = als(plays, s, seed=4, progress=keep)
    resumed = als(plays, s, seed=4, start=kept[2])
    assert kept[2].epochs == 3
    np.testing.assert_array_equal(resumed.listeners, whole.listeners)
    np.testing.assert_array_equal(resumed.tracks, whole.tracks)


def test_threads_do_not_change_a_bit() -> None:
    plays = random_plays(900, 300, seed=6)
    one, two = (als(plays, AlsSettings(dim=20, epochs=3), seed=1, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.listeners, two.listeners)
    np.testing.assert_array_equal(one.tracks, two.tracks)


def test_the_order_of_listeners_does_not_matter() -> None:
    plays = random_plays(200, 60, seed=7)
    order = np.random.default_rng(0).permutation(200)
    s = AlsSettings(dim=6, epochs=4)
    shuffled = scores(als(csr_array(plays[order]), s, seed=2))
    np.testing.assert_allclose(shuffled, scores(als(plays, s, seed=2))[order], atol=1e-3)


def test_a_row_longer_than_the_cache_is_solved_as_exactly() -> None:
    rng = np.random.default_rng(8)
    plays = csr_array((rng.random((9000, 12)) < 0.7).astype(np.float32))
    s = AlsSettings(dim=40, epochs=2, steps=100, regularization=0.01)
    np.testing.assert_allclose(
        scores(als(plays, s, seed=0)), scores(als(plays, replace(s, steps=0), seed=0)), atol=2e-3
    )


@examples(max_examples=25, deadline=None)
@given(
    n_listeners=st.integers(0, 12), n_tracks=st.integers(0, 12), dim=st.integers(1, 20), seed=st.integers(0, 99)
)
def test_any_shape_gives_finite_factors(n_listeners: int, n_tracks: int, dim: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plays = csr_array(rng.integers(-2, 3, size=(n_listeners, n_tracks)).astype(np.float32))
    factors = als(plays, AlsSettings(dim=dim, epochs=2), seed=seed)
    assert factors.listeners.shape == (n_listeners, dim)
    assert factors.tracks.shape == (n_tracks, dim)
    assert np.isfinite(factors.listeners).all()


def test_stored_zeros_and_repeated_cells_are_cleaned_without_touching_the_input() -> None:
    messy = csr_array((np.array([1, 2, 0], np.float32), np.array([1, 1, 0], np.int32), [0, 3]), shape=(1, 2))
    clean = accepted(messy)
    assert clean.toarray().tolist() == [[0, 3]]
    assert messy.data.tolist() == [1, 2, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ModelError, match="NaN or infinite"):
        als(csr_array(np.array([[1, bad]], np.float32)), AlsSettings(), seed=0)


def test_a_start_of_another_shape_is_refused() -> None:
    start = Factors(np.zeros((3, 5), np.float32), np.zeros((2, 5), np.float32), 1)
    with pytest.raises(ModelError, match="start has shapes"):
        als(csr_array(np.ones((3, 3), np.float32)), AlsSettings(dim=5), seed=0, start=start)


@pytest.mark.parametrize(
    "knobs", [{"dim": 0}, {"epochs": 0}, {"alpha": 0.0}, {"alpha": np.nan}, {"nu": -1.0}, {"confidence": "x"}]
)
def test_impossible_settings_are_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(knobs))):
        AlsSettings(**knobs)  # type: ignore[arg-type]


@pytest.mark.parametrize("confidence", ["product", "added"])
def test_a_listener_folded_in_equals_the_normal_equations(confidence: str) -> None:
    s = AlsSettings(dim=12, epochs=5, confidence=confidence)  # type: ignore[arg-type]
    plays = random_plays(50, 40, seed=9)
    factors = als(plays, s, seed=0)
    folded = FoldIn(factors.tracks, s)(plays)
    expected = dense_rows(plays.toarray().astype(np.float64), factors.tracks.astype(np.float64), s)
    np.testing.assert_allclose(folded, expected, rtol=1e-4, atol=1e-6)
    assert not folded[0].any()


def test_histories_over_other_tracks_are_refused() -> None:
    with pytest.raises(ModelError, match="IdMap"):
        FoldIn(np.ones((4, 2), np.float32), AlsSettings(dim=2))(csr_array(np.ones((1, 5), np.float32)))
