"""Settings: defaults, overrides, and clear refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

from unheard import config
from unheard.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Inner:
    depth: int = 2


@dataclass(frozen=True)
class Part:
    dim: int = 40
    share: float = 0.5
    kind: Literal["a", "b"] = "a"
    limit: int | None = None
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ConfigError(f"dim = {self.dim}; it must be at least 1")


def read(tmp_path: Path, text: str) -> Part:
    path = tmp_path / "unheard.toml"
    path.write_text(text)
    found = config.read(path, {"part": Part}, top=("seed",))["part"]
    assert isinstance(found, Part)
    return found


def test_what_is_not_set_is_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Part()
    assert read(tmp_path, "seed = 3\n[part]\ndim = 8\n[part.inner]\ndepth = 5") == Part(dim=8, inner=Inner(5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[part]\ndmi = 8", "did you mean 'dim'"),
        ("[prat]\ndim = 8", "did you mean 'part'"),
        ("[part]\ndim = 'many'", r"\[part\] dim = 'many'"),
        ("[part]\nkind = 'c'", r"kind = 'c'"),
        ("[part]\ndim = 0", "at least 1"),
        ("part = 4", "must be a section"),
        ("[part", "not TOML"),
    ],
)
def test_refusals_name_the_key_and_the_rule(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_what_is_shown_reads_back_as_the_same(tmp_path: Path) -> None:
    shown = config.render({"part": Part(dim=7, share=0.25)}, {"seed": 4})
    assert read(tmp_path, shown) == Part(dim=7, share=0.25)
    assert "limit is chosen by unheard" in shown


@pytest.mark.parametrize("text", ["seed = -1", "seed = 'x'", "seed = true", "seed = 1.5"])
def test_a_seed_is_a_whole_number(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unheard.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="seed"):
        config.top_value(path, "seed", 1)
