"""Kill `unheard import` and `unheard train` at random moments; every rerun must end as an undisturbed run does.

python benchmarks/kills.py [--kills 50] [--seed 0]

Prints JSON: how often a command was killed before it ended, and whether all that it left is the same bit for bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from unheard.pipeline import demo
from unheard.simulate.settings import WorldSettings

WORLD = WorldSettings(n_listeners=60, n_tracks=400, n_weeks=8, n_scenes=6)
A_COMMAND = 4  # kills of one command before it is left to end
UNHEARD = Path(sys.executable).with_name("unheard")


def content(workspace: Path) -> dict[str, str]:
    """Digest of every file that a command seals."""
    return {
        path.relative_to(workspace).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in ("sources", "runs", "current")
        for path in sorted([workspace / name, *(workspace / name).rglob("*")])
        if path.is_file()
    }


def steps(exports: list[demo.Export], workspace: Path) -> list[list[str]]:
    """The commands that fill a workspace."""
    where = ["--workspace", str(workspace)]
    imports = [
        [str(UNHEARD), "import", str(each.path), *(["--user", each.user] if each.user else []), *where]
        for each in exports
    ]
    return [*imports, [str(UNHEARD), "train", *where]]


def run(command: list[str], *, kill_after_s: float | None) -> bool:
    """Run a command, killed after some time when that is given; whether it ended by itself, and well."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return False
        assert process.stderr is not None
        if process.returncode != 0:
            raise SystemExit(f"{command} failed: {process.stderr.read().decode()}")
        return True


def fill(
    exports: list[demo.Export], workspace: Path, times_s: dict[str, float], rng: random.Random, kills: int
) -> int:
    """Fill a workspace, a command killed up to `A_COMMAND` times, all of them up to `kills`; how many hit."""
    subprocess.run([UNHEARD, "init", workspace], check=True, stdout=subprocess.DEVNULL)
    hit = 0
    for command in steps(exports, workspace):
        key = " ".join(command[1:3]) if command[1] == "import" else command[1]
        for _ in range(min(A_COMMAND, kills - hit)):
            if run(command, kill_after_s=rng.uniform(0.05, max(times_s.get(key, 2.0), 0.2))):
                break
            hit += 1
        begun = time.monotonic()
        run(command, kill_after_s=None)
        times_s.setdefault(key, time.monotonic() - begun)
    return hit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as scratch:
        _, exports = demo.simulate(WORLD, Path(scratch) / "exports")
        times_s: dict[str, float] = {}
        undisturbed = Path(scratch) / "undisturbed"
        fill(exports, undisturbed, times_s, rng, kills=0)
        wanted = content(undisturbed)
        hit, rounds, same = 0, 0, True
        while hit < asked.kills and same:
            rounds += 1
            workspace = Path(scratch) / f"round{rounds}"
            hit += fill(exports, workspace, times_s, rng, kills=asked.kills - hit)
            same = content(workspace) == wanted
    result = {
        "benchmark": "kills",
        "machine": platform.platform(),
        "seed": asked.seed,
        "kills": hit,
        "rounds": rounds,
        "files_compared": len(wanted),
        "same_bit_for_bit": same,
    }
    print(json.dumps(result, indent=2))
    sys.exit(not same)


if __name__ == "__main__":
    main()
