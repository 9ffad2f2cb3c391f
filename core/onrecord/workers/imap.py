"""Batches through workers, a bounded number at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ..stages import Batch, BatchResult
from .policy import Workers


def imap(
    team: Workers, batches: Iterable[Batch], submit: Callable[[Batch], Callable[[], BatchResult]] | None = None
) -> Iterator[BatchResult]:
    """Run batches; yields their results in order, with a bounded number of batches on their way.

    `submit` begins to run a batch and returns the function that waits for its result; threads do so by default.
    """
    submit = submit or team.submit
    waiting: deque[Callable[[], BatchResult]] = deque()
    for batch in batches:
        # One batch at each worker and one that waits for it, so that none idles while a result is loaded; and no
        # more, so that results do not pile up in front of the one process that loads them.
        while len(waiting) >= 2 * max(1, team.processes(batch.stage)):
            yield waiting.popleft()()
        waiting.append(submit(batch))
    while waiting:
        yield waiting.popleft()()
