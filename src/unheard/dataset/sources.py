"""The rows that a data set is made from, as the ground hands them over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.dataset as pads

from unheard.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Sources:
    """Every table that was imported, streamed; each has the schema of `TABLES`."""

    listens: pads.Dataset
    play_counts: pads.Dataset
    tracks: pads.Dataset
    feedback: pads.Dataset
    playlists: pads.Dataset

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table]) -> Sources:
        """Sources held in memory; a table that is not given is empty."""
        names = ("listens", "play_counts", "tracks", "feedback", "playlists")
        return cls(
            *(pads.dataset(tables.get(name, TABLES[name].empty_table()).cast(TABLES[name])) for name in names)
        )

    def before(self, cut: datetime) -> Sources:
        """What was known before `cut` (UTC): later listens and feedback, and all that has no time, left out."""
        return replace(
            self,
            listens=self.listens.filter(pc.field("listened_at") < cut),
            feedback=self.feedback.filter(pc.field("at") < cut),
            play_counts=pads.dataset(TABLES["play_counts"].empty_table()),
        )
