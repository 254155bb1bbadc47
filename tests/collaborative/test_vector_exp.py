"""The softmax model against its own definition."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp
from tests.collaborative.worlds import power_law

from unheard.collaborative.saturation import evened
from unheard.collaborative.vector_exp import (
    Tracks,
    VectorExp,
    VectorExpSettings,
    draw,
    look,
    observed,
    stand_ins,
)
from unheard.errors import ConfigError


def by_hand(plays: np.ndarray, listener: np.ndarray, tracks: Tracks, regularization: float) -> float:
    """Log-likelihood of one listener's plays less the penalty."""
    scores = tracks.factors @ listener + tracks.bias
    value = (plays * (tracks.factors @ listener)).sum() - plays.sum() * logsumexp(scores)
    return float(value - regularization / 2 * (listener**2).sum())


@pytest.fixture
def tracks() -> Tracks:
    rng = np.random.default_rng(2)
    return Tracks(rng.normal(size=(12, 3)).astype(np.float32), rng.normal(size=12).astype(np.float32))


def test_objective_and_gradient_are_those_of_the_definition(tracks: Tracks) -> None:
    rng = np.random.default_rng(1)
    plays, listeners = power_law(4, 12, seed=3), rng.normal(size=(4, 3)).astype(np.float32)
    sample = draw(np.ones(12, np.float32), size=12, rng=rng)
    side = look(observed(plays, tracks), listeners, stand_ins(tracks, sample), regularization=0.7)
    for row, listener in enumerate(listeners.astype(np.float64)):
        own = plays.toarray()[row]
        assert side.value[row] == pytest.approx(by_hand(own, listener, tracks, 0.7), rel=1e-4)
        for axis in np.eye(3) * 1e-4:
            rise = by_hand(own, listener + axis, tracks, 0.7) - by_hand(own, listener - axis, tracks, 0.7)
            assert side.gradient[row] @ axis / 1e-4 == pytest.approx(rise / 2e-4, rel=1e-2, abs=1e-2)


def test_folding_in_finds_the_listener_that_is_most_likely() -> None:
    settings = VectorExpSettings(dim=3, regularization=0.5, folding_steps=60)
    fitted = VectorExp(settings).fit(power_law(60, 12, seed=5), seed=1)
    history = csr_array(power_law(5, 12, seed=6)[[2]])
    own = evened(history).toarray()[0]

    def loss(listener: np.ndarray) -> float:
        return -by_hand(own, listener, fitted.tracks, 0.5)

    best = minimize(loss, np.zeros(3)).x
    np.testing.assert_allclose(fitted.fold_in(history)[0, :3], best, atol=5e-3)
    assert fitted.fold_in(history)[0, 3] == 1


def test_a_sample_estimates_sums_without_bias() -> None:
    popularity = np.random.default_rng(0).pareto(1, 200).astype(np.float32)
    values = np.random.default_rng(1).random(200)
    estimates = []
    for seed in range(400):
        sample = draw(popularity, size=50, rng=np.random.default_rng(seed))
        assert len(np.unique(sample.tracks)) == 50
        estimates.append((np.exp(sample.log_weight) * values[sample.tracks]).sum())
    error = np.std(estimates) / 20
    assert abs(np.mean(estimates) - values.sum()) < 4 * error


def test_a_small_collection_is_not_sampled() -> None:
    sample = draw(np.ones(9, np.float32), size=9, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(sample.tracks, np.arange(9))
    assert not sample.log_weight.any()


def test_sampling_comes_near_the_exact_fit() -> None:
    plays = power_law(300, 60, seed=5)
    exact, sampled = (
        VectorExp(VectorExpSettings(dim=4, regularization=1, sampled_tracks=size)).fit(plays, seed=1).scores(plays)
        for size in (60, 30)
    )
    agreement = [np.corrcoef(one, other)[0, 1] for one, other in zip(exact, sampled, strict=True)]
    assert np.mean(agreement) > 0.95


def test_an_empty_history_is_scored_by_the_bias() -> None:
    fitted = VectorExp(VectorExpSettings(dim=4)).fit(power_law(60, 12, seed=5), seed=1)
    np.testing.assert_allclose(fitted.scores(csr_array(np.zeros((1, 12), np.float32)))[0], fitted.tracks.bias)


def test_refuses_settings_that_mean_nothing() -> None:
    with pytest.raises(ConfigError, match="dim=0"):
        VectorExpSettings(dim=0)
    with pytest.raises(ConfigError, match="learning_rate=0"):
        VectorExpSettings(learning_rate=0)
