"""All models together: a weighted sum of the logarithms of the places that they give each track.

The weights are learned inside the plays: every member is fitted to a part of them, and the weights are those
under which the held-out plays are likeliest, exp(sum) normalised over all tracks that a listener has not heard
(the listwise loss of Cao et al. 2007, "ListNet"). Then the members are fitted to all plays. Popularity is a
member whose weight is mostly negative: what the others say because everyone knows a track counts for less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array

from unheard.collaborative.als_problem import AlsSettings
from unheard.collaborative.contract import (
    Arrays,
    Explained,
    Fitted,
    FloatMatrix,
    Progress,
    TrackRows,
    checked,
    silent,
)
from unheard.collaborative.families import ALS, FAMILIES, ITEM_ITEM, VECTOR_EXP, Family
from unheard.collaborative.implicit_als import ImplicitAlsFitted
from unheard.collaborative.item_item import ItemItemFitted, ItemItemSettings
from unheard.collaborative.popularity import Popularity, PopularityFitted
from unheard.collaborative.ranks import log_places
from unheard.collaborative.selection import Choice, Study, study
from unheard.collaborative.vector_exp import VectorExpFitted, VectorExpSettings

# What the weights are pulled towards, with the force of PRIOR_LISTENERS listeners: enough for a household of five
# to be served well, next to nothing for a thousand.
PRIOR: Final = {"als": 0.5, "vector_exp": 0.4, "item_item": 0.2, "popularity": -0.25}
PRIOR_LISTENERS: Final = 20.0

# Members that say which plays a score came from. Not vector_exp: its shares name the same plays, and the fold-in
# that they need would take longer than all else in a playlist.
EXPLAINING: Final = ("als", "item_item")


@dataclass(frozen=True)
class EnsembleSettings:
    """The members' settings; where they are to be chosen, those from which the choice starts."""

    als: AlsSettings = ALS.start
    vector_exp: VectorExpSettings = VECTOR_EXP.start
    item_item: ItemItemSettings = ITEM_ITEM.start

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings of which `dataclasses.asdict` gave `values`."""
        return cls(
            AlsSettings(**values["als"]),
            VectorExpSettings(**values["vector_exp"]),
            ItemItemSettings(**values["item_item"]),
        )


@dataclass(frozen=True)
class EnsembleFitted:
    members: Mapping[str, Fitted]  # name -> model
    weights: Mapping[str, float]  # name -> weight of its log-places
    settings: EnsembleSettings
    name: str = "ensemble"

    @property
    def n_tracks(self) -> int:
        return self.members["popularity"].n_tracks

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Weighted sum of the members' log-places: float32 [n, n_tracks]; at most 0 where all weights agree."""
        plays = checked(histories, n_tracks=self.n_tracks)
        total = np.zeros((plays.shape[0], self.n_tracks), np.float32)
        for name, member in self.members.items():
            total += np.float32(self.weights[name]) * log_places(member.scores(plays))
        return total

    def contributions(self, history: csr_array, tracks: TrackRows) -> FloatMatrix:
        """Share of each play of the one-row `history` in the liking for `tracks`: float32 [len(tracks), n_plays].

        Places are no sums over plays, so that this is the mean of the shares of EXPLAINING members, each scaled
        to a total size of 1 a track and weighted as in the score.
        """
        total = np.zeros((len(tracks), checked(history).nnz), np.float32)
        for name in EXPLAINING:
            member = self.members[name]
            if isinstance(member, Explained) and self.weights[name] > 0:
                own = member.contributions(history, tracks)
                sizes = np.maximum(np.abs(own).sum(axis=1, keepdims=True), np.float32(1e-12))
                total += np.float32(self.weights[name]) * own / sizes
        return total

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Each member's arrays as `member/array`, and `weights` in the order of the members."""
        arrays = {
            f"{name}/{key}": array
            for name, member in self.members.items()
            for key, array in member.arrays().items()
        }
        return {**arrays, "weights": np.array([self.weights[name] for name in self.members])}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        def of(name: str) -> dict[str, npt.NDArray[Any]]:
            return {key.removeprefix(name + "/"): arrays[key] for key in arrays if key.startswith(name + "/")}

        members: dict[str, Fitted] = {
            "als": ImplicitAlsFitted.from_arrays(of("als"), settings["als"]),
            "vector_exp": VectorExpFitted.from_arrays(of("vector_exp"), settings["vector_exp"]),
            "item_item": ItemItemFitted.from_arrays(of("item_item"), settings["item_item"]),
            "popularity": PopularityFitted.from_arrays(of("popularity"), {}),
        }
        weights = dict(zip(members, arrays["weights"].tolist(), strict=True))
        return cls(members, weights, EnsembleSettings.from_plain(settings))


@dataclass(frozen=True)
class Ensemble:
    """Chooses its members' settings, learns their weights, and fits them to all plays."""

    families: Mapping[str, Family] = field(default_factory=lambda: FAMILIES)
    name: str = "ensemble"

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> EnsembleFitted:
        """Fit all members; the same plays and seed give the same bits."""
        plays = checked(plays)
        of = study(plays, seed=seed)
        steps = _Steps(progress, 2 * len(self.families) + 1)
        chosen: dict[str, Choice] = {}
        for name, family in self.families.items():
            chosen[name] = family.choose(of, seed=seed, progress=steps.part)
            steps.done()
        weights = learned_weights(_on_study(chosen, of), of)
        steps.done()
        members: dict[str, Fitted] = {}
        for name, family in self.families.items():
            members[name] = family.make(chosen[name].settings).fit(plays, seed=seed, progress=steps.part)
            steps.done()
        members["popularity"] = Popularity().fit(plays)
        settings = EnsembleSettings(**{name: choice.settings for name, choice in chosen.items()})
        return EnsembleFitted(members, weights, settings)


class _Steps:
    """Progress of work in `n` steps of the same size."""

    def __init__(self, progress: Progress, n: int) -> None:
        self._progress, self._n, self._done = progress, n, 0

    def part(self, share: float) -> None:
        self._progress((self._done + share) / self._n)

    def done(self) -> None:
        self._done += 1
        self._progress(self._done / self._n)


def _on_study(chosen: Mapping[str, Choice], of: Study) -> dict[str, FloatMatrix]:
    """Log-places of the members that were fitted to the study's part of the plays."""
    rows = csr_array(of.fitted[of.judged])
    members = {name: choice.fitted for name, choice in chosen.items()}
    members["popularity"] = Popularity().fit(of.fitted)
    return {name: log_places(member.scores(rows)) for name, member in members.items()}


def learned_weights(places: Mapping[str, FloatMatrix], of: Study) -> dict[str, float]:
    """Weights under which the held-out plays of the judged listeners are likeliest; PRIOR where there are none."""
    names = list(places)
    prior = np.array([PRIOR[name] for name in names])
    rows = csr_array(of.held[of.judged])
    if rows.nnz == 0:
        return PRIOR | {}
    # Tracks that are heard, or that the fitted part lacks, are no rivals of the held-out ones.
    closed = np.broadcast_to(np.asarray(of.fitted.maximum(0).sum(axis=0)) == 0, rows.shape).copy()
    closed |= csr_array(of.fitted[of.judged]).toarray() != 0
    truth = rows.toarray() / np.diff(rows.indptr)[:, None].astype(np.float32)  # sums to 1 in each row

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        total = sum(np.float32(w) * places[name] for w, name in zip(weights, names, strict=True))
        logits = np.where(closed, -np.inf, total)
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        sums = chances.sum(axis=1, keepdims=True)
        chances /= sums
        likelihood = (truth * np.where(closed, 0, logits)).sum() - np.log(sums).sum()
        pull = PRIOR_LISTENERS * (weights - prior)
        error = chances - truth
        slope = np.array([float(np.vdot(error, places[name])) for name in names])
        return float(-likelihood + pull @ (weights - prior) / 2) / len(rows.indptr), (slope + pull) / len(
            rows.indptr
        )

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 25, "ftol": 1e-7}).x
    return dict(zip(names, found.tolist(), strict=True))
