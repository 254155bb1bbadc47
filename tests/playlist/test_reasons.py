"""Reasons: the plays that did it, told without repeating oneself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from tests.playlist.worlds import catalog, row

from unheard.playlist.reasons import Explain, reasons
from unheard.schema import Interest

ABOUT = catalog(["A", "B", "C", "D", "E", "F"])
HISTORY = row(6, {0: 5.0, 1: 3.0, 2: -2.0, 3: 1.0})
ALL = (Interest(np.array([0, 1, 3], dtype=np.int32), 1.0),)


def saying(shares: list[list[float]]) -> Explain:
    def explain(interest: Interest, tracks: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        assert len(tracks) == len(shares)
        return np.array(shares, dtype=np.float32)

    return explain


def texts(shares: list[list[float]]) -> list[str]:
    tracks = np.array([4, 5][: len(shares)], dtype=np.int32)
    numbers = np.zeros(len(shares), dtype=np.int32)
    found = reasons(tracks, numbers, ALL, history=HISTORY, catalog=ABOUT, explain=saying(shares))
    return [reason.text for reason in found]


def test_the_two_plays_that_did_most_are_quoted_largest_first() -> None:
    assert texts([[0.2, 0.3, 0.0, 0.25]]) == ["Because you play B - Song 1 and D - Song 3"]


def test_a_play_that_did_little_is_not_quoted() -> None:
    assert texts([[1.0, 0.1, 0.0, 0.1]]) == ["Because you play A - Song 0"]


def test_a_skip_is_never_the_reason() -> None:
    assert texts([[0.2, 0.0, 0.9, 0.0]]) == ["Because you play A - Song 0"]


def test_the_next_track_quotes_other_plays_that_did_nearly_as_much() -> None:
    alike = [0.3, 0.29, 0.0, 0.28]
    assert texts([alike, alike]) == [
        "Because you play A - Song 0 and B - Song 1",
        "Because you play A - Song 0 and D - Song 3",
    ]


def test_nothing_that_speaks_for_a_track_is_not_made_up() -> None:
    found = texts([[-1.0, 0.0, 0.0, 0.0]])
    assert found == ["From the part of your listening around A - Song 0"]


def test_ids_of_the_plays_are_under_the_sentence() -> None:
    found = reasons(
        np.array([4], dtype=np.int32),
        np.array([0], dtype=np.int32),
        ALL,
        history=HISTORY,
        catalog=ABOUT,
        explain=saying([[0.1, 0.3, 0, 0]]),
    )
    assert (found[0].kind, found[0].track_ids) == ("plays", ("t1",))


def test_without_plays_it_is_what_others_like() -> None:
    nothing = (Interest(np.array([], dtype=np.int32), 1.0),)
    found = reasons(
        np.array([4], dtype=np.int32),
        np.array([0], dtype=np.int32),
        nothing,
        history=row(6, {}),
        catalog=ABOUT,
        explain=saying([]),
    )
    assert (found[0].text, found[0].kind) == ("Liked by many listeners of this collection", "popular")
