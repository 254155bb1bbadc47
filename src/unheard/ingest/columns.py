"""Whole columns of a table -> clean Arrow arrays, without a loop over rows; null is what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from unheard.errors import SourceError
from unheard.ingest.contract import RowFault
from unheard.ingest.names import INT32_MAX, NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"

_UNTIDY: Final = r"[\x00-\x1f\x7f]|[^\x00-\x7f]|^\s|\s$"
_TRUE: Final = ("true", "1", "yes", "t", "1.0")
_FALSE: Final = ("false", "0", "no", "f", "0.0")
_NOT_FINITE: Final = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text, in any of Arrow's ways of holding it."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def plain(column: pa.Array) -> pa.Array:
    """The column out of its dictionary, text as UTF-8 strings without outer blanks."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return pc.utf8_trim_whitespace(_utf8(column)) if is_text(column.type) else column


def text(column: pa.Array, name: str) -> pa.Array:
    """Clean text; null where there is none or it is longer than NAME_LIMIT.

    Whole numbers become their digits, so that ids may be numbers.
    """
    encoded = _encoded(column, name)
    return pc.take(_clean_words(encoded.dictionary), encoded.indices)


def too_long(column: pa.Array, name: str) -> pa.Array:
    """bool, no nulls: where `text` is null because of the length."""
    encoded = _encoded(column, name)
    length = pc.utf8_length(pc.utf8_trim_whitespace(encoded.dictionary))
    return pc.fill_null(pc.take(pc.greater(length, NAME_LIMIT), encoded.indices), fill_value=False)


def tidied(column: pa.Array, tidy: Callable[[str], str | None]) -> pa.Array:
    """Text with `tidy` applied once to each distinct word."""
    encoded = column.dictionary_encode()
    words = pa.array([tidy(word) for word in encoded.dictionary.to_pylist()], pa.string())
    return pc.take(words, encoded.indices)


def number(column: pa.Array, name: str) -> pa.Array:
    """float64; null where there is none or it cannot be read as a number."""
    kind = column.type
    if is_text(kind):
        words = plain(column)
        other = pc.is_in(pc.utf8_lower(words), value_set=pa.array(_NOT_FINITE))
        return pc.if_else(pc.or_(pc.match_substring_regex(words, NUMBER), other), words, None).cast(pa.float64())
    fit = (pa.types.is_decimal, pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    if not any(test(kind) for test in fit):
        raise SourceError(f"column {name!r} is {kind}; it must be a number")
    return column.cast(pa.float64(), safe=False)


def milliseconds(column: pa.Array, name: str) -> pa.Array:
    """int32; null where there is no number from 0 to 24 days."""
    values = number(column, name)
    fit = pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, INT32_MAX))
    return pc.if_else(fit, values, None).cast(pa.int32(), safe=False)


def truth(column: pa.Array, name: str) -> pa.Array:
    """bool; null where it says neither true nor false (1 or 0, yes or no)."""
    if pa.types.is_boolean(column.type):
        return column
    if not (is_text(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
        raise SourceError(f"column {name!r} is {column.type}; it must be true or false")
    words = pc.utf8_lower(plain(column).cast(pa.string()))
    known = pc.is_in(words, value_set=pa.array([*_TRUE, *_FALSE]))
    return pc.if_else(known, pc.is_in(words, value_set=pa.array(_TRUE)), None)


def _encoded(column: pa.Array, name: str) -> pa.DictionaryArray:
    """Each distinct word once, as valid UTF-8, and which of them stands where."""
    encoded = column if pa.types.is_dictionary(column.type) else _words(column, name).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, _words(encoded.dictionary, name))


def _words(column: pa.Array, name: str) -> pa.Array:
    kind = column.type
    if is_text(kind):
        return _utf8(column)
    if pa.types.is_floating(kind):  # a column of whole numbers with gaps, as pandas writes it
        fit = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 2.0**53))
        column = pc.if_else(fit, column, None).cast(pa.int64(), safe=False)
    elif not (pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise SourceError(f"column {name!r} is {kind}; it must be text or whole numbers")
    return column.cast(pa.string())


def _utf8(column: pa.Array) -> pa.Array:
    """Strings; bytes that are not UTF-8 (which Parquet does not rule out) are replaced."""
    try:
        column = column.cast(pa.string())
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.large_binary()).to_pylist()
        return pa.array([None if one is None else one.decode("utf-8", "replace") for one in raw], pa.string())
    return column


def _clean_words(words: pa.Array) -> pa.Array:
    """What `names.clean` makes of each word; it is called for the untidy ones alone."""
    length = pc.utf8_length(words)
    fit = pc.and_(pc.greater(length, 0), pc.less_equal(length, NAME_LIMIT))
    untidy = pc.fill_null(pc.match_substring_regex(words, _UNTIDY), fill_value=False)
    tidy = pc.if_else(fit, words, None)
    if not pc.any(untidy).as_py():
        return tidy
    cleaned = [_clean_or_none(word) for word in words.filter(untidy).to_pylist()]
    return pc.replace_with_mask(tidy, untidy, pa.array(cleaned, pa.string()))


def _clean_or_none(word: str) -> str | None:
    try:
        return clean(word) or None
    except RowFault:
        return None
