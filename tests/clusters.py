"""A Dask cluster of real processes on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.flows.conftest import wait_until
from tests.flows.test_failure import children_of


@dataclass
class Dask:
    """A Dask scheduler and workers with their nannies, as `dask scheduler` and `dask worker` start them."""

    folder: Path
    count: int = 2
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    nannies: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__ENABLED": "false",
        }
        log = (self.folder / f"{command[0]}-{len(self.nannies)}.log").open("wb")
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command, "--host", "127.0.0.1", "--no-dashboard"],
            cwd=self.folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip

    def __enter__(self) -> Dask:
        try:
            return self.started()
        except BaseException:
            self.__exit__()
            raise

    def started(self) -> Dask:
        self.scheduler = self.start("scheduler", "--port", "0")
        log = self.folder / "scheduler-0.log"
        found: list[str] = []
        wait_until(
            lambda: bool(found.extend(re.findall(r"Scheduler at:\s+(tcp://\S+)", log.read_text())) or found),
            "a scheduler",
        )
        self.address = found[0]
        for _ in range(self.count):
            self.nannies.append(self.start("worker", self.address, "--nthreads", "1"))
        wait_until(lambda: self.workers() == self.count, "the workers to be registered", 120)
        return self

    def workers(self) -> int:
        """How many workers the scheduler has heard of and not lost."""
        log = (self.folder / "scheduler-0.log").read_text()
        return log.count("Register worker") - log.count("Remove worker")

    def processes(self) -> list[int]:
        """The processes that do the work: children of the nannies."""
        return [
            child
            for nanny in self.nannies
            for child in children_of(nanny.pid)
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]

    def __exit__(self, *_: object) -> None:
        for process in [*self.nannies, self.scheduler]:
            process.terminate()
        for process in [*self.nannies, self.scheduler]:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
