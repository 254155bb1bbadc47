# ruff: noqa: RUF001, SIM905, ISC004 - lists of words in many scripts
"""What brackets and dashes say behind a title: another recording, the same one, a guest, or just more title."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from unheard.dataset.artists import FEATURED, names_in
from unheard.dataset.text import fold


class Remark(NamedTuple):
    """What one bracket says. `version` is "" for a remark that leaves the recording the same (a remaster).

    `text` is True where it is part of the title and says nothing of a version.
    """

    version: str = ""
    guests: frozenset[str] = frozenset()
    text: bool = False


# Each tells another recording. The first word is how the kind is called; the order does not matter.
_KINDS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "live",
            r"\blive\b|\bvivo\b|\bdirecto\b|\bdirect\b|\ben public\b|\bunplugged\b|\bin concert\b|\bconcert\b"
            r"|\bsessions?\b|らいぶ|라이브|\bконцерт\w*|现场|現場|演唱会|演唱會|\bbootleg recording\b",
        ),
        (
            "remix",
            r"\b(?:re ?)?mix(?:ed|es)?\b|\brmx\b|\bre ?(?:fix|work|rub|edit)(?:ed)?\b|\bbootleg\b|\bmash ?up\b"
            r"|\bvip\b|\bdub\b|\bflip\b|りみっくす|みっくす|리믹스|\bремикс\b|混音",
        ),
        (
            "edit",
            r"\bedit(?:ed)?\b|\bradio (?:version|mix|cut)\b|\bshort\b|\bcut\b|\btv (?:size|version|ver|edit)\b"
            r"|\b7(?: inch|in)?(?= (?:version|mix|edit|single))|\babridged\b|\bshortened\b",
        ),
        (
            "extended",
            r"\bextended\b|\b12(?: inch|in)?(?= (?:version|mix|edit|single|club|dance))"
            r"|\blong version\b|\bmaxi\b",
        ),
        (
            "acoustic",
            r"\bacoustic\w*|\bacustic\w*|\bakusti\w*|\bstripped\b|\bpiano\b|\borchestra\w*|\bstrings?\b|\bsolo\b"
            r"|あこーすてぃっく|ぴあの|어쿠스틱|\bакусти\w*",
        ),
        (
            "demo",
            r"\bdemos?\b|\brough\b|\btakes? \w+|\bouttakes?\b|\balt(?:ernat\w*)?\b|\brehearsal\b|\bearly\b"
            r"|^でも$|데모"
            r"|\bдемо\b|\bsketch\b|\bfragment\b",
        ),
        (
            "instrumental",
            r"\binstrumentals?\b|\binst\b|\boff vocal\b|\bkaraoke\b|\bbacking track\b|\bminus one\b|\bmr\b"
            r"|いんすと\w*|からおけ|노래방|伴奏|\bминус\w*|\bкараоке\b",
        ),
        ("vocal", r"\ba ?cap+ell?a\b|\bvocals? (?:only|mix|version)\b"),
        (
            "cover",
            r"\bcover(?:ed)?\b|\btribute\b|\boriginally performed\b|\bin the style of\b|\bmade famous\b"
            r"|かばー|커버",
        ),
        ("rerecorded", r"\bre ?record\w*|\bnew recording\b|\w+s version\b"),
        ("speed", r"\bslowed\b|\bsped up\b|\bspeed up\b|\bnightcore\b|\breverb\b|\bhalf speed\b|\b8d\b"),
        ("reprise", r"\breprise\b|\bda capo\b|\binterlude\b|\boutro\b|\bintro\b|\bskit\b|\breborn\b"),
        ("version", r"\bversions?\b|\bver\b|\bversione\b|ばーじょん|버전|\bверсия\b|版$"),
    )
)

# A remaster, an edition, a file's label: the recording is the same. What is left must be years and joining words.
_REMASTER: Final = re.compile(
    r"(?:\b(?:\d{4}|\d\ds?|new|digital|digitally|full|stereo|mono|album|single|original)\s)*"
    r"(?:\bre ?master(?:ed|s|ing)?\b|りますた[ー]?\w*|리마스터\w*|\bремастер\w*)"
    r"(?:\s(?:\d{4}|version|ver|edition|album|mono|stereo|digital|in|from))*"
)
_SAME: Final = frozenset(
    "album version ver original single lp mono stereo deluxe edition bonus track tracks explicit clean official"
    " video audio music lyric lyrics hd hq 4k uhd visualizer visualiser full length anniversary expanded special"
    " collectors legacy super standard the and of in from ost soundtrack film movie theme remaster remastered"
    " uncensored mix"
    " digital digitally clip videoclip mv m v あるばむ おりじなる 音源 pv only with".split()
)
# Words of `_SAME` that mean nothing unless another one stands beside them.
_WEAK: Final = frozenset("mix the and of in from film movie theme with only version ver m v".split())
_YEAR: Final = re.compile(r"^(?:\d{4}|\d+(?:st|nd|rd|th))$")
_FROM: Final = re.compile(
    r"^(?:(?:love |main )?(?:theme )?(?:song )?from |(?:music|song) from |prod |produced by )"
)
_LIVE: Final = _KINDS[0][1]
_WITH: Final = re.compile(r"with\b\.?\s*(?!lyric|string|orchest|intro|outro|vocal|piano|comment)")
_STOP: Final = frozenset(
    "at in from the on a an of version ver recorded recording and at de la el en y by for to mix".split()
)
_LIVE_ALBUM: Final = re.compile(
    r"\blive (?:at|from)\b|\blive in (?!the\b|a\b|my\b)|\bunplugged\b|\ben vivo\b|\bao vivo\b"
    r"|[(\[]live[)\]]|^live!?$"
)
_BARE: Final = re.compile(
    r"^(.+?)\s+((?:radio edit|radio version|original mix|extended (?:mix|version)|club mix|acoustic version"
    r"|live version|instrumental version|album version|karaoke version|single version)"
    r"|(?:(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+version)?(?:\s+\d{4})?))$"
)


@lru_cache(maxsize=1 << 16)
def remark(segment: str) -> Remark:
    """What the plain text of one bracket, or of what follows a dash, says. One remark may hold several by ';'."""
    guests: frozenset[str] = frozenset()
    found = FEATURED.search(segment) or _WITH.match(segment)
    if found:
        guests = names_in(segment[found.end() :].strip(" )]"))
        segment = segment[: found.start()]
        if not segment.strip(" ([-"):
            return Remark(guests=guests)
    told = [_version(fold(piece)) for piece in segment.split(";")]
    if None in told:
        return Remark(guests=guests, text=True)
    return Remark(" ".join(sorted(version for version in told if version)), guests)


def _version(words: str) -> str | None:
    """'' for the same recording, a marker such as 'live:leeds' for another, None for neither."""
    rest = " ".join(_REMASTER.sub(" ", words).split())
    if not rest or _is_same(rest) or (_FROM.match(words) and not _LIVE.search(words)):
        return ""
    kinds = sorted({kind for kind, pattern in _KINDS if pattern.search(rest)})
    if not kinds:
        return None
    if len(kinds) > 1 and "version" in kinds:
        kinds.remove("version")
    details = rest
    for kind, pattern in _KINDS:
        # "take 4" and "intro" are told apart by the very words that show the kind
        if kind in kinds and kind not in {"demo", "reprise", "speed", "acoustic", "rerecorded"}:
            details = pattern.sub(" ", details)
    return "+".join(kinds) + ":" + " ".join(sorted(set(details.split()) - _STOP))


def _is_same(words: str) -> bool:
    left = [word for word in words.split() if not _YEAR.match(word)]
    return all(word in _SAME for word in left) and (
        not set(left) <= _WEAK or (left == ["mix"] and left != words.split())
    )


def bare_tail(title: str) -> tuple[str, str]:
    """A title whose version follows without bracket or dash ('Opus Radio Edit'), split; '' where none does."""
    found = _BARE.match(title)
    return (found[1], found[2]) if found else (title, "")


def is_live_album(album: str) -> bool:
    """Whether the plain name of an album says that all of it was played live."""
    return bool(_LIVE_ALBUM.search(album))
