"""Choosing settings: it climbs, it is bounded, and it judges by nDCG as defined."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_array
from tests.collaborative.worlds import power_law

from unheard.collaborative import selection
from unheard.collaborative.contract import Fitted, FloatMatrix, Progress, silent
from unheard.collaborative.families import ITEM_ITEM, Chosen
from unheard.collaborative.item_item import ItemItemFitted
from unheard.collaborative.selection import MOST_FITS, Axis, choose, ndcg, study


@dataclass(frozen=True)
class Knob:
    value: float = 1.0
    other: float = 1.0


@dataclass(frozen=True)
class Rigged:
    """A model that is the better the nearer its knob is to the aim: so many true tracks come first."""

    settings: Knob
    aim: float
    held: csr_array
    name: str = "rigged"

    def fit(self, plays: csr_array, *, seed: int, progress: Progress = silent) -> "Rigged":
        del plays, seed, progress
        return self

    @property
    def n_tracks(self) -> int:
        return int(self.held.shape[1])

    def scores(self, histories: csr_array) -> FloatMatrix:
        noise = np.random.default_rng(0).random(histories.shape, dtype=np.float32)
        distance = np.float32(abs(np.log(self.settings.value / self.aim)))
        return np.asarray(noise + self.held.toarray() / (1 + distance), dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return {}


@pytest.fixture
def of() -> selection.Study:
    whole = study(power_law(300, 60, seed=2), seed=1)
    rows = whole.judged
    return selection.Study(csr_array(whole.fitted[rows]), csr_array(whole.held[rows]), np.arange(len(rows)))


def rigged(aim: float, of: selection.Study) -> Callable[[Knob], Rigged]:
    return lambda settings: Rigged(settings, aim, of.held)


@pytest.mark.parametrize("aim", [0.25, 1.0, 8.0])
def test_climbs_up_or_down_to_the_best(aim: float, of: selection.Study) -> None:
    best = choose(rigged(aim, of), Knob(), (Axis("value", 2.0),), of, seed=0)
    assert best.settings == Knob(value=aim)


def test_stays_within_bounds_and_within_its_number_of_fits(of: selection.Study) -> None:
    best = choose(rigged(1e9, of), Knob(), (Axis("value", 2.0, most=8.0),), of, seed=0)
    assert best.settings.value == 8.0
    free = choose(rigged(1e9, of), Knob(), (Axis("value", 2.0),), of, seed=0)
    assert free.settings.value == 2.0 ** (MOST_FITS - 1)


def test_ndcg_by_hand() -> None:
    scores = np.array([[9, 8, 7, 6], [1, 2, 3, 4], [1, 2, 3, 4]], dtype=np.float32)
    fitted = csr_array(np.array([[1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], dtype=np.float32))
    held = csr_array(np.array([[0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=np.float32))
    first = (1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert ndcg(scores, fitted, held) == pytest.approx((first + 1.0) / 2)


def test_large_plays_are_studied_on_some_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "STUDY_PLAYS", 500)
    of = study(power_law(400, 40, seed=2), seed=1)
    assert of.fitted.shape[0] < 100
    assert of.fitted.nnz + of.held.nnz < 700


def test_too_few_listeners_to_judge_keep_the_defaults() -> None:
    fitted: Fitted = Chosen(ITEM_ITEM).fit(power_law(20, 40, seed=2), seed=1)
    assert isinstance(fitted, ItemItemFitted)
    assert fitted.settings == ITEM_ITEM.start
