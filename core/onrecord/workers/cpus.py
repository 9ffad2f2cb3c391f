"""How many processors this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

_GROUPS, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
"""Where Linux has its control groups, and says which ones a process is in."""


def processors() -> int:
    """How many processors this process may use: those that it may run on, or fewer if it is given less time on them."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([there, *map(ceil, _quotas())]))


def _quotas() -> Iterator[float]:
    """For how many processors' time the control groups of this process are good, where they say so.

    That is what a container's limit and a unit's CPUQuota are: the process still sees all processors.
    """
    # Only Linux has it.
    for line in _OWN_GROUPS.read_text().splitlines() if _OWN_GROUPS.exists() else ():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = _GROUPS / "cpu" if controllers else _GROUPS
        inside = PurePosixPath(group).relative_to("/")
        # All those above count too. In a container its own is the uppermost, whatever it is called outside.
        for each in (inside, *inside.parents):
            for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
                # There is none, or it is without bounds: `max`, or -1.
                with suppress(OSError, ValueError):
                    quota, period = " ".join((top / each / name).read_text() for name in names).split()
                    if int(quota) > 0:
                        yield int(quota) / int(period)
