"""Articles that kill worker processes."""

from __future__ import annotations

from pathlib import Path

from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, start_run
from onrecord.stages import discover
from onrecord.warehouse import Warehouse
from onrecord.workers import Workers, local_runner

DEADLY = """
import os
from onrecord import Annotator, Fetched, Ingestor, Item, Row, hookimpl

class Length(Row):
    words: int

class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        if "deadly" in article.body:
            os._exit(9)
        yield Length(words=len(article.body.split()))

class Bodies(Ingestor):
    name, version, schemes = "bodies", "1", ("body",)

    def discover(self):
        return [Item(f"body:{i}", "1") for i in range(45)]

    def fetch(self, item):
        return Fetched(b"a deadly one" if item.uri == "body:30" else b"a good one", "text/plain")

@hookimpl
def register_annotators(register):
    register(Lengths())

@hookimpl
def register_ingestors(register):
    register(Bodies())
"""


def test_an_article_that_kills_worker_processes_is_quarantined_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(DEADLY)
    settings = {
        "warehouse": str(tmp_path / "w"),
        "plugins_dir": str(tmp_path),
        # Workers would load them, and take seconds of their time for it.
        "disable": ["claims", "clean", "entities", "language", "resolution", "tally"],
        "workers": {"processes": 2},
    }
    plugins = Plugins(parse_settings(settings), installed=False)
    with start_run(plugins) as run:
        run.record_listing("bodies", discover(plugins.ingestors["bodies"]))
        with Workers(plugins, local_runner(plugins)) as team:
            for stage in STAGES:
                for batch in run.batches(stage, team.processes(stage)):
                    run.load(team.run(batch))
        run.check()
        run.publish()

    connection = Warehouse(tmp_path / "w").open_published()
    try:
        assert connection.execute("select uri, component, version from quarantine").fetchall() == [
            ("body:30", "lengths", "1")
        ]
        (error,) = connection.execute("select error from quarantine").fetchone()
        assert error.startswith("RuntimeError: the worker process died of this subject")
        assert connection.execute("select count(*) from length").fetchone() == (44,)
        assert connection.execute("select count(*) from ledger where component = 'lengths'").fetchone() == (44,)
    finally:
        connection.close()
