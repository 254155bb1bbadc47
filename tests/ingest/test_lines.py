"""Lines of a stream: any cut of the stream gives the same lines, and a long one is never held."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unheard.ingest import lines


def read(content: bytes) -> list[tuple[int, bytes | None]]:
    return [
        (first + at, line) for first, block in lines.blocks(io.BytesIO(content)) for at, line in enumerate(block)
    ]


def expected(content: bytes, limit: int) -> list[tuple[int, bytes | None]]:
    pieces = content.removeprefix(lines.BYTE_ORDER_MARK).split(b"\n")
    pieces = pieces if pieces[-1] else pieces[:-1]
    return [(number, piece if len(piece) <= limit else None) for number, piece in enumerate(pieces, 1)]


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(1, 30))
def test_same_lines_however_the_stream_is_cut(parts: list[bytes], limit: int) -> None:
    content = b"\n".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LINE_LIMIT", limit)
        found = read(content)
    if limit >= 3:  # a byte order mark is looked for in the first chunk alone
        assert found == expected(content, limit)
    assert b"".join(line or b"" for _, line in found).count(b"\n") == 0


def test_nothing_gives_nothing() -> None:
    assert read(b"") == []


def test_marks_and_missing_ends() -> None:
    assert read(b"\xef\xbb\xbfa\n\nb") == [(1, b"a"), (2, b""), (3, b"b")]
