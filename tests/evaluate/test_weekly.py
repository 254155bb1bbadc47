"""Weeks held out by time: answers by hand, and the promise that no maker sees what comes after the cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from unheard.errors import InputError, UsageError
from unheard.evaluate.weekly import Past, measure_weekly, popularity
from unheard.schema import TABLES, Catalog, IdMap
from unheard.simulate import World, WorldSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MONDAY = datetime(2026, 11, 9, tzinfo=UTC)  # of the one held-out week


def listens(*plays: tuple[str, str, float]) -> pa.Table:
    """Plays as (listener, track, days after the held-out Monday)."""
    return pa.Table.from_pylist(
        [
            {
                "user_id": user,
                "track_id": track,
                "listened_at": MONDAY + timedelta(days=day),
                "ms_played": None,
                "skipped": None,
                "source": "test",
            }
            for user, track, day in plays
        ],
        schema=TABLES["listens"],
    )


# Ann and Bob discover; b is known to all, d to Bob alone, new to nobody before the week
PLAYS = listens(
    ("ann", "a", -40),
    ("ann", "b", -3),
    ("bob", "b", -20),
    ("bob", "c", -0.001),
    ("bob", "d", -2),
    ("ann", "b", 1),  # not the first time
    ("ann", "c", 0),  # a discovery, on the stroke of the cut
    ("bob", "new", 2),  # nobody knew it
    ("bob", "a", 6.9),
    ("eve", "a", 3),  # has no past
)


def fixed(lists: Mapping[str, Sequence[str]]) -> Callable[..., Mapping[str, Sequence[str]]]:
    def make(past: Past, listeners: Sequence[str], /, *, n: int) -> Mapping[str, Sequence[str]]:
        return lists

    return make


def test_values_and_counts_by_hand() -> None:
    found = measure_weekly(PLAYS, {"fixed": fixed({"ann": ["d", "c"], "bob": ["x"]})}, weeks=1)
    assert found.counts == {
        "weeks": 1,
        "listeners_measured": 2,
        "listener_weeks_measured": 2,
        "discoveries": 4,
        "discoveries_measured": 2,
        "discoveries_of_tracks_new_to_all": 1,
        "discoveries_of_new_listeners": 1,
        "heard_before_fixed": 0,
    }
    means = found.means["fixed"]
    assert means["hit_rate@30"].mean == 0.5
    assert means["recall@30"].mean == 0.5
    assert means["precision@30"].mean == pytest.approx(0.5 / 30)
    assert means["ndcg@30"].mean == pytest.approx(0.5 * 0.6309297535714575)
    # half of all know c and d, nobody knows x
    assert means["popularity@30"].mean == pytest.approx((0.5 + 0.0) / 2)
    assert found.totals["fixed"]["coverage@30"] == 0.5


def test_a_listener_without_a_list_is_a_miss() -> None:
    found = measure_weekly(PLAYS, {"fixed": fixed({"ann": ["c"]})}, weeks=1)
    assert found.means["fixed"]["hit_rate@30"].mean == 0.5
    assert found.means["fixed"]["novelty@30"].mean == 1.0  # of Ann's list alone


def test_tracks_heard_before_are_counted() -> None:
    found = measure_weekly(PLAYS, {"fixed": fixed({"ann": ["a", "b", "c"], "bob": ["c"]})}, weeks=1)
    assert found.counts["heard_before_fixed"] == 3


def test_skipping_is_no_discovery() -> None:
    skipped = PLAYS.set_column(4, PLAYS.schema.field(4), pa.array([row == 6 for row in range(PLAYS.num_rows)]))
    assert measure_weekly(skipped, {"pop": popularity}, weeks=1).counts["discoveries_measured"] == 1


def test_popularity_leaves_out_what_was_met() -> None:
    past = Past(MONDAY, PLAYS.slice(0, 5), TABLES["feedback"].empty_table())
    assert popularity(past, ["ann", "bob", "eve"], n=2) == {"ann": ["c", "d"], "bob": ["a"], "eve": ["b", "a"]}


def test_artists_come_from_the_catalogue() -> None:
    table = pa.table(
        {
            "title": ["A", "C", "D"],
            "artist": ["X", "X", "X"],
            "artist_key": ["x", "x", "x"],
            "recording_group": ["1", "2", "3"],
        }
    )
    lists = {"ann": ["c", "d"], "bob": ["a"]}
    found = measure_weekly(PLAYS, {"fixed": fixed(lists)}, weeks=1, catalog=Catalog(IdMap(["a", "c", "d"]), table))
    assert found.means["fixed"]["artist_variety@30"].mean == 0.75
    assert found.means["fixed"]["artist_repeats@30"].mean == 0.25


WORLD = World.generate(WorldSettings(n_listeners=60, n_tracks=1_500, n_weeks=12, seed=3))


def test_no_maker_sees_a_row_after_the_cut() -> None:
    cuts = []

    def peek(past: Past, listeners: Sequence[str], /, *, n: int) -> dict[str, list[str]]:
        assert past.listens.num_rows
        assert past.feedback.num_rows
        assert max(past.listens["listened_at"].to_pylist()) < past.cut
        assert max(past.feedback["at"].to_pylist()) < past.cut
        cuts.append(past.cut)
        return popularity(past, listeners, n=n)

    untimed = pa.Table.from_pylist(
        [{"user_id": "x", "track_id": "y", "at": None, "value": 1.0}], schema=TABLES["feedback"]
    )
    said = pa.concat_tables([WORLD.feedback_table, untimed])
    measure_weekly(WORLD.listens_table, {"peek": peek}, weeks=3, feedback=said)
    assert cuts == [datetime(2026, 10, 26, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), MONDAY]


def test_the_random_rule_draws_from_the_named_maker() -> None:
    asked = []

    def best(past: Past, listeners: Sequence[str], /, *, n: int) -> dict[str, list[str]]:
        asked.append(n)
        return popularity(past, listeners, n=n)

    once, again = (
        measure_weekly(WORLD.listens_table, {"best": best}, weeks=1, random_of="best", seed=5) for _ in range(2)
    )
    assert asked == [1_000, 1_000]
    assert once.models == ("best", "random_50_of_1000")
    assert once.to_json()["metrics"] == again.to_json()["metrics"]
    straight = measure_weekly(WORLD.listens_table, {"best": popularity}, weeks=1, seed=5)
    assert once.means["best"] == straight.means["best"]
    assert once.means["random_50_of_1000"]["popularity@30"].mean < once.means["best"]["popularity@30"].mean


def test_the_truth_itself_hits_every_time() -> None:
    rows = WORLD.listens_table.filter(pa.array(~WORLD.listens.skipped)).to_pylist()

    def oracle(past: Past, listeners: Sequence[str], /, *, n: int) -> dict[str, list[str]]:
        met = {(row["user_id"], row["track_id"]) for row in past.listens.to_pylist()}
        known = {track for _, track in met}
        found: dict[str, dict[str, None]] = {user: {} for user in listeners}
        for row in rows:
            pair = row["user_id"], row["track_id"]
            inside = past.cut <= row["listened_at"] < past.cut + timedelta(days=7)
            if inside and pair not in met and pair[1] in known and pair[0] in found:
                found[pair[0]][pair[1]] = None
        return {user: list(tracks)[:n] for user, tracks in found.items()}

    found = measure_weekly(WORLD.listens_table, {"oracle": oracle}, weeks=2)
    assert found.means["oracle"]["hit_rate@30"].mean == 1.0
    assert found.means["oracle"]["recall@30"].mean == pytest.approx(1.0)
    assert found.means["oracle"]["ndcg@30"].mean == pytest.approx(1.0)


def test_plays_without_times_are_refused() -> None:
    with pytest.raises(InputError, match="no listen carries a time"):
        measure_weekly(TABLES["listens"].empty_table(), {"pop": popularity})


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(InputError, match=r"which leaves 2\.7 before the first of 4"):
        measure_weekly(PLAYS, {"pop": popularity}, weeks=4)


def test_a_week_without_discoveries_is_refused() -> None:
    quiet = listens(("ann", "a", -40), ("ann", "a", 6))
    with pytest.raises(InputError, match="nobody discovered"):
        measure_weekly(quiet, {"pop": popularity}, weeks=1)


def test_a_list_may_not_repeat_itself() -> None:
    with pytest.raises(UsageError, match="3 tracks, 2 distinct"):
        measure_weekly(PLAYS, {"fixed": fixed({"ann": ["c", "d", "c"]})}, weeks=1)
    with pytest.raises(UsageError, match="nothing to measure"):
        measure_weekly(PLAYS, {"pop": popularity}, random_of="als")
