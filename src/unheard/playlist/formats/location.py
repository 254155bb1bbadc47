"""Where a track's audio file lies, seen from the playlist's folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from urllib.parse import quote

from unheard.playlist.text import is_plain


def path(audio_path: str | None, folder: Path | None) -> str | None:
    """Path with / between its parts, relative to `folder` where that can be said; None without a usable file.

    A relative `audio_path` is taken as relative to `folder` already, a URL stays as it is. A path that holds a
    line break or another control character cannot be written in a line and is left out.
    """
    if not audio_path or not is_plain(audio_path):
        return None
    if is_url(audio_path) or folder is None or not Path(audio_path).is_absolute():
        return audio_path if is_url(audio_path) else PurePath(audio_path).as_posix()
    try:
        return PurePath(os.path.relpath(audio_path, folder)).as_posix()
    except ValueError:  # another drive
        return PurePath(audio_path).as_posix()


def uri(audio_path: str | None, folder: Path | None) -> str | None:
    """Same as `path`, as a URI reference."""
    found = path(audio_path, folder)
    if found is None or is_url(found):
        return found
    if Path(found).is_absolute():
        return Path(found).as_uri()
    # a first part with a colon would be read as a scheme
    return quote(found if ":" not in found.split("/", 1)[0] else f"./{found}")


def is_url(text: str) -> bool:
    """Whether `text` is an http(s) address."""
    return text.startswith(("http://", "https://"))
