"""`onrecord run` with real processes and a real Prefect server."""

from __future__ import annotations

import json
import shutil
import urllib.request
from subprocess import CompletedProcess

import duckdb
import pytest

from onrecord.run.engine import RunFailed

from .conftest import SEEDS, Project

WORD_COUNT = '''
from onrecord import Annotator, Row, hookimpl


class Length(Row):
    """How long each article is."""

    words: int


class CountWords(Annotator):
    name, version, writes = "word_count", "VERSION", [Length]

    def annotate(self, article):
        FAILURE
        yield Length(words=len(article.body.split()))


@hookimpl
def register_annotators(register):
    register(CountWords())
'''


def word_count(version: str = "1", failure: str = "pass") -> str:
    return WORD_COUNT.replace("VERSION", version).replace("FAILURE", failure)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> tuple[Project, CompletedProcess[str]]:
    """A project after its first run over the seeds, and the output of that run."""
    project = Project.create(tmp_path_factory.mktemp("ran"))
    for file in SEEDS.glob("*.txt"):
        shutil.copy(file, project.inbox)
    return project, project.run()


def test_the_seeds_give_five_articles_with_claims_and_entities_and_no_duplicate_body(first_run) -> None:
    project, done = first_run

    assert done.returncode == 0, done.stderr
    bodies = [body for (body,) in project.sql("select body from article")]
    assert len(bodies) == 5
    for body in bodies:
        paragraphs = [p for p in body.split("\n\n") if len(p.split()) > 8]
        assert len(paragraphs) == len(set(paragraphs))
    assert project.sql("select count(distinct article_id) from claim") == [(5,)]
    assert project.sql("select count(distinct article_id) from mention_entity") == [(5,)]
    assert project.sql("select status, changed from run") == [("completed", True)]


def test_prefect_shows_stage_plugin_and_batch_and_a_report(first_run, prefect_url: str) -> None:
    every = post(prefect_url, "flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
    runs = [each for each in every if each["parameters"].get("warehouse") == str(first_run[0].warehouse)]
    tasks = post(prefect_url, "task_runs/filter", {"flow_runs": {"id": {"any_": [runs[0]["id"]]}}})
    artifacts = post(prefect_url, "artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [runs[0]["id"]]}}})

    assert runs[0]["state_type"] == "COMPLETED"
    assert {task["name"] for task in tasks} == {
        "ingest files 0000", "clean 0000", "annotate entities+article_names+claims 0000",
        "aggregate name_matching", "aggregate mention_entities", "aggregate claim_entities", "aggregate resolution",
        "aggregate tally", "check", "publish",
    }  # fmt: skip
    assert artifacts[0]["key"] == "onrecord-run"
    assert "| annotate | claims | 5 |" in artifacts[0]["data"]


def test_prefect_prints_nothing_and_the_log_is_in_a_file(first_run) -> None:
    project, done = first_run

    assert "Flow run" not in done.stdout + done.stderr
    assert done.stderr == ""
    assert "Beginning flow run" in project.log()
    assert project.log().count("loaded stage=annotate number=0 subjects=5 failed=0") == 1


def test_a_second_run_recomputes_nothing_and_the_plan_says_so(first_run) -> None:
    project, _ = first_run
    before = (project.warehouse / "onrecord.duckdb").stat()

    done = project.run()
    plan = project.run(command="plan")

    assert done.returncode == 0
    assert "nothing was new, nothing recomputed" in done.stdout
    assert (project.warehouse / "onrecord.duckdb").stat().st_mtime_ns == before.st_mtime_ns
    assert "nothing to do: everything is up to date" in plan.stdout


def test_a_plugin_dropped_into_the_folder_fills_its_table_for_all_articles_on_the_next_run(first_run) -> None:
    project, _ = first_run
    written = "select run_id from mention union select run_id from claim union select run_id from article"
    before = project.sql(written)
    project.plugin("word_count", word_count())

    project.flow()

    assert project.sql("select count(*) from length join article using (article_id) where words = word_count") == [(5,)]
    assert project.sql(written) == before


def test_the_published_database_can_be_read_while_a_run_replaces_it(first_run) -> None:
    project, _ = first_run
    with duckdb.connect(project.warehouse / "onrecord.duckdb", read_only=True) as reader:
        before = reader.execute("select count(*) from article").fetchall()
        (project.inbox / "new.txt").write_text("Anna Smith said the bridge would open in May.\n")

        done = project.run()

        assert done.returncode == 0, done.stderr
        assert reader.execute("select count(*) from article").fetchall() == before == [(5,)]
    assert project.sql("select count(*) from article") == [(6,)]


def test_a_component_that_raises_on_one_article_fails_on_that_article_only(seeds: Project) -> None:
    seeds.plugin("word_count", word_count(failure='if "Brunei" in article.body: raise ValueError("no Brunei")'))

    done = seeds.run()

    assert done.returncode == 0, done.stderr
    assert "1 subject(s) were quarantined" in done.stdout
    assert seeds.sql("select count(*) from length") == [(4,)]
    assert seeds.sql("select component, version, error from quarantine") == [
        ("word_count", "1", "ValueError: no Brunei")
    ]
    assert seeds.sql("select count(distinct article_id) from claim") == [(5,)]


def test_a_component_that_raises_on_all_articles_is_stopped_and_the_rest_is_loaded(seeds: Project) -> None:
    seeds.plugin("word_count", word_count(failure='raise ValueError("never")'))

    with pytest.raises(RunFailed, match="word_count: failed on 5 of 5 subjects"):
        seeds.flow()

    assert seeds.sql("select count(distinct article_id) from claim") == [(5,)]
    assert seeds.sql("select status from run") == [("failed",)]


def test_an_invalid_configuration_ends_with_2_before_anything_is_written(seeds: Project) -> None:
    seeds.configure("\n[run]\nbatchsize = 5\n")

    done = seeds.run()

    assert done.returncode == 2
    assert "onrecord.toml: table [run]: key `batchsize`: is not a key of this table" in done.stderr
    assert not seeds.warehouse.exists()


def test_a_broken_plugin_is_skipped_with_a_reason_and_is_an_error_with_strict(project: Project) -> None:
    project.plugin("broken", "import no_such_module")

    lenient, strict = project.run(), project.run("--strict")

    assert lenient.returncode == 0
    assert "plugin broken is skipped: ModuleNotFoundError" in lenient.stdout
    assert strict.returncode == 2
    assert "broken" in strict.stderr


def post(url: str, path: str, body: dict) -> list[dict]:
    request = urllib.request.Request(
        f"{url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)
