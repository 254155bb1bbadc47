"""Keys that are one recording although they are not equal, found in blocks that share an artist or a title.

The result is a star, never a chain: the better supported key takes its lookalikes, and what it took takes none.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from unheard.dataset.likeness import artists_alike, subtitle_left_out, titles_alike, versions_alike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from unheard.dataset.recordings import RecordingKey

Name = tuple[str, str, tuple[str, ...]]
"""Artist, title and version of a `RecordingKey`: what must be equal."""

MAX_BLOCK: Final = 300
"""A block of more keys holds a name too common for a loose match; it is left alone."""


class Evidence(NamedTuple):
    """All that is known of one name: a key that has it, how many rows, and their lengths (ms), ascending."""

    key: RecordingKey
    rows: int
    lengths: tuple[int, ...]


Pair = tuple[Name, Name]


def lookalikes(known: dict[Name, Evidence]) -> dict[Name, Name]:
    """Which name is to be read as which other one. Deterministic, whatever the order of `known`."""
    near = defaultdict(set)
    for one, other in (*_same_artist(known), *_same_title(known)):
        near[one].add(other)
        near[other].add(one)
    strongest = sorted(near, key=lambda name: _rank(known, name))
    taken: dict[Name, Name] = {}
    heads: set[Name] = set()
    for name in strongest:
        candidates = [other for other in near[name] if other in heads]
        if candidates:
            taken[name] = min(candidates, key=lambda other: _rank(known, other))
        else:
            heads.add(name)
    return taken


def _rank(known: dict[Name, Evidence], name: Name) -> tuple[int, int, Name]:
    # the fuller of two equally frequent spellings leads, so that 'live:leeds' is not lost in 'live'
    return -known[name].rows, -len(name[1]) - sum(map(len, name[2])), name


def apart_ms(one: tuple[int, ...], other: tuple[int, ...]) -> int | None:
    """The smallest difference between lengths of two names; None where either tells none."""
    if not one or not other:
        return None
    if len(one) > len(other):
        one, other = other, one
    nearest = sys.maxsize
    for length in one:
        place = bisect_left(other, length)
        nearest = min(nearest, *(abs(length - near) for near in other[max(place - 1, 0) : place + 1]))
    return nearest


def _same_artist(known: dict[Name, Evidence]) -> Iterator[Pair]:
    """Misspelt titles, titles without their subtitle, and versions without details."""
    by_artist: dict[str, list[Name]] = defaultdict(list)
    for name in known:
        by_artist[name[0]].append(name)
    for names in by_artist.values():
        if len(names) > 1:
            yield from _checked(known, _letter_blocks(names), _titles)
            yield from _checked(known, _blocks(names, lambda name: name[1]), _versions)
            yield from _checked(known, _shortened(known, names), _subtitles)


def _same_title(known: dict[Name, Evidence]) -> Iterator[Pair]:
    """Misspelt, reordered and partial credits."""
    titles: dict[tuple[str, tuple[str, ...]], list[Name]] = defaultdict(list)
    for name in known:
        titles[name[1:]].append(name)
    for names in titles.values():
        if len(names) > 1:
            by_person: dict[str, set[Name]] = defaultdict(set)
            for name in names:
                key = known[name].key
                for person in key.credit.members | key.guests | {key.artist, key.artist[0]}:
                    by_person[person].add(name)
            yield from _checked(known, by_person.values(), _artists)


def _titles(one: Evidence, other: Evidence, apart: int | None) -> bool:
    return one.key.version == other.key.version and titles_alike(one.key.words, other.key.words, apart)


def _versions(one: Evidence, other: Evidence, apart: int | None) -> bool:
    return versions_alike(one.key.version, other.key.version, apart)


def _subtitles(one: Evidence, other: Evidence, apart: int | None) -> bool:
    if one.key.version != other.key.version:
        return False
    return subtitle_left_out(one.key, other.key, apart) or subtitle_left_out(other.key, one.key, apart)


def _artists(one: Evidence, other: Evidence, apart: int | None) -> bool:
    return one.key.artist != other.key.artist and artists_alike(one.key, other.key, apart)


def _checked(
    known: dict[Name, Evidence],
    blocks: Iterable[Iterable[Name]],
    alike: Callable[[Evidence, Evidence, int | None], bool],
) -> Iterator[Pair]:
    for block in blocks:
        names = list(block)
        if 1 < len(names) <= MAX_BLOCK:
            for one, other in combinations(names, 2):
                a, b = known[one], known[other]
                if alike(a, b, apart_ms(a.lengths, b.lengths)):
                    yield one, other


def _blocks(names: Iterable[Name], by: Callable[[Name], object]) -> Iterable[list[Name]]:
    blocks: dict[object, list[Name]] = defaultdict(list)
    for name in names:
        blocks[by(name)].append(name)
    return blocks.values()


def _letter_blocks(names: list[Name]) -> Iterator[list[Name]]:
    """Titles with the same first letter; those of an artist with very many, with the same first three."""
    for block in _blocks(names, lambda name: name[1][:1]):
        if len(block) <= 60:
            yield block
        else:
            yield from _blocks(block, lambda name: name[1][:3])


def _shortened(known: dict[Name, Evidence], names: list[Name]) -> Iterator[list[Name]]:
    by_title: dict[str, list[Name]] = defaultdict(list)
    for name in names:
        by_title[name[1]].append(name)
    for name in names:
        short = known[name].key.short
        if short and short in by_title:
            for other in by_title[short]:
                yield [name, other]
