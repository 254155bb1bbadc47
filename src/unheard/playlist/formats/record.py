"""JSON: the whole playlist with scores, signals and reasons; `playlist.from_dict` reads it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from unheard.playlist.record import to_dict

if TYPE_CHECKING:
    from unheard.schema import Playlist


def text(playlist: Playlist) -> str:
    """JSON text of `playlist`, readable in any script."""
    written = json.dumps(to_dict(playlist), ensure_ascii=False, indent=2, allow_nan=False)
    try:
        written.encode()
    except UnicodeEncodeError:  # a lone surrogate in somebody's title: only escapes can carry it
        written = json.dumps(to_dict(playlist), indent=2, allow_nan=False)
    return written + "\n"
