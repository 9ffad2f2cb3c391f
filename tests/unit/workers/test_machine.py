"""The processors and the memory that there are for worker processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from onrecord.workers import machine

UNBOUNDED = {"cpu.max": "max 100000\n"}


def files(folder: Path, contents: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        ("0::/\n", {".": {"cpu.max": "400000 100000\n"}}, 4),
        ("0::/\n", {".": UNBOUNDED}, 32),
        ("0::/\n", {".": {"cpu.max": "20000 100000\n"}}, 1),
        ("0::/\n", {".": {"cpu.max": "6400000 100000\n"}}, 32),
        ("0::/system.slice/one.service\n", {"system.slice": {"cpu.max": "250000 100000\n"}}, 3),
        ("0::/docker/as-it-is-called-outside\n", {".": {"cpu.max": "200000 100000\n"}}, 2),
        (
            "9:name=systemd:/\n4:cpu,cpuacct:/docker/one\n0::/\n",
            {"cpu": {"cpu.cfs_quota_us": "300000\n", "cpu.cfs_period_us": "100000\n"}},
            3,
        ),
        ("4:cpu:/\n", {"cpu": {"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}}, 32),
        (None, {}, 32),
    ],
    ids=[
        "a container", "no limit", "a part of a processor", "more than there are", "the slice of a unit",
        "a name from outside", "version 1 of control groups", "no limit in version 1", "not Linux",
    ],
)  # fmt: skip
def test_there_are_as_many_processors_as_the_process_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None, groups: dict[str, dict[str, str]], expected: int
) -> None:
    if own is not None:
        (tmp_path / "own").write_text(own)
    for group, contents in groups.items():
        files(tmp_path / "groups" / group, contents)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(32)), raising=False)
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "own")

    assert machine.count_processors() == expected


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        ("0::/\n", {".": {"memory.max": "2000000000\n"}}, 2_000_000_000),
        ("0::/\n", {".": {"memory.max": "max\n"}}, 4_096_000_000),
        ("0::/a.slice/b.service\n", {"a.slice": {"memory.max": "1000\n"}}, 1000),
        ("4:memory:/docker/one\n0::/\n", {"memory": {"memory.limit_in_bytes": "2000\n"}}, 2000),
        ("4:memory:/\n", {"memory": {"memory.limit_in_bytes": "9223372036854771712\n"}}, 4_096_000_000),
        (None, {}, 4_096_000_000),
    ],
    ids=["a container", "no limit", "the slice of a unit", "version 1", "no limit in version 1", "not Linux"],
)
def test_there_is_as_much_memory_as_the_process_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None, groups: dict[str, dict[str, str]], expected: int
) -> None:
    if own is not None:
        (tmp_path / "own").write_text(own)
    for group, contents in groups.items():
        files(tmp_path / "groups" / group, contents)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "own")

    assert machine.count_memory() == expected


@pytest.mark.parametrize("processes", ["/proc", "/nowhere"])
def test_the_memory_of_a_process_is_measured_with_and_without_linux(
    processes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path(processes).exists() and not shutil.which("ps"):
        pytest.skip("there is no ps")
    monkeypatch.setattr(machine, "_PROCESSES", Path(processes))
    before = machine.measure_memory(os.getpid())
    kept = b"x" * 100_000_000
    assert before + len(kept) / 2 < machine.measure_memory(os.getpid()) < before + 2 * len(kept)
    assert machine.measure_memory(2**22 + 1) == 0
