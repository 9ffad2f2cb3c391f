"""The lock of a warehouse: one process writes, others wait or are told which."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from onrecord.errors import LockedError
from onrecord.warehouse.lock import lock_holder, lock_warehouse
from tests.unit.warehouse.measured import process, says, tell

HOLD = """
import logging, sys
from pathlib import Path
from onrecord.warehouse.lock import lock_warehouse
logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
with lock_warehouse(Path(sys.argv[1]), wait=True):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_while_another_process_writes_a_writer_that_will_not_wait_is_told_which(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert says(other) == "held"
        with pytest.raises(LockedError) as refused, lock_warehouse(tmp_path, wait=False):
            pass
        assert refused.value.holder.startswith(f"process {other.pid} on ")
        assert f"process {other.pid} on " in str(refused.value)
        assert "Wait for it to end, or stop it" in str(refused.value)
        assert lock_holder(tmp_path) == refused.value.holder

        tell(other)
        other.wait()
    assert lock_holder(tmp_path) is None
    with lock_warehouse(tmp_path, wait=False):
        pass


def test_a_writer_that_waits_says_for_whom_and_goes_on_when_it_can(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as first, process("import sys; sys.stdin.readline();" + HOLD, tmp_path) as second:
        assert says(first) == "held"
        tell(second)
        assert says(second).startswith(f"waiting: process {first.pid} on ")
        tell(first)
        assert says(second) == "held"


def test_the_lock_goes_when_its_holder_is_killed(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert says(other) == "held"
        other.kill()
        other.wait()
    assert lock_holder(tmp_path) is None, "whatever note it has left"
    with lock_warehouse(tmp_path, wait=False):
        assert lock_holder(tmp_path) is not None


@pytest.mark.parametrize(
    "note",
    [
        {"pid": 1, "host": socket.gethostname(), "since": "before the machine went down"},
        {"pid": 7, "host": "a-container-that-is-gone", "since": "yesterday"},
    ],
)
def test_a_note_that_somebody_left_who_is_gone_keeps_nobody_out(note: dict[str, object], tmp_path: Path) -> None:
    with lock_warehouse(tmp_path, wait=False):
        pass
    (tmp_path / "lock.json").write_text(json.dumps(note))
    assert lock_holder(tmp_path) is None
    with lock_warehouse(tmp_path, wait=False):
        assert (lock_holder(tmp_path) or "").startswith(f"process {os.getpid()} on ")


def test_asking_who_has_the_lock_keeps_nobody_from_getting_it(tmp_path: Path) -> None:
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.002):
            lock_holder(tmp_path)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for _ in range(200):
            with lock_warehouse(tmp_path, wait=False):
                pass
    finally:
        done.set()
        asker.join()


def test_the_lock_is_freed_when_what_is_done_under_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock_warehouse(tmp_path, wait=False):
        raise ZeroDivisionError
    assert lock_holder(tmp_path) is None
