"""What counts as a play, and how much skips, loves and dislikes weigh against plays."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetSettings:
    """The `[dataset]` section of `unheard.toml`."""

    min_played_s: float = 30.0
    """A play this long (s) counts, and any whose length no source told; a shorter one is nothing, or a skip."""
    skip_weight: float = 0.5
    """What one skip takes off the plays of that track, in plays."""
    love_weight: float = 3.0
    """What a love adds, in plays."""
    dislike_weight: float = 5.0
    """How strongly a disliked track speaks against itself, in plays, however often it was played."""
    overlap_s: float = 90.0
    """Plays of one track by one listener that two sources report within this time (s) are one play."""

    def __post_init__(self) -> None:
        for name in ("min_played_s", "skip_weight", "love_weight", "dislike_weight", "overlap_s"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} = {value} must be a finite number, 0 or more")
