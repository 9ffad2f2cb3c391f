"""`python -m tests.bench.startup`: processor time of commands, beside that of bare imports.

Each command is run several times on a project that is up to date, in turn with the baselines; the least processor time
of each, with that of its children, is printed. Then a folder of many files is listed, beside a bare loop over it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = [sys.executable, "-m", "onrecord"]

BASELINES = {
    "python -c pass": "pass",
    "  import click, rich, pydantic": "import click, rich.console, pydantic",
    "  import duckdb": "import duckdb",
    "  import duckdb, pyarrow": "import duckdb, pyarrow",
    "  import prefect": "import prefect",
    "  import spacy": "import spacy",
}

COMMANDS = {
    "onrecord --help": ["--help"],
    "onrecord sql": ["sql", "select count(*) from article"],
    "onrecord status": ["status"],
    "onrecord report": ["report"],
    "onrecord plan": ["plan"],
    "onrecord run, nothing to do": ["run"],
}

FILL = """
from pathlib import Path
from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins
assert not run_plugins(Plugins(load_settings(Path("onrecord.toml")))).failed
"""

LOOP = """
import os
for folder in os.scandir("inbox"):
    for entry in os.scandir(folder.path):
        entry.stat()
"""

LIST = """
from pathlib import Path
from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.stages import discover
plugins = Plugins(load_settings(Path("onrecord.toml")))
"""

LIGHT = 'disable = ["claims", "clean", "entities", "language", "resolution", "tally"]\n'


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.startup", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5, help="how often each command is run")
    parser.add_argument(
        "--files", type=int, default=100_000, help="how many files the large folder has; 0 leaves it out"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-") as place:
        project = make_project(Path(place) / "seeds", "")
        for file in (ROOT / "seeds").glob("*.txt"):
            (project / "inbox" / file.name).write_bytes(file.read_bytes())
        subprocess.run([sys.executable, "-c", FILL], cwd=project, check=True)
        print(f"Processor time in seconds, least of {arguments.times}")
        commands = {name: [sys.executable, "-c", code] for name, code in BASELINES.items()}
        commands |= {name: [*PROGRAM, *words] for name, words in COMMANDS.items()}
        measure(commands, project, arguments.times)
        if arguments.files:
            project = make_project(Path(place) / "many", LIGHT)
            write_files(project / "inbox", arguments.files)
            subprocess.run([sys.executable, "-c", FILL], cwd=project, check=True)
            print(f"\nA folder of {arguments.files:,} unchanged files")
            commands = {
                "os.scandir and stat, in a bare loop": [sys.executable, "-c", LOOP],
                "loading of the plugins": [sys.executable, "-c", LIST],
                "loading, and listing": [sys.executable, "-c", LIST + 'discover(plugins.ingestors["files"])'],
                "onrecord run, nothing to do": [*PROGRAM, "run"],
            }
            measure(commands, project, arguments.times)
    return 0


def make_project(folder: Path, settings: str) -> Path:
    """Make a project with an empty inbox."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "onrecord.toml").write_text(f'{settings}[plugins.files]\npaths = ["inbox"]\n[workers]\nprocesses = 0\n')
    return folder


def write_files(inbox: Path, count: int) -> None:
    """Write small files into folders of a thousand."""
    for number in range(count):
        folder = inbox / f"{number // 1000:04}"
        if not number % 1000:
            folder.mkdir()
        (folder / f"{number:07}.txt").write_text(f"Article {number} says that bridge {number} will open in May.\n")


def measure(commands: dict[str, Sequence[str]], project: Path, times: int) -> None:
    """Run all commands in turn, several times, and print the least processor time of each."""
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(times):
        for name, command in commands.items():
            least[name] = min(least[name], measure_once(command, project))
    for name, seconds in least.items():
        print(f"  {name:<40}{seconds:>7.2f}")


def measure_once(command: Sequence[str], project: Path) -> float:
    """Return the processor time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=project, env={**os.environ, "COLUMNS": "120"}, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
