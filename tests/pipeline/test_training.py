"""Which stages are made, which are skipped, and that a killed training ends with the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import content, new, take, train, write

from unheard.errors import NotTrainedError
from unheard.pipeline import trained, training
from unheard.store import files, stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unheard.store.workspace import Workspace

STAGES = ("01-dataset", "02-collaborative")


def test_what_is_up_to_date_is_skipped(home: Workspace) -> None:
    before = content(home)
    report = train(home)
    assert (report.made, report.up_to_date) == ((), STAGES)
    assert content(home) == before


def test_the_same_data_gives_the_same_bits(home: Workspace, tmp_path: Path) -> None:
    other = new(tmp_path / "other")
    for export in sorted((home.root / "exports").iterdir()):
        user = None if export.name.startswith("everybody") else export.name[:13]
        take(other, export, user=user)
    # The same imports in another order are the same data, under another run's name.
    train(other)
    runs = [stages.current_run(each).folder / "02-collaborative" for each in (home, other)]
    for name in ("factors.safetensors", "model.safetensors"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes()


def test_a_new_import_makes_a_new_run_and_puts_it_in_service(home: Workspace, tmp_path: Path) -> None:
    first = stages.current_run(home).run_id
    take(home, write(tmp_path / "more.csv", "user_id,artist,title,plays\nnewcomer,U2,One,3\n"))
    report = train(home)
    assert report.made == STAGES
    assert report.run_id != first
    assert stages.current_run(home).run_id == report.run_id
    assert trained.load(home).listener("newcomer") >= 0
    assert (home.runs / first).is_dir(), "the last good run stays"


def test_two_runs_are_kept(home: Workspace, tmp_path: Path) -> None:
    for number in range(3):
        take(home, write(tmp_path / f"{number}.csv", f"user_id,artist,title,plays\nann,U2,Song {number},3\n"))
        train(home)
    assert len(list(home.runs.iterdir())) == stages.KEPT_RUNS


def test_the_dials_of_the_list_do_not_retrain(home: Workspace) -> None:
    before = content(home)
    settings = home.settings.read_text() + "\n[playlist]\nsize = 10\n\n[blend.dials]\nadventure = 0.9\n"
    home.settings.write_text(settings)
    assert train(home).made == ()
    assert content(home) == before


def test_a_setting_of_the_model_remakes_its_stage_alone(home: Workspace) -> None:
    first = stages.current_run(home)
    home.settings.write_text(home.settings.read_text() + "\n[collaborative]\ndim = 8\n")
    report = train(home)
    assert (report.made, report.up_to_date) == (("02-collaborative",), ("01-dataset",))
    assert trained.load(home).track_space.dim == 8
    shared = [run / "01-dataset" / "catalog.parquet" for run in (first.folder, home.runs / report.run_id)]
    assert shared[0].samefile(shared[1]), "a sealed stage is shared, not copied"


def test_another_seed_is_another_run(home: Workspace) -> None:
    home.settings.write_text(home.settings.read_text().replace("seed = 1", "seed = 2"))
    assert train(home).made == STAGES


@pytest.mark.parametrize("killed_in", ["fit_space", "fit_model", "write_json"])
def test_killed_at_any_step_it_goes_on_and_ends_with_the_same_bits(
    killed_in: str, home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = content(home, ["runs", "current"])
    for path in sorted(home.runs.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    home.current.unlink()
    true = {name: getattr(training, name) for name in ("fit_space", "fit_model")}
    calls = dict.fromkeys(true, 0)

    def counted(name: str) -> Callable[..., object]:
        def call(*args: object, **knobs: object) -> object:
            calls[name] += 1
            return true[name](*args, **knobs)

        return call

    def killed(*_args: object, **_knobs: object) -> None:
        raise KeyboardInterrupt

    for name in true:
        monkeypatch.setattr(training, name, counted(name))
    with monkeypatch.context() as patch:
        patch.setattr(training if killed_in in true else files, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            train(home)
    assert not home.current.exists(), "nothing half-made is in service"
    train(home)
    assert content(home, ["runs", "current"]) == wanted
    if killed_in == "fit_model":
        assert calls["fit_space"] == 1, "the finished factors were kept"


def test_nothing_imported(tmp_path: Path) -> None:
    with pytest.raises(NotTrainedError, match="holds no data yet; import some: unheard import PATH"):
        train(new(tmp_path / "home"))


def test_not_trained_yet(tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    with pytest.raises(NotTrainedError, match="run `unheard train`"):
        trained.load(home)


def test_progress_goes_up_to_the_end(home: Workspace) -> None:
    home.settings.write_text(home.settings.read_text().replace("seed = 1", "seed = 3"))
    told: dict[str, list[float]] = {}
    train(home, progress=lambda label, share: told.setdefault(label, []).append(share))
    assert set(told) == set(STAGES)
    for shares in told.values():
        assert shares == sorted(shares)
        assert all(0 <= share <= 1 for share in shares)
