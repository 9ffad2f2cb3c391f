"""Worker processes: how they start and end, and what is said of one that does not do its work."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from onrecord import Fetched, Item
from onrecord.config.loading import parse_settings
from onrecord.model.bookkeeping import ComponentVersion
from onrecord.model.tables import STANDARD_TABLES
from onrecord.plugins.registry import Plugins
from onrecord.stages import Batch, BatchResult
from onrecord.stages.ingest import build_document
from onrecord.workers import WorkerDiedError, WorkerEndedError, Workers, imap, local_runner, processes

PLUGIN = """
import faulthandler, logging, os, pathlib, time, weakref
from onrecord import Cleaner, hookimpl

folder = pathlib.Path(__file__).parent
is_worker = (folder / "loaded").exists()
if is_worker:
    (folder / str(os.getpid())).touch()
    IMPORT


class Reads(Cleaner):
    name, version = "reads", "1"

    def clean(self, draft):
        if b"fatal" in draft.document.content:
            CLEAN


@hookimpl
def register_cleaners(register):
    register(Reads())
"""


@pytest.fixture
def plugins_with(tmp_path: Path) -> Callable[..., Plugins]:
    """Load a plugin here that does something in workers: when it is imported, or to a document with "fatal" in it."""

    def load(
        imported: str = "pass", clean: str = "pass", batch_seconds: float = 600, memory: str | None = None
    ) -> Plugins:
        (tmp_path / "reads.py").write_text(PLUGIN.replace("IMPORT", imported).replace("CLEAN", clean))
        installed = ["claims", "clean", "entities", "files", "flows", "language", "resolution", "tally"]
        folders = {"warehouse": str(tmp_path / "w"), "plugins_dir": str(tmp_path)}
        run = {"batch_seconds": batch_seconds}
        settings = {**folders, "disable": installed, "run": run, "workers": {"memory": memory} if memory else {}}
        plugins = Plugins(parse_settings(settings), installed=False)
        assert [cleaner.name for cleaner in plugins.cleaners] == ["reads"]
        (tmp_path / "loaded").touch()
        return plugins

    return load


def batch_of(*texts: str, number: int = 0) -> Batch:
    """Documents to clean."""
    documents = [build_document(Fetched(t.encode(), "text/plain"), Item(f"memory:{t}", ""), "testing") for t in texts]
    subjects = STANDARD_TABLES["document"].arrow(documents)
    subjects = subjects.append_column("subject_id", pa.array([d.article_id for d in documents], pa.uuid()))
    subjects = subjects.append_column("input_hash", subjects["content_hash"])
    version = ComponentVersion.model_construct(component="clean", fingerprint="f", version="1")
    return Batch("clean", number, {"clean": version}, subjects)


def test_workers_start_for_the_batches_there_are_and_results_come_in_order(
    plugins_with: Callable[..., Plugins], tmp_path: Path
) -> None:
    plugins = plugins_with()
    drawn: list[int] = []

    def batches() -> Iterator[Batch]:
        for number in range(8):
            drawn.append(number)
            yield batch_of(f"Text {number}.", number=number)

    with Workers(plugins, local_runner(plugins, 2)) as team:
        results = imap(team, batches())
        assert next(results).number == 0
        assert len(drawn) == 5, "two for each worker, and the one that was asked for next"
        assert [result.number for result in results] == list(range(1, 8))
    assert len(workers_in(tmp_path)) == 2


@pytest.mark.parametrize(
    ("imported", "seconds", "said"),
    [
        ("time.sleep(3600)", 5, r"and was ended; it was at File .*reads\.py"),
        ("while True: time.sleep(0.01); logging.getLogger('reads').warning('still here')", 2, "and was ended"),
    ],
    ids=["silently", "with records in its log"],
)
def test_a_worker_that_hangs_while_it_loads_the_plugins_ends_the_run_with_the_line_it_hangs_at(
    plugins_with: Callable[..., Plugins], monkeypatch: pytest.MonkeyPatch, imported: str, seconds: float, said: str
) -> None:
    monkeypatch.setattr(processes, "LOADING_SECONDS", seconds)
    plugins = plugins_with(imported, batch_seconds=1)
    started = time.monotonic()
    said = f"did not finish loading the plugins within {seconds} seconds {said}"
    with Workers(plugins, local_runner(plugins, 1)) as team, pytest.raises(WorkerEndedError, match=said):
        team.run(batch_of("One."))
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(("times", "result"), [(1, "done"), (2, "refused")])
def test_a_worker_that_dies_as_it_loads_the_plugins_is_replaced_once(
    plugins_with: Callable[..., Plugins], tmp_path: Path, times: int, result: str
) -> None:
    plugins = plugins_with(f"len(list(folder.glob('[0-9]*'))) > {times} or os._exit(3)")
    with Workers(plugins, local_runner(plugins, 1)) as team:
        if result == "done":
            assert team.run(batch_of("One.")).counters["clean"].done == 1
        else:
            with pytest.raises(WorkerDiedError, match=r"died loading the plugins \(exit status 3\)"):
                team.run(batch_of("One."))
    assert len(workers_in(tmp_path)) == 2


def test_a_crash_in_native_code_is_quarantined_with_the_line_that_led_to_it(
    plugins_with: Callable[..., Plugins],
) -> None:
    plugins = plugins_with(clean="faulthandler._sigsegv()")
    with Workers(plugins, local_runner(plugins, 1)) as team:
        result = team.run(batch_of("One.", "This is fatal.", "Three."))

    assert (result.counters["clean"].done, result.counters["clean"].failed) == (2, 1)
    (error,) = result.tables["quarantine"]["error"].to_pylist()
    assert error.startswith("RuntimeError: the worker process died of this subject, twice")
    assert "it was at File" in error
    assert "in clean" in error


def test_what_a_worker_cannot_do_is_raised_here_with_its_traceback(plugins_with: Callable[..., Plugins]) -> None:
    plugins = plugins_with()
    unreadable = replace(batch_of("One."), subjects=pa.table({"subject_id": ["1"]}))
    with Workers(plugins, local_runner(plugins, 1)) as team:
        with pytest.raises(RuntimeError) as raised:
            team.run(unreadable)
        assert "in a worker process" in raised.value.__notes__[0]
        assert isinstance(team.run(batch_of("Two.")), BatchResult), "and it goes on"


def test_a_document_that_takes_too_much_memory_is_quarantined_and_the_others_are_done(
    plugins_with: Callable[..., Plugins],
) -> None:
    plugins = plugins_with(clean="hoard = b'x' * 300_000_000; time.sleep(600)", memory="300 MB")
    with Workers(plugins, local_runner(plugins, 1)) as team:
        result = team.run(batch_of("One.", "Two.", "This is fatal.", "Four."))

    assert (result.counters["clean"].done, result.counters["clean"].failed) == (3, 1)
    (error,) = result.tables["quarantine"]["error"].to_pylist()
    assert error.startswith(
        "MemoryError: the worker process took more than the 300.0MB of `memory` in [workers] and was ended; it was at"
    )
    assert "in clean" in error


def test_a_worker_that_keeps_more_and_more_memory_is_renewed_between_batches(
    plugins_with: Callable[..., Plugins], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = plugins_with(imported="kept = []", clean="kept.append(b'x' * 20_000_000)", memory="300 MB")
    with Workers(plugins, local_runner(plugins, 1)) as team:
        for number in range(20):
            assert team.run(batch_of("This is fatal.", number=number)).counters["clean"].done == 1
    assert 2 <= len(workers_in(tmp_path)) <= 10
    assert not caplog.records, "no batch had to be run again"


def test_too_little_memory_to_load_the_plugins_ends_the_run_with_the_setting(
    plugins_with: Callable[..., Plugins],
) -> None:
    plugins = plugins_with(imported="time.sleep(600)", memory="20 MB")
    said = r"took more than the 20\.0MB of `memory` in \[workers\] loading the plugins and was ended"
    with Workers(plugins, local_runner(plugins, 1)) as team, pytest.raises(WorkerEndedError, match=said):
        team.run(batch_of("One."))


def test_circles_that_a_plugin_leaves_are_freed_with_the_batch(
    plugins_with: Callable[..., Plugins], tmp_path: Path
) -> None:
    circle = "node = type('Node', (), {})(); node.itself = node; weakref.finalize(node, (folder / 'freed').touch)"
    plugins = plugins_with(clean=circle)
    with Workers(plugins, local_runner(plugins, 1)) as team:
        team.run(batch_of("This is fatal."))
        assert (tmp_path / "freed").exists()


SCRIPT = """
import sys
sys.path.insert(0, "FOLDER")
print("started")
from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from onrecord.workers import Workers, local_runner
from tests.unit.workers.test_processes import batch_of

plugins = Plugins(parse_settings(SETTINGS), installed=False)
with Workers(plugins, local_runner(plugins, 1)) as team:
    print(team.run(batch_of("This is fatal.")).counters["clean"].done)
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[[Plugins], subprocess.Popen[str]]:
    """Start a script that runs a batch, written without `if __name__ == "__main__"`."""

    def start(plugins: Plugins) -> subprocess.Popen[str]:
        settings = plugins.settings
        told = {"warehouse": str(tmp_path), "plugins_dir": str(tmp_path), "disable": list(settings.disable)}
        root = Path(__file__).parents[3]
        (tmp_path / "script").write_text(SCRIPT.replace("FOLDER", str(root)).replace("SETTINGS", repr(told)))
        return subprocess.Popen(
            [sys.executable, tmp_path / "script"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def test_a_script_without_a_main_guard_is_not_run_again_by_its_workers(
    plugins_with: Callable[..., Plugins], start: Callable[[Plugins], subprocess.Popen[str]]
) -> None:
    process = start(plugins_with())
    assert process.communicate(timeout=120) == ("started\n1\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_a_parent_that_is_killed_and_nothing_is_left_of_them(
    plugins_with: Callable[..., Plugins],
    start: Callable[[Plugins], subprocess.Popen[str]],
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    process = start(plugins_with(clean="(folder / f'working-{os.getpid()}').touch(); time.sleep(3600)"))
    wait_until(lambda: any(tmp_path.glob("working-*")) or process.poll() is not None)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (-number, "")
    (working,) = tmp_path.glob("working-*")
    wait_until(lambda: not is_running(int(working.name.removeprefix("working-"))))


def workers_in(folder: Path) -> list[int]:
    """The processes that have loaded the plugin after this one."""
    return [int(file.name) for file in folder.iterdir() if file.name.isdigit()]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
