"""Blend: several models and several interests become one ranking a listener.

Blend(members, vectors, popularity, artists)   the collection's models side by side
rank(blend, user_ids, histories)               -> a `Ranking` each, heard tracks out
explainer(blend, history, interests)           -> (interest, tracks) -> the plays behind each score
"""

from unheard.blend.contract import Blend, Explained, Member, Scorer
from unheard.blend.dials import Dials
from unheard.blend.interests import InterestSettings
from unheard.blend.rank import RankSettings, explainer, rank

__all__ = [
    "Blend",
    "Dials",
    "Explained",
    "InterestSettings",
    "Member",
    "RankSettings",
    "Scorer",
    "explainer",
    "rank",
]
