"""The number of processors that this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

_GROUPS, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
"""The control groups of Linux, and those of this process."""


def count_processors() -> int:
    """Count the processors of this process, by its affinity and CPU quotas."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([number, *map(ceil, _read_quotas())]))


def _read_quotas() -> Iterator[float]:
    """Yield the CPU quotas of this process's control groups, in processors.

    They are the limit of a container or the CPUQuota of a unit, in which a process still sees all processors.
    """
    for line in _OWN_GROUPS.read_text().splitlines() if _OWN_GROUPS.exists() else ():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = _GROUPS / "cpu" if controllers else _GROUPS
        inside = PurePosixPath(group).relative_to("/")
        # Parent groups count too. In a container its own group is the root.
        for each in (inside, *inside.parents):
            for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
                # The file is missing, or the quota is unlimited: `max` or -1.
                with suppress(OSError, ValueError):
                    quota, period = " ".join((top / each / name).read_text() for name in names).split()
                    if int(quota) > 0:
                        yield int(quota) / int(period)
