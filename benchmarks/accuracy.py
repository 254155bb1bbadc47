"""Accuracy of the collaborative models on Last.fm 2K: `python benchmarks/accuracy.py USER_ARTISTS.parquet`.

Artists as tracks, those with at least 5 listeners; of each split a random fifth of the pairs is held out. Every
choice of settings is made inside the other four fifths, by the models themselves.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unheard.pipeline.measuring import MODELS, collaborative

METRICS = ("recall@20", "ndcg@100")


def plays(path: Path) -> pa.Table:
    """Read user_id, track_id, plays of the artists that at least 5 listeners heard."""
    table = pq.read_table(path)
    table = pa.table(
        {
            "user_id": pc.cast(table["user_id"], pa.string()),
            "track_id": pc.cast(table["artist_id"], pa.string()),
            "plays": table["play_count"],
        }
    )
    counts = pc.value_counts(table["track_id"])
    enough = counts.field("values").filter(pc.greater_equal(counts.field("counts"), 5))
    return table.filter(pc.is_in(table["track_id"], value_set=enough))


def split(table: pa.Table, folder: Path, seed: int) -> tuple[Path, Path]:
    """Write a random four fifths and the rest as Parquet files."""
    held = np.random.default_rng(seed).random(table.num_rows) < 0.2
    train, test = folder / f"train-{seed}.parquet", folder / f"test-{seed}.parquet"
    pq.write_table(table.filter(pa.array(~held)), train)
    pq.write_table(table.filter(pa.array(held)), test)
    return train, test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("user_artists", type=Path)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--seeds", type=int, default=5, help="number of splits")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    table = plays(given.user_artists)
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, given.seeds + 1):
            train, test = split(table, Path(folder), seed)
            result = json.loads(collaborative(train, test, models=given.models.split(","), seed=seed).to_text())
            for model, metrics in result["metrics"].items():
                own = {name: metrics[name] for name in METRICS} | {"seconds": result["seconds"][model]}
                found.setdefault(model, []).append(own)
                print(seed, model, own, flush=True)
    means = {m: {k: float(np.mean([each[k] for each in rows])) for k in rows[0]} for m, rows in found.items()}
    print(json.dumps(means, indent=1))
    if given.json:
        given.json.write_text(json.dumps({"splits": found, "means": means}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
