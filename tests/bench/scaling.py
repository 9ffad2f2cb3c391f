"""`python -m tests.bench.scaling`: cost of batches, speed of two Dask workers.

docs/scaling.md calculates with its results. All processes run on this machine, and other load affects the seconds, so
compare only within one run. The tables made by the workers are compared, row for row, with those made in one process;
the exit status is 1 if they differ.
"""

from __future__ import annotations

import argparse
import copy
import os
import pickle
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import duckdb

from onrecord.config.loading import load_settings
from onrecord.config.settings import RunSettings
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, start_run
from onrecord.stages import Batch, discover, perform
from onrecord.warehouse.database import PUBLISHED
from onrecord_flows.unattended import server
from tests.clusters import Dask
from tests.flows.conftest import contents

from . import corpus
from .__main__ import measure_run

FEW, BATCH = 200, 20
"""Articles for measuring small batches, and the size of these and of the workers' batches. The few hundred articles
must make enough batches to keep two workers equally busy."""


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
        corpus.write_out(corpora, root / "few", FEW)
        print(f"{count} articles, {os.cpu_count()} processors")
        sample = measure_batches(root, "few", min(FEW, count), BATCH)
        measure_batches(root, "inbox", count, RunSettings().batch_size)
        os.environ.update(server.ENVIRONMENT)
        process, url = server.start_server(root / "server.log")
        try:
            server.wait_for_server(process, url, root / "server.log")
            os.environ["PREFECT_API_URL"] = url
            measure_scaling(root, count, process.pid, sample)
        finally:
            server.stop_server(process)
        return compare_tables(contents(root / "inbox-here" / PUBLISHED), contents(root / "inbox-2" / PUBLISHED))


def configure(root: Path, inbox: str, batch_size: int, workers: str = "") -> None:
    """Write the configuration."""
    settings = f'[plugins.files]\npaths = ["{inbox}"]\n[run]\nbatch_size = {batch_size}\n{workers}'
    (root / "onrecord.toml").write_text(settings)


def measure_batches(root: Path, inbox: str, count: int, batch_size: int) -> Batch:
    """Print size and cost of each stage's batches; returns one to annotate."""
    configure(root, inbox, batch_size)
    warehouse = root / f"{inbox}-here"
    plugins = Plugins(load_settings(root / "onrecord.toml").override(warehouse=warehouse))
    figures: dict[str, list[tuple[int, int, int, float, float]]] = defaultdict(list)
    sample: Batch | None = None
    with start_run(plugins) as run:
        for name, ingestor in run.ingestors.items():
            run.record_listing(name, discover(ingestor))
        for stage in STAGES:
            for batch in run.batches(stage):
                begun = time.process_time()
                outcome = perform(batch, plugins)
                worked = time.process_time() - begun
                begun = time.process_time()
                run.load(outcome)
                loading = time.process_time() - begun
                sizes = len(pickle.dumps(batch, 5)), len(pickle.dumps(outcome, 5))
                figures[stage].append((len(batch), *sizes, worked, loading))
                if len(batch) == batch_size:
                    sample = batch
        for name in run.aggregators:
            run.aggregate(name)
        run.check()
        run.publish()
    print(f"\n{count} articles in one process")
    print(f"{'stage':<10}{'articles':>9}{'batches':>9}{'KB in':>9}{'KB out':>9}{'work s':>9}{'load s':>9}   medians")
    for stage, rows in figures.items():
        # The first batch includes one-time loading, the last one is smaller.
        full = [row for row in rows[1:] if row[0] == rows[0][0]] or rows
        articles, into, out, worked, loading = (statistics.median(column) for column in zip(*full, strict=True))
        line = f"{stage:<10}{articles:>9.0f}{len(rows):>9}{into / 1000:>9.0f}{out / 1000:>9.0f}"
        print(f"{line}{worked:>9.3f}{loading:>9.3f}")
    with duckdb.connect(warehouse / "live.duckdb", read_only=True) as connection:
        later = (
            "select stage || ' ' || component, wall_seconds from step "
            "where stage not in ('ingest', 'clean', 'annotate')"
        )
        for name, seconds in connection.execute(later).fetchall():
            print(f"{name:<46}{seconds:>9.3f}")
    print(f"{'bytes of warehouse per article':<46}{(warehouse / PUBLISHED).stat().st_size / count:>9.0f}")
    assert sample is not None
    return sample


def measure_scaling(root: Path, count: int, prefect: int, sample: Batch) -> None:
    """Print the cost of a run with one and with two Dask workers, and of transport."""
    stages: dict[int, float] = {}
    for workers in (1, 2):
        folder = root / f"dask-{workers}"
        folder.mkdir()
        with Dask(folder, workers) as dask:
            cluster = f'[workers]\nrunner = "dask"\naddress = "{dask.address}"\n'
            # A run over a few, so that the workers have loaded their plugins and pipelines.
            configure(root, "few", BATCH, cluster)
            measure_run(root, root / "warm", None)
            shutil.rmtree(root / "warm")
            configure(root, "inbox", BATCH, cluster)
            before = cpu_seconds(dask.scheduler.pid), cpu_seconds(prefect)
            wall, _ = measure_run(root, root / f"inbox-{workers}", None)
            scheduler, server_ = cpu_seconds(dask.scheduler.pid) - before[0], cpu_seconds(prefect) - before[1]
            with duckdb.connect(root / f"inbox-{workers}" / "live.duckdb", read_only=True) as connection:
                query = "select max(wall_seconds) from step where stage in ('clean', 'annotate') group by stage"
                stages[workers] = sum(seconds for (seconds,) in connection.execute(query).fetchall())
                (tasks,) = connection.execute(
                    f"select sum(ceil(subjects / {BATCH})) from step where stage in ('clean', 'annotate') "
                    "and component in ('clean', 'entities')"
                ).fetchall()[0]
            print(f"\n{workers} Dask worker(s)")
            print(f"  {'clean and annotate, wall seconds':<44}{stages[workers]:>9.2f}")
            print(f"  {'articles a second':<44}{count / stages[workers]:>9.1f}")
            print(f"  {'whole command, wall seconds':<44}{wall:>9.2f}")
            print(f"  {'scheduler, ms of CPU per batch':<44}{1000 * scheduler / tasks:>9.1f}")
            print(f"  {'Prefect server, ms of CPU per batch':<44}{1000 * server_ / tasks:>9.1f}")
            if workers == 2:
                round_trip = measure_round_trip(dask.address, sample)
                print(f"  {'round trip of a batch, median ms':<44}{1000 * round_trip:>9.1f}")
    print(f"\nspeed of two workers over one: {stages[1] / stages[2]:.2f}")


def compare_tables(here: Mapping[str, list[tuple]], there: Mapping[str, list[tuple]]) -> int:
    """Print whether the tables of two warehouses are equal; returns the exit status."""
    different = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if different:
        print(f"the tables of the run on Dask differ from those made in one process: {', '.join(different)}")
        return 1
    rows = sum(map(len, here.values()))
    print(f"the tables of the run on Dask equal those made in one process: {len(here)} tables, {rows:,} rows")
    return 0


def measure_round_trip(address: str, batch: Batch) -> float:
    """Return the seconds that a batch takes to a worker and back, unchanged."""
    from distributed import Client

    times = []
    with Client(address, set_as_default=False) as client:
        for _ in range(30):
            begun = time.perf_counter()
            client.submit(copy.copy, batch, pure=False).result()
            times.append(time.perf_counter() - begun)
    return statistics.median(times)


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
