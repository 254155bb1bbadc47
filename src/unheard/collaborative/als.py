"""Implicit alternating least squares: factors of listeners and tracks from signed plays.

Hu, Koren and Volinsky 2008; conjugate gradient steps after Takacs et al. 2011; scaled regularization and the
weight of unobserved cells after Rendle et al. 2022. Before each half sweep both sides are turned into the
principal axes of the fixed side: the factors' products do not change, their Gram matrix becomes diagonal, and
a row's step costs 2 * dim multiply-adds a cell and nothing for the cells that were not observed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.als_kernel import Task, cholesky, conjugate_gradient
from unheard.collaborative.als_problem import AlsSettings, Side, accepted, side_of, transposed
from unheard.collaborative.lanes import LANES
from unheard.engines.cores import Cores, balanced_edges, cores, even_edges
from unheard.errors import ModelError

FloatMatrix = npt.NDArray[np.float32]

ROWS_A_PRODUCT = 4096  # rows that one matrix product takes: a few MB
ROW_BLOCKS = 128  # pieces of work of a half sweep: enough that no thread waits long for the last one
NEARBY_BYTES = 1 << 20  # half of a second-level cache of 2 MB


@dataclass(frozen=True)
class Factors:
    """Listeners and tracks in one space; a score is the product of two rows."""

    listeners: FloatMatrix  # [n_listeners, dim]
    tracks: FloatMatrix  # [n_tracks, dim], in their principal axes, the longest first
    epochs: int  # sweeps that were done


def als(
    plays: csr_array,
    settings: AlsSettings,
    *,
    seed: int,
    start: Factors | None = None,
    progress: Callable[[Factors], None] | None = None,
    n_threads: int | None = None,
) -> Factors:
    """Fit factors to `plays` [listeners, tracks]: above 0 liked by that much, below 0 skipped or disliked.

    A sweep solves all tracks, then all listeners. `progress` is called after each with factors that later
    sweeps overwrite: copy what is to be kept. Started from such a copy the remaining sweeps give the same
    bits as an undisturbed run, with any number of threads. Rows without a cell get factors of 0.

    Raises ModelError for plays or results that are not finite, or a `start` of another shape.
    """
    clean = accepted(plays)
    listener_side = side_of(clean, settings)
    sides = listener_side, transposed(listener_side, clean.shape[1], settings)
    tracks = _first_tracks(clean.shape[1], settings, seed) if start is None else _room(start.tracks)
    listeners = _room(np.zeros((clean.shape[0], settings.dim), np.float32) if start is None else start.listeners)
    _check_start(start, clean.shape, settings)
    done = 0 if start is None else start.epochs
    with cores(n_threads) as threads:
        if done == 0:
            _solve(sides[0], listeners, tracks, settings, threads)
        for epoch in range(done + 1, settings.epochs + 1):
            _solve(sides[1], tracks, listeners, settings, threads)
            _solve(sides[0], listeners, tracks, settings, threads)
            if progress is not None:
                progress(Factors(listeners[:, : settings.dim], tracks[:, : settings.dim], epoch))
    return _finished(listeners, tracks, settings)


def _first_tracks(n_tracks: int, settings: AlsSettings, seed: int) -> FloatMatrix:
    drawn = np.random.default_rng(seed).standard_normal((n_tracks, settings.dim), dtype=np.float32)
    drawn *= np.float32(settings.start_scale / np.sqrt(settings.dim))
    return _room(drawn)


def _room(factors: FloatMatrix) -> FloatMatrix:
    """Copy `factors` to whole registers, each row on the border of a cache line; columns added are 0."""
    n_rows, dim = factors.shape
    width = -(-dim // LANES) * LANES
    memory = np.zeros(n_rows * width + LANES, np.float32)
    skipped = -(memory.ctypes.data // 4) % LANES
    placed = memory[skipped : skipped + n_rows * width].reshape(n_rows, width)
    placed[:, :dim] = factors
    return placed


def _check_start(start: Factors | None, shape: tuple[int, ...], settings: AlsSettings) -> None:
    if start is None:
        return
    given = (start.listeners.shape, start.tracks.shape)
    needed = ((shape[0], settings.dim), (shape[1], settings.dim))
    if given != needed:
        raise ModelError(f"start has shapes {given}, plays and dim need {needed}: start anew")


def _finished(listeners: FloatMatrix, tracks: FloatMatrix, settings: AlsSettings) -> Factors:
    if not (np.isfinite(listeners).all() and np.isfinite(tracks).all()):
        raise ModelError(
            f"ALS gave factors that are not finite: raise regularization={settings.regularization} "
            f"or lower alpha={settings.alpha}"
        )
    dim = settings.dim
    return Factors(
        np.ascontiguousarray(listeners[:, :dim]), np.ascontiguousarray(tracks[:, :dim]), settings.epochs
    )


def _solve(side: Side, rows: FloatMatrix, others: FloatMatrix, settings: AlsSettings, threads: Cores) -> None:
    """Solve all `rows` against the fixed `others`, in place; `others` change their axes alone."""
    gram = gram_of(others[:, : settings.dim], threads) * settings.unobserved_weight
    edges = balanced_edges(side.indptr, ROW_BLOCKS)
    if settings.steps == 0:
        exact = Task(side, others, gram, np.float32(settings.overlap), rows)
        threads.each(lambda first, last: cholesky(first, last, exact), edges)
        return
    lengths, axes = np.linalg.eigh(gram)  # ascending; turned round, the longest first
    _turn((rows, others), axes[:, ::-1].astype(np.float32), threads)
    diagonal = _room(np.ones((1, others.shape[1]), np.float32))
    diagonal[0, : settings.dim] = np.maximum(lengths[::-1], 0.0)
    task = Task(side, others, diagonal, np.float32(settings.overlap), rows)
    solver = conjugate_gradient(others.shape[1] // LANES)
    memory = threading.local()

    def solve(first: int, last: int) -> None:
        if not hasattr(memory, "nearby"):
            memory.nearby = _room(np.empty((NEARBY_BYTES // (4 * others.shape[1]), others.shape[1]), np.float32))
        solver(first, last, task, settings.steps, memory.nearby)

    threads.each(solve, edges)


def gram_of(factors: FloatMatrix, threads: Cores) -> npt.NDArray[np.float64]:
    """Sum of the outer products of all rows: float64 [dim, dim], the same with any number of threads."""

    def product(first: int, last: int) -> npt.NDArray[np.float32]:
        block = factors[first:last]
        return block.T @ block

    total = np.zeros((factors.shape[1], factors.shape[1]))
    for part in threads.each(product, even_edges(len(factors), ROWS_A_PRODUCT)):
        total += part
    return total


def _turn(matrices: tuple[FloatMatrix, ...], axes: FloatMatrix, threads: Cores) -> None:
    """Express the rows of each matrix in the columns of `axes` [dim, dim], in place."""
    dim = len(axes)
    for matrix in matrices:

        def turn(first: int, last: int, matrix: FloatMatrix = matrix) -> None:
            matrix[first:last, :dim] = matrix[first:last, :dim] @ axes

        threads.each(turn, even_edges(len(matrix), ROWS_A_PRODUCT))
