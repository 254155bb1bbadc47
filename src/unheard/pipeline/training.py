"""The order of the stages: what each reads, what it writes, and which are up to date. Nothing else knows it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unheard import __version__, config
from unheard.collaborative.als import als as fit_factors
from unheard.collaborative.contract import checked
from unheard.collaborative.implicit_als import DEFAULTS
from unheard.collaborative.models import named, restore
from unheard.collaborative.saturation import evened
from unheard.dataset.build import TABLE_NAMES, Dataset, build
from unheard.dataset.sources import Sources
from unheard.errors import NotTrainedError
from unheard.pipeline.progress import Progress, labelled, part, silent
from unheard.schema import SCHEMA_VERSION, Embeddings, Manifest
from unheard.store import files, imports, objects, stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scipy.sparse import csr_array

    from unheard.collaborative.als import Factors
    from unheard.collaborative.contract import Fitted
    from unheard.collaborative.settings import CollaborativeSettings
    from unheard.config import Sections
    from unheard.store.stages import Run
    from unheard.store.workspace import Workspace

DATASET: Final = "01-dataset"
COLLABORATIVE: Final = "02-collaborative"

FACTORS_SHARE: Final = 0.3  # of the collaborative stage's progress bar


@dataclass(frozen=True)
class Context:
    """What a stage may read while it is made."""

    workspace: Workspace
    run: Run
    settings: Sections
    seed: int
    progress: Callable[[float], None]


@dataclass(frozen=True)
class Stage:
    """One step of the flow; `after` are the stages it reads."""

    name: str
    section: str
    after: tuple[str, ...]
    make: Callable[[Context, Path], None]


@dataclass(frozen=True)
class TrainReport:
    """What `unheard train` did."""

    run_id: str
    made: tuple[str, ...]
    up_to_date: tuple[str, ...]


def train(workspace: Workspace, settings: Sections, *, seed: int, progress: Progress = silent) -> TrainReport:
    """Make every stage that is out of date, then put the run in service. The caller holds the lock.

    Killed at any moment, it goes on from the last finished piece and ends with the same bits.
    Raises `NotTrainedError` when nothing was imported.
    """
    # An import of which everything was stored already changes nothing.
    known = [name for name, manifest in imports.imported(workspace).items() if manifest["outputs"]]
    if not known:
        raise NotTrainedError(f"{workspace.root} holds no data yet; import some: unheard import PATH ...")
    plain = {name: config.plain(each) for name, each in settings.items()}
    # Only what a stage is made from names the run: the playlist's dials may turn without a new one.
    parts = {stage.section: plain[stage.section] for stage in STAGES}
    run = stages.open_run(workspace, files.digest_of([__version__, SCHEMA_VERSION, seed, known, parts]))
    made: list[str] = []
    for stage in STAGES:
        manifest = Manifest(
            stage.name, __version__, SCHEMA_VERSION, seed, plain[stage.section], _inputs(run, stage, known)
        )
        if stages.up_to_date(workspace, run, stage.name, manifest):
            continue
        folder = stages.begin(run, stage.name, manifest)
        stage.make(Context(workspace, run, settings, seed, labelled(progress, stage.name)), folder)
        stages.finish(run, stage.name, manifest)
        made.append(stage.name)
    stages.put_in_service(workspace, run)
    return TrainReport(run.run_id, tuple(made), tuple(s.name for s in STAGES if s.name not in made))


def _inputs(run: Run, stage: Stage, known: list[str]) -> dict[str, str]:
    if not stage.after:
        return {f"sources/{each}": each for each in known}
    return {name: files.digest_of(stages.read_manifest(run.stage(name)).outputs) for name in stage.after}


def sources_of(workspace: Workspace) -> Sources:
    """All that was imported, streamed."""
    return Sources(**{name: imports.table(workspace, name) for name in TABLE_NAMES})


def _make_dataset(context: Context, folder: Path) -> None:
    imports.refuse_damaged(context.workspace)
    data = build(
        sources_of(context.workspace),
        context.settings["dataset"],
        scratch=context.workspace.scratch,
        progress=context.progress,
    )
    objects.save_catalog(folder, data.catalog)
    objects.save_interactions(folder, data.interactions, last_played_s=data.last_played_s)
    files.write_table(folder / "aliases.parquet", data.aliases)
    files.write_table(folder / "feedback.parquet", data.feedback)


def load_dataset(run: Run) -> Dataset:
    """The finished dataset stage of a run."""
    folder = run.stage(DATASET)
    catalog = objects.load_catalog(folder)
    interactions, beside = objects.load_interactions(folder, catalog.tracks)
    return Dataset(
        catalog,
        interactions,
        beside["last_played_s"],
        files.read_table(folder / "aliases.parquet"),
        files.read_table(folder / "feedback.parquet"),
    )


def _make_collaborative(context: Context, folder: Path) -> None:
    """First the factor space, then the model that ranks; each is kept when the stage is killed after it."""
    settings: CollaborativeSettings = context.settings["collaborative"]
    plays = load_dataset(context.run).interactions.plays
    space, ranker = folder / "factors.safetensors", folder / "model.safetensors"
    if not space.exists():
        found = fit_space(plays, settings, seed=context.seed, progress=part(context.progress, 0, FACTORS_SHARE))
        files.write_arrays(space, {"listeners": found.listeners, "tracks": found.tracks})
    if not ranker.exists():
        model = fit_model(plays, settings, seed=context.seed, progress=part(context.progress, FACTORS_SHARE, 1))
        record = {"name": model.name, "settings": dataclasses.asdict(model.settings)}
        files.write_json(folder / "model.json", record)
        files.write_arrays(ranker, model.arrays())


def fit_space(
    plays: csr_array, settings: CollaborativeSettings, *, seed: int, progress: Callable[[float], None]
) -> Factors:
    """The space in which listeners, tracks and interests lie."""
    own = dataclasses.replace(DEFAULTS, dim=settings.dim)
    even = evened(checked(plays))
    return fit_factors(even, own, seed=seed, progress=lambda found: progress(found.epochs / own.epochs))


def fit_model(
    plays: csr_array, settings: CollaborativeSettings, *, seed: int, progress: Callable[[float], None]
) -> Fitted:
    """The model that ranks."""
    return named(settings.model).fit(plays, seed=seed, progress=progress)


def load_factors(run: Run, data: Dataset) -> tuple[Embeddings, Embeddings]:
    """Listeners and tracks in one space."""
    arrays = files.read_arrays(run.stage(COLLABORATIVE) / "factors.safetensors")
    return (
        Embeddings("listeners", data.interactions.listeners, arrays["listeners"]),
        Embeddings("tracks", data.interactions.tracks, arrays["tracks"]),
    )


def load_model(run: Run) -> Fitted:
    """The model that ranks."""
    folder = run.stage(COLLABORATIVE)
    record = files.read_json(folder / "model.json")
    return restore(record["name"], files.read_arrays(folder / "model.safetensors"), record["settings"])


STAGES: Final = (
    Stage(DATASET, "dataset", (), _make_dataset),
    Stage(COLLABORATIVE, "collaborative", (DATASET,), _make_collaborative),
)
