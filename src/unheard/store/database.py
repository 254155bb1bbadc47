"""`unheard.db`: what changes while the collection is in use. SQLite in WAL mode."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from unheard.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_METADATA = sa.MetaData()

_WEEKLY = sa.Table(
    "weekly_playlists",
    _METADATA,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("week", sa.Text, primary_key=True),
    sa.Column("playlist", sa.JSON, nullable=False),
)


class Database:
    """A workspace's database. Each method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def store_weekly(self, lists: Sequence[Mapping[str, Any]], *, anew: bool) -> None:
        """Store lists (as plain dicts with `user_id` and `week`); a week's first list stays unless `anew`."""
        rows = [{"user_id": each["user_id"], "week": each["week"], "playlist": dict(each)} for each in lists]
        if not rows:
            return
        # One statement, so that of two commands at once the first one's list stays for both.
        verb = "OR REPLACE" if anew else "OR IGNORE"
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_WEEKLY).prefix_with(verb, dialect="sqlite"), rows)

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        with self._engine.connect() as connection:
            told = [str(line) for (line,) in connection.exec_driver_sql("PRAGMA quick_check(5)")]
        return [line for line in told if line != "ok"]

    def weekly(self, user_id: str, weeks: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Week -> stored list of one listener, for those of `weeks` that have one."""
        query = sa.select(_WEEKLY.c.week, _WEEKLY.c.playlist).where(
            (_WEEKLY.c.user_id == user_id) & _WEEKLY.c.week.in_(list(weeks))
        )
        with self._engine.connect() as connection:
            return {week: dict(playlist) for week, playlist in connection.execute(query)}


@contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """The SQLite database at `path`, made when it is not there; `WorkspaceError` when the file is damaged."""
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        _METADATA.create_all(engine)
        yield Database(engine)
    except DatabaseError as error:
        raise WorkspaceError(
            f"{path} cannot be used as a database ({error.orig}); move it away to start a new one"
        ) from None
    finally:
        engine.dispose()
