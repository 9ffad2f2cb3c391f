"""How many worker processes there are, and what they leave to each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onrecord.workers import cpus

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
    monkeypatch.setattr(cpus, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cpus, "_OWN_GROUPS", tmp_path / "own")

    assert cpus.count_processors() == expected
