"""What hangs is given up: a batch in a worker process, a fetch, a listing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from onrecord import Fetched, Ingestor, Item
from onrecord.aside import Aside, HungError
from onrecord.config import parsed
from onrecord.engine import STAGES, running
from onrecord.plugins import Plugins
from onrecord.stages import discover
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.workers import workers

HANGING = '''
import re, time
from onrecord import Annotator, Fetched, Ingestor, Item, Row, hookimpl


class Length(Row):
    """How long each article is."""

    words: int


class Bodies(Ingestor):
    name, version, schemes = "bodies", "1", ("body",)

    def discover(self):
        return [Item(f"body:{n}", "1") for n in range(3)]

    def fetch(self, item):
        return Fetched(f"Anna Smith said so in article {item.uri}.".encode(), "text/plain")


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        if "body:2." in article.body:
            HANG
        yield Length(words=len(article.body.split()))


@hookimpl
def register_annotators(register):
    register(Lengths())


@hookimpl
def register_ingestors(register):
    register(Bodies())
'''


@pytest.mark.parametrize(
    ("hang", "where"),
    [
        ("time.sleep(3600)", "in annotate"),
        # It keeps every other thread of the interpreter waiting.
        ('re.match("(a+)+$", "a" * 60 + "b")', "in match"),
    ],
)
def test_an_article_that_workers_hang_on_is_quarantined_and_the_others_are_done(
    tmp_path: Path, hang: str, where: str
) -> None:
    (tmp_path / "hanging.py").write_text(HANGING.replace("HANG", hang))
    settings = {
        "warehouse": str(tmp_path / "w"),
        "plugins_dir": str(tmp_path),
        # Workers would load them, and take seconds of their time for it.
        "disable": ["claims", "clean", "entities", "flows", "language", "resolution", "tally"],
        "run": {"batch_seconds": 2},
    }
    plugins = Plugins(parsed(settings), installed=False)
    with running(plugins) as run:
        run.listed("bodies", discover(plugins.ingestors["bodies"]))
        with workers(plugins, 1) as team:
            for stage in STAGES:
                for batch in run.pending(stage):
                    run.load(team.perform(batch))

    with Warehouse(tmp_path / "w").reading() as connection:
        ((uri, error, traceback),) = connection.execute("select uri, error, traceback from quarantine").fetchall()
        assert connection.execute("select count(*) from length").fetchall() == [(2,)]
    assert uri == "body:2"
    assert error.startswith(
        "TimeoutError: the worker process did not finish this subject within 2 seconds and was ended; it was at File"
    )
    assert where in error
    assert "hanging.py" in traceback


class Slow(Ingestor):
    """Lists some documents, and never comes back from fetching those that it is told."""

    name, version, schemes = "slow", "1", ("slow",)

    def __init__(self, *hanging: int) -> None:
        self.hanging = {f"slow:{n}" for n in hanging}
        self.fetched: list[str] = []

    def discover(self) -> list[Item]:
        return [Item(f"slow:{n}", "1") for n in range(6)]

    def fetch(self, item: Item) -> Fetched:
        self.fetched.append(item.uri)
        if item.uri in self.hanging:
            threading.Event().wait()
        return Fetched(item.uri.encode(), "text/plain")


@pytest.fixture
def run_with(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Callable[[Slow], Sandbox]:
    """Run an ingestor with a short limit."""

    def run(slow: Slow) -> Sandbox:
        sandbox = Sandbox(tmp_path / "w", plugin_of(slow), settings={"run": {"workers": 0, "fetch_seconds": 0.2}})
        sandbox.run()
        return sandbox

    return run


def test_a_fetch_that_hangs_is_left_to_the_next_run_and_the_others_are_done(
    run_with: Callable[[Slow], Sandbox],
) -> None:
    slow = Slow(1, 4)
    sandbox = run_with(slow)
    rows = sandbox.sql("select uri, error, transient from quarantine order by uri")

    assert [(row["uri"], row["transient"]) for row in rows] == [("slow:1", True), ("slow:4", True)]
    assert rows[0]["error"].startswith(
        "TransientError: the fetch did not finish within 0.2 seconds and was given up; `fetch_seconds` in [run]"
    )
    assert len(sandbox.sql("from article")) == 4

    slow.hanging.clear()
    sandbox.run()
    assert len(sandbox.sql("from article")) == 6


def test_a_source_on_which_every_fetch_hangs_is_not_waited_for_again_and_again(
    run_with: Callable[[Slow], Sandbox],
) -> None:
    slow = Slow(*range(6))
    rows = run_with(slow).sql("select uri, error from quarantine order by uri")

    assert len(slow.fetched) == 3
    assert [row["uri"] for row in rows] == [f"slow:{n}" for n in range(6)]
    assert rows[5]["error"] == "TransientError: not tried, since 3 fetches before it hung"


def test_a_listing_that_hangs_is_given_up() -> None:
    class Endless(Slow):
        def discover(self) -> list[Item]:
            threading.Event().wait()
            return []

    with pytest.raises(HungError, match="did not finish within"):
        discover(Endless(), 0.1)


def test_what_is_called_aside_answers_and_raises_as_it_would_here() -> None:
    aside = Aside(60)
    assert aside.call(int, "7") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        aside.call(int, "seven")
    with pytest.raises(SystemExit):
        aside.call(exit, 3)
    assert aside.call(threading.current_thread) is not threading.current_thread()
