"""Titles come from anybody's tags: what of them may go into a file or onto a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls (a newline ends an M3U8 line, an escape drives a terminal), line and paragraph separators,
# the signs that turn the direction of text, lone surrogates, and the two that no XML document may hold
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")


def one_line(text: str | None) -> str:
    """`text` in one line that is safe everywhere: a run of unsafe characters becomes one space; "" for None."""
    return _UNSAFE.sub(" ", text or "").strip()


def is_plain(text: str) -> bool:
    """Whether `text` can stand in a line-based file unchanged."""
    return not _UNSAFE.search(text)
