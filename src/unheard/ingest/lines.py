"""A stream of bytes -> lines, many at a time, none longer than a bound."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LIMIT: Final = 1 << 20
"""Bytes of a line; a longer one is passed over without being held."""

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def blocks(stream: IO[bytes]) -> Iterator[tuple[int, list[bytes | None]]]:
    """Give (number of the first line, lines without their ends); None stands for a line over LINE_LIMIT."""
    number, rest, dropping, begun = 1, b"", False, False
    while chunk := stream.read(LINE_LIMIT):
        if not begun:
            chunk, begun = chunk.removeprefix(BYTE_ORDER_MARK), True
        pieces: list[bytes | None] = [*(rest + chunk).split(b"\n")]
        last = pieces.pop() or b""
        if pieces:  # the line begun in earlier chunks ends here
            if dropping or len(pieces[0] or b"") > LINE_LIMIT:
                pieces[0] = None
            dropping = False
            yield number, pieces
            number += len(pieces)
        dropping = dropping or len(last) > LINE_LIMIT
        rest = b"" if dropping else last
    if dropping or rest:
        yield number, [None if dropping else rest]
