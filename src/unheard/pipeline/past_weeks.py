"""`unheard evaluate weekly`: the lists that this workspace would have made, had it been trained at each cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unheard.collaborative.models import named
from unheard.dataset.build import build, listens_by_recording
from unheard.dataset.sources import Sources
from unheard.engines.top_n import top_n_dense
from unheard.evaluate.weekly import measure_weekly, popularity
from unheard.pipeline import settings, training
from unheard.pipeline.progress import Progress, labelled, silent
from unheard.pipeline.trained import Trained, fit
from unheard.pipeline.weekly import make
from unheard.playlist import weeks
from unheard.store import stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from unheard.config import Sections
    from unheard.evaluate.measurement import Measurement
    from unheard.evaluate.weekly import Past
    from unheard.store.workspace import Workspace

BLOCK_LISTENERS = 256


def weekly(workspace: Workspace, *, n_weeks: int, seed: int, progress: Progress = silent) -> Measurement:
    """Hold out the workspace's last weeks by time; every model is fitted anew at each cut, to nothing after it."""
    sections, _ = settings.read(workspace)
    data = training.load_dataset(stages.current_run(workspace))
    sources = training.sources_of(workspace)
    past = AtCuts(sections, data.catalog.table, seed)
    return measure_weekly(
        listens_by_recording(sources, data.aliases, scratch=workspace.scratch),
        {"weekly": past.weekly, "als": past.als, "popularity": popularity},
        weeks=n_weeks,
        random_of="als",
        feedback=sources.feedback.to_table(),
        catalog=data.catalog,
        seed=seed,
        progress=labelled(progress, "evaluate"),
    )


@dataclass
class AtCuts:
    """The makers of lists that are measured; they share what is fitted at a cut.

    Each list stands alone: those of the weeks before were never shown to anybody, so nothing speaks against
    listing their tracks again.
    """

    sections: Sections
    tracks: pa.Table
    seed: int
    _fitted: dict[Any, Trained] = field(default_factory=dict)

    def weekly(self, past: Past, listeners: Sequence[str], /, *, n: int) -> Mapping[str, Sequence[str]]:
        """What `unheard weekly` would have given on that Monday."""
        run = self._at(past)
        week = weeks.name(past.cut.date())
        made = {}
        lists = make(run, self.sections, listeners, {}, week=week, seed=self.seed, explained=False)
        for playlist in lists:
            made[playlist.user_id] = [line.track_id for line in playlist.tracks][:n]
        return made

    def als(self, past: Past, listeners: Sequence[str], /, *, n: int) -> Mapping[str, Sequence[str]]:
        """The best unheard tracks of implicit ALS with its defaults, and nothing else."""
        run = self._at(past)
        model = named("als").fit(run.interactions.plays, seed=self.seed)
        made: dict[str, list[str]] = {}
        for start in range(0, len(listeners), BLOCK_LISTENERS):
            users = listeners[start : start + BLOCK_LISTENERS]
            histories = run.interactions.plays[[run.listener(user) for user in users]]
            best = top_n_dense(model.scores(histories), n=n, exclude=histories)
            made |= {user: run.catalog.tracks.take(best.of(row)[0]) for row, user in enumerate(users)}
        return made

    def _at(self, past: Past) -> Trained:
        if past.cut not in self._fitted:
            self._fitted.clear()
            self._fitted[past.cut] = self._fit(past)
        return self._fitted[past.cut]

    def _fit(self, past: Past) -> Trained:
        tables = {"listens": past.listens, "feedback": past.feedback, "tracks": _plain(self.tracks)}
        data = build(Sources.of(tables), self.sections["dataset"])
        return fit(data, self.sections["collaborative"], seed=self.seed, run_id=f"before {past.cut:%Y-%m-%d}")


def _plain(catalog: pa.Table) -> pa.Table:
    return catalog.drop_columns(["artist_key", "recording_group"])
