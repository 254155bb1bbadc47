"""The inner loops of implicit ALS: each row of one side solved against the fixed factors of the other.

For row u with the observed cells i, weights w_i = c_i - overlap and targets g_i (c_i if liked, else 0), both
solvers treat (unobserved * Gram + ridge_u I + sum w_i y_i y_i') x = sum g_i y_i.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from unheard.collaborative.als_problem import Side
from unheard.collaborative.lanes import dot, fill, load, over, plus, prefetch, store, times

# Rows asked for ahead of their use: about the delay of main memory at the kernel's speed.
AHEAD = 8
# Below this squared residual float32 has nothing more to give.
CONVERGED = np.float32(1e-20)
ZERO, ONE, TINY = np.float32(0), np.float32(1), np.float32(1e-30)

FloatMatrix = npt.NDArray[np.float32]


class Task(NamedTuple):
    """All rows of one side, to be solved block by block."""

    side: Side
    others: FloatMatrix  # [n_others, width], the fixed factors
    gram: npt.NDArray[Any]  # unobserved weight * Gram of others: f32 [1, width], its diagonal, or f64 [dim, dim]
    overlap: np.float32
    rows: FloatMatrix  # [n_rows, width], where the search starts and the answer is written


@cache
def conjugate_gradient(n_registers: int) -> Callable[..., None]:
    """Compile the solver for factors of 16 * `n_registers` columns.

    The other side's factors must be turned so that their Gram matrix is diagonal: then the product with it,
    which is most of the arithmetic of other solvers, is one vector product, and the diagonal of the whole
    system, known exactly, makes a strong preconditioner. A row's factors are gathered once into `nearby`,
    which stays in the second-level cache for all steps; what does not fit is gathered again.
    """

    @numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
    def solve(first: int, last: int, task: Any, steps: int, nearby: Any) -> None:
        (indptr, indices, confidence, ridge), others, gram, overlap, rows = task
        end = indptr[last]
        nearby_weights = np.empty(len(nearby), np.float32)
        zeros, ones = fill(ZERO, n_registers), fill(ONE, n_registers)
        for row in range(first, last):
            begin = indptr[row]
            n_cells = indptr[row + 1] - begin
            if n_cells == 0:
                store(rows, row, zeros)
                continue
            diagonal = plus(load(gram, 0, n_registers), ridge[row], ones)
            x = load(rows, row, n_registers)
            residual = plus(zeros, -ONE, times(diagonal, x))
            whole = plus(diagonal, TINY, ones)
            for cell in range(begin, begin + n_cells):
                prefetch(others, indices[min(cell + AHEAD, end - 1)], n_registers)
                y = load(others, indices[cell], n_registers)
                weight = abs(confidence[cell]) - overlap
                if cell - begin < len(nearby):
                    store(nearby, cell - begin, y)
                    nearby_weights[cell - begin] = weight
                target = max(confidence[cell], ZERO)
                residual = plus(residual, target - weight * dot(y, x), y)
                whole = plus(whole, weight, times(y, y))
            inverse = over(ones, whole)
            direction = times(inverse, residual)
            size = dot(direction, residual)
            n_near = min(n_cells, len(nearby))
            for _ in range(steps):
                if size < CONVERGED:
                    break
                product = times(diagonal, direction)
                for near in range(n_near):
                    y = load(nearby, near, n_registers)
                    product = plus(product, nearby_weights[near] * dot(y, direction), y)
                for cell in range(begin + n_near, begin + n_cells):
                    prefetch(others, indices[min(cell + AHEAD, end - 1)], n_registers)
                    y = load(others, indices[cell], n_registers)
                    product = plus(product, (abs(confidence[cell]) - overlap) * dot(y, direction), y)
                length = size / dot(direction, product)
                x = plus(x, length, direction)
                residual = plus(residual, -length, product)
                scaled = times(inverse, residual)
                size_now = dot(scaled, residual)
                direction = plus(scaled, size_now / size, direction)
                size = size_now
            store(rows, row, x)

    compiled: Callable[..., None] = solve
    return compiled


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def cholesky(first: int, last: int, task: Any) -> None:
    """Solve the rows exactly, in float64."""
    (indptr, indices, confidence, ridge), others, gram, overlap, rows = task
    dim = len(gram)
    system = np.empty((dim, dim))
    x = np.empty(dim)
    y = np.empty(dim)
    for row in range(first, last):
        system[:] = gram
        x[:] = 0.0
        for k in range(dim):
            system[k, k] += ridge[row]
        for cell in range(indptr[row], indptr[row + 1]):
            for k in range(dim):
                y[k] = others[indices[cell], k]
            weight = abs(confidence[cell]) - overlap
            target = max(confidence[cell], ZERO)
            for k in range(dim):
                x[k] += target * y[k]
                factor = weight * y[k]
                for j in range(k + 1):
                    system[k, j] += factor * y[j]
        _solve_in_place(system, x)
        for k in range(dim):
            rows[row, k] = x[k]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _solve_in_place(system: Any, x: Any) -> None:
    """Turn `x` into the solution, `system` (its lower triangle is read) into its Cholesky factor."""
    dim = len(x)
    floor = 1e-30
    for k in range(dim):
        floor = max(floor, 1e-14 * system[k, k])
    for k in range(dim):
        for j in range(k + 1):
            total = system[k, j]
            for m in range(j):
                total -= system[k, m] * system[j, m]
            if j < k:
                system[k, j] = total / system[j, j]
            else:  # without regularization a column may carry no weight; its factor then stays 0
                system[k, k] = np.sqrt(max(total, floor))
        total = x[k]
        for m in range(k):
            total -= system[k, m] * x[m]
        x[k] = total / system[k, k]
    for k in range(dim - 1, -1, -1):
        x[k] /= system[k, k]
        for m in range(k):
            x[m] -= system[k, m] * x[k]
