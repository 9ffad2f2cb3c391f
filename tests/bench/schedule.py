"""`python -m tests.bench.schedule`: delay from a schedule's tick to publication.

Fills a warehouse with `--articles` generated articles and starts `onrecord up`. Then a new article is put into the
inbox several times, and the time from the next tick until readers see it is measured. `--light` disables the plugins
that read language, for warehouses that would take hours to fill.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.corruption.articles import generate_article
from tests.corruption.boilerplate import SEEN
from tests.corruption.corrupt import Corruption, corrupt

INTERVAL = 60
"""Seconds between ticks: more than a run takes."""
PATIENCE = 300
LANGUAGE = '"claims", "entities", "language", "resolution", "tally"'


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.schedule", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=924)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--light", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-") as place:
        root = Path(place)
        chance = random.Random(2024)
        inbox = root / "inbox"
        inbox.mkdir()
        for number in range(arguments.articles):
            write_article(inbox / f"{number:06}.txt", chance)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        left_out = LANGUAGE if arguments.light else ""
        (root / "onrecord.toml").write_text(
            f'disable = [{left_out}]\n[plugins.files]\npaths = ["inbox"]\n[up]\nport = {port}\n'
            f'[[schedule]]\ninterval = "{INTERVAL}s"\n'
        )
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "onrecord", "run"], cwd=root, check=True, stdout=subprocess.DEVNULL)
        print(f"{arguments.articles:,} articles, first run {time.perf_counter() - begun:.1f} s")
        with (root / "up.out").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "onrecord", "up"], cwd=root, stdout=output, stderr=output, start_new_session=True
            )
        try:
            took = [measure_arrival(root, chance, number) for number in range(arguments.times)]
            parts = read_steps(root)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
    whole, runs = zip(*took, strict=True)
    for what, seconds in (("from tick to published", whole), ("of which from the lock to the end of the run", runs)):
        each = "  ".join(f"{value:.1f}" for value in seconds)
        print(f"{what:<44} {statistics.median(seconds):>5.1f} s, the median of {each}")
    for stage, component, seconds in parts:
        print(f"  {stage if component == stage else f'{stage} {component}':<42} {seconds:>5.1f}")
    return 0


def measure_arrival(root: Path, chance: random.Random, number: int) -> tuple[float, float]:
    """Return the seconds from a tick until readers see a new article, and of its run."""
    name = f"new-{number}.txt"
    write_article(root / name, chance)
    shutil.move(root / name, root / "inbox" / name)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        published = root / "warehouse" / "onrecord.duckdb"
        with duckdb.connect(published, read_only=True) as connection:
            found = connection.execute(
                "select epoch(started_at), epoch(finished_at) from run join document using (run_id) "
                "where uri like '%' || $name", {"name": name},
            ).fetchall()  # fmt: skip
        if found:
            started, finished = found[0]
            # Ticks are counted from the start of 2020, a whole number of intervals after 1970.
            return published.stat().st_mtime - started // INTERVAL * INTERVAL, finished - started
        time.sleep(0.1)
    sys.exit(f"{name} was not published within {PATIENCE} seconds:\n{(root / 'up.out').read_text()}")


def read_steps(root: Path) -> list[tuple[str, str, float]]:
    """Return stage, component and seconds of the last published run's steps."""
    with duckdb.connect(root / "warehouse" / "onrecord.duckdb", read_only=True) as connection:
        return connection.execute(
            "select stage, component, wall_seconds from step where wall_seconds >= 0.1 "
            "and run_id = (select max_by(run_id, started_at) from run) order by ordinal"
        ).fetchall()


def write_article(file: Path, chance: random.Random) -> None:
    """Write a generated article to a file."""
    file.write_text(corrupt(generate_article(chance), Corruption(loose=False), SEEN, chance).text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
