import numpy as np
from scipy.sparse import csr_array

from unheard.collaborative.popularity import Popularity


def test_counts_listeners_who_like_a_track_not_plays_nor_dislikes() -> None:
    plays = csr_array(np.array([[9, 1, -1], [0, 1, 1], [0, 2, 0]], dtype=np.float32))
    scores = Popularity().fit(plays, seed=0).scores(plays)
    np.testing.assert_array_equal(scores, [[1, 3, 1]] * 3)
