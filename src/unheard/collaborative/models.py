"""Models by their names, and fitted models back from their arrays."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from unheard.collaborative.contract import Arrays, Fitted, Model
from unheard.collaborative.ensemble import Ensemble, EnsembleFitted
from unheard.collaborative.families import FAMILIES, Chosen
from unheard.collaborative.implicit_als import ImplicitAlsFitted
from unheard.collaborative.item_item import ItemItemFitted
from unheard.collaborative.popularity import Popularity, PopularityFitted
from unheard.collaborative.vector_exp import VectorExpFitted
from unheard.errors import ModelError

RESTORERS: Final[dict[str, Callable[[Arrays, Mapping[str, Any]], Fitted]]] = {
    "popularity": PopularityFitted.from_arrays,
    "als": ImplicitAlsFitted.from_arrays,
    "vector_exp": VectorExpFitted.from_arrays,
    "item_item": ItemItemFitted.from_arrays,
    "ensemble": EnsembleFitted.from_arrays,
}


def named(name: str) -> Model:
    """Return the model `name`, which chooses its own settings inside the plays it is fitted to."""
    if name == "popularity":
        return Popularity()
    if name == "ensemble":
        return Ensemble()
    return Chosen(FAMILIES[_known(name)])


def restore(name: str, arrays: Arrays, settings: Mapping[str, Any]) -> Fitted:
    """Return the fitted model `name` from what its `arrays()` and `asdict(settings)` gave."""
    return RESTORERS[_known(name)](arrays, settings)


def _known(name: str) -> str:
    if name not in RESTORERS:
        raise ModelError(f"no collaborative model is called {name!r}: there are {', '.join(RESTORERS)}")
    return name
