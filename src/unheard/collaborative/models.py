"""Fitted models back from their arrays: the one place that knows every model by name."""

from collections.abc import Mapping
from typing import Any

from unheard.collaborative.contract import Arrays, Fitted
from unheard.collaborative.item_item import ItemItemFitted
from unheard.collaborative.popularity import PopularityFitted
from unheard.errors import ModelError


def restore(name: str, arrays: Arrays, settings: Mapping[str, Any]) -> Fitted:
    """Return the fitted model `name` from what its `arrays()` and `asdict(settings)` gave."""
    if name == "popularity":
        return PopularityFitted.from_arrays(arrays, settings)
    if name == "item_item":
        return ItemItemFitted.from_arrays(arrays, settings)
    raise ModelError(f"no collaborative model is called {name!r}: there are popularity, item_item")
