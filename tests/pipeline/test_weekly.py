"""The week's list through the database: made once, kept, excluded from the next weeks'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import WEEK, take, train, write

from unheard.errors import ConfigError, UnknownIdError, UsageError
from unheard.pipeline import settings, trained
from unheard.pipeline import weekly as making
from unheard.playlist import weeks

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.config import Sections
    from unheard.pipeline.trained import Trained
    from unheard.schema import Playlist
    from unheard.store.workspace import Workspace

ANN = "listener00001"
ROB = "listener00002"


@pytest.fixture
def run(home: Workspace) -> Trained:
    return trained.load(home)


@pytest.fixture
def sections(home: Workspace) -> Sections:
    return settings.read(home)[0]


def lists(home: Workspace, run: Trained, sections: Sections, **knobs: object) -> list[Playlist]:
    return making.weekly(home, run, sections, **{"week": WEEK, "seed": 1} | knobs)  # type: ignore[arg-type]


def ids(playlist: Playlist) -> list[str]:
    return [line.track_id for line in playlist.tracks]


def test_what_a_list_is(home: Workspace, run: Trained, sections: Sections) -> None:
    (made,) = lists(home, run, sections, user_ids=[ANN])
    assert (made.user_id, made.week, made.run_id) == (ANN, WEEK, run.run_id)
    assert len(set(ids(made))) == len(made.tracks) == 30
    heard = run.interactions.plays[[run.listener(ANN)]].indices
    assert not set(run.catalog.tracks.rows(ids(made)).tolist()) & set(heard.tolist())
    assert all(line.reason.text for line in made.tracks)


def test_the_first_list_stays_after_retraining(
    home: Workspace, run: Trained, sections: Sections, tmp_path: Path
) -> None:
    first = lists(home, run, sections, user_ids=[ANN])
    take(home, write(tmp_path / "more.csv", f"user_id,artist,title,plays\n{ANN},U2,One,30\n"))
    train(home)
    again = trained.load(home)
    assert again.run_id != run.run_id
    assert lists(home, again, sections, user_ids=[ANN]) == first


def test_anew_replaces_it(home: Workspace, run: Trained, sections: Sections) -> None:
    (first,) = lists(home, run, sections, user_ids=[ANN])
    turned = making.turned(sections, obscurity=1.0)
    assert lists(home, run, turned, user_ids=[ANN]) == [first], "a dial alone does not touch a list that is kept"
    (anew,) = lists(home, run, turned, user_ids=[ANN], anew=True)
    assert ids(anew) != ids(first)
    assert lists(home, run, sections, user_ids=[ANN]) == [anew]


def test_the_same_inputs_give_the_same_list(home: Workspace, run: Trained, sections: Sections) -> None:
    first = lists(home, run, sections, user_ids=[ANN])
    assert lists(home, run, sections, user_ids=[ANN], anew=True) == first


def test_asked_for_alone_or_with_all(home: Workspace, run: Trained, sections: Sections) -> None:
    everybody = lists(home, run, sections)
    assert [each.user_id for each in everybody] == run.interactions.listeners.ids.to_pylist()
    home.database.unlink()
    (alone,) = lists(home, run, sections, user_ids=[ROB])
    assert [alone] == [each for each in everybody if each.user_id == ROB]


def test_lists_come_in_the_order_of_the_names(home: Workspace, run: Trained, sections: Sections) -> None:
    assert [each.user_id for each in lists(home, run, sections, user_ids=[ROB, ANN])] == [ROB, ANN]


def test_four_weeks_are_not_repeated(home: Workspace, run: Trained, sections: Sections) -> None:
    small = making.turned(sections, size=10)
    names = [WEEK]
    for _ in range(5):
        names.insert(0, weeks.before(names[0], 1)[0])
    made = {week: set(ids(lists(home, run, small, user_ids=[ANN], week=week)[0])) for week in names}
    for place, week in enumerate(names):
        for earlier in names[max(place - 4, 0) : place]:
            assert not made[week] & made[earlier], (week, earlier)
    assert made[names[0]] & made[names[5]], "after that a track may come again"


def test_exclusion_goes_by_the_weeks_that_the_settings_say(
    home: Workspace, run: Trained, sections: Sections
) -> None:
    home.settings.write_text(home.settings.read_text() + "\n[playlist]\nexclude_weeks = 0\nexploration = 0\n")
    free = settings.read(home)[0]
    before = lists(home, run, free, user_ids=[ANN], week=weeks.before(WEEK, 1)[0])[0]
    assert set(ids(lists(home, run, free, user_ids=[ANN])[0])) & set(ids(before))


def test_dials(home: Workspace, run: Trained, sections: Sections) -> None:
    def mean_popularity(obscurity: float) -> float:
        turned = making.turned(sections, obscurity=obscurity)
        (made,) = lists(home, run, turned, user_ids=[ANN], anew=True)
        return float(run.popularity[run.catalog.tracks.rows(ids(made))].mean())

    assert mean_popularity(0.0) > mean_popularity(1.0)


@pytest.mark.parametrize(
    ("dial", "value"), [("adventure", 1.5), ("obscurity", -0.1), ("adventure", float("nan")), ("size", 0)]
)
def test_a_dial_out_of_its_range(dial: str, value: float, sections: Sections) -> None:
    with pytest.raises(ConfigError, match=dial):
        making.turned(sections, **{dial: value})  # type: ignore[arg-type]


def test_an_unknown_listener_is_told_who_there_is(home: Workspace, run: Trained, sections: Sections) -> None:
    with pytest.raises(
        UnknownIdError, match=r"no listener is called 'nobody'; there are 40, such as listener00000"
    ):
        lists(home, run, sections, user_ids=[ANN, "nobody"])


@pytest.mark.parametrize("week", ["2026-47", "2026-W60", "Monday", ""])
def test_a_week_that_is_none(week: str, home: Workspace, run: Trained, sections: Sections) -> None:
    with pytest.raises(UsageError, match="no ISO week; write it like 2026-W47"):
        lists(home, run, sections, user_ids=[ANN], week=week)


def test_a_listener_who_came_later_has_a_list(home: Workspace, tmp_path: Path, sections: Sections) -> None:
    known = trained.load(home).catalog.table.to_pylist()[0]
    text = f'user_id,artist,title,plays\nnewcomer,"{known["artist"]}","{known["title"]}",3\n'
    take(home, write(tmp_path / "more.csv", text))
    train(home)
    (made,) = lists(home, trained.load(home), sections, user_ids=["newcomer"])
    assert len(made.tracks) == 30
