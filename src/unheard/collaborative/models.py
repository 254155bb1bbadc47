"""Fitted models back from their arrays: the one place that knows every model by name."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from unheard.collaborative.contract import Arrays, Fitted
from unheard.collaborative.implicit_als import ImplicitAlsFitted
from unheard.collaborative.item_item import ItemItemFitted
from unheard.collaborative.popularity import PopularityFitted
from unheard.collaborative.vector_exp import VectorExpFitted
from unheard.errors import ModelError

RESTORERS: Final[dict[str, Callable[[Arrays, Mapping[str, Any]], Fitted]]] = {
    "popularity": PopularityFitted.from_arrays,
    "als": ImplicitAlsFitted.from_arrays,
    "vector_exp": VectorExpFitted.from_arrays,
    "item_item": ItemItemFitted.from_arrays,
}


def restore(name: str, arrays: Arrays, settings: Mapping[str, Any]) -> Fitted:
    """Return the fitted model `name` from what its `arrays()` and `asdict(settings)` gave."""
    if name not in RESTORERS:
        raise ModelError(f"no collaborative model is called {name!r}: there are {', '.join(RESTORERS)}")
    return RESTORERS[name](arrays, settings)
