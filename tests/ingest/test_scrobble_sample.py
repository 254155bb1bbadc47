"""A real listener's history, written out in each format that carries times: the same tracks, the same times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from tests.ingest.exports import FORMS, Form, Play, read

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def plays(real_data: Path) -> list[Play]:
    rows = pq.read_table(real_data / "scrobble_sample" / "events.parquet").to_pylist()
    return [
        Play(
            row["timestamp"],
            row["artist_name"],
            row["track_name"],
            recording_mbid=row["track_mbid"],
            artist_mbid=row["artist_mbid"],
        )
        for row in rows
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.reader}-{form.file}")
def test_same_tracks_and_times(form: Form, plays: list[Play], tmp_path: Path) -> None:
    path = tmp_path / form.file
    form.write(path, plays)
    taken = read(path)
    assert taken.tally.taken["listens"] == taken.tally.read == len(plays) > 4_000
    told = taken.plays()
    assert {play[:2] for play in told} == {(play.artist.strip(), play.title.strip()) for play in plays}
    cut = timedelta(seconds=form.resolution_s)
    exact = sorted(play.at for play in plays)
    for (_, _, at), true_at in zip(told, exact, strict=True):
        assert timedelta(0) <= true_at - at < cut
