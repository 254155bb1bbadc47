"""Which rows of which sources are one recording.

Rows are first joined by what names a recording outright, then by name:

1. Equal recording MBIDs are one recording, always. Equal ISRCs are one unless the versions that their titles
   tell contradict each other (codes are copied from a single to its remix). An identifier that a tagger wrote on
   more than `MAX_NAMES` different recordings is a default value and is ignored.
2. Equal normalised artist, title and version are one. So two *different* MBIDs with one name are one track: the
   many duplicates in MusicBrainz, and the remaster or single pressing with an MBID of its own, are one thing to a
   listener. What keeps them apart is what keeps any two rows apart: a version in the title, lengths in time that
   differ by more than `SAME_NAME_MS` (and by `SAME_NAME_SHARE`), or different featured artists.
3. Misspellings, subtitles left out, joint credits: `unheard.dataset.likeness`.

An operator who gives two ids to one name means two entries (the song on its album and on a compilation): those
are joined by MBID or ISRC only, and share a `recording_group`, so that a playlist takes one of them.
Rows without an artist, or by 'Various Artists', are never joined by name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import pyarrow as pa

from unheard.dataset.artists import credit
from unheard.dataset.likeness import guests_agree
from unheard.dataset.merging import Evidence, Name, lookalikes
from unheard.dataset.recordings import RecordingKey, normalise
from unheard.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["RecordingKey", "artist_keys", "normalise", "resolve"]

SERVICE_IDS: Final = ("name:", "mbid:", "isrc:", "msid:", "spotify:")
"""How ids begin that a source made from names or took from a service; all others are the operator's own."""
SAME_NAME_MS: Final = 20_000
SAME_NAME_SHARE: Final = 0.1
"""Rows of one name whose lengths differ by more than both (ms; share of the shorter) are two recordings."""
GUEST_MS: Final = 7_000
"""A row that names no guest is the one with guests where their lengths differ by no more (ms)."""
MAX_NAMES: Final = 50
"""An MBID or ISRC on more different names than this is no identifier."""

_MBID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NO_MBID: Final = "00000000-0000-0000-0000-000000000000"
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")

K = TypeVar("K")

RESOLVED: Final = pa.schema(
    [
        pa.field("source_track_id", pa.string(), nullable=False),
        pa.field("track_id", pa.string(), nullable=False),
        pa.field("recording_group", pa.string(), nullable=False),
    ]
)


class _Row(NamedTuple):
    """One row of a source. `own`: the operator gave this id."""

    track_id: str
    key: RecordingKey
    name: Name
    album: str
    length: int | None
    mbid: str
    isrc: str
    own: bool


@dataclass(slots=True, eq=False)
class _Cluster:
    """Rows that are one recording by an identifier or an equal id; `name` is the one that most rows have."""

    rows: list[_Row]
    name: Name
    length: int | None
    guests: frozenset[str]
    own: bool
    least: str

    @classmethod
    def of(cls, rows: list[_Row]) -> _Cluster:
        if len(rows) == 1:
            row = rows[0]
            return cls(rows, row.name, row.length, row.key.guests, row.own, row.track_id)
        counts = Counter(row.name for row in rows)
        # of names equally frequent the plainest leads: a missing 'live' is less likely than a wrong identifier
        name = min(counts, key=lambda name: (not name[0], -counts[name], len(name[2]), len(name[1]), name))
        lengths = sorted(row.length for row in rows if row.length is not None and row.name == name)
        guests = frozenset[str]().union(*(row.key.guests for row in rows if row.name == name))
        length = lengths[len(lengths) // 2] if lengths else None
        return cls(rows, name, length, guests, any(row.own for row in rows), min(row.track_id for row in rows))


def resolve(tracks: pa.Table) -> pa.Table:
    """Map every source-level track id to its recording: `source_track_id`, `track_id`, `recording_group`.

    `tracks` has `track_id` (distinct), and any of `title`, `artist`, `album`, `isrc`, `recording_mbid` (str?) and
    `duration_ms` (int?). The result has one row for each, ordered by `source_track_id`, whatever the order of
    `tracks`. `track_id` is the least recording MBID of its rows, else the least id that the operator gave, else
    the least id of a source. `recording_group` is the least `track_id` of those with one name and version.
    `InputError` where `track_id` is absent, null or met twice.
    """
    rows = _read(tracks)
    clusters = _by_identifiers(rows)
    names = _one_name(clusters)
    merged = _by_name(clusters, names)
    tracks_of = [(_canonical(parts), parts) for parts in merged]
    group_of: dict[Name, str] = {}
    for track_id, parts in tracks_of:
        for name in _names_of(parts, names):
            group_of[name] = min(track_id, group_of.get(name, track_id))
    out = []
    for track_id, parts in tracks_of:
        group = min((group_of[name] for name in _names_of(parts, names)), default=track_id)
        out += [(row.track_id, track_id, group) for part in parts for row in part.rows]
    out.sort()
    columns = [pa.array(column, pa.string()) for column in zip(*out, strict=True)] if out else [[], [], []]
    return pa.table(columns, schema=RESOLVED)


def _names_of(parts: list[_Cluster], names: dict[Name, Name]) -> set[Name]:
    return {names.get(part.name, part.name) for part in parts if part.name[0]}


def artist_keys(tracks: pa.Table) -> pa.Array:
    """Who counts as one artist, str? aligned with `tracks`: the normalised main artist, else `artist_id`.

    Null where nobody is named and no id is given: such tracks have no artist in common.
    """
    named = [credit(artist) for artist in _strings(tracks, "artist")]
    aliases = _agreed((who.alias, who.key) for who in named if who.alias)
    ids = _strings(tracks, "artist_id")
    return pa.array(
        [aliases.get(who.key, who.key) or artist_id or None for who, artist_id in zip(named, ids, strict=True)],
        pa.string(),
    )


def _strings(table: pa.Table, name: str) -> list[str | None]:
    if name not in table.column_names:
        return [None] * table.num_rows
    return list(table.column(name).to_pylist())


def _read(tracks: pa.Table) -> list[_Row]:
    ids = _ids(tracks)
    artists, titles, albums = (_strings(tracks, name) for name in ("artist", "title", "album"))
    keys = list(map(normalise, artists, titles, albums))
    names = _aliased(keys)
    mbids = _telling([_mbid(mbid) for mbid in _strings(tracks, "recording_mbid")], names)
    isrcs = _telling([_isrc(isrc) for isrc in _strings(tracks, "isrc")], names)
    known = set(mbids)
    rows = []
    for number, length in enumerate(_lengths(tracks)):
        track_id, mbid = ids[number], mbids[number]
        as_mbid = _mbid(track_id)
        if not mbid and as_mbid in known:
            mbid = as_mbid
        own = not track_id.startswith(SERVICE_IDS) and (not mbid or as_mbid != mbid)
        album = albums[number] or ""
        rows.append(_Row(track_id, keys[number], names[number], album, length, mbid, isrcs[number], own))
    return rows


def _ids(tracks: pa.Table) -> list[str]:
    if "track_id" not in tracks.column_names:
        raise InputError(f"tracks lack the column 'track_id'; they have {tracks.column_names}")
    column = tracks.column("track_id")
    if column.null_count:
        raise InputError(f"{column.null_count} rows of tracks have no track_id; every row needs one")
    ids: list[str] = column.to_pylist()
    if len(set(ids)) != len(ids):
        twice = min(track_id for track_id, count in Counter(ids).items() if count > 1)
        raise InputError(f"track_id {twice!r} occurs twice in tracks; ids are distinct")
    return ids


def _lengths(tracks: pa.Table) -> list[int | None]:
    """Milliseconds; 0 and less are how taggers write 'not known'."""
    if "duration_ms" not in tracks.column_names:
        return [None] * tracks.num_rows
    return [length if length and length > 0 else None for length in tracks.column("duration_ms").to_pylist()]


def _telling(values: list[str], names: list[Name]) -> list[str]:
    """Identifiers, "" in place of those that stand on more than `MAX_NAMES` names."""
    named: dict[str, set[Name]] = defaultdict(set)
    for value, name in zip(values, names, strict=True):
        if value:
            named[value].add(name)
    defaults = {value for value, all_names in named.items() if len(all_names) > MAX_NAMES}
    return ["" if value in defaults else value for value in values] if defaults else values


def _mbid(text: str | None) -> str:
    lowered = text.strip().lower() if text else ""
    return lowered if len(lowered) == 36 and _MBID.fullmatch(lowered) and lowered != _NO_MBID else ""


def _isrc(text: str | None) -> str:
    if not text or len(text) > 20:
        return ""
    code = text.replace("-", "").replace(" ", "").upper()
    return code if _ISRC.fullmatch(code) and int(code[5:]) else ""


def _aliased(keys: Sequence[RecordingKey]) -> list[Name]:
    """Names in one script where some row gives both: 'IU' is '아이유' because of '아이유 (IU)'."""
    artists = _agreed((key.credit.alias, key.artist) for key in keys if key.credit.alias)
    first = [artists.get(key.artist, key.artist) for key in keys]
    titles = _agreed(
        ((artist, key.alias), key.title) for artist, key in zip(first, keys, strict=True) if artist and key.alias
    )
    return [
        (artist, titles.get((artist, key.title), key.title) if titles else key.title, key.version)
        for artist, key in zip(first, keys, strict=True)
    ]


def _agreed(pairs: Iterable[tuple[K, str]]) -> dict[K, str]:
    """Aliases that stand for one thing only."""
    meanings: dict[K, set[str]] = defaultdict(set)
    for alias, meant in pairs:
        meanings[alias].add(meant)
    return {alias: next(iter(meant)) for alias, meant in meanings.items() if len(meant) == 1}


def _by_identifiers(rows: list[_Row]) -> list[_Cluster]:
    """Rows joined by MBID, then such clusters by ISRC where their versions agree."""
    by_mbid = _blocks_of(rows, "mbid")
    clusters = [_Cluster.of(block) for block in by_mbid]
    joined = {row.track_id for block in by_mbid for row in block}
    clusters += [_Cluster.of([row]) for row in rows if row.track_id not in joined]
    home = {row.track_id: cluster for cluster in clusters for row in cluster.rows}
    links: list[tuple[_Cluster, _Cluster]] = []
    for block in _blocks_of(rows, "isrc"):
        by_version: dict[tuple[str, ...], list[_Cluster]] = defaultdict(list)
        for row in block:
            by_version[home[row.track_id].name[2]].append(home[row.track_id])
        links += [(same[0], other) for same in by_version.values() for other in same[1:]]
    if not links:
        return clusters
    return [_Cluster.of([row for part in parts for row in part.rows]) for parts in _linked(clusters, links)]


def _blocks_of(rows: list[_Row], identifier: str) -> list[list[_Row]]:
    blocks: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        value = getattr(row, identifier)
        if value:
            blocks[value].append(row)
    return list(blocks.values())


def _linked(clusters: list[_Cluster], links: Iterable[tuple[_Cluster, _Cluster]]) -> list[list[_Cluster]]:
    """Connected parts: union-find over the clusters' positions."""
    position = {id(cluster): number for number, cluster in enumerate(clusters)}
    parent = list(range(len(clusters)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in links:
        a, b = root(position[id(one)]), root(position[id(other)])
        parent[max(a, b)] = min(a, b)
    parts: dict[int, list[_Cluster]] = defaultdict(list)
    for number, cluster in enumerate(clusters):
        parts[root(number)].append(cluster)
    return list(parts.values())


def _one_name(clusters: list[_Cluster]) -> dict[Name, Name]:
    """Names that are read as another one, of which they are lookalikes."""
    found: dict[Name, list[_Cluster]] = defaultdict(list)
    for cluster in clusters:
        found[cluster.name].append(cluster)
    known = {name: _evidence(name, same) for name, same in found.items() if name[0]}
    return lookalikes(known)


def _evidence(name: Name, same: list[_Cluster]) -> Evidence:
    if len(same) == 1 and len(same[0].rows) == 1:
        row = same[0].rows[0]
        return Evidence(row.key, 1, () if row.length is None else (row.length,))
    keys = [row.key for cluster in same for row in cluster.rows if row.name == name]
    key = min(keys, key=lambda key: (key.words, key.short, key.credit.words))
    guests = frozenset[str]().union(*(each.guests for each in keys))
    lengths = tuple(sorted({cluster.length for cluster in same if cluster.length is not None}))
    return Evidence(key._replace(guests=guests), sum(len(cluster.rows) for cluster in same), lengths)


def _by_name(clusters: list[_Cluster], names: dict[Name, Name]) -> list[list[_Cluster]]:
    """Clusters of one name joined, as far as lengths, guests and the operator's own ids allow."""
    blocks: dict[Name, list[_Cluster]] = defaultdict(list)
    merged: list[list[_Cluster]] = []
    for cluster in clusters:
        if cluster.name[0]:
            blocks[names.get(cluster.name, cluster.name)].append(cluster)
        else:
            merged.append([cluster])
    for block in blocks.values():
        if len(block) == 1:
            merged.append(block)
            continue
        for same_length in _split_by_length(block):
            for same_guests in _split_by_guests(same_length):
                merged += _split_by_owner(same_guests)
    return merged


def _split_by_length(block: list[_Cluster]) -> list[list[_Cluster]]:
    """Cut where lengths leave a gap; rows without length go where most rows are."""
    timed = sorted((c for c in block if c.length is not None), key=lambda c: (c.length or 0, c.least))
    parts: list[list[_Cluster]] = []
    for cluster in timed:
        length = cluster.length or 0
        before = parts[-1][-1].length or 0 if parts else 0
        if parts and length - before <= max(SAME_NAME_MS, SAME_NAME_SHARE * before):
            parts[-1].append(cluster)
        else:
            parts.append([cluster])
    untimed = [c for c in block if c.length is None]
    if not parts:
        return [untimed]
    largest = min(parts, key=lambda part: (-sum(len(c.rows) for c in part), min(c.least for c in part)))
    largest += untimed
    return parts


def _split_by_guests(block: list[_Cluster]) -> list[list[_Cluster]]:
    """One part for each line-up; rows without guests join the only line-up there is, if their lengths agree."""
    parts: list[list[_Cluster]] = []
    alone: list[_Cluster] = []
    for cluster in sorted(block, key=lambda c: (-len(c.guests), sorted(c.guests), c.least)):
        if not cluster.guests:
            alone.append(cluster)
            continue
        fitting = [part for part in parts if guests_agree(part[0].guests, cluster.guests)]
        if fitting:
            fitting[0].append(cluster)
        else:
            parts.append([cluster])
    if not alone:
        return parts
    if len(parts) != 1:
        return [*parts, alone]
    lengths = [c.length for c in parts[0] if c.length is not None]
    apart = [c for c in alone if lengths and c.length is not None and _gap(c.length, lengths) > GUEST_MS]
    parts[0] += [c for c in alone if c not in apart]
    return [*parts, apart] if apart else parts


def _gap(length: int, lengths: list[int]) -> int:
    return min(abs(length - other) for other in lengths)


def _split_by_owner(block: list[_Cluster]) -> list[list[_Cluster]]:
    """One part for each entry of the operator; other rows go to the entry nearest in album, length and id."""
    own = sorted((c for c in block if c.own), key=lambda c: c.least)
    if len(own) < 2:
        return [block]
    parts = [[cluster] for cluster in own]
    for cluster in block:
        if not cluster.own:
            min(parts, key=lambda part: _distance(part[0], cluster)).append(cluster)
    return parts


def _distance(entry: _Cluster, cluster: _Cluster) -> tuple[bool, int, str]:
    albums = {row.album.casefold() for row in entry.rows} & {row.album.casefold() for row in cluster.rows} - {""}
    known = entry.length is not None and cluster.length is not None
    return not albums, abs((entry.length or 0) - (cluster.length or 0)) if known else 0, entry.least


def _canonical(parts: list[_Cluster]) -> str:
    rows = [row for part in parts for row in part.rows]
    mbids = [row.mbid for row in rows if row.mbid]
    own = [row.track_id for row in rows if row.own]
    return min(mbids or own or [row.track_id for row in rows])
