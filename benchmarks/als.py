"""Time to the loss that `implicit` reaches after its sweeps, ours beside it and irspack, 2 threads each.

python benchmarks/als.py [--plays 8000000] [--dims 40,128] [--sweeps 15] [--rounds 1] > als.json

All minimise implicit's own objective with the same regularization and alpha; one function here, which
none of them shares, computes the loss of all. Rounds are interleaved: implicit, ours, irspack, implicit, ...
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: implicit is several times slower with more

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from implicit.cpu.als import AlternatingLeastSquares
from irspack.recommenders.ials import IALSRecommender, IALSTrainer
from scipy.sparse import csr_array, csr_matrix

from machine import machine
from power_law import power_law_plays
from unheard.collaborative.als import Factors, als
from unheard.collaborative.als_problem import AlsSettings

FloatMatrix = npt.NDArray[np.float32]
THREADS = 2


def loss(
    plays: csr_array, listeners: FloatMatrix, tracks: FloatMatrix, alpha: float, regularization: float
) -> float:
    """implicit's objective in float64: weight alpha r, target 1 where heard; weight 1, target 0 elsewhere."""
    y = tracks.astype(np.float64)
    gram = y.T @ y
    total = regularization * ((listeners.astype(np.float64) ** 2).sum() + (y**2).sum())
    for first in range(0, len(listeners), 5_000):
        x = listeners[first : first + 5_000].astype(np.float64)
        block = plays[first : first + 5_000]
        row = np.repeat(np.arange(len(x)), np.diff(block.indptr))
        scores = np.concatenate(
            [
                np.einsum("ij,ij->i", x[row[s : s + 50_000]], y[block.indices[s : s + 50_000]])
                for s in range(0, block.nnz, 50_000)
            ]
            or [np.empty(0)]
        )
        weight = alpha * block.data.astype(np.float64)
        total += ((x @ gram) * x).sum() + (weight * (1 - scores) ** 2 - scores**2).sum()
    return float(total)


class Stopwatch:
    """Time of the sweeps alone: what looks at the factors between two of them is not counted."""

    def __init__(self) -> None:
        self.wall, self.cpu = 0.0, 0.0
        self.start()

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self.wall += time.perf_counter() - self._wall
        self.cpu += time.process_time() - self._cpu


Point = dict[str, float]
Look = Callable[[FloatMatrix, FloatMatrix], float]


def run_implicit(plays: csr_array, dim: int, args: argparse.Namespace, look: Look) -> list[Point]:
    model = AlternatingLeastSquares(
        factors=dim,
        regularization=args.regularization,
        alpha=args.alpha,
        iterations=args.sweeps,
        num_threads=THREADS,
        random_state=args.seed,
    )
    matrix = csr_matrix(plays)
    watch, points = Stopwatch(), []

    def note(sweep: int, _seconds: float, _loss: Any) -> None:
        watch.stop()
        if sweep + 1 == args.sweeps:
            value = look(model.user_factors, model.item_factors)
            points.append({"sweep": sweep + 1, "seconds": watch.wall, "cpu_seconds": watch.cpu, "loss": value})
        watch.start()

    model.fit(matrix, show_progress=False, callback=note)
    return points


def run_irspack(plays: csr_array, dim: int, args: argparse.Namespace, look: Look) -> list[Point]:
    """irspack's kernel on the same weights: it adds the unobserved 1 to what is stored."""
    matrix = csr_matrix(plays, dtype=np.float32)
    matrix.data = np.float32(args.alpha) * matrix.data - np.float32(1)
    watch, points = Stopwatch(), []
    model = IALSRecommender(
        matrix,
        n_components=dim,
        alpha0=1.0,
        reg=args.regularization,
        nu=0.0,
        loss_type="ORIGINAL",
        train_epochs=args.sweeps,
        n_threads=THREADS,
        random_seed=args.seed,
    )
    trainer = model._create_trainer()  # noqa: SLF001 - learn() would not stop between sweeps
    assert isinstance(trainer, IALSTrainer)
    model.trainer = trainer
    for sweep in range(1, args.sweeps + 1):
        trainer.run_epoch()
        watch.stop()
        if sweep >= args.sweeps // 3:
            value = look(model.get_user_embedding(), model.get_item_embedding())
            points.append({"sweep": sweep, "seconds": watch.wall, "cpu_seconds": watch.cpu, "loss": value})
        watch.start()
    return points


def our_settings(dim: int, args: argparse.Namespace) -> AlsSettings:
    return AlsSettings(
        dim=dim,
        epochs=args.sweeps,
        confidence="product",
        alpha=args.alpha,
        unobserved_weight=1.0,
        regularization=args.regularization,
        nu=0.0,
        steps=args.steps,
    )


def run_ours(plays: csr_array, dim: int, args: argparse.Namespace, look: Look) -> list[Point]:
    watch, points = Stopwatch(), []

    def note(factors: Factors) -> None:
        watch.stop()
        if factors.epochs >= args.sweeps // 3:
            value = look(factors.listeners, factors.tracks)
            points.append(
                {"sweep": factors.epochs, "seconds": watch.wall, "cpu_seconds": watch.cpu, "loss": value}
            )
        watch.start()

    als(plays, our_settings(dim, args), seed=args.seed, progress=note, n_threads=THREADS)
    return points


def compile_seconds(dim: int, args: argparse.Namespace) -> float:
    """Load or compile our kernel, on a matrix of one cell."""
    begin = time.perf_counter()
    als(csr_array(np.ones((1, 1), np.float32)), our_settings(dim, args), seed=0)
    return time.perf_counter() - begin


def floor(plays: csr_array, dim: int, steps: int) -> dict[str, float]:
    """Least arithmetic and traffic of one of our sweeps: both sides, each cell's factors fetched once."""
    rows = sum(plays.shape)
    cells = 2 * plays.nnz
    multiply_adds = cells * dim * (3 + 2 * steps) + 2 * rows * dim**2 * 1.0 + rows * dim**2
    return {
        "gflop_a_sweep": 2 * multiply_adds / 1e9,
        "gathered_gb_a_sweep": cells * -(-dim // 16) * 64 / 1e9,
        "sparse_gb_a_sweep": cells * 8 * (1 + steps) / 1e9,
    }


def compare(plays: csr_array, dim: int, args: argparse.Namespace) -> dict[str, Any]:
    def look(listeners: FloatMatrix, tracks: FloatMatrix) -> float:
        return loss(plays, listeners, tracks, args.alpha, args.regularization)

    rivals = {"implicit": run_implicit, "unheard": run_ours}
    if args.irspack:
        rivals["irspack"] = run_irspack
    compiled = compile_seconds(dim, args)
    runs: dict[str, list[list[Point]]] = {name: [] for name in rivals}
    for _ in range(args.rounds):
        for name, run in rivals.items():
            runs[name].append(run(plays, dim, args, look))
            print(f"dim {dim} {name}: {runs[name][-1][-1]}", file=sys.stderr, flush=True)
    rounds = []
    for number, reference in enumerate(runs["implicit"]):
        goal = reference[-1]
        for name in rivals:
            reached = next((point for point in runs[name][number] if point["loss"] <= goal["loss"]), None)
            if name != "implicit":
                rounds.append(
                    {
                        "rival": name,
                        "reached": reached,
                        "seconds_ratio": reached and reached["seconds"] / goal["seconds"],
                        "cpu_seconds_ratio": reached and reached["cpu_seconds"] / goal["cpu_seconds"],
                    }
                )
    return {
        "dim": dim,
        "compile_seconds": compiled,
        "floor": floor(plays, dim, args.steps),
        "to_the_loss": rounds,
        "runs": runs,
    }


def peak_memory(args: argparse.Namespace, plays: csr_array) -> dict[str, float]:
    """Fit in a process of its own, which watches its memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plays.npz"
        np.savez(path, data=plays.data, indices=plays.indices, indptr=plays.indptr, shape=plays.shape)
        command = [sys.executable, __file__, "--memory-of", str(path), "--dims", args.dims.split(",")[-1]]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def watched_fit(args: argparse.Namespace) -> dict[str, float]:
    """Peak above the interpreter with all imports, the factors taken off; the plays themselves are counted."""
    compile_seconds(int(args.dims), args)
    process, stop = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    seen = [before]

    def watch() -> None:
        while not stop.wait(0.002):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with np.load(args.memory_of) as parts:
        plays = csr_array((parts["data"], parts["indices"], parts["indptr"]), shape=tuple(parts["shape"]))
    args.sweeps = 2
    factors = als(plays, our_settings(int(args.dims), args), seed=args.seed, n_threads=THREADS)
    stop.set()
    watcher.join()
    factor_bytes = factors.listeners.nbytes + factors.tracks.nbytes
    sparse_bytes = 2 * 8 * plays.nnz + 4 * (sum(plays.shape) + 2)
    return {
        "dim": int(args.dims),
        "peak_mb": (max(seen) - before) / 1e6,
        "factors_mb": factor_bytes / 1e6,
        "two_sparse_matrices_mb": sparse_bytes / 1e6,
        "without_factors_in_sparse_matrices": (max(seen) - before - factor_bytes) / sparse_bytes,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=8_000_000)
    parser.add_argument("--listeners", type=int, default=200_000)
    parser.add_argument("--tracks", type=int, default=40_000)
    parser.add_argument("--dims", default="40,128")
    parser.add_argument("--sweeps", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--alpha", type=float, default=1.0, help="implicit's default")
    parser.add_argument("--regularization", type=float, default=0.01, help="implicit's default")
    parser.add_argument("--steps", type=int, default=3, help="conjugate gradient steps of ours; implicit takes 3")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--irspack", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--memory-of", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.memory_of:
        print(json.dumps(watched_fit(args)))
        return
    begin = machine("numpy", "scipy", "numba", "implicit", "irspack", "threadpoolctl")
    plays = power_law_plays(args.plays, n_listeners=args.listeners, n_tracks=args.tracks, seed=args.seed)
    results = [compare(plays, int(dim), args) for dim in args.dims.split(",")]
    data = {"plays": plays.nnz, "listeners": args.listeners, "tracks": args.tracks, "law": power_law_plays.__doc__}
    report = {"machine": begin, "data": data, "settings": vars(args), "threads": THREADS, "results": results}
    print(json.dumps({**report, "memory": peak_memory(args, plays)}, indent=2))


if __name__ == "__main__":
    main()
