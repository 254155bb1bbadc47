# ruff: noqa: RUF001, SIM905 - lists of words in many scripts
"""Who a recording is credited to: one key for all spellings, its members, its guests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from unheard.dataset.text import MAX_CHARS, compact, fold, plain, scripts

FEATURED: Final = re.compile(r"(?:^|[\s(\[])(?:feat\b\.?|ft\b\.?|featuring\b|f\.(?=\s)|w/|duet with\b)\s*")
_JOINED: Final = re.compile(r"\s*(?:[,;&/+、・]|\s(?:and|with|vs\.?|x|×|y|e|und|et|feat\.?|ft\.?|featuring)\s)\s*")
_GLOSS: Final = re.compile(r"^(.+?)\s*[(\[]([^()\[\]]+)[)\]]$")
_CHANNEL: Final = re.compile(r"(?:\s+-\s+topic|\s*vevo|\s+official(?:\s+channel)?)$")
_LAST_THE: Final = re.compile(r"^(.*),\s*the$")
_AND: Final = re.compile(r"\b(?:and|n)\b")

_UNKNOWN: Final = frozenset(
    (
        "unknown|unknown artist|unknown artists|artist unknown|artist|anonymous|none|null|nan|na|n a|no artist|id"
        "|tba"
        "|various|various artist|various artists|various interprets|va|v a|multiple artists"
        "|soundtrack|original soundtrack|ost"
        "|unbekannt|unbekannter interpret|unbekannter kunstler|interpret unbekannt|diverse|diverse interpreten"
        "|verschiedene|verschiedene interpreten|artista desconocido|desconocido|varios artistas|varios"
        "|artiste inconnu|inconnu|artistes divers|artisti vari|artista sconosciuto|sconosciuto"
        "|onbekende artiest|diverse artiesten|nieznany wykonawca|неизвестный исполнитель|неизвестен"
        "|разные исполнители"
        "|不明なあーてぃすと|不明|ゔぁりあす|알 수 없는 아티스트|여러 아티스트|未知艺术家|未知|群星"
    ).split("|")
)


@dataclass(frozen=True, slots=True)
class Credit:
    """An artist's name as it is compared.

    `key`: no spaces, no 'the' in front, no '&'; empty where nobody is named. `alias`: the key of the same name
    in another script, where the spelling gives both. `members`, `guests`: keys of the single names in it.
    """

    key: str = ""
    words: str = ""
    alias: str = ""
    members: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()


NOBODY: Final = Credit()


def credit(artist: str | None) -> Credit:
    """The `Credit` that an artist's name stands for; names are cut at `MAX_CHARS` and remembered."""
    return _credit(artist[:MAX_CHARS]) if artist else NOBODY


@lru_cache(maxsize=1 << 18)
def _credit(artist: str) -> Credit:
    name = plain(artist)
    if fold(name) in _UNKNOWN:
        return NOBODY
    name = _CHANNEL.sub("", name) or name
    main, guests = split_guests(name)
    main, alias = _split_alias(main)
    words = artist_words(main)
    key = compact(words) or main.replace(" ", "")
    if not key or words in _UNKNOWN:
        return NOBODY
    return Credit(key, words or key, alias, names_in(main), guests)


def split_guests(name: str) -> tuple[str, frozenset[str]]:
    """The main name of plain text, and the keys of those it says are featured."""
    found = FEATURED.search(name)
    if not found or not name[: found.start()].strip(" (["):
        return name, frozenset()
    return name[: found.start()].strip(" (["), names_in(name[found.end() :].strip(" )]"))


def names_in(name: str) -> frozenset[str]:
    """Keys of the single names that plain text joins by commas, '&', 'and' and the like."""
    keys = (compact(artist_words(part)) for part in _JOINED.split(name))
    return frozenset(key for key in keys if key)


def artist_words(main: str) -> str:
    """Folded name without 'the' in front (or behind a comma) and without any 'and'."""
    last = _LAST_THE.match(main)
    words = fold(last[1] if last else main)
    words = " ".join(_AND.sub(" ", words).split()) or words
    return words[4:] if words.startswith("the ") and words != "the the" else words


def _split_alias(main: str) -> tuple[str, str]:
    """'iu (아이유)' as its name in its own script and the key of its Latin one; '' where it has but one."""
    gloss = _GLOSS.match(main)
    if not gloss:
        return main, ""
    one, other = gloss[1], gloss[2]
    if not scripts(fold(one)) or not scripts(fold(other)) or scripts(fold(one)) & scripts(fold(other)):
        return main, ""
    native, latin = (other, one) if "latin" in scripts(fold(one)) else (one, other)
    return native, compact(artist_words(latin))
