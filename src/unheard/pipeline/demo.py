"""`unheard demo` and `unheard simulate`: a generated world, and the whole way from its exports to a playlist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

import numpy as np

from unheard.errors import SourceError, UsageError
from unheard.pipeline import importing, settings, trained, training, weekly
from unheard.pipeline.progress import Progress, silent
from unheard.playlist import weeks
from unheard.simulate import writers
from unheard.simulate.settings import WorldSettings
from unheard.simulate.world import World
from unheard.store import workspace as places

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.pipeline.importing import ImportReport
    from unheard.schema import Playlist
    from unheard.store.workspace import Workspace

DEMO_WORLD: Final = WorldSettings()
OWN_EXPORTS: Final = 3
"""The first listeners come with their own exports, one of each service; the rest are in one dump."""


EXPORTS: Final = "exports"  # folder of a demo's files


@dataclass(frozen=True)
class Export:
    """One file of a generated world; `user` is whose it is where the file does not say."""

    path: Path
    user: str | None


@dataclass(frozen=True)
class Demo:
    """What the demo did.

    `liking` is how well the list meets the listener's true taste, which only a generated world knows: the mean
    place of its tracks among all that they have not heard, 100 the best liked, 50 a list drawn at random.
    """

    workspace: Workspace
    world: World
    reports: tuple[ImportReport, ...]
    playlist: Playlist
    liking: float


def simulate(world_settings: WorldSettings, folder: Path) -> tuple[World, list[Export]]:
    """Generate a world and write it as its listeners would have it: exports of several services."""
    world = World.generate(world_settings)
    folder.mkdir(parents=True, exist_ok=True)
    exports = []
    formats = (
        ("listenbrainz.zip", writers.listenbrainz_zip),
        ("spotify.zip", writers.spotify_history),
        ("lastfm.csv", writers.lastfm_csv),
    )
    n_own = min(OWN_EXPORTS, world_settings.n_listeners)
    for listener, (name, write) in enumerate(formats[:n_own]):
        path = folder / f"{world.user_ids[listener]}-{name}"
        write(world, path, listener=listener)
        exports.append(Export(path, world.user_ids[listener]))
    rest = range(n_own, world_settings.n_listeners)
    if rest:
        dump = folder / "everybody-else.listens"
        writers.listenbrainz_dump(world, dump, listeners=rest)
        exports.append(Export(dump, None))
    return world, exports


def demo(folder: Path, *, world_settings: WorldSettings = DEMO_WORLD, progress: Progress = silent) -> Demo:
    """Go the whole way in `folder`: generate, import, train, and make the first listener's list."""
    _refuse_other_things(folder)
    home = places.create(folder, settings.default_text())
    sections, seed = settings.read(home)
    progress("generate", 0.0)
    world, exports = simulate(world_settings, home.root / EXPORTS)
    reports = []
    now = datetime.combine(world_settings.end, time(), UTC)
    with home.locked("demo"):
        for export in exports:
            for step in importing.import_all(
                home, [export.path], sections["dataset"], now=now, user=export.user, progress=progress
            ):
                if isinstance(step, importing.Refused):
                    raise SourceError(step.message)
                reports.append(step)
        training.train(home, sections, seed=seed, progress=progress)
    run = trained.load(home)
    week = weeks.name(now.date())
    playlist = weekly.weekly(home, run, sections, week=week, seed=seed, user_ids=[world.user_ids[0]])[0]
    return Demo(home, world, tuple(reports), playlist, liking(world, playlist, listener=0))


def _refuse_other_things(folder: Path) -> None:
    """A generated world must never be mixed with what is somebody's own."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / EXPORTS).is_dir():
        raise UsageError(f"{folder} holds other things than a demo; name an empty folder or a new one")


def liking(world: World, playlist: Playlist, *, listener: int) -> float:
    """Mean place of a list's tracks in the listener's true order of what they have not heard, 0 to 100."""
    artists, titles = (world.tracks_table.column(name).to_pylist() for name in ("artist", "title"))
    rows = {name: row for row, name in enumerate(zip(artists, titles, strict=True))}
    unheard = np.ones(world.music.n_tracks, dtype=bool)
    unheard[world.listens.track[world.listens.listener == listener]] = False
    affinity = world.affinity(np.array([listener]))[0][unheard]
    place = np.full(world.music.n_tracks, np.nan)
    place[unheard] = affinity.argsort().argsort() / max(len(affinity) - 1, 1) * 100
    listed = [rows[name] for line in playlist.tracks if (name := (line.artist, line.title)) in rows]
    return float(np.nanmean(place[listed])) if listed else float("nan")
