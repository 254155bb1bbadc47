"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("UNHEARD_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; the test is skipped with this reason where it does not lie."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set UNHEARD_TEST_DATA to its folder to run this test")
    return DATA
