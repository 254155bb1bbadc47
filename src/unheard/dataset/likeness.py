# ruff: noqa: SIM905 - lists of words
"""When two keys that differ may still be one recording: misspellings, missing subtitles, joint credits.

Every rule errs towards two recordings: short words, numbers, plurals and ideographs never match loosely.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from unheard.dataset.artists import Credit
    from unheard.dataset.recordings import RecordingKey

NEAR_MS: Final = 3_000
"""Lengths this close (ms) speak for one recording where names alone are not enough."""
FAR_MS: Final = 7_000
"""Lengths further apart (ms) forbid any loose match."""

_EXACT: Final = frozenset(
    "one two three four five six seven eight nine ten eleven twelve first second third fourth fifth major minor"
    " flat sharp part volume north south east west left right".split()
)
_WILD: Final = re.compile(r"\*+")


def titles_alike(one: str, other: str, apart_ms: int | None) -> bool:
    """Whether two titles (words) of one artist are one title, one of them misspelt.

    `apart_ms`: difference of their lengths in time; None where one is not known.
    """
    if apart_ms is not None and apart_ms > FAR_MS:
        return False
    if "*" in one or "*" in other:
        return _censored(one, other) or _censored(other, one)
    left, right = one.split(), other.split()
    if len(left) != len(right) or len(one) < 8:
        return False
    differing = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if not differing or len(differing) > (2 if len(left) >= 5 else 1):
        return False
    sure = apart_ms is not None and apart_ms <= NEAR_MS
    return all(_words_alike(a, b, alone=len(left) < 3, sure=sure and len(left) > 2) for a, b in differing)


def _words_alike(one: str, other: str, *, alone: bool, sure: bool) -> bool:
    """Whether two words are one, misspelt; `alone`: little else speaks for it, `sure`: lengths in time do."""
    # in alphabets up to Cyrillic one letter carries little meaning; in a syllable or an ideograph it carries much
    if not (one.isalpha() and other.isalpha() and max(one + other) < "\u0530"):
        return False
    if one in _EXACT or other in _EXACT or one[0] != other[0]:
        return False
    shortest = min(len(one), len(other))
    if alone and (one == other + "s" or other == one + "s"):
        return False
    if shortest < (4 if sure else 5 + alone):
        return False
    return OSA.distance(one, other, score_cutoff=3) <= (2 if shortest >= 8 else 1)


def _censored(veiled: str, spoken: str) -> bool:
    """Whether asterisks within words of `veiled` stand for letters of `spoken`."""
    if "*" not in veiled or len(veiled.replace("*", "")) < 3:
        return False
    parts = _WILD.split(veiled)
    stars = [len(stars) for stars in _WILD.findall(veiled)]
    pattern = re.escape(parts[0]) + "".join(
        f"[^ ]{{1,{count + 1}}}" + re.escape(part) for count, part in zip(stars, parts[1:], strict=True)
    )
    return re.fullmatch(pattern, spoken) is not None


def subtitle_left_out(longer: RecordingKey, shorter: RecordingKey, apart_ms: int | None) -> bool:
    """Whether `shorter` is `longer` without its subtitle. Short titles ask for equal lengths in time."""
    if not longer.short or longer.short != shorter.title or len(shorter.title) < 8 or " " not in shorter.words:
        return False
    if apart_ms is None:
        return shorter.words.count(" ") >= 4
    return apart_ms <= NEAR_MS


def artists_alike(one: RecordingKey, other: RecordingKey, apart_ms: int | None) -> bool:
    """Whether two credits of one title are one: misspelt, in another order, or one names more people."""
    if apart_ms is not None and apart_ms > FAR_MS:
        return False
    if _same_people(one, other):
        return True
    a, b = one.credit, other.credit
    shared = (a.members | {a.key}) & (b.members | one.guests | other.guests | {b.key})
    if shared and apart_ms is not None and apart_ms <= NEAR_MS and len(one.title) >= 5:
        left, right = a.members | one.guests, b.members | other.guests
        if left <= right | {b.key} or right <= left | {a.key}:
            return True
    return len(one.title) >= 6 and _misspelt(a, b, sure=apart_ms is not None and apart_ms <= NEAR_MS)


def _same_people(one: RecordingKey, other: RecordingKey) -> bool:
    left, right = one.credit.members | one.guests, other.credit.members | other.guests
    if left == right and len(left) > 1:
        return True
    words = one.credit.words.split()
    return len(words) > 1 and sorted(words) == sorted(other.credit.words.split())


def _misspelt(one: Credit, other: Credit, *, sure: bool) -> bool:
    a, b = one.key, other.key
    shortest = min(len(a), len(b))
    if shortest < 7 or a[0] != b[0] or not (a.isascii() and b.isascii()):
        return False
    if any(map(str.isdigit, a + b)):
        return False
    return OSA.distance(a, b, score_cutoff=3) <= (2 if shortest >= (11 if sure else 12) else 1)


def versions_alike(one: tuple[str, ...], other: tuple[str, ...], apart_ms: int | None) -> bool:
    """Whether a version without details is the detailed one: 'live' and 'live:leeds' of equal length in time."""
    if apart_ms is None or apart_ms > NEAR_MS or len(one) != 1 or len(other) != 1:
        return False
    kind, _, details = one[0].partition(":")
    other_kind, _, other_details = other[0].partition(":")
    few, many = sorted((set(details.split()), set(other_details.split())), key=len)
    return kind == other_kind and few <= many


def guests_agree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two lists of guests may be of one recording: they share somebody, or one is empty."""
    return not one or not other or bool(one & other)
