"""The shell scripts of a deployment: the night of the compose file, and with-secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.deploy.files import services
from tests.flows.conftest import wait_until

from . import DEPLOY

# The night of the compose file, with programs in the place of `sleep` and `onrecord` that say how they are called.

SLEEP = """#!/bin/sh
if [ -e calls ]; then echo asleep >> calls; exec /bin/sleep 60; fi
"""

ONRECORD = """#!/bin/sh
trap 'echo ended >> calls; exit 143' TERM
echo "$1" >> calls
touch -d "27 hours ago" well
if [ "$1" = "$HANGS" ]; then /bin/sleep 60 & wait "$!"; fi
if [ "$1" = "$FAILS" ]; then exit 1; fi
"""


def inside(command: str) -> str:
    """A command of the compose file as the container's shell gets it, but for the folder of the file that it keeps."""
    return command.replace("$$", "$").replace("/tmp/well", "well")


def night(folder: Path, until: str, **deeds: str) -> tuple[list[str], int]:
    """Run a night of the service `maintenance` until SIGTERM; returns its commands and its exit status."""
    for name, program in {"sleep": SLEEP, "onrecord": ONRECORD}.items():
        (folder / name).write_text(program)
        (folder / name).chmod(0o755)
    command = [inside(each) for each in services()["maintenance"]["command"]]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "FAILS": "", "HANGS": "", **deeds}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    calls = folder / "calls"
    try:
        wait_until(lambda: calls.exists() and until in calls.read_text().split(), f"it to be at `{until}`")
        process.terminate()
        status = process.wait(30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return calls.read_text().split(), status


@pytest.mark.parametrize(
    ("fails", "done"),
    [
        ("", ["backup", "maintain", "export"]),
        ("backup", ["backup"]),
        ("maintain", ["backup", "maintain"]),
        ("export", ["backup", "maintain", "export"]),
    ],
)
def test_a_failure_at_night_ends_the_night_and_is_visible(tmp_path: Path, fails: str, done: list[str]) -> None:
    calls, status = night(tmp_path, until="asleep", FAILS=fails)

    assert calls == [*done, "asleep"]
    assert status == 0
    kind, check = services()["maintenance"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    healthy = subprocess.run(["sh", "-c", inside(check)], cwd=tmp_path, stderr=subprocess.DEVNULL).returncode == 0
    assert healthy is not bool(fails)


def test_the_current_command_gets_sigterm(tmp_path: Path) -> None:
    assert night(tmp_path, until="maintain", HANGS="maintain") == (["backup", "maintain", "ended"], 0)


# with-secrets


def with_secrets(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(folder)}
    script = str(DEPLOY / "with-secrets.sh")
    return subprocess.run([script, *command], env=environment, capture_output=True, text=True)


def test_a_file_becomes_the_variable_of_the_same_name(tmp_path: Path) -> None:
    value = "p'a\"ss $HOME `word` \\ é"
    (tmp_path / "real").write_text(value + "\n")
    # Kubernetes hands them over as links.
    (tmp_path / "PREFECT_API_AUTH_STRING").symlink_to(tmp_path / "real")
    program = "import os; print(os.environ['PREFECT_API_AUTH_STRING'], 'real' in os.environ)"

    assert with_secrets(tmp_path, sys.executable, "-c", program).stdout == f"{value} False\n"


def test_the_command_replaces_the_shell(tmp_path: Path) -> None:
    assert with_secrets(tmp_path / "not there", "sh", "-c", "exit 143").returncode == 143


def test_an_empty_secret_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "PREFECT_API_AUTH_STRING").write_text("\n")

    done = with_secrets(tmp_path, "true")

    assert done.returncode == 2
    assert f"{tmp_path}/PREFECT_API_AUTH_STRING is empty: write the value" in done.stderr
