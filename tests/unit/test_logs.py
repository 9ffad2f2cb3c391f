"""Log lines: for people, or as JSON with what they are about as fields."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onrecord import Annotator, Row
from onrecord.logs import ContextFields, log_file_path, log_to_file, make_formatter
from onrecord.testing import Sandbox

plugin_log = logging.getLogger("some_plugin")


class Length(Row):
    """How long each article is."""

    words: int


class Talking(Annotator):
    name, version, writes = "talking", "1", (Length,)

    def annotate(self, article: Any) -> Any:
        plugin_log.warning("“%s” is short", article.body)
        if "bad" in article.body:
            raise ValueError("bad")
        yield Length(words=len(article.body.split()))


@pytest.fixture
def lines_of() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is logged, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(make_formatter("json"))
    handler.addFilter(ContextFields())
    root, ours = logging.getLogger(), logging.getLogger("onrecord")
    level = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    ours.setLevel(level)
    root.removeHandler(handler)


def test_each_line_says_which_run_stage_plugin_and_batch_it_is_about(
    tmp_path: Path, plugin_of: Callable[..., ModuleType], lines_of: Callable[[], list[dict[str, Any]]]
) -> None:
    documents = {str(n): f"A bad article, number {n}." for n in range(4)}
    report = Sandbox(tmp_path, plugin_of(Talking()), documents=documents).run()
    lines = lines_of()

    assert {line["run"] for line in lines} == {str(report.run.run_id)}
    said = next(line for line in lines if line["logger"] == "some_plugin")
    assert (said["stage"], said["component"], said["batch"], said["level"]) == ("annotate", "talking", 0, "WARNING")
    assert said["message"].startswith("“A bad article, number")
    stopped = next(line for line in lines if "it gets no more in this run" in line["message"])
    assert (stopped["stage"], stopped["component"]) == ("annotate", "talking")
    loaded = [(line["stage"], line["batch"]) for line in lines if line.get("event") == "loaded"]
    assert ("annotate", 0) in loaded


def test_a_traceback_is_a_field_and_the_line_stays_one(lines_of: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        logging.getLogger("onrecord").exception("it failed")

    (line,) = lines_of()
    assert line["message"] == "it failed"
    assert "ValueError: one\ntwo" in line["exc_info"]
    assert line["time"].endswith("+00:00")


def test_for_people_it_stays_a_line_of_words() -> None:
    record = logging.LogRecord("onrecord", logging.INFO, "", 0, "loaded stage=%s", ("clean",), None)
    ContextFields().filter(record)
    assert make_formatter("text").format(record).endswith(" INFO onrecord loaded stage=clean")


def test_a_run_has_a_file_that_gets_all_that_is_logged_and_the_terminal_takes_its_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apart, ours = logging.getLogger("keeps.to.itself"), logging.getLogger("onrecord")
    terminal = logging.StreamHandler()
    apart.propagate = False
    apart.addHandler(terminal)
    try:
        file = log_file_path(tmp_path, "run")
        with log_to_file(file, "json"):
            apart.warning("aside")
            ours.info("begun", extra={"event": "begun", "run_id": "r"})
            plugin_log.warning("from a plugin")
        apart.warning("after")
    finally:
        apart.removeHandler(terminal)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["aside", "begun", "from a plugin"]
    assert lines[-1]["run"] == "r"
    said, after = capsys.readouterr().err.splitlines()
    assert json.loads(said)["message"] == "aside"
    assert after == "after"
    assert file.parent == tmp_path / "logs"
