"""The workspace's own last weeks held out: nothing heard is proposed, and times are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import new, take, train, write

from unheard.errors import UnheardError
from unheard.pipeline import past_weeks
from unheard.pipeline.past_weeks import AtCuts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from unheard.evaluate.weekly import Past
    from unheard.pipeline.demo import Demo


def test_two_weeks(done: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    heard_again: list[str] = []
    true = AtCuts.weekly

    def watched(self: AtCuts, past: Past, listeners: Sequence[str], /, *, n: int) -> Mapping[str, Sequence[str]]:
        made = true(self, past, listeners, n=n)
        table = past.listens.select(["user_id", "track_id"]).to_pydict()
        heard = set(zip(table["user_id"], table["track_id"], strict=True))
        heard_again.extend(track for user in made for track in made[user] if (user, track) in heard)
        return made

    monkeypatch.setattr(AtCuts, "weekly", watched)
    found = past_weeks.weekly(done.workspace, n_weeks=2, seed=1)
    assert heard_again == []
    assert {"weekly", "als", "popularity"} <= set(found.models)
    for model in found.models:
        for interval in found.means[model].values():
            assert interval.low <= interval.mean <= interval.high
    again = past_weeks.weekly(done.workspace, n_weeks=2, seed=1)
    assert again.means == found.means


def test_counts_without_times_cannot_be_held_out(tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    text = "user_id,artist,title,plays\n" + "".join(
        f"user{user},Band,Song {(user * 7 + song) % 12},{song + 1}\n" for user in range(8) for song in range(6)
    )
    take(home, write(tmp_path / "counts.csv", text))
    train(home)
    with pytest.raises(UnheardError, match="time"):
        past_weeks.weekly(home, n_weeks=1, seed=1)
