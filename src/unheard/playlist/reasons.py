"""Why each track is on the list, from what really drove its score.

`explain(interest, tracks)` gives the models' own attribution: float32 [len(tracks), nnz], the share of each cell
of the listener's history, in the order it is stored, in each track's score as this interest made it. The largest
shares are quoted; among plays that did nearly as much as the first, those that no other track of the list has
quoted come first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from unheard.schema import Interest, Reason

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from unheard.schema import Catalog

Explain = Callable[[Interest, npt.NDArray[np.int32]], npt.NDArray[np.float32]]

QUOTED = 2  # plays that a reason names
NOTHING = np.empty(0, dtype=np.intp)
NEARLY = 0.5  # a play with at least this part of the largest share may be quoted in its place


def reasons(
    tracks: npt.NDArray[np.int32],
    interest: npt.NDArray[np.int32],
    interests: tuple[Interest, ...],
    *,
    history: csr_array,
    catalog: Catalog,
    explain: Explain | None,
) -> list[Reason]:
    """Give the reason of each of `tracks` (rows, in the order of the list); `interest` indexes `interests`."""
    shares: dict[int, npt.NDArray[np.float32]] = {}
    if explain is not None:
        for number in np.unique(interest).tolist():
            of_it = np.flatnonzero(interest == number)
            if len(interests[number].tracks):
                shares.update(zip(of_it.tolist(), explain(interests[number], tracks[of_it]), strict=True))
    times = np.zeros(history.nnz, dtype=np.int64)
    found = []
    for at, number in enumerate(interest.tolist()):
        own = interests[number].tracks
        quoted = _quoted(history, shares[at], times) if at in shares else NOTHING
        times[quoted] += 1
        found.append(_because(history.indices[quoted], own, catalog))
    return found


def familiar(track: int, history: csr_array, catalog: Catalog) -> Reason:
    """Give the anchor's reason: the listener's most played tracks by its artist."""
    strongest = np.lexsort((history.indices, -history.data))
    played = history.indices[strongest[history.data[strongest] > 0]]
    own = played[catalog.artists[played] == catalog.artists[track]][:QUOTED]
    artist = catalog.table.column("artist")[int(track)].as_py() or "an artist"
    return Reason(
        f"A track you have not heard by {artist}, one of the artists you play most",
        "familiar artist",
        tuple(catalog.tracks.take(own)),
    )


def _quoted(
    history: csr_array, shares: npt.NDArray[np.float32], times: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    """Places in the history of the plays to quote, largest share first; a skip is never quoted.

    `times` [nnz]: how often each was quoted before.
    """
    shares = np.where(history.data > 0, shares, 0)
    able = np.flatnonzero((shares > 0) & (shares >= NEARLY * shares.max(initial=0)))
    picked = able[np.lexsort((-shares[able], times[able]))][:QUOTED]
    return picked[np.argsort(-shares[picked], kind="stable")]


def _because(quoted: npt.NDArray[np.int32], own: npt.NDArray[np.int32], catalog: Catalog) -> Reason:
    if len(quoted):
        names = " and ".join(catalog.name(row) for row in quoted)
        return Reason(f"Because you play {names}", "plays", tuple(catalog.tracks.id(row) for row in quoted))
    if len(own):
        text = f"From the part of your listening around {catalog.name(own[0])}"
        return Reason(text, "interest", (catalog.tracks.id(own[0]),))
    return Reason("Liked by many listeners of this collection", "popular")
