"""The listeners of a generated world: several interests each, that move and wax and wane over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unheard.simulate.music import around, unit

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.simulate.settings import WorldSettings

    Floats = npt.NDArray[np.float32]

MOST_INTERESTS: Final = 4
INTEREST_SPREAD: Final = 0.5  # an interest's distance from the scene it belongs to
_SHARES: Final = (0.2, 0.35, 0.3, 0.15)  # of listeners with 1, 2, 3, 4 interests


@dataclass(frozen=True, eq=False)
class Tastes:
    """What each listener likes. The second axis holds the interests; unused ones have weight 0."""

    vectors: Floats  # [n_listeners, MOST_INTERESTS, dim], unit length, at the start
    headings: Floats  # the same shape: where each interest drifts
    weights: npt.NDArray[np.float64]  # [n_listeners, MOST_INTERESTS], sums to 1, halfway through
    trends: npt.NDArray[np.float64]  # the same shape: change of log weight from start to end
    scenes: npt.NDArray[np.int32]  # the same shape: the scene each interest lies in; -1 unused
    plays_per_week: npt.NDArray[np.float64]  # [n_listeners]
    hour: npt.NDArray[np.float64]  # [n_listeners], usual hour of day, UTC
    loyalty: npt.NDArray[np.float64]  # [n_listeners], about 1: how much they play what they know
    drift: float

    def at(self, moment: float) -> Floats:
        """Interest vectors at `moment`, 0 the world's start and 1 its end: [n_listeners, MOST_INTERESTS, dim]."""
        return unit(self.vectors + self.drift * moment * self.headings)

    def weights_at(self, moment: float) -> npt.NDArray[np.float64]:
        """Weights of the interests at `moment`: [n_listeners, MOST_INTERESTS], sums to 1."""
        grown = self.weights * np.exp(self.trends * (moment - 0.5))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def settle(centres: Floats, settings: WorldSettings, rng: np.random.Generator) -> Tastes:
    """Draw the listeners of a world whose scenes lie at `centres` [n_scenes, dim]."""
    shape = (settings.n_listeners, MOST_INTERESTS)
    used = np.arange(MOST_INTERESTS) < rng.choice(np.arange(1, 5), (settings.n_listeners, 1), p=_SHARES)
    # distinct scenes for one listener, larger scenes more often: the best of noisy scores
    size = -0.5 * np.log(np.arange(1, len(centres) + 1))
    order = np.argsort(-(size + rng.gumbel(size=(settings.n_listeners, len(centres)))), axis=1)
    scenes = np.resize(order.T, (MOST_INTERESTS, settings.n_listeners)).T  # fewer scenes than interests: again
    weights = np.where(used, rng.gamma(2.0, size=shape), 0.0)
    busy = rng.pareto(1.6, settings.n_listeners).clip(max=25) + 0.4
    return Tastes(
        vectors=around(centres[scenes], INTEREST_SPREAD, rng),
        headings=unit(rng.standard_normal((*shape, settings.dim))),
        weights=weights / weights.sum(axis=1, keepdims=True),
        trends=rng.normal(0.0, 1.0, shape),
        scenes=np.where(used, scenes, -1).astype(np.int32),
        plays_per_week=busy * settings.plays_per_week / busy.mean(),
        hour=rng.normal(16.0, 4.0, settings.n_listeners) % 24,
        loyalty=rng.lognormal(0.0, 0.3, settings.n_listeners),
        drift=settings.drift,
    )
