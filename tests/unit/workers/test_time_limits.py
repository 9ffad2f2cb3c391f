"""What hangs is given up: a batch in a worker process, a fetch, a listing, an aggregator."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from onrecord import Aggregator, Fetched, Ingestor, Item, Reader, Row
from onrecord.config.loading import parse_settings
from onrecord.limits import BackgroundCaller, TimeLimitError, time_limit
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, start_run
from onrecord.stages import discover
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.workers import Workers, local_runner

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
        "disable": ["claims", "clean", "entities", "language", "resolution", "tally"],
        "run": {"batch_seconds": 2},
    }
    plugins = Plugins(parse_settings(settings), installed=False)
    with start_run(plugins) as run:
        run.record_listing("bodies", discover(plugins.ingestors["bodies"]))
        with Workers(plugins, local_runner(plugins, 1)) as team:
            for stage in STAGES:
                for batch in run.batches(stage):
                    run.load(team.run(batch))

    with Warehouse(tmp_path / "w").reading() as connection:
        ((uri, error, traceback),) = connection.execute("select uri, error, traceback from quarantine").fetchall()
        assert connection.execute("select count(*) from length").fetchall() == [(2,)]
    assert uri == "body:2"
    assert error.startswith(
        "TimeoutError: the worker process did not finish within 2 seconds and was ended; it was at File"
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
        sandbox = Sandbox(tmp_path / "w", plugin_of(slow), settings={"run": {"fetch_seconds": 0.2}})
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

    with pytest.raises(TimeLimitError, match="did not finish within"):
        discover(Endless(), 0.1)


class Number(Row, key=("number",)):
    number: int


ENDLESS = "select count(*) as number from range(1000000000) a, range(1000000000) b where hash(a.range + b.range) = 1"


class Numbers(Aggregator):
    """Has a hundred rows on its first day."""

    name, version, writes = "numbers", "1", [Number]

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        return (Number(number=n) for n in range(100))


class Waits(Numbers):
    version = "2"

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        threading.Event().wait()
        yield Number(number=1)


class Asks(Numbers):
    version = "2"

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        yield Number(number=warehouse.sql(ENDLESS)["number"][0].as_py())


class Queries(Numbers):
    version, queries = "2", {Number: ENDLESS}


@pytest.mark.parametrize("endless", [Waits, Asks, Queries])
def test_an_aggregator_that_hangs_has_failed_and_the_run_goes_on(
    endless: type[Aggregator], tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    settings = {"run": {"aggregate_seconds": 0.5}}
    Sandbox(tmp_path, plugin_of(Numbers()), documents={"a": "One."}, settings=settings).run()
    sandbox = Sandbox(tmp_path, plugin_of(endless()), documents={"a": "One.", "b": "Two."}, settings=settings)
    report = sandbox.run()

    assert report.run.message == "aggregate numbers: TimeLimitError: did not finish within 0.5 seconds and was given up"
    assert len(sandbox.sql("from article")) == 2, "the rest is published"
    assert len(sandbox.sql("from number")) == 100, "and what it had is kept"


def test_a_call_that_survives_the_alarm_gets_another() -> None:
    def persist() -> None:
        for _ in range(3):
            with suppress(BaseException):
                threading.Event().wait()

    with pytest.raises(TimeLimitError), time_limit(0.1):
        persist()


def test_who_is_in_time_hears_no_alarm_and_what_they_raise_is_theirs() -> None:
    # Somebody else has set an alarm: it goes on.
    handler, before = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 1e5, 7)
    try:
        with pytest.raises(ZeroDivisionError), time_limit(1e6):
            raise ZeroDivisionError
        with time_limit(1e6):
            pass
        assert signal.getsignal(signal.SIGALRM) is handler
        remaining, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < remaining <= 1e5
        assert interval == 7
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_what_is_called_aside_answers_and_raises_as_it_would_here() -> None:
    aside = BackgroundCaller(60)
    assert aside.call(int, "7") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        aside.call(int, "seven")
    with pytest.raises(SystemExit):
        aside.call(exit, 3)
    assert aside.call(threading.current_thread) is not threading.current_thread()
