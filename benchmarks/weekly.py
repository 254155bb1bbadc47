"""What one listener's weekly list costs, by part: ranking, choosing and ordering, and saying why.

python benchmarks/weekly.py [--worlds 300x2000,2000x24000] [--measured 200] [--rounds 3] [--seed 1]

Prints JSON with the machine, and a row a generated world: listeners, tracks, milliseconds a listener of processor
time (the best round) and of the clock, and the peak memory of the process. The ensemble's members are fitted with
the settings from which the choice of settings starts, and weighted as where nothing could be learned: what a list
costs does not hang on them.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

from machine import machine
from unheard import config
from unheard.blend.rank import RankSettings
from unheard.collaborative.ensemble import PRIOR, EnsembleFitted, EnsembleSettings
from unheard.collaborative.families import FAMILIES
from unheard.collaborative.popularity import Popularity
from unheard.collaborative.settings import CollaborativeSettings
from unheard.dataset.build import build
from unheard.dataset.settings import DatasetSettings
from unheard.dataset.sources import Sources
from unheard.pipeline import training, weekly
from unheard.pipeline.trained import Trained
from unheard.playlist.rules import WeeklySettings
from unheard.schema import Embeddings
from unheard.simulate.settings import WorldSettings
from unheard.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scipy.sparse import csr_array

    from unheard.collaborative.contract import Fitted
    from unheard.config import Sections

SETTINGS: Sections = {"blend": RankSettings(), "playlist": WeeklySettings()}
WEEK = "2026-W47"


def ensemble(plays: csr_array, *, seed: int) -> EnsembleFitted:
    members: dict[str, Fitted] = {
        name: family.make(family.start).fit(plays, seed=seed) for name, family in FAMILIES.items()
    }
    members["popularity"] = Popularity().fit(plays)
    return EnsembleFitted(members, PRIOR, EnsembleSettings())


def trained(n_listeners: int, n_tracks: int, *, seed: int) -> Trained:
    """A generated world, imported and trained in memory."""
    world = World.generate(WorldSettings(n_listeners=n_listeners, n_tracks=n_tracks, seed=seed))
    tables = {"listens": world.listens_table, "tracks": world.tracks_table, "feedback": world.feedback_table}
    data = build(Sources.of(tables), DatasetSettings())
    known = data.interactions
    space = training.fit_space(known.plays, CollaborativeSettings(), seed=seed, progress=lambda _: None)
    return Trained(
        "benchmark",
        data,
        ensemble(known.plays, seed=seed),
        Embeddings("tracks", known.tracks, space.tracks),
        Embeddings("listeners", known.listeners, space.listeners),
    )


def milliseconds(work: Callable[[], Iterable[object]], *, listeners: int, rounds: int) -> dict[str, float]:
    """Processor and clock time a listener of the fastest of some rounds; what must be compiled is so by then."""
    processor, clock = [], []
    for _ in range(rounds + 1):
        begin = time.process_time(), time.perf_counter()
        for _each in work():
            pass
        processor.append(time.process_time() - begin[0])
        clock.append(time.perf_counter() - begin[1])
    return {"processor_ms": 1e3 * min(processor[1:]) / listeners, "clock_ms": 1e3 * min(clock[1:]) / listeners}


def parts(run: Trained, users: Sequence[str], *, seed: int, rounds: int) -> dict[str, dict[str, float]]:
    """Each part alone: what is made with it, less what is made without it."""

    def lists(*, explained: bool) -> Callable[[], Iterable[object]]:
        return lambda: weekly.make(run, SETTINGS, users, {}, week=WEEK, seed=seed, explained=explained)

    works = {
        "rank": lambda: weekly.rankings(run, SETTINGS["blend"], users),
        "build": lists(explained=False),
        "explain": lists(explained=True),
    }
    sums = {name: milliseconds(work, listeners=len(users), rounds=rounds) for name, work in works.items()}
    costs = {"rank": sums["rank"]}
    for name, before in (("build", "rank"), ("explain", "build")):
        costs[name] = {unit: sums[name][unit] - sums[before][unit] for unit in sums[name]}
    return costs | {"all": sums["explain"]}


def measured(n_listeners: int, n_tracks: int, args: argparse.Namespace) -> dict[str, Any]:
    run = trained(n_listeners, n_tracks, seed=args.seed)
    before_mib = _peak_mib()
    users = run.interactions.listeners.ids.to_pylist()[: args.measured]
    costs = parts(run, users, seed=args.seed, rounds=args.rounds)
    row = {
        "listeners": len(run.interactions.listeners),
        "tracks": len(run.catalog.tracks),
        "plays": int(run.interactions.plays.nnz),
        "listeners_measured": len(users),
        "a_listener": costs,
        "peak_mib_trained": before_mib,
        "peak_mib": _peak_mib(),
    }
    print(row, file=sys.stderr, flush=True)
    return row


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", default="300x2000,2000x24000", help="listeners x tracks, each")
    parser.add_argument("--measured", type=int, default=200, help="listeners whose lists are made")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    worlds = [tuple(map(int, world.split("x"))) for world in args.worlds.split(",")]
    rows = [measured(n_listeners, n_tracks, args) for n_listeners, n_tracks in worlds]
    print(
        json.dumps(
            {
                "machine": machine("numpy", "scipy", "numba", "pyarrow"),
                "seed": args.seed,
                "settings": {name: config.plain(each) for name, each in SETTINGS.items()},
                "worlds": rows,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
