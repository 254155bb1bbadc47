"""The order of a list: small steps from track to track, no artist twice in a row, the anchor near the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

FRONT = (1, 2)  # where an anchor may stand, counted from 0; the first place belongs to the best track


def arranged(
    vectors: npt.NDArray[np.float32] | None,
    artist: npt.NDArray[np.integer],
    *,
    anchor: int | None = None,
) -> list[int]:
    """Order of the tracks 0..n-1, given best first, as a path that always goes on to the nearest track left.

    `vectors` [n, dim]: nearness is their cosine; without them the given order stands.
    `artist` [n]: equal numbers are one artist, below 0 unknown. Two tracks of an artist stand apart wherever any
    place allows it. `anchor` comes second or third.
    """
    near = _nearness(vectors, len(artist))
    left = [index for index in range(len(artist)) if index != anchor]
    path = _path(near, artist, left)
    for index in sorted(set(left) - set(path)):
        _insert(path, index, near, artist, gaps=range(len(path) + 1))
    if anchor is not None:
        front = [gap for gap in FRONT if gap <= len(path)] or [len(path)]
        _insert(path, anchor, near, artist, gaps=front)
    return path


def _nearness(vectors: npt.NDArray[np.float32] | None, n: int) -> npt.NDArray[np.float64]:
    if vectors is None:
        return np.zeros((n, n))
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0).astype(np.float64)
    return np.asarray(unit @ unit.T)


def _path(near: npt.NDArray[np.float64], artist: npt.NDArray[np.integer], left: list[int]) -> list[int]:
    """Nearest-neighbour path from the first track; it ends early when only the last one's artist is left."""
    path = left[:1]
    left = left[1:]
    while left:
        open_steps = [index for index in left if not _same(artist, index, path[-1])]
        if not open_steps:
            break
        following = max(open_steps, key=lambda index: (near[path[-1], index], -index))
        path.append(following)
        left.remove(following)
    return path


def _insert(
    path: list[int],
    index: int,
    near: npt.NDArray[np.float64],
    artist: npt.NDArray[np.integer],
    *,
    gaps: range | list[int],
) -> None:
    """Put a track into the gap where it costs the least, away from its artist if any of the gaps allows that."""

    def cost(gap: int) -> tuple[int, float, int]:
        beside = [path[at] for at in (gap - 1, gap) if 0 <= at < len(path)]
        clashes = sum(_same(artist, index, other) for other in beside)
        gained = sum(float(near[index, other]) for other in beside)
        lost = float(near[beside[0], beside[1]]) if len(beside) == 2 else 0.0
        return clashes, lost - gained, -gap

    path.insert(min(gaps, key=cost), index)


def _same(artist: npt.NDArray[np.integer], one: int, other: int) -> bool:
    return bool(artist[one] >= 0 and artist[one] == artist[other])
