"""How much a play count says: repeated plays saturate, and skips keep their minus sign."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from unheard.errors import ConfigError

# binary: heard or not.  log: ln(1 + plays).
Curve = Literal["binary", "log", "root"]


def saturate(plays: csr_array, *, curve: Curve) -> csr_array:
    """Return `plays` [listeners, tracks] with each count passed through `curve`: float32, odd in it."""
    counts = np.abs(plays.data)
    if curve == "binary":
        strength = np.ones_like(counts)
    elif curve == "log":
        strength = np.log1p(counts)
    elif curve == "root":
        strength = np.sqrt(counts)
    else:
        raise ConfigError(f"curve={curve!r} is unknown: take one of binary, log, root")
    values = np.copysign(strength, plays.data).astype(np.float32)
    return csr_array((values, plays.indices, plays.indptr), shape=plays.shape)


def liked(plays: csr_array) -> csr_array:
    """Return 1 for each play above zero, and nothing else; float32."""
    kept = csr_array(
        (np.asarray(plays.data > 0, dtype=np.float32), plays.indices, plays.indptr),
        shape=plays.shape,
        copy=True,
    )
    kept.eliminate_zeros()
    return kept


def evened(plays: csr_array) -> csr_array:
    """Return ln(1 + plays) of `plays` [listeners, tracks], each row divided by its mean: float32.

    A play then weighs 1 on average whoever listens, and the favourites of a light listener weigh as much as
    those of a heavy one. Dislikes keep their minus sign.
    """
    strength = saturate(plays, curve="log")
    n_plays = np.diff(strength.indptr)
    totals = np.asarray(abs(strength).sum(axis=1), dtype=np.float64)
    scale = n_plays / np.where(totals > 0, totals, 1.0)
    strength.data *= np.repeat(scale, n_plays).astype(np.float32)
    return strength
