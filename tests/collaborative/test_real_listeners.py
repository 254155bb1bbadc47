"""The models on real listeners, at their defaults: nDCG@100 of a held-out fifth of Last.fm 2K."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_array

from unheard.collaborative.contract import Model
from unheard.collaborative.ensemble import Ensemble
from unheard.collaborative.families import FAMILIES
from unheard.collaborative.selection import Study, ndcg, study

pytestmark = pytest.mark.real_data
FIXED = {name: replace(family, axes=()) for name, family in FAMILIES.items()}


@pytest.fixture(scope="module")
def lastfm(real_data: Path) -> Study:
    table = pq.read_table(real_data / "lastfm_2k" / "user_artists.parquet")
    _, artists, n_listeners = np.unique(table["artist_id"], return_inverse=True, return_counts=True)
    kept = n_listeners[artists] >= 5
    _, rows = np.unique(table["user_id"].to_numpy()[kept], return_inverse=True)
    _, columns = np.unique(artists[kept], return_inverse=True)
    return study(csr_array((table["play_count"].to_numpy()[kept].astype(np.float32), (rows, columns))), seed=11)


@pytest.mark.parametrize(
    ("model", "least"),
    [
        (FAMILIES["als"].make(FAMILIES["als"].start), 0.408),
        (FAMILIES["item_item"].make(FAMILIES["item_item"].start), 0.416),
        (FAMILIES["vector_exp"].make(FAMILIES["vector_exp"].start), 0.37),
        (Ensemble(FIXED), 0.445),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_reaches_its_accuracy(lastfm: Study, model: Model, least: float) -> None:
    scores = model.fit(lastfm.fitted, seed=1).scores(csr_array(lastfm.fitted[lastfm.judged]))
    found = ndcg(scores, csr_array(lastfm.fitted[lastfm.judged]), csr_array(lastfm.held[lastfm.judged]))
    assert found >= least
