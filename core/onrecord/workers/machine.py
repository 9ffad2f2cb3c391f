"""The processors and the memory of this machine, or of this process's container."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

_GROUPS, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
"""The control groups of Linux, and those of this process."""
_PROCESSES = Path("/proc")
"""The processes of Linux; other systems have `ps`."""


def count_processors() -> int:
    """Count the processors of this process, by its affinity and CPU quotas."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = _read_limits("cpu", ("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
    return max(1, min([number, *(ceil(quota / period) for quota, period in limits)]))


def count_memory() -> int:
    """Count the bytes of memory that this process may use, by the machine and by its limits."""
    number = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([number, *(limit for (limit,) in _read_limits("memory", ("memory.max",), ("memory.limit_in_bytes",)))])


def measure_memory(pid: int) -> int:
    """Return the bytes of memory that a process has; 0 if it has ended."""
    if _PROCESSES.exists():
        with suppress(OSError):
            return int((_PROCESSES / f"{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return int(done.stdout or 0) * 1024


def _read_limits(controller: str, *files: tuple[str, ...]) -> Iterator[list[int]]:
    """Yield the limits in files of this process's control groups, of either version.

    They are those of a container or a unit, in which a process still sees the whole machine.
    """
    for line in _OWN_GROUPS.read_text().splitlines() if _OWN_GROUPS.exists() else ():
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = _GROUPS / controller if controllers else _GROUPS
        inside = PurePosixPath(group).relative_to("/")
        # Parent groups count too. In a container its own group is the root.
        for each in (inside, *inside.parents):
            for names in files:
                # The file is missing, or there is no limit: `max` or -1.
                with suppress(OSError, ValueError):
                    limits = [int(word) for name in names for word in (top / each / name).read_text().split()]
                    if limits[0] > 0:
                        yield limits
