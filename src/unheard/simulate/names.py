"""Generated names in several scripts: English words to read, syllables of others so that nothing relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Script:
    """What words of one script are made of: `syllables` with blanks between, `gap` between two words.

    Where they are `whole`, each is a word of its own.
    """

    name: str
    syllables: str
    cased: bool = False  # whether words begin with a capital
    gap: str = " "
    whole: bool = False


_ENGLISH: Final = """
    amber anchor april arrow ash atlas autumn avenue beacon bell birch blue borrowed bridge bright broken
    cabin candle canyon cedar chalk chapel cinder circus city clear cloud coast cold copper coral cotton
    country crow crystal daughter dawn desert distant dove driftwood dust early echo ember empty evening
    falcon faraway feather fern field fire fleet flood forest fox garden ghost glass golden gravel green
    grey half harbour hazel hearts heavy hidden hollow holiday home honey horses hotel house hunter iron
    island ivory ivy jasmine june juniper kite ladder lake lantern late lavender letters light lighthouse
    lilac linen lion little lonely lost lower lucky magnet maple marble meadow mercury midnight mile mirror
    mist moon morning moss mountain near needle neon nettle north northern november oak ocean old olive open
    orchard orchid otter outer owl painted palace paper parade parallel paris pearl pepper pilot pine planet
    poppy porcelain quiet railway rain raven red river road robin room rooms rose ruby running saint salt
    satellite scarlet season second secret seven shadow shallow shore silent silver sister slow smoke snow
    sons south sparrow spring station stone storm street summer sunday sundown swan swift tall thorn thunder
    tide tiger tigers timber tower town trains twin umbrella under united upper valley velvet violet wagon
    walnut water wave west white wild willow wind window winter wolf wolves wooden yellow
"""

SCRIPTS: Final = (
    Script("english", _ENGLISH, cased=True, whole=True),
    Script("accented", "ção né bjö ré ñu švi ál çe dør mü lé rá tõ žel ín grå sö", cased=True),
    Script("hangul", "가 나 달 별 하 늘 바 람 소 리 밤 빛 은 하 수 미 래 서 울"),
    Script("japanese", "夜 空 花 音 カ ラ ミ ソ ノ ひ か り の 海 月 風 サ ク", gap=""),  # noqa: RUF001
    Script("cyrillic", "ка ло ми рен ве сна дор ти но бра лу эл ан ор мо сол све", cased=True),  # noqa: RUF001
)
WEIGHTS: Final = (0.76, 0.06, 0.06, 0.06, 0.06)


def words(n: int, script: Script, rng: np.random.Generator) -> list[str]:
    """`n` words of two to four syllables each, or whole words; words may be alike."""
    lengths = [1] * n if script.whole else rng.integers(2, 5, size=n).tolist()
    syllables = script.syllables.split()
    picks = iter(rng.integers(0, len(syllables), size=sum(lengths)).tolist())
    made = ["".join(syllables[next(picks)] for _ in range(length)) for length in lengths]
    return [word.capitalize() for word in made] if script.cased else made


def phrases(n: int, script: Script, rng: np.random.Generator, *, most: int = 3) -> list[str]:
    """`n` phrases of one to `most` words."""
    lengths = rng.integers(1, most + 1, size=n).tolist()
    supply = iter(words(sum(lengths), script, rng))
    return [script.gap.join(next(supply) for _ in range(length)) for length in lengths]


def distinct(names: list[str]) -> list[str]:
    """The same names, a number added where one occurs again (letter case set aside)."""
    seen: dict[str, int] = {}
    told_apart = []
    for name in names:
        times = seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        told_apart.append(name if times == 1 else f"{name} {times}")
    return told_apart
