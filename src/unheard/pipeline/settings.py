"""Which sections `unheard.toml` has, one a stage; each room owns its own defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from unheard import config
from unheard.blend.rank import RankSettings
from unheard.collaborative.settings import CollaborativeSettings
from unheard.dataset.settings import DatasetSettings
from unheard.playlist.rules import WeeklySettings
from unheard.schema import SCHEMA_VERSION
from unheard.store.workspace import VERSION_KEY

if TYPE_CHECKING:
    from unheard.store.workspace import Workspace

SECTIONS: Final[dict[str, type]] = {
    "dataset": DatasetSettings,
    "collaborative": CollaborativeSettings,
    "blend": RankSettings,
    "playlist": WeeklySettings,
}

SEED_KEY: Final = "seed"
DEFAULT_SEED: Final = 1


def default_text() -> str:
    """A new workspace's `unheard.toml`: what it is, and the seed; `unheard config show` prints every default."""
    head = "# unheard's settings; `unheard config show` prints every one of them with its value.\n"
    return head + f"{VERSION_KEY} = {SCHEMA_VERSION}\n{SEED_KEY} = {DEFAULT_SEED}\n"


def read(workspace: Workspace) -> tuple[config.Sections, int]:
    """Every section's settings, and the seed of all chance in this workspace."""
    sections = config.read(workspace.settings, SECTIONS, top=(VERSION_KEY, SEED_KEY))
    return sections, config.top_value(workspace.settings, SEED_KEY, DEFAULT_SEED)


def shown(workspace: Workspace) -> str:
    """The whole configuration in force, as TOML."""
    sections, seed = read(workspace)
    return config.render(sections, {VERSION_KEY: SCHEMA_VERSION, SEED_KEY: seed})


def as_dict(sections: config.Sections) -> dict[str, Any]:
    """Plain values of every section, for `--json`."""
    return {name: config.plain(each) for name, each in sections.items()}
