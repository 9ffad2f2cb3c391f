"""An iterator that runs a bounded number of batches at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ..stages import Batch, BatchResult
from .recovery import Workers


def imap(
    team: Workers, batches: Iterable[Batch], submit: Callable[[Batch], Callable[[], BatchResult]] | None = None
) -> Iterator[BatchResult]:
    """Run batches and yield results in order, with bounded batches in flight.

    `submit` starts a batch and returns a function that waits for its result; by default it uses threads.
    """
    submit = submit or team.submit
    waiting: deque[Callable[[], BatchResult]] = deque()
    for batch in batches:
        # A second batch per worker keeps it busy while a result is loaded; more would pile up in memory.
        while len(waiting) >= 2 * max(1, team.processes(batch.stage)):
            yield waiting.popleft()()
        waiting.append(submit(batch))
    while waiting:
        yield waiting.popleft()()
