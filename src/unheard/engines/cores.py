"""Blocks of rows on this machine's cores: threads over functions that release the interpreter's lock."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cores:
    """Threads that work through blocks of rows; results come back in the order of the blocks.

    Nothing that is computed may depend on `n_threads`: blocks are cut by the data alone.
    """

    pool: ThreadPoolExecutor
    n_threads: int

    def each(self, function: Callable[[int, int], Result], edges: npt.NDArray[np.int64]) -> list[Result]:
        """Call `function(first, last)` for each pair of neighbouring `edges`."""
        if len(edges) == 2:  # starting a thread takes longer than a listener's fold-in
            return [function(int(edges[0]), int(edges[1]))]
        return list(self.pool.map(function, edges[:-1].tolist(), edges[1:].tolist()))


@contextmanager
def cores(n_threads: int | None = None) -> Iterator[Cores]:
    """Lend `n_threads` threads (default: every core this process may use), each with a BLAS of its own.

    Matrix products inside run on the calling thread alone; more would fight over the same cores.
    """
    count = n_threads or available_cores()
    with _blas().limit(limits=1, user_api="blas"), ThreadPoolExecutor(count) as pool:
        yield Cores(pool, count)


@cache
def _blas() -> ThreadpoolController:
    """Find the loaded BLAS libraries once: it takes a millisecond, as long as one listener's search."""
    return ThreadpoolController()


def available_cores() -> int:
    """Cores that this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def even_edges(n_rows: int, rows_a_block: int) -> npt.NDArray[np.int64]:
    """Cut rows 0..n_rows into blocks of `rows_a_block`, the last one shorter: int64 [n_blocks + 1]."""
    return np.append(np.arange(0, n_rows, rows_a_block), n_rows).astype(np.int64)


def balanced_edges(
    indptr: npt.NDArray[np.integer], n_blocks: int, *, row_cost: float = 8.0
) -> npt.NDArray[np.int64]:
    """Cut the rows of a CSR matrix into at most `n_blocks` blocks of about equal work.

    A row costs as much as `row_cost` stored cells beside its own cells.
    """
    work = indptr + row_cost * np.arange(len(indptr))
    marks = np.linspace(0, work[-1], n_blocks + 1)
    return np.unique(np.append(np.searchsorted(work, marks[:-1]), len(indptr) - 1)).astype(np.int64)
