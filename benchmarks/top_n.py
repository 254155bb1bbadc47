"""Exact top-100 of all listeners without what they heard: ours beside `implicit`'s recommend, 2 threads each.

python benchmarks/top_n.py [--plays 8000000] [--dims 40,128] [--rounds 1] > top_n.json

Both search the same factors, which our ALS fits first. Also: the fold-in of one listener and their top-100.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: implicit is several times slower with more

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_array, csr_matrix

from machine import machine
from power_law import power_law_plays
from unheard.collaborative.als import Factors, als
from unheard.collaborative.als_problem import AlsSettings
from unheard.collaborative.fold_in import FoldIn
from unheard.engines.top_n import TopN, TrackSearch, top_n

THREADS = 2
N = 100


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def agreement(ours: TopN, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> dict[str, float]:
    """Count what differs: places, places whose scores differ too (so that no tie explains it), the widest gap."""
    other = ours.ids != ids
    gap = np.abs(ours.scores - scores)
    scale = np.abs(scores).max()
    return {
        "places": float(other.size),
        "ids_differ": float(other.sum()),
        "ids_differ_and_no_tie": float((other & (gap > 1e-5 * scale)).sum()),
        "largest_score_gap": float(gap.max()),
    }


def compare(plays: csr_array, dim: int, args: argparse.Namespace) -> dict[str, Any]:
    settings = AlsSettings(dim=dim, epochs=args.sweeps, confidence="product", unobserved_weight=1.0, nu=0.0)
    factors = als(plays, settings, seed=args.seed, n_threads=THREADS)
    rival = AlternatingLeastSquares(factors=dim, num_threads=THREADS)
    rival.user_factors, rival.item_factors = factors.listeners, factors.tracks
    matrix, everyone = csr_matrix(plays), np.arange(plays.shape[0])
    top_n(factors.listeners[:300], factors.tracks, n=N, exclude=csr_array(plays[:300]))  # compiles
    rounds = []
    for _ in range(args.rounds):
        (ids, scores), theirs_took = timed(
            lambda: rival.recommend(everyone, matrix, N=N, filter_already_liked_items=True)
        )
        ours, ours_took = timed(
            lambda: top_n(factors.listeners, factors.tracks, n=N, exclude=plays, n_threads=THREADS)
        )
        speed = {key: theirs_took[key] / ours_took[key] for key in ours_took}
        same = agreement(ours, ids, scores)
        rounds.append({"implicit": theirs_took, "unheard": ours_took, "times_faster": speed, "agreement": same})
        print(f"dim {dim}: {rounds[-1]}", file=sys.stderr, flush=True)
    return {"dim": dim, "rounds": rounds, "one_listener": one_listener(plays, factors, settings)}


def one_listener(plays: csr_array, factors: Factors, settings: AlsSettings) -> dict[str, float]:
    """Milliseconds from a history to its top-100, the layout of the tracks made once before."""
    fold_in, search = FoldIn(factors.tracks, settings), TrackSearch.over(factors.tracks)
    took = []
    for listener in range(550):
        history = csr_array(plays[listener : listener + 1])
        begin = time.perf_counter()
        search.best(fold_in(history), n=N, exclude=history)
        took.append((time.perf_counter() - begin) * 1e3)
    median, rare = np.percentile(took[50:], [50, 99])
    return {"median_ms": float(median), "percentile_99_ms": float(rare)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=8_000_000)
    parser.add_argument("--listeners", type=int, default=200_000)
    parser.add_argument("--tracks", type=int, default=40_000)
    parser.add_argument("--dims", default="40,128")
    parser.add_argument("--sweeps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    report = {
        "machine": machine("numpy", "scipy", "numba", "implicit"),
        "settings": vars(args),
        "threads": THREADS,
    }
    plays = power_law_plays(args.plays, n_listeners=args.listeners, n_tracks=args.tracks, seed=args.seed)
    report["data"] = {"plays": plays.nnz, "shape": plays.shape, "law": power_law_plays.__doc__}
    report["results"] = [compare(plays, int(dim), args) for dim in args.dims.split(",")]
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
