"""Precision and recall of recording identity on labelled pairs, and its speed: prints JSON.

    python benchmarks/identity.py [--half tune|test] [--rows 200000] [--mistakes]

The matcher was fitted to the half `tune`; the figure to quote is that of `test`. `--mistakes` shows the pairs
that went wrong, on the tune half only.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from unheard.dataset.identity import normalise, resolve

LABELS = Path(__file__).resolve().parents[1] / "tests" / "dataset" / "identity_labels.csv"


def pairs(half: str) -> list[dict[str, str]]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["half"] == half]


def judged_same(pair: dict[str, str]) -> bool:
    ids = ["name:a", "name:b"]
    columns: dict[str, Any] = {
        name: [pair[f"{name}_a"], pair[f"{name}_b"]] for name in ("artist", "title", "album")
    }
    lengths = [int(pair[f"duration_ms_{side}"] or 0) or None for side in "ab"]
    resolved = resolve(pa.table({"track_id": ids, **columns, "duration_ms": pa.array(lengths, pa.int32())}))
    return len(set(resolved.column("track_id").to_pylist())) == 1


def figures(rows: list[dict[str, str]], verdicts: list[bool]) -> dict[str, float | int | None]:
    """Precision = true / all judged the same, recall = true / all that are the same; None of none."""
    truth = [row["same"] == "1" for row in rows]
    true = sum(t and v for t, v in zip(truth, verdicts, strict=True))
    return {
        "pairs": len(rows),
        "same": sum(truth),
        "precision": round(true / sum(verdicts), 4) if any(verdicts) else None,
        "recall": round(true / sum(truth), 4) if any(truth) else None,
    }


def speed(n_rows: int, seed: int) -> dict[str, float | int]:
    """Seconds for `n_rows` generated tracks, a fifth of them variants of another one."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvwyz", k=rng.randint(2, 9))) for _ in range(20_000)]
    artists = [
        " ".join(rng.choices(words, k=rng.choice((1, 2, 2, 3)))).title() for _ in range(max(n_rows // 20, 1))
    ]
    remarks = ["", " (Live)", " - 2011 Remaster", " (feat. Someone Else)", " [Radio Edit]", " - Remastered"]
    rows: list[tuple[str, str, int]] = []
    while len(rows) < n_rows:
        if rows and rng.random() < 0.2:
            artist, title, length = rng.choice(rows)
            rows.append((artist.upper(), title.split(" (")[0] + rng.choice(remarks), length))
        else:
            title = " ".join(rng.choices(words, k=rng.choice((1, 2, 3, 3, 4, 6)))).title()
            rows.append((rng.choice(artists), title, rng.randint(90_000, 400_000)))
    columns = list(zip(*rows, strict=True))
    ids = [f"name:{number}" for number in range(n_rows)]
    table = pa.table(
        {
            "track_id": ids,
            "artist": columns[0],
            "title": columns[1],
            "duration_ms": pa.array(columns[2], pa.int32()),
        }
    )
    started = time.process_time()
    for artist, title, _ in rows:
        normalise(artist, title)
    normalised = time.process_time()
    del rows, columns, ids
    n_tracks = len(set(resolve(table).column("track_id").to_pylist()))
    ended = time.process_time()
    return {
        "rows": n_rows,
        "tracks": n_tracks,
        "normalise_rows_per_s": round(n_rows / (normalised - started)),
        "resolve_s": round(ended - normalised, 2),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tune", "test"), action="append")
    parser.add_argument(
        "--rows", type=int, default=200_000, help="generated tracks for the speed; 0 leaves it out"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mistakes", action="store_true")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    for half in options.half or ("tune", "test"):
        rows = pairs(half)
        verdicts = [judged_same(row) for row in rows]
        kinds = {}
        for kind in sorted({row["kind"] for row in rows}):
            chosen = [number for number, row in enumerate(rows) if row["kind"] == kind]
            kinds[kind] = figures([rows[n] for n in chosen], [verdicts[n] for n in chosen])
        report[half] = figures(rows, verdicts) | {"kinds": kinds}
        if options.mistakes and half == "tune":
            report["mistakes"] = [
                {k: v for k, v in row.items() if v and k != "half"}
                for row, verdict in zip(rows, verdicts, strict=True)
                if (row["same"] == "1") != verdict
            ]
    if options.rows:
        report["speed"] = speed(options.rows, options.seed)
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
