"""`make bench`: cost of a run over 924 real articles, and the framework's share."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from onrecord.workers.machine import count_processors
from onrecord_flows.unattended import server

from . import corpus


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", help="folder of the corpora; ONRECORD_CORPORA by default")
    parser.add_argument("--most", type=int, help="maximum number of articles")
    arguments = parser.parse_args()
    corpora = corpus.folder(arguments.corpora)
    if corpora is None:
        print("skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-") as place:
        root = Path(place)
        count = corpus.write_out(corpora, root / "inbox", arguments.most)
        (root / "onrecord.toml").write_text('[plugins.files]\npaths = ["inbox"]\n')
        print(f"{count} articles, {count_processors()} processors; seconds, comparable within one run\n")
        # A running server, as on a machine with a schedule; its start is timed separately.
        os.environ.update(server.ENVIRONMENT)
        begun = time.perf_counter()
        process, url = server.start_server(root / "server.log")
        try:
            server.wait_for_server(process, url, root / "server.log")
            print(f"{'start of a Prefect server':<44}{time.perf_counter() - begun:>8.1f}")
            os.environ["PREFECT_API_URL"] = url
            for workers in (count_processors(), 1, 0):
                warehouse = root / f"warehouse-{workers}"
                what = f"{workers} worker process{'es' if workers != 1 else ''}" if workers else "no worker processes"
                print(f"\nfirst run, {what}")
                report(warehouse, *measure_run(root, warehouse, workers), max(1, workers))
            print("\nsecond run, nothing to do")
            report(warehouse, *measure_run(root, warehouse, 0), 1)
        finally:
            server.stop_server(process)
    return 0


def measure_run(root: Path, warehouse: Path, workers: int | None) -> tuple[float, float]:
    """Run once; returns wall seconds, and the largest peak memory of a process in MB."""
    environment = {**os.environ, **({} if workers is None else {"ONRECORD_WORKERS__PROCESSES": str(workers)})}
    command = [sys.executable, "-m", "onrecord", "run", "-c", str(root / "onrecord.toml"), "-w", str(warehouse)]
    script = (
        "import json, resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "print(json.dumps([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))"
    )
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *command], env=environment, capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - begun
    code, peak = json.loads(done.stdout)
    if code:
        sys.exit(f"the run ended with {code}:\n{done.stderr}")
    return seconds, peak / 1024


def report(warehouse: Path, wall: float, peak: float, lanes: int) -> None:
    """Print the steps of the warehouse's last run."""
    with duckdb.connect(warehouse / "live.duckdb", read_only=True) as connection:
        run, begun, ended = connection.execute(
            "select run_id, epoch(started_at), epoch(finished_at) from run order by started_at desc limit 1"
        ).fetchall()[0]
        steps = connection.execute(
            "select stage, component, subjects, failed, rows, seconds, wall_seconds from step where run_id = $1 "
            "order by ordinal", [run],
        ).fetchall()  # fmt: skip
    busy = [step for step in steps if step[2] or step[6]]
    if busy:
        print(f"  {'stage':<10}{'component':<12}{'subjects':>9}{'failed':>8}{'rows':>9}{'plugin s':>10}{'stage s':>9}")
    for stage, component, subjects, failed, rows, seconds, wall_seconds in busy:
        print(f"  {stage:<10}{component:<12}{subjects:>9}{failed:>8}{rows:>9}{seconds:>10.2f}{wall_seconds:>9.2f}")
    stages = ended - begun
    print(f"  {'from the lock to the end of the run':<42}{stages:>8.2f}")
    print(f"  {'whole command, with imports and Prefect':<42}{wall:>8.2f}")
    print(f"  {'peak memory of a process, MB':<42}{peak:>8.0f}")
    if busy:
        # Seconds inside plugins, as if the workers had shared them evenly.
        plugins = sum(
            seconds / (lanes if stage in ("clean", "annotate") else 1) for stage, _, _, _, _, seconds, _ in steps
        )
        print(f"  {'share of the run that is not plugin code':<42}{1 - plugins / stages:>8.1%}")
        print(f"  {'share of the command that is not plugin code':<42}{1 - plugins / wall:>8.1%}")


if __name__ == "__main__":
    sys.exit(main())
