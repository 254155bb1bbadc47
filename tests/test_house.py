"""The house rules that a machine can check: floors, owners of heavy libraries, what an import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "unheard"

OWNERS = {
    "pyspark": {"engines/spark.py"},
    "torch": {"audio", "text"},
    "fastapi": {"serve"},
    "typer": {"cli"},
    "rich": {"cli"},
    "numba": {"collaborative", "engines"},
}
HEAVY = (
    "numba",
    "torch",
    "pyspark",
    "fastapi",
    "duckdb",
    "pyarrow",
    "scipy",
    "matplotlib",
    "sqlalchemy",
    "lightgbm",
)


def imported_modules(path: Path) -> set[str]:
    """Top-level names of all modules that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_floors_hold() -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("library", OWNERS)
def test_a_heavy_library_has_one_owner(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if library in imported_modules(path)
    }
    outside = {
        path for path in users if not any(path == own or path.startswith(own + "/") for own in OWNERS[library])
    }
    assert not outside


@pytest.mark.parametrize("code", ["import unheard", "import unheard.cli.app"])
def test_start_loads_nothing_heavy(code: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert not loaded & set(HEAVY)


def test_no_room_is_called_by_what_it_is_not() -> None:
    names = {path.stem for path in PACKAGE.rglob("*.py")} | {
        path.name for path in PACKAGE.rglob("*") if path.is_dir()
    }
    assert not names & {"utils", "helpers", "common", "misc"}


def test_nothing_is_pickled() -> None:
    users = [
        path
        for path in PACKAGE.rglob("*.py")
        if imported_modules(path) & {"pickle", "joblib", "dill", "cloudpickle"}
    ]
    assert not users
