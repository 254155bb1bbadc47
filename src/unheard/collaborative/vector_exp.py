"""Softmax latent factors: each play of a listener is a draw from exp(a_u b_i + c_i) / Z_u.

After Bernhardsson 2013 ("More recommender algorithms"): the log-likelihood of all plays, saturated, less quadratic
penalties; Z_u is exact on small collections and estimated from drawn tracks on large ones. The bias c_i is the
track's log-popularity, so that its factors b_i need not carry it.

Training alternates over batches of listeners: a damped Newton step for their a_u, whose curvature is that of the
whole collection, then an Adam step (Kingma and Ba 2015) for all b_i and c_i. With the tracks fixed a listener's
problem is concave, and a new listener is folded in by the same Newton steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.contract import Arrays, FloatMatrix, Progress, TrackRows, checked, silent
from unheard.collaborative.saturation import evened
from unheard.engines.cores import Cores, cores, even_edges
from unheard.errors import ConfigError, ModelError

LISTENERS_A_BLOCK = 256  # listeners x sampled tracks of one block stay in the cache of a core
MAX_BATCHES = 32  # an epoch; every batch moves every track once
BATCH = 512  # listeners at least
# Large data have many batches an epoch and need fewer epochs: about so many batches, in so many epochs at least.
ENOUGH_BATCHES = 320
LEAST_EPOCHS = 8


@dataclass(frozen=True, kw_only=True)
class VectorExpSettings:
    """Knobs of the softmax factors; penalties are of the summed log-likelihood, plays saturated to about 1."""

    dim: int = 40
    epochs: int = 24  # at most; fewer where an epoch has many batches
    regularization: float = 10.0  # of each listener: regularization / 2 * |a_u|^2
    track_regularization: float = 3.0  # of a track with an average number of plays
    track_power: float = 0.75  # the penalty grows with the track's plays to this power
    learning_rate: float = 0.05  # of the first epoch; falls to 0
    sampled_tracks: int = 4096  # up to as many tracks Z_u is exact
    folding_steps: int = 20

    def __post_init__(self) -> None:
        for name in ("dim", "epochs", "sampled_tracks", "folding_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)} must be 1 or more")
        for name in ("regularization", "track_regularization", "learning_rate"):
            if not 0 < getattr(self, name) < np.inf:
                raise ConfigError(f"{name}={getattr(self, name)} must be a finite number above 0")


class Tracks(NamedTuple):
    """The side that a listener is solved against."""

    factors: FloatMatrix  # [n_tracks, dim]
    bias: npt.NDArray[np.float32]  # [n_tracks]


class Sample(NamedTuple):
    """Tracks that stand for all in Z_u."""

    tracks: npt.NDArray[np.int64]  # distinct
    log_weight: npt.NDArray[np.float32]  # how many tracks each stands for


class Curvature(NamedTuple):
    """Covariance of the factors over all plays, in its principal axes: what one play adds to the Hessian."""

    lengths: npt.NDArray[np.float32]  # [dim]
    axes: FloatMatrix  # [dim, dim]


class Observed(NamedTuple):
    """What some listeners' plays put into their objective, which does not change while they move."""

    linear: FloatMatrix  # [n, dim], sum of the factors of what each played, disliked ones taken off
    n_plays: npt.NDArray[np.float32]  # [n], dislikes left out


class Side(NamedTuple):
    """What some listeners' objective says at some point."""

    value: npt.NDArray[np.float32]  # [n], log-likelihood less penalty
    gradient: FloatMatrix  # [n, dim]
    expected: FloatMatrix  # [n, n_sampled], plays that the model expects of each sampled track


def draw(popularity: npt.NDArray[np.float32], *, size: int, rng: np.random.Generator) -> Sample:
    """Draw `size` distinct tracks, each with a chance that grows with its popularity; the best known for certain.

    Systematic sampling: a weighted sum over the sample is an unbiased estimate of the sum over all tracks.
    """
    n_tracks = len(popularity)
    if n_tracks <= size:
        return Sample(np.arange(n_tracks), np.zeros(n_tracks, np.float32))
    chance = _chances(popularity.astype(np.float64) + 0.5, size)
    order = rng.permutation(n_tracks)
    marks = np.cumsum(chance[order])
    points = (np.arange(size) + rng.random()) * (marks[-1] / size)
    tracks = np.sort(order[np.minimum(np.searchsorted(marks, points), n_tracks - 1)])
    return Sample(tracks, -np.log(chance[tracks]).astype(np.float32))


def _chances(popularity: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Chances of being drawn, in proportion to popularity and at most 1, that sum to `size`."""
    chance = np.zeros(len(popularity))
    certain = np.zeros(len(popularity), dtype=bool)
    while True:
        rest = popularity[~certain]
        chance = np.where(certain, 1.0, popularity * (size - certain.sum()) / max(rest.sum(), 1e-300))
        if not (chance > 1 + 1e-12).any():
            return np.minimum(chance, 1.0)
        certain |= chance >= 1


def curvature(tracks: Tracks, popularity: npt.NDArray[np.float32]) -> Curvature:
    """Covariance of the track factors, each track as often as it is played."""
    share = (popularity / max(float(popularity.sum()), 1e-12)).astype(np.float32)
    mean = share @ tracks.factors
    covariance = (tracks.factors * share[:, None]).T @ tracks.factors - np.outer(mean, mean)
    lengths, axes = np.linalg.eigh(covariance.astype(np.float64))
    return Curvature(np.maximum(lengths, 1e-6).astype(np.float32), axes.astype(np.float32))


def observed(plays: csr_array, tracks: Tracks) -> Observed:
    """Sum up the rows of `plays`."""
    n_plays = np.asarray(plays.maximum(0).sum(axis=1), dtype=np.float32)
    return Observed(np.asarray(plays @ tracks.factors), n_plays)


def stand_ins(tracks: Tracks, sample: Sample) -> Tracks:
    """The sampled tracks, each with the weight of those that it stands for in its bias."""
    return Tracks(tracks.factors[sample.tracks], tracks.bias[sample.tracks] + sample.log_weight)


def look(seen: Observed, listeners: FloatMatrix, sampled: Tracks, *, regularization: float) -> Side:
    """Objective of some listeners at `listeners` [n, dim]; disliked tracks take off their score, unnormalised."""
    linear, n_plays = seen
    logits = listeners @ sampled.factors.T
    logits += sampled.bias
    top = logits.max(axis=1)
    logits -= top[:, None]
    expected = np.exp(logits, out=logits)
    total = expected.sum(axis=1)
    expected *= (n_plays / total)[:, None]
    value = np.einsum("nd,nd->n", listeners, linear - (regularization / 2) * listeners)
    value -= n_plays * (np.log(total) + top)
    gradient = linear - expected @ sampled.factors - regularization * listeners
    return Side(value, gradient, expected)


def uphill(
    gradient: FloatMatrix, n_plays: npt.NDArray[np.float32], curve: Curvature, *, regularization: float
) -> FloatMatrix:
    """Turn gradients [n, dim] into Newton steps, the collection's curvature taken for each listener's own."""
    hessian = n_plays[:, None] * curve.lengths + regularization
    return np.asarray(((gradient @ curve.axes) / hessian) @ curve.axes.T, dtype=np.float32)


def folded(seen: Observed, sampled: Tracks, curve: Curvature, settings: VectorExpSettings) -> FloatMatrix:
    """Factors of listeners: each climbs, and halves its step whenever that led down; float32 [n, dim]."""
    penalty = settings.regularization
    listeners = np.zeros_like(seen.linear)
    side = look(seen, listeners, sampled, regularization=penalty)
    value, gradient = side.value, side.gradient
    stride = np.ones(len(listeners), np.float32)
    for _ in range(settings.folding_steps):
        step = uphill(gradient, seen.n_plays, curve, regularization=penalty)
        trial = listeners + stride[:, None] * step
        side = look(seen, trial, sampled, regularization=penalty)
        better = side.value >= value
        listeners[better], gradient[better] = trial[better], side.gradient[better]
        value = np.maximum(value, side.value)
        stride = np.where(better, np.minimum(stride * 1.5, 1.0), stride / 2).astype(np.float32)
    return listeners


class Adam:
    """One array's climb; moments with the usual decays."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self.square = np.zeros(shape, np.float32)
        self.count = 0

    def climb(self, values: npt.NDArray[np.float32], gradient: npt.NDArray[np.float32], rate: float) -> None:
        """Move `values` up the gradient, in place."""
        self.count += 1
        self.mean += np.float32(0.1) * (gradient - self.mean)
        self.square += np.float32(0.001) * (gradient * gradient - self.square)
        deviation = np.sqrt(self.square / np.float32(1 - 0.999**self.count)) + np.float32(1e-8)
        values += np.float32(rate / (1 - 0.9**self.count)) * self.mean / deviation


def trained(
    plays: csr_array, settings: VectorExpSettings, *, seed: int, progress: Progress, threads: Cores
) -> Tracks:
    """Fit the tracks to `plays`, prepared; the listeners' factors are thrown away, `folded` finds them again."""
    rng = np.random.default_rng(seed)
    popularity = heard(plays)
    tracks = _first_tracks(popularity, settings, rng)
    listeners = np.zeros((plays.shape[0], settings.dim), np.float32)
    climbs = Adam(tracks.factors.shape), Adam(tracks.bias.shape)
    penalty = _track_penalty(popularity, settings)
    n_batches = int(np.clip(plays.shape[0] // BATCH, 1, MAX_BATCHES))
    n_epochs = min(settings.epochs, max(LEAST_EPOCHS, ENOUGH_BATCHES // n_batches))
    for epoch in range(n_epochs):
        rate = settings.learning_rate * (1 - epoch / n_epochs)
        curve = curvature(tracks, popularity)
        for rows in np.array_split(rng.permutation(plays.shape[0]), n_batches):
            sample = draw(popularity, size=settings.sampled_tracks, rng=rng)
            ordered = np.sort(rows)
            slope = _slope(plays, listeners, ordered, Scene(tracks, sample, curve, settings), threads)
            slope.factors[:] -= penalty[:, None] * tracks.factors / n_batches
            climbs[0].climb(tracks.factors, slope.factors, rate)
            climbs[1].climb(tracks.bias, slope.bias, rate)
        progress((epoch + 1) / n_epochs)
    return tracks


class Scene(NamedTuple):
    """All that stands still while one batch is worked on."""

    tracks: Tracks
    sample: Sample
    curve: Curvature
    settings: VectorExpSettings


def heard(plays: csr_array) -> npt.NDArray[np.float32]:
    """Strength of all plays of each track, dislikes left out: float32 [n_tracks]."""
    return np.asarray(plays.maximum(0).sum(axis=0), dtype=np.float32)


def _first_tracks(
    popularity: npt.NDArray[np.float32], settings: VectorExpSettings, rng: np.random.Generator
) -> Tracks:
    factors = rng.standard_normal((len(popularity), settings.dim), dtype=np.float32) * np.float32(0.1)
    bias = np.log(popularity + np.float32(0.5))
    return Tracks(factors, np.asarray(bias - bias.max(), dtype=np.float32))


def _track_penalty(popularity: npt.NDArray[np.float32], settings: VectorExpSettings) -> FloatMatrix:
    relative = (popularity + 1e-3) / max(float(popularity.mean()), 1e-3)
    return np.asarray(settings.track_regularization * relative**settings.track_power, dtype=np.float32)


def _slope(
    plays: csr_array, listeners: FloatMatrix, rows: npt.NDArray[np.int64], scene: Scene, threads: Cores
) -> Tracks:
    """Move the listeners in `rows` by half a step, then give the tracks' gradient over them."""
    own = csr_array(plays[rows])

    def one(first: int, last: int) -> Tracks:
        return _block(csr_array(own[first:last]), listeners, rows[first:last], scene)

    expected = threads.each(one, even_edges(len(rows), LISTENERS_A_BLOCK))
    total = Tracks(np.asarray(own.T @ listeners[rows], dtype=np.float32), heard(own))
    for part in expected:
        # Sampled tracks are distinct, so that this takes off each once.
        total.factors[scene.sample.tracks] -= part.factors
        total.bias[scene.sample.tracks] -= part.bias
    return total


def _block(own: csr_array, listeners: FloatMatrix, rows: npt.NDArray[np.int64], scene: Scene) -> Tracks:
    """Move some listeners; what the model then expects of the sampled tracks is the gradient's other half."""
    penalty = scene.settings.regularization
    seen, sampled = observed(own, scene.tracks), stand_ins(scene.tracks, scene.sample)
    side = look(seen, listeners[rows], sampled, regularization=penalty)
    listeners[rows] += np.float32(0.5) * uphill(side.gradient, seen.n_plays, scene.curve, regularization=penalty)
    side = look(seen, listeners[rows], sampled, regularization=penalty)
    return Tracks(side.expected.T @ listeners[rows], side.expected.sum(axis=0))


@dataclass(frozen=True)
class VectorExpFitted:
    """Track factors and biases; listeners are folded in as they come."""

    tracks: Tracks
    popularity: npt.NDArray[np.float32]  # [n_tracks], strength of the plays it was fitted to
    settings: VectorExpSettings
    name: str = "vector_exp"

    @property
    def n_tracks(self) -> int:
        return len(self.tracks.bias)

    @property
    def embeddings(self) -> FloatMatrix:
        """The tracks' factors without the bias: float32 [n_tracks, dim]."""
        return self.tracks.factors

    @property
    def track_factors(self) -> FloatMatrix:
        """The tracks' factors, the bias as one more column: float32 [n_tracks, dim + 1]."""
        return np.column_stack([self.tracks.factors, self.tracks.bias])

    @cached_property
    def _surroundings(self) -> tuple[Tracks, Curvature]:
        """What every listener is folded in against."""
        # The same sample for everyone and always: a score must not depend on the company it is computed in.
        sample = draw(self.popularity, size=self.settings.sampled_tracks, rng=np.random.default_rng(0))
        return stand_ins(self.tracks, sample), curvature(self.tracks, self.popularity)

    def fold_in(self, histories: csr_array) -> FloatMatrix:
        """Listener factors of any histories, 1 as the last column: float32 [n, dim + 1]."""
        listeners = self._folded(evened(checked(histories, n_tracks=self.n_tracks)))
        return np.column_stack([listeners, np.ones(len(listeners), np.float32)])

    def _folded(self, plays: csr_array) -> FloatMatrix:
        sampled, curve = self._surroundings
        seen = observed(plays, self.tracks)

        def one(first: int, last: int) -> FloatMatrix:
            own = Observed(seen.linear[first:last], seen.n_plays[first:last])
            return folded(own, sampled, curve, self.settings)

        with cores() as threads:
            blocks = threads.each(one, even_edges(plays.shape[0], LISTENERS_A_BLOCK))
        return np.concatenate([np.zeros((0, self.settings.dim), np.float32), *blocks])

    def contributions(self, history: csr_array, tracks: TrackRows) -> FloatMatrix:
        """Split the scores of `tracks`, less their biases, over the plays of the one-row `history`.

        Where the climb ends, regularization * a_u is the sum over the plays of b_i - e, with e the factors that
        the model expects of a play (a representer theorem, as in Yeh et al. 2018); a dislike's part is -b_i.
        """
        plays = evened(checked(history, n_tracks=self.n_tracks))
        liked = np.maximum(plays.data, 0)
        heard_factors, penalty = self.tracks.factors[plays.indices], self.settings.regularization
        # e is taken such that the parts sum to the listener's factors wherever the climb really ended.
        rest = plays.data @ heard_factors - penalty * self._folded(plays)[0]
        expected = rest / max(float(liked.sum()), 1e-12)
        toward = self.tracks.factors[tracks].T
        shares = plays.data[:, None] * (heard_factors @ toward) - liked[:, None] * (expected @ toward)
        return np.asarray(shares.T / penalty, dtype=np.float32)

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Log-probability of each track up to a constant of the row: float32 [n, n_tracks]."""
        return self.fold_in(histories) @ self.track_factors.T

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"factors": self.tracks.factors, "bias": self.tracks.bias, "popularity": self.popularity}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        factors, bias, popularity = (
            np.asarray(arrays[name], dtype=np.float32) for name in ("factors", "bias", "popularity")
        )
        return cls(Tracks(factors, bias), popularity, VectorExpSettings(**settings))


@dataclass(frozen=True)
class VectorExp:
    settings: VectorExpSettings = VectorExpSettings()
    name: str = "vector_exp"

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> VectorExpFitted:
        """Fit track factors; raises ModelError when they run away."""
        rows = evened(checked(plays))
        with cores() as threads:
            tracks = trained(rows, self.settings, seed=seed, progress=progress, threads=threads)
        if not np.isfinite(tracks.factors).all():
            raise ModelError(f"vector_exp ran away with learning_rate={self.settings.learning_rate}: lower it")
        return VectorExpFitted(tracks, heard(rows), self.settings)
