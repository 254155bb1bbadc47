# ruff: noqa: SIM905, S105 - lists of words; a token is a word here
"""The key of a recording: what is left of artist and title once every harmless difference is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from unheard.dataset.artists import FEATURED, NOBODY, Credit, credit, names_in
from unheard.dataset.text import compact, fold, plain, scripts
from unheard.dataset.versions import bare_tail, is_live_album, remark


class RecordingKey(NamedTuple):
    """Equal `artist`, `title` and `version` mean one recording, as far as names can tell.

    `artist` is empty where nobody is named: then no two rows are the same by name. `version` holds one marker
    for each thing that makes it another recording ('live:leeds', 'remix:skrillex'); empty for the common one.
    `words` is the title with its spaces; `short` the title without its subtitle in brackets, `alias` the title
    in another script; both are empty where there is none. `guests` are keys of featured artists.
    """

    artist: str
    title: str
    version: tuple[str, ...]
    guests: frozenset[str]
    words: str
    short: str
    alias: str
    credit: Credit


_OPENING: Final = {"(": ")", "[": "]", "{": "}", "\u3010": "\u3011", "<": ">"}
_SPECIAL: Final = re.compile(
    "[(\\[{<\u3010~]|\\s[-\u2010-\u2015]|feat|\\bft\\b|master|(?:edit|version|mix|\\.(?:mp3|flac|m4a|ogg|wav|opus))$|^0"
)
_DASH: Final = re.compile("\\s+[-\u2010-\u2015]+\\s+|\\s+[-\u2010-\u2015~](?=[^\\s-][^-~]*[-~]$)")
_ANY_OPENING: Final = re.compile("[(\\[{<\u3010]")
_AFTER_BRACKET: Final = frozenset("([{<-\u2010\u2011\u2012\u2013\u2014\u2015\u3010")
_FILE: Final = re.compile(r"\.(?:mp3|flac|m4a|ogg|wav|opus)$")
_NUMBERED: Final = re.compile(r"^0\d\s*[-.\s]\s*(?=\S)")
_MOVEMENT: Final = re.compile(
    r"^(?:allegr|andant|adagi|prest|larg|menuet|minuet|scherz|viva|rond|moder|intro|outro|interlude|track|untitled)"
)

_ROMAN: Final = dict(
    zip(
        "ii iii iv vi vii viii ix xi xii xiii xiv xv xvi xvii xviii xix xx".split(),
        "2 3 4 6 7 8 9 11 12 13 14 15 16 17 18 19 20".split(),
        strict=True,
    )
)
_AFTER_PART: Final = (
    _ROMAN
    | {"i": "1", "v": "5", "x": "10"}
    | dict(zip("one two three four five six seven eight nine ten".split(), map(str, range(1, 11)), strict=True))
)
_PART: Final = {"pt": "part", "pts": "part", "parts": "part", "part": "part", "vol": "volume", "volume": "volume"}
_WORDS: Final = {"ms": "miss", "mr": "mister", "dr": "doctor", "u": "you", "til": "till", "thru": "through"}
_SPOKEN_OTHERWISE: Final = frozenset(
    {*_PART, *_ROMAN, *_WORDS, "no"}
    | {f"{word}{number}" for word in ("pt", "pts", "part", "vol", "no") for number in range(30)}
)
_GLUED_PART: Final = re.compile(r"\b(pts?|parts?|vol|no)(\d+)\b")


def normalise(artist: str | None, title: str | None, album: str | None = None) -> RecordingKey:
    """The key of one row. Any text is taken; names are cut at `MAX_CHARS` characters first.

    `album` is looked at only to see that a title without a mark comes from a live album.
    """
    who = credit(artist)
    name = plain(title)
    if not _SPECIAL.search(name):
        words = _spoken(fold(name))
        parsed = _Title(words=words)
    else:
        parsed = _parse(_untagged(name, who))
    version = parsed.version
    if album and not version and is_live_album(plain(album)):
        version = ("live:",)
    key = compact(parsed.words) or name.replace(" ", "")
    guests = (who.guests | parsed.guests) - who.members
    short = compact(parsed.short) if parsed.short else ""
    return RecordingKey(
        who.key if key else "",
        key,
        version,
        guests,
        parsed.words or key,
        short,
        parsed.alias,
        who if key else NOBODY,
    )


@dataclass(slots=True)
class _Title:
    words: str
    version: tuple[str, ...] = ()
    guests: frozenset[str] = frozenset()
    short: str = ""
    alias: str = ""


def _untagged(name: str, who: Credit) -> str:
    """The title without a file's ending, a track number or the artist's name in front."""
    name = _FILE.sub("", name)
    numbered = _NUMBERED.sub("", name)
    if numbered != name and not _MOVEMENT.match(numbered):
        name = numbered
    front, dash, rest = name.partition(" - ")
    if dash and rest and who.key and credit(front).key in {who.key, *who.members}:
        name = rest
    return name


def _parse(name: str) -> _Title:
    base, brackets = _brackets(name)
    pieces = _DASH.split(base)
    head, tail = bare_tail(pieces[0])
    remarks = [*(text.strip("-~ ") for text in pieces[1:]), *([tail] if tail else [])]
    guests: frozenset[str] = frozenset()
    found = FEATURED.search(head)
    if found and head[: found.start()].strip():
        guests, head = names_in(head[found.end() :]), head[: found.start()]
    if not fold(head):
        return _Title(words=_spoken(fold(name)))
    return _judged(head, brackets, remarks, guests)


def _judged(head: str, brackets: list[str], dashed: list[str], guests: frozenset[str]) -> _Title:
    """Each remark is a version, a guest, the title in another script, or more of the title."""
    versions: list[str] = []
    subtitles: list[str] = []
    alias = ""
    for text in (*brackets, *dashed):
        if not text:
            continue
        told = remark(text)
        guests |= told.guests
        if told.version:
            versions.append(told.version)
        elif told.text:
            if not alias and _other_script(head, text):
                head, alias = (head, text) if "latin" in scripts(fold(text)) else (text, head)
            else:
                subtitles.append(text)
    words = _spoken(fold(" ".join([head, *subtitles])))
    short = _spoken(fold(head)) if subtitles and _may_be_left_out(subtitles) else ""
    return _Title(words, tuple(sorted(versions)), guests, short, compact(_spoken(fold(alias))))


def _other_script(head: str, text: str) -> bool:
    one, other = scripts(fold(head)), scripts(fold(text))
    return bool(one and other and not one & other) and not any(map(str.isdigit, text))


def _may_be_left_out(subtitles: list[str]) -> bool:
    words = _spoken(fold(" ".join(subtitles))).split()
    return len(words) > 1 and "part" not in words and not any(map(str.isdigit, "".join(words)))


def _brackets(name: str) -> tuple[str, list[str]]:
    """Text outside brackets, and that inside them; a bracket in front or in the midst of words stays in place."""
    outside = ""
    inside: list[str] = []
    done = 0
    for opening in _ANY_OPENING.finditer(name):
        start = opening.start()
        end = _closing(name, start) if start >= done else -1
        if end < 0:
            continue
        outside += name[done:start]
        text, after = name[start + 1 : end], name[end + 1 :].lstrip()
        if not outside.strip() or (after and after[0] not in _AFTER_BRACKET and remark(text).text):
            outside += f" {text} "
        else:
            inside.append(text)
            outside += " "
        done = end + 1
    return (outside + name[done:]).strip(), inside


def _closing(name: str, start: int) -> int:
    """Where the bracket that opens at `start` closes; -1 where it never does."""
    opening, closing = name[start], _OPENING[name[start]]
    end = name.find(closing, start)
    while end >= 0 and name.count(opening, start, end) > name.count(closing, start, end) + 1:
        end = name.find(closing, end + 1)
    return end


def _spoken(words: str) -> str:
    """Numbers and abbreviations in one spelling: 'pt ii' is 'part 2', 'no 5' is '5', 'the' in front goes."""
    if not words.startswith("the ") and _SPOKEN_OTHERWISE.isdisjoint(words.split()):
        return words
    if _GLUED_PART.search(words):
        words = _GLUED_PART.sub(r"\1 \2", words)
    out: list[str] = []
    part = False
    tokens = words.split()
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token == "no" and following.isdigit():
            continue
        known = (_AFTER_PART if part else _ROMAN).get(token) or _WORDS.get(token)
        part = token in _PART or (part and (bool(known) or token.isdigit() or token == "and"))
        out.append(_PART.get(token) or known or token)
    # 'The Sound of Silence' is often 'Sound of Silence'; 'The End' and 'End' need not be one
    if out[0] == "the" and len(out) > 2:
        del out[0]
    return " ".join(out)
