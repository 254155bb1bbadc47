"""The ensemble's own parts; what it shares with every model is in test_contract."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from tests.collaborative.worlds import checkerboard, power_law

from unheard.collaborative.ensemble import PRIOR, Ensemble, learned_weights
from unheard.collaborative.ranks import log_places
from unheard.collaborative.selection import Study, study


def test_log_places_count_from_the_best_and_share_ties() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.9], [3.0, 3.0, 3.0, 3.0]], dtype=np.float32)
    expected = -np.log1p(np.array([[3, 0.5, 2, 0.5], [2, 2, 2, 2]]))
    np.testing.assert_allclose(log_places(scores), expected, rtol=1e-6)


def test_log_places_keep_the_order_of_a_long_row() -> None:
    scores = np.random.default_rng(0).pareto(2, (3, 5000)).astype(np.float32)
    places = log_places(scores)
    for row in range(3):
        top = np.argsort(-scores[row])[:50]
        assert (np.diff(places[row][top]) <= 0).all()


def known(n_listeners: int, *, seed: int) -> tuple[dict[str, np.ndarray], Study]:
    """Four members of which the first places every held-out track first, the others place at random."""
    rng = np.random.default_rng(seed)
    held = np.zeros((n_listeners, 30), np.float32)
    held[np.arange(n_listeners), rng.integers(0, 30, n_listeners)] = 1
    places = {name: log_places(rng.random((n_listeners, 30), dtype=np.float32)) for name in PRIOR}
    places["als"] = log_places(held + rng.random((n_listeners, 30), dtype=np.float32) * 0.1)
    fitted = np.where(held > 0, 0, rng.random((n_listeners, 30)) < 0.2).astype(np.float32)
    fitted[0] = 1 - held[0]
    fitted[1] = 1 - held[1]
    return places, Study(csr_array(fitted), csr_array(held), np.arange(n_listeners))


def test_weights_go_to_the_member_that_knows() -> None:
    weights = learned_weights(*known(400, seed=1))
    assert weights["als"] > 5 * max(abs(weights[name]) for name in PRIOR if name != "als")


def test_few_listeners_leave_the_weights_near_the_prior() -> None:
    weights = learned_weights(*known(3, seed=1))
    for name, prior in PRIOR.items():
        assert weights[name] == pytest.approx(prior, abs=0.3)


def test_no_held_out_play_leaves_the_prior() -> None:
    places, of = known(4, seed=1)
    assert learned_weights(places, replace(of, held=csr_array(np.zeros((4, 30), np.float32)))) == PRIOR


def test_shares_of_the_plays_point_to_those_of_the_same_kind() -> None:
    plays = checkerboard(14)
    fitted = Ensemble().fit(plays, seed=1)
    history = csr_array(([1.0, 1.0, 1.0], ([0, 0, 0], [0, 2, 5])), shape=(1, 14))
    shares = fitted.contributions(history, np.array([9, 10]))
    assert shares[0].argmax() == 2
    assert shares[1].argmin() == 2


def test_study_holds_out_liked_plays_alone_and_loses_none() -> None:
    plays = power_law(300, 40, seed=2)
    plays.data[::7] *= -1
    of = study(plays, seed=3)
    fitted, held = of.fitted.toarray(), of.held.toarray()
    assert not ((fitted != 0) & (held != 0)).any()
    both = np.where(held > 0, plays.toarray(), fitted)
    lost = both != plays.toarray()
    # Only tracks that the fitted part lacks altogether are left out of the truth.
    assert not fitted[:, lost.any(axis=0)].max(initial=0) > 0
    assert (plays.toarray()[held > 0] > 0).all()
    assert 0.15 < of.held.nnz / (plays.data > 0).sum() < 0.25
