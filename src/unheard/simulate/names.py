"""Generated words in several scripts, so that nothing downstream may take names for plain English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Script:
    """What words of one script are made of: `syllables` with blanks between, `gap` between two words."""

    name: str
    syllables: str
    cased: bool = False  # whether words begin with a capital
    gap: str = " "


SCRIPTS: Final = (
    Script("latin", "ka lo mi ren sta vel dor ti nu bra shi el an or wen fal gri mo sun dra", cased=True),
    Script("accented", "ção né bjö ré ñu švi ál çe dør mü lé rá tõ žel ín grå sö", cased=True),
    Script("hangul", "가 나 달 별 하 늘 바 람 소 리 밤 빛 은 하 수 미 래 서 울"),
    Script("japanese", "夜 空 花 音 カ ラ ミ ソ ノ ひ か り の 海 月 風 サ ク", gap=""),  # noqa: RUF001
    Script("cyrillic", "ка ло ми рен ве сна дор ти но бра лу эл ан ор мо сол све", cased=True),  # noqa: RUF001
)
WEIGHTS: Final = (0.6, 0.14, 0.1, 0.1, 0.06)


def words(n: int, script: Script, rng: np.random.Generator) -> list[str]:
    """`n` words of two to four syllables each; words may be alike."""
    lengths = rng.integers(2, 5, size=n).tolist()
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
