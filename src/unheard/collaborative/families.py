"""The models whose settings are chosen inside the plays: where each choice starts, and along what it moves."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scipy.sparse import csr_array

from unheard.collaborative.contract import Fitted, Model, Progress, silent
from unheard.collaborative.implicit_als import DEFAULTS, ImplicitAls
from unheard.collaborative.item_item import ItemItem, ItemItemSettings
from unheard.collaborative.selection import LEAST_JUDGED, Axis, Choice, Study, choose, study
from unheard.collaborative.vector_exp import VectorExp, VectorExpSettings


@dataclass(frozen=True)
class Family:
    """A model of which only the settings are open."""

    name: str
    make: Callable[[Any], Model]
    start: Any
    axes: tuple[Axis, ...]
    # What stands in for settings while others are chosen, where the real ones would cost too much.
    while_choosing: tuple[tuple[str, Any], ...] = ()

    def choose(self, of: Study, *, seed: int, progress: Progress = silent) -> Choice:
        """Choose the settings; too few listeners to judge by leave them where they start."""
        axes = self.axes if len(of.judged) >= LEAST_JUDGED else ()
        start = dataclasses.replace(self.start, **dict(self.while_choosing))
        found = choose(self.make, start, axes, of, seed=seed, progress=progress)
        real = {name: getattr(self.start, name) for name, _ in self.while_choosing}
        return dataclasses.replace(found, settings=dataclasses.replace(found.settings, **real))


ALS: Final = Family(
    "als",
    ImplicitAls,
    DEFAULTS,
    (Axis("regularization", 3.0), Axis("unobserved_weight", 3.0), Axis("regularization", 1.5)),
)
VECTOR_EXP: Final = Family(
    "vector_exp",
    VectorExp,
    VectorExpSettings(),
    (Axis("regularization", 2.0), Axis("track_regularization", 2.0)),
)
ITEM_ITEM: Final = Family(
    "item_item",
    ItemItem,
    ItemItemSettings(),
    (Axis("regularization", 1.6), Axis("listener_power", 0.5, least=0.5, most=1.0)),
    # Exact weights cost tracks^3 a fit; the ridge that suits them suits the neighbourhoods too.
    while_choosing=(("dense_limit", 4_000),),
)
FAMILIES: Final = {family.name: family for family in (ALS, VECTOR_EXP, ITEM_ITEM)}


@dataclass(frozen=True)
class Chosen:
    """A model that first chooses its own settings inside the plays, then fits all of them."""

    family: Family

    @property
    def name(self) -> str:
        return self.family.name

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> Fitted:
        """Choose, then fit; the same plays and seed give the same bits."""
        choice = self.family.choose(study(plays, seed=seed), seed=seed, progress=lambda s: progress(0.8 * s))
        fitted = self.family.make(choice.settings).fit(plays, seed=seed)
        progress(1.0)
        return fitted
