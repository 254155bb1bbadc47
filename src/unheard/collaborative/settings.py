"""Which models a workspace fits, and how large their space is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unheard.errors import ConfigError

ModelName = Literal["popularity", "als", "vector_exp", "item_item", "ensemble"]


@dataclass(frozen=True)
class CollaborativeSettings:
    """The `[collaborative]` section of `unheard.toml`."""

    model: ModelName = "ensemble"  # ranks the tracks
    dim: int = 40  # of the space in which listeners, tracks and interests lie

    def __post_init__(self) -> None:
        if not 1 <= self.dim <= 4096:
            raise ConfigError(f"dim = {self.dim}; the factor space has 1 to 4096 dimensions")
