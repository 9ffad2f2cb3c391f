"""What several of these files need."""

from __future__ import annotations

import io
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onrecord import cli
from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins
from tests.unit.cli.program import COMPONENT, CONFIG, Ended


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first run is over: two articles, of which one is in quarantine."""
    folder = tmp_path_factory.mktemp("filled") / "project"
    for name, text in {
        "plugins/measure.py": COMPONENT,
        "plugins/broken.py": "raise ImportError('no module [/nowhere] in [here]')\n",
        "onrecord.toml": CONFIG,
        "inbox/a.txt": "Three [/short] [words].",
        "inbox/b.txt": "A bad one.",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert not run_plugins(Plugins(load_settings(folder / "onrecord.toml"))).failed
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
    monkeypatch.setattr("onrecord.cli.terminal.console.width", 200)
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
