"""The commands: what they print, and with which status they end (0 well, 1 failed, 2 could not begin)."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from onrecord import cli
from onrecord.config.loading import load
from onrecord.model.identity import identify
from onrecord.plugins.registry import Plugins
from onrecord.testing import run

PLUGIN = '''
"""Documents from a folder, and how long they are; a document with the word bad in it cannot be measured."""

from pathlib import Path
from urllib.parse import urlsplit

from onrecord import Annotator, Config, ConfiguredPath, Fetched, Ingestor, Item, Row, hookimpl

ONRECORD_API = 1
__version__ = "0.7"


class Folder(Ingestor):
    name, version, schemes = "folder", "1", ("file",)

    class Config(Config):
        path: ConfiguredPath = Path("inbox")

    def discover(self):
        for file in sorted(self.config.path.iterdir()):
            yield Item(file.as_uri(), file.read_text())

    def fetch(self, item):
        return Fetched(Path(urlsplit(item.uri).path).read_bytes(), "text/plain")


class Length(Row):
    """How long each article is."""

    words: int
    """How many words it has."""
    note: str


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        if "bad" in article.body:
            raise ValueError("cannot measure [/this] [one]")
        yield Length(words=len(article.body.split()), note=article.body)


class Twice(Row):
    words: int


class Doubles(Annotator):
    name, version, requires, writes = "doubles", "1", ["lengths"], [Twice]

    def annotate(self, article):
        yield Twice(words=2 * article.rows(Length)[0].words)


@hookimpl
def register_ingestors(register):
    register(Folder())


@hookimpl
def register_annotators(register):
    register(Lengths())
    register(Doubles())
'''

CONFIG = """
warehouse = "warehouse"
disable = ["claims", "clean", "entities", "files", "flows", "language", "resolution", "tally"]
plugins_dir = "plugins"

[workers]
processes = 0
"""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """All that it printed, whatever the line breaks and the columns."""
        return " ".join((self.out + self.err).split())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first run is over: two articles, of which one is in quarantine."""
    folder = tmp_path_factory.mktemp("filled") / "project"
    for name, text in {
        "plugins/measure.py": PLUGIN,
        "plugins/broken.py": "raise ImportError('no module [/nowhere] in [here]')\n",
        "onrecord.toml": CONFIG,
        "inbox/a.txt": "Three [/short] [words].",
        "inbox/b.txt": "A bad one.",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert not run(Plugins(load(folder / "onrecord.toml"))).failed
    return folder


@pytest.fixture
def project(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """That project, as it was, and as the current folder. It stays where it is: addresses of files are absolute."""
    saved = filled.with_name("saved")
    shutil.copytree(filled, saved)
    monkeypatch.chdir(filled)
    yield filled
    shutil.rmtree(filled)
    saved.rename(filled)


@pytest.fixture
def onrecord(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Run a command as the program does, in this process."""
    logger = logging.getLogger("onrecord")
    before = list(logger.handlers)
    monkeypatch.setattr(cli.console, "width", 200)
    # The program ends its process at once.
    monkeypatch.setattr(cli, "leave", sys.exit)
    monkeypatch.delenv("ONRECORD_CONFIG", raising=False)

    def called(*arguments: object, stdin: str | None = None) -> Ended:
        monkeypatch.setattr(sys, "argv", ["onrecord", *map(str, arguments)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return Ended(status, *capsys.readouterr())

    yield called
    logger.handlers[:] = before


def run_again(project: Path) -> None:
    run(Plugins(load(project / "onrecord.toml")))


@pytest.fixture
def bad(project: Path) -> str:
    """The id of the article in quarantine, as short as the list has it."""
    return str(identify("article", (project / "inbox/b.txt").as_uri()))[:8]


# ── The program ──────────────────────────────────────────────────────────────────────────────────


def test_help_lists_every_command(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("--help")
    assert ended.status == 0
    commands = (
        "backfill", "backup", "diff", "export", "maintain", "plan", "plugins", "quarantine", "report", "restore",
        "show", "sql", "status", "tables", "try",
    )  # fmt: skip
    for command in commands:
        assert f"\n  {command} " in ended.out


def test_a_command_that_there_is_not_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("pln")
    assert ended.status == 2
    assert "No such command 'pln'" in ended.err


@pytest.mark.parametrize("command", [["plan"], ["plugins"], ["status"], ["sql", "select 1"], ["show"], ["quarantine"]])
def test_without_a_configuration_a_command_says_so_in_a_sentence_and_ends_with_2(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, onrecord: Callable[..., Ended]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = onrecord(*command)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err == (
        f"onrecord: {tmp_path / 'onrecord.toml'}: no such file here; name one with -c FILE, or start one (see README)\n"
    )


@pytest.mark.parametrize("command", [["sql", "select 1"], ["show"]])
def test_before_anything_is_published_a_query_says_what_to_do_and_ends_with_2(
    command: list[str], tmp_path: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord(*command, "-w", tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "nothing is published yet; onrecord run fills and publishes it" in ended.err


def test_it_is_a_program_with_a_status_of_its_own(project: Path) -> None:
    called = subprocess.run(
        [sys.executable, "-c", "from onrecord.cli import main; main()", "sql", "select nonsense"],
        capture_output=True, text=True, cwd=project, check=False,
    )  # fmt: skip
    assert called.returncode == 1
    assert called.stdout == ""
    assert called.stderr.startswith("onrecord: Binder Error")
    assert "Traceback" not in called.stderr


# ── plan ─────────────────────────────────────────────────────────────────────────────────────────


def row_of(ended: Ended, *begins: str) -> list[str]:
    """The cells of the line of a table that begins with these."""
    (row,) = (line.split() for line in ended.out.splitlines() if tuple(line.split()[: len(begins)]) == begins)
    return row[len(begins) :]


def test_plan_has_a_line_for_each_component_and_says_that_there_is_nothing_to_do(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    (project / "inbox/b.txt").unlink()
    run_again(project)
    ended = onrecord("plan")
    assert ended.status == 0
    assert row_of(ended, "stage") == ["plugin", "new", "stale", "quarantined", "waiting", "up", "to", "date", "stale",
                                      "because", "of"]  # fmt: skip
    assert row_of(ended, "ingest", "folder") == ["·", "·", "·", "·", "1"]
    assert row_of(ended, "clean") == ["·", "·", "·", "·", "2"]
    assert row_of(ended, "annotate", "lengths") == ["·", "·", "1", "·", "1"]
    assert row_of(ended, "annotate", "doubles") == ["·", "·", "·", "1", "1"]
    assert ended.out.endswith("nothing to do: everything is up to date\n")


def test_plan_says_what_is_new_what_is_stale_and_why_and_runs_nothing(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    plugin = project / "plugins/measure.py"
    plugin.write_text(plugin.read_text().replace('"lengths", "1"', '"lengths", "2"'))
    (project / "inbox/c.txt").write_text("New here.")
    (project / "inbox/a.txt").unlink()
    live = project / "warehouse/live.duckdb"
    before = live.read_bytes()

    ended = onrecord("plan")

    assert ended.status == 0
    assert row_of(ended, "ingest", "folder") == ["1", "·", "·", "1"]
    assert row_of(ended, "annotate", "lengths") == ["1", "1", "·", "·", "version", "1"]
    assert row_of(ended, "annotate", "doubles") == ["1", "1", "·", "·", "requirement", "1"]
    assert "1 document(s) are gone from their source: their articles will be marked withdrawn\n" in ended.out
    assert ended.out.endswith("5 to do\n")
    assert live.read_bytes() == before


def test_plan_says_what_is_back(project: Path, onrecord: Callable[..., Ended]) -> None:
    text = (project / "inbox/a.txt").read_text()
    (project / "inbox/a.txt").unlink()
    run_again(project)
    (project / "inbox/a.txt").write_text(text)
    ended = onrecord("plan")
    assert "1 document(s) are back at their source: their articles will no longer be marked\n" in ended.out
    assert ended.out.endswith("0 to do\n")
    run_again(project)
    assert onrecord("plan").out.endswith("nothing to do: everything is up to date\n")


def test_plan_before_the_first_run_says_that_all_is_new_and_makes_no_warehouse(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plan", "-w", project / "another")
    assert row_of(ended, "ingest", "folder") == ["2", "·", "·", "·"]
    assert not (project / "another").exists()


def test_plan_of_a_source_that_cannot_be_listed_says_so_and_calls_nothing_gone(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    shutil.rmtree(project / "inbox")
    ended = onrecord("plan")
    assert "onrecord: folder cannot list its documents: " in ended.err
    assert "gone" not in ended.out


def test_plan_counts_a_document_that_two_sources_list_once(project: Path, onrecord: Callable[..., Ended]) -> None:
    config = CONFIG.replace('"files", ', "") + '\n[plugins.files]\npaths = ["inbox"]\n'
    (project / "onrecord.toml").write_text(config)
    assert row_of(onrecord("plan"), "ingest", "files") == ["·"] * 5
    run_again(project)
    assert onrecord("plan").out.endswith("nothing to do: everything is up to date\n")


def test_plan_warns_of_a_source_that_has_changed_and_whose_version_has_not(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    with (project / "plugins/measure.py").open("a") as file:
        file.write("# another line\n")
    ended = onrecord("plan")
    assert "the source of lengths has changed and its version has not" in ended.words
    assert row_of(ended, "annotate", "lengths")[:2] == ["·", "·"]


# ── plugins ──────────────────────────────────────────────────────────────────────────────────────


def test_plugins_lists_what_was_found_what_it_registers_and_why_it_was_skipped(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plugins")
    assert ended.status == 0
    assert "measure 0.7" in ended.words
    for component in ("ingestor folder 1", "annotator lengths 1", "annotator doubles 1"):
        assert component in ended.words
    assert "skipped ImportError: no module [/nowhere] in [here]" in ended.words
    assert "disabled named in `disable`" in ended.words


def test_plugins_strict_makes_a_skipped_plugin_an_error(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plugins", "--strict")
    assert ended.status == 2
    assert "plugin `broken`: ImportError: no module [/nowhere] in [here] (an error because of --strict)" in ended.err


def tables(project: Path) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", "import sys, duckdb; print(*(t for (t,) in duckdb.connect(sys.argv[1], read_only=True)"
         ".execute('select table_name from duckdb_tables()').fetchall()))",
         str(project / "warehouse/onrecord.duckdb")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ended.stdout.split()


def test_plugins_remove_drops_the_tables_and_the_next_run_publishes_that(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert "twice" in tables(project)
    ended = onrecord("plugins", "remove", "doubles", "--yes")
    assert ended.status == 0
    assert ended.out == "dropped twice; the published database follows with the next run\n"

    (project / "onrecord.toml").write_text(CONFIG.replace('disable = ["', 'disable = ["doubles", "'))
    run_again(project)

    assert "twice" not in tables(project)
    assert "length" in tables(project)


def test_what_was_removed_is_filled_again_if_its_plugin_is_still_there(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    onrecord("plugins", "remove", "lengths", "--yes")
    run_again(project)
    assert json.loads(onrecord("sql", "select words from length", "--json").out) == [{"words": 3}]


def test_plugins_remove_asks_first(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plugins", "remove", "doubles", stdin="n\n")
    assert ended.status == 1
    assert f"drop twice from {project / 'warehouse'}?" in ended.words
    assert json.loads(onrecord("sql", "select count(*) as n from ledger where plugin = 'doubles'", "--json").out) == [
        {"n": 1}
    ]


@pytest.mark.parametrize("name", ["nobody", "folder", "clean"])
def test_plugins_remove_of_what_fills_no_table_of_its_own_ends_with_2(
    name: str, project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plugins", "remove", name, "--yes")
    assert ended.status == 2
    assert f"no annotator or aggregator called {name} has ever worked on {project / 'warehouse'}" in ended.words


def test_options_before_a_subcommand_count_for_it(project: Path, onrecord: Callable[..., Ended]) -> None:
    """`plugins -w OTHER remove` must not drop the tables of the warehouse that the configuration names."""
    ended = onrecord("plugins", "-w", project / "another", "remove", "doubles", "--yes")
    assert ended.status == 2
    assert f"has ever worked on {project / 'another'}" in ended.words
    assert "nothing in the quarantine fits" in onrecord("quarantine", "-w", project / "another", "show", "0").words


# ── quarantine ───────────────────────────────────────────────────────────────────────────────────


def test_quarantine_lists_what_failed_and_why(project: Path, bad: str, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine")
    assert ended.status == 0
    assert row_of(ended, bad, "annotate", "lengths", "1")[0].startswith("file:///")
    assert "ValueError: cannot measure [/this] [one]" in ended.words, "square brackets are text, not markup"
    assert "1 in quarantine; `onrecord quarantine show ID` has the traceback" in ended.words


def test_quarantine_of_a_plugin_or_a_warehouse_without_failures_is_empty(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert onrecord("quarantine", "--plugin", "doubles") == (0, "the quarantine is empty\n", "")
    assert onrecord("quarantine", "-w", project / "another") == (0, "the quarantine is empty\n", "")


def test_quarantine_show_has_the_traceback(project: Path, bad: str, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine", "show", bad)
    assert ended.status == 0
    assert "ValueError: cannot measure [/this] [one]" in ended.out
    assert "in annotate" in ended.out
    assert "Traceback (most recent call last)" in ended.out


def test_quarantine_show_of_an_id_that_is_not_there_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine", "show", "ffffffff")
    assert ended.status == 2
    assert "nothing in the quarantine fits; `onrecord quarantine` lists what there is" in ended.words


@pytest.mark.parametrize("which", [["ID"], ["--plugin", "lengths"], ["--all"]])
def test_quarantine_retry_has_the_next_run_try_again(
    which: list[str], project: Path, bad: str, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("quarantine", "retry", *(bad if word == "ID" else word for word in which))
    assert (ended.status, ended.out) == (0, "1 will be tried again by the next run\n")
    assert "(to be tried again)" in onrecord("quarantine").words
    assert row_of(onrecord("plan"), "annotate", "lengths") == ["·", "·", "1", "·", "1"], "new, stale, retry, …"

    run_again(project)

    assert "(to be tried again)" not in onrecord("quarantine").words, "it has failed again"


@pytest.mark.parametrize("which", [[], ["ffffffff"], ["--plugin", "doubles"]])
def test_quarantine_retry_of_nothing_ends_with_2(
    which: list[str], project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert onrecord("quarantine", "retry", *which).status == 2
    assert "(to be tried again)" not in onrecord("quarantine").words


# ── status, show, tables ─────────────────────────────────────────────────────────────────────────


def test_status_says_what_there_is_and_how_the_last_run_went(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("status")
    assert ended.status == 0
    lines = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert lines["warehouse"] == str(project / "warehouse")
    assert lines["writer"] == "nobody"
    assert "completed" in lines["last"]
    assert lines["published"].startswith(str(project / "warehouse/onrecord.duckdb"))
    assert {name: lines[name] for name in ("document", "article", "claim", "quarantine", "withdrawn")} == {
        "document": "2", "article": "2", "claim": "0", "quarantine": "1", "withdrawn": "0",
    }  # fmt: skip


def test_status_of_a_warehouse_that_is_not_there_yet(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("status", "-w", project / "another")
    assert ended.status == 2
    assert "empty: onrecord run fills it" in ended.words
    assert "(no-warehouse)" in ended.words
    assert not (project / "another").exists()


def test_status_for_monitoring_is_json_with_findings_and_an_exit_status(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    fine = onrecord("status", "--json")
    with (project / "onrecord.toml").open("a") as file:
        file.write("\n[status]\nmax_quarantined = 0\n")
    growing = onrecord("status", "--json")

    assert (fine.status, json.loads(fine.out)["status"], json.loads(fine.out)["findings"]) == (0, "fine", [])
    assert json.loads(fine.out)["rows"]["article"] == 2
    assert json.loads(fine.out)["last_run"]["status"] == "completed"
    assert (growing.status, json.loads(growing.out)["findings"]) == (
        1,
        [
            {
                "code": "quarantine-growing",
                "level": "attention",
                "sentence": "1 subjects have come into quarantine within a day, where 0 may: lengths 1",
            }
        ],
    )
    assert "(quarantine-growing)" in onrecord("status").words


def test_report_tells_of_a_run_on_a_page_of_its_own(
    project: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = (row["run_id"] for row in json.loads(onrecord("sql", "--json", "select run_id from run").out))

    assert onrecord("report", run_id[:8]).words == onrecord("report").words
    assert onrecord("report", run_id[:8], "--html", "run.html").status == 0
    page = (project / "run.html").read_text("utf-8")
    assert run_id in page
    # Whatever a document or a plugin says, it is not taken for a part of the page.
    assert "ValueError: cannot measure [/this] [one]" in page
    assert "Three [/short] [words]." in page
    assert not {"http://", "https://", "<script", "src="} & set(re.findall(r"https?://|<script|src=", page))

    monkeypatch.setattr("onrecord.reporting.html._MOST", 1)
    onrecord("report", "--html", "run.html")
    assert (project / "run.html").read_text("utf-8").count("and 1 more") == 1

    assert onrecord("report", "0000").status == 2
    assert onrecord("report", "-w", "another").status == 2


def test_maintain_backup_restore_and_export_say_what_they_did(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert "would remove nothing" in onrecord("maintain", "--dry-run").words
    maintained = onrecord("maintain")
    assert maintained.status == 0
    assert "live database:" in maintained.words

    backup = onrecord("backup", "backups")
    assert backup.status == 0
    assert ": 2 articles" in backup.words
    (folder,) = (project / "backups").glob("onrecord-*")
    refused = onrecord("restore", folder)
    assert (refused.status, "use --force" in refused.err) == (2, True)
    assert onrecord("restore", folder, "-w", "elsewhere").status == 0
    assert json.loads(onrecord("sql", "-w", "elsewhere", "--json", "select count(*) as n from article").out) == [
        {"n": 2}
    ]

    assert "lake/current: " in onrecord("export", "lake").words
    assert "nothing new is published" in onrecord("export", "lake").words


def test_show_is_a_page_about_the_warehouse(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("show")
    assert ended.status == 0
    assert "2 articles" in ended.words
    assert "“Three [/short] [words].…”" in ended.words
    assert "1 subject(s) are in quarantine" in ended.words
    assert str(project / "warehouse/onrecord.duckdb").removeprefix(f"{project}/") in ended.words


def test_tables_prints_the_data_dictionary_with_the_tables_of_plugins(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("tables")
    assert ended.status == 0
    assert "How long each article is." in ended.out
    assert "How many words it has." in ended.out


def test_tables_builtin_needs_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, onrecord: Callable[..., Ended]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = onrecord("tables", "--builtin")
    assert ended.status == 0
    assert "An attributed statement: who is on record saying what, where." in ended.out
    assert "How long each article is." not in ended.out


# ── sql ──────────────────────────────────────────────────────────────────────────────────────────

LENGTHS = "select note, 'x' as \"[odd]\", words, null as nothing, 0.5 as share from length"


def test_sql_prints_a_table(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", LENGTHS)
    assert (ended.status, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["note", "[odd]", "words", "nothing", "share"] in lines
    assert ["Three", "[/short]", "[words].", "x", "3", "0.5"] in lines
    assert ["(1", "row)"] in lines


def test_sql_shows_the_first_hundred_rows_and_says_so(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", "from range(101)")
    assert "the first 100 rows; --csv, --json and --parquet give all" in ended.words
    assert "99" in ended.words.split()
    assert len(onrecord("sql", "from range(101)", "--csv").out.splitlines()) == 102


def test_sql_csv(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", "select note, 'a, \"b\"' as odd, null as nothing, true as yes from length", "--csv")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == 'note,odd,nothing,yes\nThree [/short] [words].,"a, ""b""",,True\n'


def test_sql_json(project: Path, onrecord: Callable[..., Ended]) -> None:
    query = ("select words, note, null as nothing, [1, 2] as list, {'a': 1} as struct, date '2024-05-06' as day, "
             "'ü' as letter, 1.5::decimal(4, 2) as share, 'nan'::double as nan from length")  # fmt: skip
    ended = onrecord("sql", query, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert "ü" in ended.out

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(ended.out, parse_constant=refuse) == [
        {"words": 3, "note": "Three [/short] [words].", "nothing": None, "list": [1, 2], "struct": {"a": 1},
         "day": "2024-05-06", "letter": "ü", "share": "1.50", "nan": None}
    ]  # fmt: skip
    assert json.loads(onrecord("sql", "from length where false", "--json").out) == []


def test_sql_parquet(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", LENGTHS, "--parquet", project / "out.parquet")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == f"{project / 'out.parquet'}: 1 rows\n"
    assert pq.read_table(project / "out.parquet").select(["note", "words"]).to_pylist() == [
        {"note": "Three [/short] [words].", "words": 3}
    ]


def test_sql_reads_its_query_from_standard_input(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("sql", "--csv", stdin="select words\nfrom length;\n") == (0, "words\n3\n", "")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nonsense from length", "nonsense"),
        ("selec 1", "syntax error"),
        ("from nowhere", "nowhere"),
        ("delete from length", "read-only"),
        ("create table mine (x int)", "read-only"),
    ],
)
def test_sql_that_cannot_be_run_ends_with_1_and_says_why(
    query: str, said: str, project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("sql", query)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("onrecord: ")
    assert said in ended.err


def test_sql_needs_no_configuration_where_the_warehouse_is_named(
    project: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert onrecord("sql", "-w", project / "warehouse", "--csv", "select words from length").out == "words\n3\n"


# ── try ──────────────────────────────────────────────────────────────────────────────────────────


def test_try_prints_the_rows_of_an_annotator_without_touching_the_warehouse(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    shutil.rmtree(project / "warehouse")
    ended = onrecord("try", "doubles", "inbox/a.txt")
    assert ended.status == 0
    assert "inbox/a.txt" in ended.out
    assert "twice: 1" in ended.words
    assert "words 6" in ended.words
    assert not (project / "warehouse").exists()


def test_try_prints_json(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "--json", "lengths", "inbox/a.txt")
    article = str(identify("article", (project / "inbox/a.txt").as_uri()))
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        {"table": "length", "article_id": article, "words": 3, "note": "Three [/short] [words]."}
    ]


def test_try_shows_square_brackets_as_they_are(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert "Three [/short] [words]." in onrecord("try", "lengths", "inbox/a.txt").words


def test_try_of_an_annotator_that_there_is_not_ends_with_2_and_names_those_that_there_are(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("try", "length", "inbox/a.txt")
    assert ended.status == 2
    assert "no annotator is called length; there are: " in ended.words
    assert "lengths" in ended.words.split("there are: ")[1]


def test_try_of_a_file_that_is_not_there_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("try", "lengths", "inbox/z.txt").status == 2


def test_try_of_what_is_no_article_says_so_in_a_sentence(project: Path, onrecord: Callable[..., Ended]) -> None:
    (project / "inbox/empty.txt").write_text("")
    ended = onrecord("try", "lengths", "inbox/empty.txt")
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith(
        f"onrecord: {project / 'inbox/empty.txt'} is not annotated, being no article (empty: no running text is left"
    )


SHOUTING = """
from onrecord import Cleaner, hookimpl
class Shouting(Cleaner):
    name, version, order = "shouting", "7", 10
    def clean(self, draft):
        for stretch in draft.stretches:
            if draft.words(stretch).isupper():
                draft.mark(stretch, "boilerplate", "it [shouts]")
        draft.headline = "Made up"
@hookimpl
def register_cleaners(register): register(Shouting())
"""


@pytest.fixture
def shouted(project: Path) -> Path:
    (project / "plugins/shouting.py").write_text(SHOUTING)
    (project / "inbox/loud.txt").write_text("Quiet words.\n\nBUY [NOW]\n")
    return project


def test_try_clean_shows_each_stretch_with_its_verdict_and_what_each_cleaner_did(
    shouted: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("try", "clean", "inbox/loud.txt")
    assert ended.status == 0
    assert "body Quiet words." in ended.words
    assert "boilerplate BUY [NOW] shouting: it [shouts]" in ended.words
    assert "shouting 7 1 × boilerplate; headline = Made up" in ended.words
    assert not (shouted / "warehouse/live.duckdb").exists() or "kind article" in ended.words


def test_try_clean_writes_a_page(shouted: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "clean", "--html", "page.html", "inbox/loud.txt", "inbox/a.txt")
    page = (shouted / "page.html").read_text()
    assert (ended.status, ended.out) == (0, "")
    assert page.startswith("<!DOCTYPE html>")
    assert "BUY [NOW]" in page
    assert "inbox/a.txt" in page


def test_try_clean_prints_segments_as_json(shouted: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "clean", "--json", "inbox/loud.txt")
    assert [(row["kind"], row["cleaner"]) for row in map(json.loads, ended.out.splitlines())] == [
        ("body", None),
        ("boilerplate", "shouting"),
    ]


def test_only_try_clean_writes_a_page(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("try", "lengths", "--html", "page.html", "inbox/a.txt").status == 2


# ── backfill, diff ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def improved(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project after `lengths` has come to count otherwise, of which `doubles` makes something; runs leave that."""
    source = (project / "plugins/measure.py").read_text()
    source = source.replace('"lengths", "1"', '"lengths", "2"').replace("words=len(", "words=100 + len(")
    (project / "plugins/measure.py").write_text(source)
    (project / "onrecord.toml").write_text(CONFIG + '[run]\nstale = "leave"\n')
    # This process is to keep its priority.
    monkeypatch.setattr("onrecord.cli.backfill.yield_to_others", lambda: None)
    return project


def test_plan_says_what_a_run_leaves_and_how_it_is_done(improved: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plan")
    assert ended.status == 0
    assert '2 stale and left as they are, because of `stale = "leave"`: `onrecord backfill`' in ended.words
    # The article that the old version failed on has not been done, so it is not stale: a run tries the new one on it.
    assert " 2 to do" in ended.words


def test_a_backfill_from_beginning_to_end(improved: Path, onrecord: Callable[..., Ended]) -> None:
    assert "there are no candidates" in onrecord("backfill").words

    ended = onrecord("backfill", "lengths", "--workers", "0")
    assert ended.status == 0
    assert "`onrecord diff lengths` shows what would change" in ended.words
    assert onrecord("backfill").out.splitlines()[1].split()[-1] == "finished"

    ended = onrecord("diff", "lengths")
    assert ended.status == 0
    assert "lengths 2 in the candidate lengths, over all articles: 2 article(s); published: 1 on 1" in ended.words
    assert "length 0 1 0 0 words 1" in ended.words
    # What came out of a document is shown as it is, whatever rich makes of brackets.
    assert "words 3 → 103 note Three [/short] [words]." in ended.words
    found = json.loads(onrecord("diff", "doubles", "--json").out)
    assert found["tables"][0]["examples"][0]["after"] == {"words": 206}

    ended = onrecord("backfill", "lengths", "--promote")
    assert ended.status == 0
    assert "promoted lengths, all articles, and published" in ended.words
    assert onrecord("sql", "--csv", "select length.words, twice.words from length, twice").out.endswith("103,206\n")
    assert "nothing to do" in onrecord("backfill", "lengths", "--workers", "0").words


def test_maintain_names_a_candidate_that_was_forgotten(improved: Path, onrecord: Callable[..., Ended]) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    assert "candidate" not in onrecord("maintain", "--dry-run").words
    candidate = improved / "warehouse/candidates/lengths"
    os.utime(candidate / "live.duckdb", (0, 0))
    assert "the candidate lengths, all articles, waits since 1970-01-01" in onrecord("maintain", "--dry-run").words
    (candidate / "selection.json").write_text("{")
    ended = onrecord("maintain", "--dry-run")
    assert (ended.status, "selection.json: cannot be read; delete" in ended.words) == (0, True)


def test_a_promotion_that_is_told_to_end_says_so(
    improved: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    monkeypatch.setattr("onrecord.cli.backfill.leave", sys.exit)
    monkeypatch.setattr("onrecord.backfill.promotion._outcome", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    ended = onrecord("backfill", "lengths", "--promote")
    assert ended.status == 143
    assert ended.err.endswith("interrupted; the candidate is kept, and the same command promotes it\n")
    assert onrecord("diff", "lengths").status == 0


def test_a_candidate_can_be_dropped(improved: Path, onrecord: Callable[..., Ended]) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    assert onrecord("backfill", "lengths", "--drop").out == (
        "dropped the candidate of lengths; what is published has not been touched\n"
    )
    ended = onrecord("diff", "lengths")
    assert ended.status == 2
    assert "there is no candidate of lengths" in ended.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["lengths", "--promote", "--drop"], "not both"),
        (["--promote"], "take one PLUGIN"),
        (["lengths", "--drop", "--outlet", "Post"], "are about all that its candidate holds"),
        (["lengths", "--incomplete"], "--incomplete goes with --promote"),
        (["--since", "2016-01-01"], "name the PLUGINs"),
        (["lengths", "--since", "May"], "'May' does not match the format '%Y-%m-%d'"),
        (["lengths", "--outlet", "Poste"], "no published article is among those that are to be backfilled"),
        (["lengths", "--where", "colour = 1"], "`where` must be a condition on the columns of `article`"),
        (["nothing"], "nothing cannot be backfilled, being not loaded. The annotators are: lengths, doubles"),
    ],
)
def test_a_backfill_that_makes_no_sense_says_why(
    arguments: list[str], reason: str, improved: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("backfill", *arguments)
    assert ended.status == 2
    assert reason in ended.words
