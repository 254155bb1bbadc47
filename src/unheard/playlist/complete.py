"""Fill a list that came out short although the collection allows more.

Each track stands between one artist (with room for a few) and one recording (with room for one). Taking the best
track first can block itself where near-duplicates of a recording go under different artists; then a track on the
list gives its place to another of the same recording, so that its artist has room again (augmenting paths after
Kuhn 1955, so the list is as long as any can be).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from unheard.playlist.rules import WeeklySettings

    Numbers = npt.NDArray[np.intp]


def completed(artist: Numbers, recording: Numbers, chosen: list[int], *, settings: WeeklySettings) -> list[int]:
    """`chosen` (indices of candidates), made as long as the rules allow, `settings.size` at the most."""
    if len(chosen) >= settings.size:
        return chosen
    places = _Places(artist, recording, chosen, settings.per_artist)
    for index in range(len(artist)):
        if len(places.of_recording) >= settings.size:
            break
        if int(recording[index]) not in places.of_recording:
            places.seat(index, tried=set())
    return places.listed()


class _Places:
    def __init__(self, artist: Numbers, recording: Numbers, chosen: list[int], per_artist: int) -> None:
        self.artist, self.recording, self.per_artist = artist.tolist(), recording.tolist(), per_artist
        self.of_recording: dict[int, int] = {}  # recording -> the candidate that stands for it, oldest first
        self.of_artist: defaultdict[int, set[int]] = defaultdict(set)
        self.versions: defaultdict[int, list[int]] = defaultdict(list)
        for index, number in enumerate(self.recording):
            self.versions[number].append(index)
        for index in chosen:
            self._put(index)

    def seat(self, index: int, tried: set[int]) -> bool:
        """Put a candidate on the list, moving others to other versions of their recordings if that makes room."""
        artist = self.artist[index]
        if len(self.of_artist[artist]) < self.per_artist:
            self._put(index)
            return True
        if artist in tried:
            return False
        tried.add(artist)
        for other in sorted(self.of_artist[artist]):
            for version in self.versions[self.recording[other]]:
                if self.artist[version] != artist and self.seat(version, tried):
                    self.of_artist[artist].remove(other)
                    self._put(index)
                    return True
        return False

    def _put(self, index: int) -> None:
        self.of_recording[self.recording[index]] = index
        self.of_artist[self.artist[index]].add(index)

    def listed(self) -> list[int]:
        return list(self.of_recording.values())
