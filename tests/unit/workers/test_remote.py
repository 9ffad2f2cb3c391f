"""What a worker on another machine does: the same as here, or nothing."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onrecord import OnrecordError
from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import start_run
from onrecord.stages import Batch, discover, perform
from onrecord.workers.remote import Setup, explain_misfit, run_batch

COMPONENT = """
import logging, threading, time
from onrecord import Annotator, Config, Fetched, Ingestor, Item, Row, hookimpl


class Length(Row):
    words: int


class LengthConfig(Config):
    factor: int = 1


class Lengths(Annotator):
    name, version, writes, Config = "lengths", "VERSION", [Length], LengthConfig
    at_work = 0

    def annotate(self, article):
        Lengths.at_work += 1
        time.sleep(0.01)
        logging.getLogger("lengths").warning("%s at work", Lengths.at_work)
        Lengths.at_work -= 1
        yield Length(words=self.config.factor * len(article.body.split()))


class Bodies(Ingestor):
    name, version = "bodies", "1"

    def discover(self):
        return [Item(f"body:{i}", "1") for i in range(3)]

    def fetch(self, item):
        return Fetched(f"body {item.uri}".encode(), "text/plain")


@hookimpl
def register_annotators(register):
    register(Lengths())


@hookimpl
def register_ingestors(register):
    register(Bodies())
"""

INSTALLED = ["claims", "clean", "entities", "files", "language", "resolution", "tally"]


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    """A folder with a plugin, as the run's own process has loaded it."""
    (tmp_path / "lengths.py").write_text(COMPONENT.replace("VERSION", "1"))
    return loaded_from(tmp_path)


def loaded_from(folder: Path) -> Plugins:
    return Plugins(parse_settings({"warehouse": str(folder / "w"), "plugins_dir": str(folder), "disable": INSTALLED}))


@pytest.fixture
def batch(plugins: Plugins) -> Iterator[Batch]:
    """Three articles to annotate."""
    with start_run(plugins) as run:
        run.record_listing("bodies", discover(plugins.ingestors["bodies"]))
        for stage in ("ingest", "clean"):
            for each in run.batches(stage):
                run.load(perform(each, plugins))
        (annotate,) = run.batches("annotate")
        yield annotate


def test_a_batch_that_has_travelled_gives_the_outcome_that_it_gives_here(plugins: Plugins, batch: Batch) -> None:
    setup, travelled = pickle.loads(pickle.dumps((Setup.of(plugins), batch)))
    outcome, records = pickle.loads(pickle.dumps(run_batch(setup, travelled, 60)))
    here = perform(batch, plugins)

    assert outcome.tables == here.tables
    assert outcome.tables["length"].num_rows == 3
    assert outcome.replaced == here.replaced
    assert [record.getMessage() for record in records] == ["1 at work"] * 3


def test_a_worker_with_many_threads_does_one_batch_at_a_time(plugins: Plugins, batch: Batch) -> None:
    setup = Setup.of(plugins)
    messages: list[str] = []

    def work() -> None:
        _, records = run_batch(setup, batch, 60)
        messages.extend(record.getMessage() for record in records)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert messages == ["1 at work"] * 12


def test_a_plugin_that_changes_in_the_folder_is_loaded_again(plugins: Plugins, batch: Batch, tmp_path: Path) -> None:
    before = Setup.of(plugins)
    assert explain_misfit(before) == ""
    (tmp_path / "lengths.py").write_text(COMPONENT.replace("VERSION", "2"))
    after = Setup.of(loaded_from(tmp_path))

    assert explain_misfit(after) == ""
    assert "`lengths`: its version is '2' there and '1' here" in explain_misfit(before)
    with pytest.raises(OnrecordError, match="would not do the same work as this run"):
        run_batch(before, batch, 60)


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ({"version": "3"}, "`lengths`: its version is '1' there and '3' here"),
        ({"source_hash": "other"}, "`lengths`: its source is not the same, though its version is"),
        ({"configuration": '{"factor":2}'}, "`lengths`: its settings differ, perhaps by the environment there"),
        ({"pipeline": "en 2"}, "`lengths`: it reads with the pipeline None there and 'en 2' here"),
        ({"requirements": '{"a":"b"}'}, "`lengths`: what it requires differs"),
    ],
)
def test_whatever_makes_the_rows_of_a_component_differ_is_said(
    plugins: Plugins, difference: dict[str, str], said: str
) -> None:
    setup = Setup.of(plugins)
    other = {**setup.components, "lengths": setup.components["lengths"].model_copy(update=difference)}

    assert said in explain_misfit(replace(setup, components=other))


def test_a_plugin_that_is_missing_and_another_onrecord_are_said(plugins: Plugins) -> None:
    setup = Setup.of(plugins)
    more = {**setup.components, "others": setup.components["lengths"]}
    version, source = setup.framework

    folder = plugins.settings.plugins_dir
    assert f"`others` is missing there (plugins folder {folder})" in explain_misfit(replace(setup, components=more))
    assert f"onrecord is {version} there and 9.9 here" in explain_misfit(replace(setup, framework=("9.9", source)))
    assert f"onrecord {version} has another source there" in explain_misfit(
        replace(setup, framework=(version, "other"))
    )


def test_a_setting_in_the_environment_of_one_of_them_is_noticed(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup.of(plugins)
    monkeypatch.setenv("ONRECORD_PLUGINS__LENGTHS__FACTOR", "2")

    assert "`lengths`: its settings differ, perhaps by the environment there" in explain_misfit(setup)


def test_what_keeps_a_worker_from_loading_its_plugins_is_said(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup.of(plugins)
    monkeypatch.setenv("ONRECORD_PLUGINS__LENGTHS__FACTOR", "many")

    assert "ONRECORD_PLUGINS__LENGTHS__FACTOR does not fit" in explain_misfit(setup)
