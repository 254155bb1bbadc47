# ruff: noqa: RUF003 - letters of many scripts are what this file is about
"""Spellings of one name brought to one: width, case, accents, scripts, punctuation.

Everything here takes any str at all: control characters, bidi marks, lone surrogates and a million characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_CHARS: Final = 400
"""Names are cut here before anything else looks at them; real titles end far earlier."""

_INVISIBLE: Final = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0x61C, 0x180E]
)
_CONTROL: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")

# Letters that no decomposition takes apart, and points that are written or left out at will.
_LETTERS: Final[dict[int, int | str | None]] = {
    **{
        ord(letter): plain
        for letter, plain in zip("øłđðþæœıħß", ("o", "l", "d", "d", "th", "ae", "oe", "i", "h", "ss"), strict=True)
    },
    **dict.fromkeys([*range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670]),
    **{code: code - 0x60 for code in range(0x30A1, 0x30F7)},  # katakana as hiragana: ノ and の are mixed freely
}
_COMBINING: Final = dict.fromkeys(range(0x300, 0x370))
_SHORT_I: Final = "\u0438\u0306"  # й is a letter of its own, not an accented и
_HOMOGLYPHS: Final = str.maketrans("aceiopxy", "\u0430\u0441\u0435\u0456\u043e\u0440\u0445\u0443")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_MIXED_WORD: Final = re.compile("[a-z\u0400-\u04ff]+")

# Scripts whose vowels are combining marks keep all their characters.
_PUNCTUATION: Final = re.compile("[^\\w*\u0900-\u109f\u1700-\u1cff\u3099\u309a]+|_+")
_QUOTES: Final = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u00b4`\u2032\u2033\u201c\u201d\""))
_ASCII: Final = str.maketrans(
    {chr(code): " " for code in range(0x21, 0x7F) if not chr(code).isalnum() and chr(code) != "*"}
    | {"&": " and ", "+": " and ", "'": None, '"': None, "`": None}
)
_SHARP: Final = re.compile(r"\b([a-g])\s?[#♯]")
_SIGN_IN_WORD: Final = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])|\$(?=[^\W\d_])|(?<=[^\W\d_])\$")
_TWO_NUMBERS: Final = re.compile(r"\d \d")
_GAP: Final = re.compile(r"(?<!\d) | (?!\d)")

_SCRIPTS: Final = (
    ("latin", re.compile("[a-z\u00c0-\u024f]")),
    ("cyrillic", _CYRILLIC),
    ("hangul", re.compile("[\u1100-\u11ff\uac00-\ud7a3]")),
    ("han", re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")),
    ("other", re.compile("[\u0370-\u03ff\u0530-\u109f\u1700-\u1cff]")),
)


def plain(name: str | None) -> str:
    """NFKC and lower case of at most `MAX_CHARS` characters, invisible ones gone; brackets and dashes stay."""
    if not name:
        return ""
    cut = name[:MAX_CHARS]
    if cut.isascii():
        return cut.translate(_CONTROL).lower().strip() if not cut.isprintable() else cut.lower().strip()
    kept = cut.translate(_INVISIBLE).translate(_CONTROL)
    if not kept.isprintable():
        kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cs", "Co", "Cn"})
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold()).strip()[:MAX_CHARS]


def fold(text: str) -> str:
    """Words of `plain` text, one space between: no accents, no punctuation. Empty where there are only signs."""
    if not text.isascii():
        text = _unaccented(text)
    if text.isalnum():
        return text
    if "!" in text or "$" in text:
        text = _SIGN_IN_WORD.sub(lambda sign: "i" if sign[0] == "!" else "s", text)
    if "#" in text or "♯" in text or "♭" in text:
        text = _SHARP.sub(r"\1 sharp ", text).replace("♭", " flat ")
    if text[:1] in "&+-/." and not any(map(str.isalnum, text)):
        return ""
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    text = text.translate(_QUOTES).replace("&", " and ").replace("+", " and ")
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    if _SHORT_I in parts:
        parts = parts.replace(_SHORT_I, "\u0439")
    text = unicodedata.normalize("NFC", parts.translate(_COMBINING)).translate(_LETTERS)
    if _CYRILLIC.search(text):
        text = _MIXED_WORD.sub(_one_alphabet, text)
    return text


def _one_alphabet(word: re.Match[str]) -> str:
    return word[0].translate(_HOMOGLYPHS) if _CYRILLIC.search(word[0]) else word[0]


def compact(folded: str) -> str:
    """`folded` without its spaces, but for those between digits: 'black bird' is 'blackbird', '1 5' not '15'."""
    return _GAP.sub("", folded) if _TWO_NUMBERS.search(folded) else folded.replace(" ", "")


def scripts(text: str) -> frozenset[str]:
    """Scripts that occur in folded `text`."""
    if text.isascii():
        return _LATIN if any(map(str.isalpha, text)) else _NONE
    return frozenset(name for name, letters in _SCRIPTS if letters.search(text))


_LATIN: Final = frozenset({"latin"})
_NONE: Final[frozenset[str]] = frozenset()
