"""Worlds with known truth: listeners, tracks and plays that are generated from a seed, for demo, tests and scale.

`World.generate` makes a small world that one may question (who likes what, really?); `scale` makes plays by the
million where only their number and shape matter; `writers` writes a world as its listeners would bring it.
"""

from unheard.simulate.settings import WorldSettings
from unheard.simulate.world import World

__all__ = ["World", "WorldSettings"]
