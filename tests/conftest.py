"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as properties
from tests.pipeline.worlds import WORLD

from unheard.pipeline import demo
from unheard.store import workspace

if TYPE_CHECKING:
    from unheard.pipeline.demo import Demo
    from unheard.store.workspace import Workspace

# Properties are tested without a clock: a busy machine is no fault of the code.
properties.register_profile("no clock", deadline=None)
properties.load_profile("no clock")

DATA = Path(os.environ.get("UNHEARD_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; the test is skipped with this reason where it does not lie."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set UNHEARD_TEST_DATA to its folder to run this test")
    return DATA


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A small demo that has run; to be read, never changed."""
    return demo.demo(tmp_path_factory.mktemp("demo") / "home", world_settings=WORLD)


@pytest.fixture
def home(done: Demo, tmp_path: Path) -> Workspace:
    """A trained workspace of one's own."""
    return workspace.open_(Path(shutil.copytree(done.workspace.root, tmp_path / "home")))
