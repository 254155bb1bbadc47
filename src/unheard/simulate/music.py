"""The tracks of a generated world: scenes, artists around them, tracks around artists, in one taste space."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from unheard.schema import TABLES
from unheard.simulate import names

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.simulate.settings import WorldSettings

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

ARTIST_SPREAD: Final = 0.6  # an artist's distance from its scene, in units of the scene's length
TRACK_SPREAD: Final = 0.35  # a track's from its artist
LIVE_SPREAD: Final = 0.2  # a live version's from its original
KINDS: Final = ("original", "remaster", "live")


@dataclass(frozen=True, eq=False)
class Music:
    """Arrays are aligned with the tracks unless said otherwise."""

    vectors: Floats  # [n_tracks, dim], unit length
    popularity: npt.NDArray[np.float64]  # sums to 1; 0 for tracks that nobody ever plays
    released_day: Ints  # days after the world's first day; below 0 came out before
    duration_ms: Ints
    artist: Ints
    album: Ints  # number of the album within its artist
    scene: Ints
    variant_of: Ints  # row of the original; -1 for an original
    kind: npt.NDArray[np.int8]  # index into KINDS
    scene_centres: Floats  # [n_scenes, dim]
    titles: tuple[str, ...]
    artist_names: tuple[str, ...]  # [n_artists]

    @property
    def n_tracks(self) -> int:
        return len(self.vectors)


def compose(settings: WorldSettings, rng: np.random.Generator) -> Music:
    """Draw the whole catalogue."""
    n_tracks, n_artists = settings.n_tracks, settings.n_artists
    centres = unit(rng.standard_normal((settings.n_scenes, settings.dim)))
    scene_of_artist = rng.choice(settings.n_scenes, n_artists, p=_falling(settings.n_scenes, 0.5))
    artists = around(centres[scene_of_artist], ARTIST_SPREAD, rng)
    artist = np.sort(_owners(n_tracks, n_artists, rng)).astype(np.int32)
    place = np.arange(n_tracks) - np.searchsorted(artist, artist)  # 0 is an artist's first track
    vectors = around(artists[artist], TRACK_SPREAD, rng)
    album = (place // 10).astype(np.int32)
    released = _release_days(artist, album, settings, rng)
    popularity = _popularity(artist, n_artists, place, rng)
    duration = rng.normal(225_000, 50_000, n_tracks).clip(75_000, 600_000).astype(np.int32)
    original, kind = _variants(place, released, settings, rng)
    varied = original >= 0
    spread = np.where(kind[varied] == KINDS.index("live"), LIVE_SPREAD, 0.0)[:, None]
    vectors[varied] = around(vectors[original[varied]], spread, rng)
    popularity[varied] = 0.25 * popularity[original[varied]]
    released[varied] = np.maximum(released[varied], released[original[varied]])
    duration[varied] = duration[original[varied]] + np.where(kind[varied] == 2, 31_000, 700)
    popularity[rng.random(n_tracks) < settings.never_played_share] = 0.0
    artist_names, titles = _names(artist, scene_of_artist, original, kind, n_scenes=settings.n_scenes, rng=rng)
    return Music(
        vectors=vectors,
        popularity=popularity / max(popularity.sum(), 1e-12),
        released_day=released,
        duration_ms=duration,
        artist=artist,
        album=album,
        scene=scene_of_artist[artist].astype(np.int32),
        variant_of=original,
        kind=kind,
        scene_centres=centres,
        titles=titles,
        artist_names=artist_names,
    )


def unit(vectors: npt.NDArray[np.floating]) -> Floats:
    """Each row at length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def around(centres: Floats, spread: float | npt.NDArray[np.float64], rng: np.random.Generator) -> Floats:
    """Unit vectors `spread` away from unit `centres` in random directions."""
    return unit(centres + spread * unit(rng.standard_normal(centres.shape)))


def _falling(n: int, slope: float) -> npt.NDArray[np.float64]:
    """Shares that fall as rank ** -slope."""
    weights = np.arange(1, n + 1) ** -slope
    return np.asarray(weights / weights.sum())


def _owners(n_tracks: int, n_artists: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Whose each track is: everyone has one, a few have very many."""
    rest = rng.choice(n_artists, max(0, n_tracks - n_artists), p=_falling(n_artists, 0.6))
    return np.concatenate([np.arange(min(n_artists, n_tracks)), rest])


def _release_days(artist: Ints, album: Ints, settings: WorldSettings, rng: np.random.Generator) -> Ints:
    """An album comes out on one day; `new_share` of all tracks on the Fridays of the last weeks."""
    _, owner = np.unique(np.stack([artist, album], axis=1), axis=0, return_inverse=True)
    n_albums = int(owner.max()) + 1
    first_new = settings.n_days - 7 * settings.new_weeks
    # the older days reach back years, and up to the new weeks
    old = first_new - 1 - rng.exponential(1_200, n_albums).astype(np.int32)
    fridays = first_new + 4 + 7 * rng.integers(0, settings.new_weeks, n_albums)
    # whole albums at a time, in a random order, until enough tracks are new
    order = np.argsort(rng.random(n_albums)[owner], kind="stable")
    released = old[owner]
    new = order[: round(settings.new_share * len(artist))]
    released[new] = fridays[owner[new]]
    return released.astype(np.int32)


def _popularity(
    artist: Ints, n_artists: int, place: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Famous artists, their hits and their long tails; in no particular unit."""
    fame = rng.lognormal(0.0, 1.2, n_artists)
    return fame[artist] * (place + 1.0) ** -0.7 * rng.lognormal(0.0, 0.4, len(artist))


def _variants(
    place: npt.NDArray[np.int64], released: Ints, settings: WorldSettings, rng: np.random.Generator
) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Some later tracks of an artist become a remaster or live version of the artist's first track."""
    first = np.arange(len(place)) - place
    old = released < settings.n_days - 7 * settings.new_weeks
    # one remaster and one live version of the same original at most, so that no two tracks share a title
    able = (place > 0) & old & old[first] & (place < 3)
    share = settings.variant_share / max(able.mean(), 1e-9)
    chosen = able & (rng.random(len(place)) < share)
    kind = np.where(chosen, place, 0).astype(np.int8)
    return np.where(chosen, first, -1).astype(np.int32), kind


def _names(
    artist: Ints,
    scene_of_artist: npt.NDArray[np.int64],
    original: Ints,
    kind: npt.NDArray[np.int8],
    *,
    n_scenes: int,
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Artists and titles; a scene has one script."""
    script_of_scene = rng.choice(len(names.SCRIPTS), n_scenes, p=names.WEIGHTS)
    script_of_scene[0] = 0  # the largest scene is in plain Latin letters
    artist_names, titles = [""] * len(scene_of_artist), [""] * len(artist)
    for number, script in enumerate(names.SCRIPTS):
        mine = np.flatnonzero(script_of_scene[scene_of_artist] == number)
        for row, name in zip(mine.tolist(), names.phrases(len(mine), script, rng, most=2), strict=True):
            artist_names[row] = name
        tracks = np.flatnonzero(script_of_scene[scene_of_artist[artist]] == number)
        for row, title in zip(tracks.tolist(), names.phrases(len(tracks), script, rng), strict=True):
            titles[row] = title
    return tuple(names.distinct(artist_names)), _titled(titles, artist, original, kind)


def _titled(titles: list[str], artist: Ints, original: Ints, kind: npt.NDArray[np.int8]) -> tuple[str, ...]:
    """Titles told apart within an artist, variants named after their originals."""
    by_artist: dict[int, list[int]] = {}
    for row, owner in enumerate(artist.tolist()):
        by_artist.setdefault(owner, []).append(row)
    for rows in by_artist.values():
        for row, title in zip(rows, names.distinct([titles[row] for row in rows]), strict=True):
            titles[row] = title
    for row in np.flatnonzero(original >= 0).tolist():
        base = titles[int(original[row])]
        titles[row] = f"{base} - Remastered {1998 + row % 25}" if kind[row] == 1 else f"{base} (Live)"
    return tuple(titles)


def table(music: Music, settings: WorldSettings) -> pa.Table:
    """The tracks with the columns of `TABLES["tracks"]`; four of five carry a recording MBID."""
    first: date = settings.start.date()
    added = [settings.start + timedelta(days=max(0, day)) for day in music.released_day.tolist()]
    columns = {
        "track_id": track_ids(music.n_tracks),
        "title": list(music.titles),
        "artist": [music.artist_names[row] for row in music.artist.tolist()],
        "artist_id": [mbid("artist", row, settings.seed) for row in music.artist.tolist()],
        "album": album_titles(music),
        "duration_ms": music.duration_ms,
        "released": [first + timedelta(days=day) for day in music.released_day.tolist()],
        "isrc": pa.nulls(music.n_tracks, pa.string()),
        "recording_mbid": recording_mbids(music, settings.seed),
        "audio_path": pa.nulls(music.n_tracks, pa.string()),
        "added_at": added,
    }
    return pa.table(columns, schema=TABLES["tracks"])


def track_ids(n_tracks: int) -> list[str]:
    return [f"track{row:06d}" for row in range(n_tracks)]


def album_titles(music: Music) -> list[str]:
    """An album is called after its first track."""
    first: dict[tuple[int, int], str] = {}
    keys = list(zip(music.artist.tolist(), music.album.tolist(), strict=True))
    for key, title in zip(keys, music.titles, strict=True):
        first.setdefault(key, title)
    return [first[key] for key in keys]


def recording_mbids(music: Music, seed: int) -> list[str | None]:
    """MBIDs of four tracks of five; a remaster is the recording that it was made from."""
    recording = np.where(music.kind == KINDS.index("remaster"), music.variant_of, np.arange(music.n_tracks))
    return [mbid("recording", row, seed) if row % 5 else None for row in recording.tolist()]


def mbid(kind: str, row: int, seed: int) -> str:
    """A UUID that is the same each time for one kind, row and seed."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"unheard-world-{seed}-{kind}-{row}"))
