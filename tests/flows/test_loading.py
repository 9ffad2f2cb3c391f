"""How often a command reads the configuration and loads plugins."""

from __future__ import annotations

import subprocess
import sys

from .conftest import Project

COUNTED = """
import sys, tomllib
from onrecord.plugins.registry import Plugins

counts = {"files": 0, "plugins": 0}
loads, load_all = tomllib.loads, Plugins.__init__

def read(text):
    counts["files"] += text.startswith("[plugins.files]")
    return loads(text)

def load(self, *arguments, **options):
    counts["plugins"] += 1
    load_all(self, *arguments, **options)

tomllib.loads, Plugins.__init__ = read, load
from onrecord.cli import cli
try:
    cli(["run"], prog_name="onrecord")
except SystemExit as error:
    print(error.code or 0, counts)
"""


def test_a_run_reads_its_configuration_once_and_loads_plugins_once(project: Project) -> None:
    (project.inbox / "a.txt").write_text("Three short words.")
    project.environment["ONRECORD_WORKERS__PROCESSES"] = "0"
    done = subprocess.run(
        [sys.executable, "-c", COUNTED], cwd=project.root, env=project.environment, capture_output=True, text=True
    )

    assert done.stdout.splitlines()[-1:] == ["0 {'files': 1, 'plugins': 1}"], done.stdout + done.stderr
    assert project.sql("select count(*) from article") == [(1,)]


def test_the_error_of_a_plugin_is_reported_once_and_logged(project: Project) -> None:
    project.plugin("broken", "import no_such_module")
    done = project.run()

    assert done.returncode == 0
    assert (done.stdout + done.stderr).count("plugin broken is skipped") == 1
    assert project.log().count("plugin broken is skipped") == 1
